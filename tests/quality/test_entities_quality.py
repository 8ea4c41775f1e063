"""How well armed groups, provinces and countries are told on labelled texts, with floors that a change may not fall through."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from khabar.catalogue import SHIPPED, Gazetteer, load
from khabar.models import Article, Mention
from search.schema import ABOUT
from workers.entities import Matcher, compile_gazetteer, tag_entities

FLOORS: dict[str, float] = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))["entities"]
GROUPS = {
    "afghan-taliban": "taliban", "haqqani-network": "haqqani", "imu": "imu", "hizb-e-islami": "hig", "al-qaeda": "aq",
    "lashkar-e-taiba": "let",
}  # fmt: skip
SPELLED = {"paktia": "paktya", "sar-e-pul": "sar-e pul"}  # the labels' spellings where ours differ
PLACES = {
    "pakistan": "pakistan", "afghanistan": "afghanistan", "india": "india", "iran": "iran", "bangladesh": "bangladesh",
    "sri-lanka": "sri-lanka", "nepal": "nepal", "china": "china", "saudi-arabia": "saudi-arabia",
    "uae": "united-arab-emirates", "qatar": "qatar", "turkey": "turkey", "iraq": "iraq", "ussr": "soviet-union",
}  # fmt: skip
RIVERS_AND_PASSES = {"salang", "kabul-river", "kunar-river", "helmand-river"}


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return load([SHIPPED]).gazetteer


@pytest.fixture(scope="module")
def matcher(gazetteer: Gazetteer) -> Matcher:
    return compile_gazetteer(gazetteer)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def tagged(title: str | None, body: str, matcher: Matcher) -> Article:
    case = Article(
        id="x", url="u", source="s", title=title or "", body=body, fetched=datetime.now(UTC), lang="en"
    )
    return tag_entities(case, matcher)


def compared(said: set[str], truth: set[str]) -> Counter[str]:
    return Counter(tp=len(said & truth), fp=len(said - truth), fn=len(truth - said))


def hold(what: str, counts: Counter[str]) -> None:
    f1 = 2 * counts["tp"] / max(1, 2 * counts["tp"] + counts["fp"] + counts["fn"])
    print(f"{what}: {f1:.4f}, floor {FLOORS[what]}")  # noqa: T201 - `make quality` shows it
    assert f1 >= FLOORS[what] - 1e-4, counts


def test_armed_groups_in_press_releases(shared_data: Path, matcher: Matcher) -> None:
    counts: Counter[str] = Counter()
    for row in rows(shared_data / "tagging" / "isaf_press.public.jsonl"):
        said = {GROUPS[one.id] for one in tagged(None, row["text"], matcher).entities if one.id in GROUPS}
        truth = {label for labels in row["target_group"] for label in labels.split(";")} & set(
            GROUPS.values()
        )
        counts += compared(said, truth)
    hold("armed_groups_f1", counts)


def provinces(gazetteer: Gazetteer) -> set[str]:
    held = gazetteer.entities.values()
    return {one.id for one in held if one.parent == "afghanistan" and one.type == "place"} - RIVERS_AND_PASSES


def beside_province(article: Article, span: Mention) -> bool:
    after = article.body[span.end : span.end + 12]
    return span.text.lower().endswith("province") or bool(re.match(r"\s+province", after, re.IGNORECASE))


def where(article: Article, known: set[str], gazetteer: Gazetteer) -> set[str]:
    """Return the provinces named with "province" beside them; failing these, those named, or those of a place named."""
    places = [one for one in article.entities if one.type == "place"]
    beside = {
        one.id for one in places if one.id in known for span in one.mentions if beside_province(article, span)
    }
    named = {one.id for one in places if one.id in known}
    around = {str(gazetteer.entities[one.id].parent) for one in places} & known
    return beside or named or around


def test_there_are_thirty_four_provinces(gazetteer: Gazetteer) -> None:
    assert len(provinces(gazetteer)) == 34


def test_provinces_in_press_releases(shared_data: Path, gazetteer: Gazetteer, matcher: Matcher) -> None:
    known, counts = provinces(gazetteer), Counter[str]()
    for row in rows(shared_data / "tagging" / "isaf_press.public.jsonl"):
        said = {
            SPELLED.get(name, name) for name in where(tagged(None, row["text"], matcher), known, gazetteer)
        }
        counts += compared(said, set(row["province"]) - {""})
    hold("provinces_f1", counts)


def test_countries_that_newswire_is_about(shared_data: Path, matcher: Matcher, whole: bool) -> None:
    """All texts with --whole, else every third: enough to see a change."""
    counts: Counter[str] = Counter()
    for number, row in enumerate(rows(shared_data / "tagging" / "reuters21578.public.jsonl")):
        if number % 3 and not whole:
            continue
        found = tagged(row["title"], row["text"] or "", matcher).entities
        about = {one.id for one in found if one.salience >= ABOUT}
        said = {"soviet-union" if name == "russia" else name for name in about} & set(PLACES.values())
        counts += compared(said, {PLACES[place] for place in row["places"] if place in PLACES})
    hold("countries_about_f1" if whole else "countries_about_f1_sample", counts)
