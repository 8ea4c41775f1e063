"""Datelines: where a report was sent from is no mention, and what only looks like a dateline is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from khabar.catalogue import GazetteerEntity
from khabar.catalogue.entity import gather
from khabar.models import Article
from workers.entities import compile_gazetteer, tag_entities

PLACES = compile_gazetteer(
    gather(
        {
            one.id: one
            for one in (
                GazetteerEntity("kabul", "place", "Kabul", aliases={"ur": ("کابل",), "hi": ("काबुल",)}),
                GazetteerEntity("herat", "place", "Herat", aliases={"ur": ("ہرات",)}),
                GazetteerEntity("state", "country", "Afghanistan"),
                GazetteerEntity("army", "organization", "Army"),
            )
        }
    )
)


def found(body: str, lang: str = "en", title: str = "") -> dict[str, list[int]]:
    article = Article(
        id="x",
        url="u",
        source="s",
        title=title,
        body=body,
        fetched=datetime(2026, 1, 1, tzinfo=UTC),
        lang=lang,
    )
    entities = tag_entities(article, PLACES).entities
    return {one.id: [mention.start for mention in one.mentions] for one in entities}


@pytest.mark.parametrize(
    "dateline",
    [
        "KABUL: ", "KABUL:", "KABUL (Example) - ", "KABUL — ", "KABUL – ", "KABUL -- ", "KABUL- ", "KABUL _ ", "KABUL, Afghanistan — ",
        "KABUL, Afghanistan (Jan. 25, 2013) – ", "KABUL, Afghanistan (Jan. 25, 2013)\n", "KABUL, Jan. 25 (Example): ",
        "KABUL, 25 January 2013 — ", "KABUL/HERAT: ", "Kabul: ", "Kabul, Afghanistan – ", "Kabul, March 3 (Example Agency) -- ",
        "  KABUL: ", "Release 7\nFor immediate release\n\nKABUL: ", "For release\u2028KABUL, Afghanistan (Jan. 6) ",
        "Three are held after a raid KABUL: ", "Three are held KABUL / PARIS / ROME: ", "Three are held NOWHERE/KABUL: ",
    ],
)  # fmt: skip
def test_a_dateline_is_no_mention(dateline: str) -> None:
    assert found(f"{dateline}The Army marched to Herat at dawn.").keys() == {"army", "herat"}


@pytest.mark.parametrize(
    ("dateline", "lang"),
    [
        ("کابل: ", "ur"),
        ("کابل (نامہ نگار) ", "ur"),
        ("کابل – ", "fa"),
        ("کابل، ہرات: ", "ur"),
        ("काबुल: ", "hi"),
        ("काबुल। ", "hi"),
        ("کابل۔ ", "ur"),
    ],
)
def test_a_dateline_in_a_script_without_capitals(dateline: str, lang: str) -> None:
    assert found(f"{dateline}Army", lang).keys() == {"army"}


@pytest.mark.parametrize(
    "body",
    [
        "Kabul has changed: it is quieter.",
        "Kabul (four million people) is larger than Herat.",
        "The road to Kabul: a history.",
        "Nothing yet.\n\nKabul: what next?",
        "KABUL IS QUIET",
        "THIS IS KABUL: A QUIET TOWN",
        "They love KABUL dearly",
        f"{'word ' * 200}\nKABUL: far too late for a dateline",
        "Kabul, Herat and Army towns grow.",
    ],
)
def test_what_only_looks_like_a_dateline_is_a_mention(body: str) -> None:
    assert "kabul" in found(body)


def test_the_place_counts_where_the_story_names_it_too() -> None:
    body = "KABUL: Shops in Kabul are open."
    assert found(body) == {"kabul": [body.rindex("Kabul")]}


def test_a_title_has_no_dateline() -> None:
    assert "kabul" in found("Nothing.", title="Kabul: a city")


def test_a_country_or_an_organisation_begins_no_dateline() -> None:
    assert found("AFGHANISTAN: a history of the ARMY").keys() == {"state", "army"}
