"""How well topics and salience do on judged texts, with floors that a change may not fall through."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from khabar.catalogue import SHIPPED, load
from khabar.models import Article
from search.schema import ABOUT
from workers.entities import Matcher, compile_gazetteer, tag_entities
from workers.topics import Compiled, compile_topics, tag_topics

FLOORS: dict[str, float] = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))["topics"]
PLACES = {
    "pakistan": "pakistan", "afghanistan": "afghanistan", "india": "india", "iran": "iran", "bangladesh": "bangladesh",
    "sri-lanka": "sri-lanka", "nepal": "nepal", "china": "china", "saudi-arabia": "saudi-arabia",
    "uae": "united-arab-emirates", "qatar": "qatar", "turkey": "turkey", "iraq": "iraq", "ussr": "soviet-union",
}  # fmt: skip


@dataclass(frozen=True)
class Tagger:
    names: Matcher
    topics: Compiled


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    catalogue = load([SHIPPED])
    topics = compile_topics([catalogue.topics["pak-taliban"]])
    return Tagger(compile_gazetteer(catalogue.gazetteer), topics)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def article(title: str | None, body: str | None, lang: str) -> Article:
    return Article(
        id="x", url="u", source="s", title=title or "", body=body or "", fetched=datetime.now(UTC), lang=lang
    )


def f1(counts: Counter[str]) -> float:
    return 2 * counts["tp"] / max(1, 2 * counts["tp"] + counts["fp"] + counts["fn"])


def hold(what: str, counts: Counter[str]) -> None:
    print(f"{what}: {f1(counts):.4f}, floor {FLOORS[what]}")  # noqa: T201 - `make quality` shows it
    assert f1(counts) >= FLOORS[what] - 1e-4, counts


def test_pakistan_taliban_relations_on_judged_texts(shared_data: Path, tagger: Tagger) -> None:
    """A main subject against none; a passage (1) and what the judges differed on are left out."""
    counts: Counter[str] = Counter()
    by_lang: dict[str, Counter[str]] = {}
    for row in rows(shared_data / "regional" / "judged.public.jsonl"):
        if row["topic"] not in {0, 2}:
            continue
        tagged = tag_entities(article(row["title"], row["body"], row["lang"]), tagger.names)
        hit = bool(tag_topics(tagged, tagger.topics).topics)
        kind = ("tp" if hit else "fn") if row["topic"] == 2 else ("fp" if hit else "tn")
        counts[kind] += 1
        by_lang.setdefault(row["lang"], Counter())[kind] += 1
    assert counts["tp"] + counts["fn"] == 44
    hold("pak_taliban_f1", counts)
    hold("pak_taliban_f1_en", by_lang["en"])
    hold("pak_taliban_f1_ps", by_lang["ps"])


def test_countries_that_newswire_is_about(shared_data: Path, tagger: Tagger) -> None:
    """Every fifth text of the Reuters set: enough to see a change, in a fifth of the time."""
    counts: Counter[str] = Counter()
    for number, row in enumerate(rows(shared_data / "tagging" / "reuters21578.public.jsonl")):
        if number % 5:
            continue
        tagged = tag_entities(article(row["title"], row["text"], "en"), tagger.names)
        about = {entity.id for entity in tagged.entities if entity.salience >= ABOUT}
        said = {"soviet-union" if name == "russia" else name for name in about} & set(PLACES.values())
        truth = {PLACES[place] for place in row["places"] if place in PLACES}
        counts += Counter(tp=len(said & truth), fp=len(said - truth), fn=len(truth - said))
    hold("places_about_f1", counts)


def test_topics_of_newswire_that_are_written_as_ours(shared_data: Path, whole: bool) -> None:
    """Eight topics, written from what is known of their subjects and fitted on the texts of even numbers alone.

    Of the others those are scored that people labelled; beside it all of them, where each unlabelled text that has a
    topic counts as a mistake.
    """
    topics = compile_topics(load([Path(__file__).parent / "reuters"]).topics.values())
    known = {topic.id for topic in topics.topics}
    counts: dict[str, Counter[str]] = {"labelled": Counter(), "all": Counter()}
    for number, row in enumerate(rows(shared_data / "tagging" / "reuters21578.public.jsonl")):
        if number % (2 if whole else 8) != 1:
            continue
        said = {match.id for match in tag_topics(article(row["title"], row["text"], "en"), topics).topics}
        truth = set(row["topics"]) & known
        one = Counter(tp=len(said & truth), fp=len(said - truth), fn=len(truth - said))
        counts["all"] += one
        counts["labelled"] += one if row["has_topics"] == "YES" else Counter()
    for of, counted in counts.items():
        hold(f"reuters_{of}_f1{'' if whole else '_sample'}", counted)
