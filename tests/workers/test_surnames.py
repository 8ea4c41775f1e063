"""Last names alone: the person named before, and nobody where another of the name is about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from khabar.catalogue import GazetteerEntity
from khabar.catalogue.entity import gather
from khabar.models import Article
from workers.entities import compile_gazetteer, tag_entities

PEOPLE = compile_gazetteer(
    gather(
        {
            one.id: one
            for one in (
                GazetteerEntity("faiz", "person", "Faiz Hameed", aliases={"en": ("General Faiz",)}),
                GazetteerEntity("nawaz", "person", "Nawaz Sharif"),
                GazetteerEntity("shehbaz", "person", "Shehbaz Sharif"),
                GazetteerEntity("xi", "person", "Xi Jinping", short={"en": ("Xi",)}),
                GazetteerEntity(
                    "muttaqi", "person", "Amir Khan Muttaqi", aliases={"fa": ("امیر خان متقی",)}, short={"fa": ("متقی",)}
                ),
                GazetteerEntity("baradar", "person", "Mullah Baradar", aliases={"fa": ("ملا برادر",)}),
                GazetteerEntity("road", "place", "Hameed Road"),
                GazetteerEntity("state", "country", "Upper Valley"),
            )
        }
    )
)  # fmt: skip


def found(body: str, title: str = "", lang: str = "en") -> dict[str, list[str]]:
    article = Article(
        id="x",
        url="u",
        source="s",
        title=title,
        body=body,
        fetched=datetime(2026, 1, 1, tzinfo=UTC),
        lang=lang,
    )
    entities = tag_entities(article, PEOPLE).entities
    for one in entities:
        for span in one.mentions:
            assert (article.title if span.field == "title" else article.body)[
                span.start : span.end
            ] == span.text
    return {one.id: [mention.text for mention in one.mentions] for one in entities}


@pytest.mark.parametrize(
    "later",
    ["Hameed said no.", "But Hameed said no.", "It was Gen Hameed's.", "“Hameed!”", "Mr. Hameed left.", "said Hameed, and left",
     "HAMEED LEFT", "The Hameed affair."],
)  # fmt: skip
def test_a_last_name_is_the_person_named_before(later: str) -> None:
    mentions = found(f"Faiz Hameed came.\n\n{later}")["faiz"]
    assert [mention.lower() for mention in mentions] == ["faiz hameed", "hameed"]


@pytest.mark.parametrize(
    "body",
    [
        "Hameed came. Then Faiz Hameed came.",
        "Faiz Hameed came. Then hameed came.",
        "Faiz Hameed came. A clerk, Asma Hameed, left. Hameed was tired.",
        "Faiz Hameed came. Hameed Gul left. Hameed was tired.",
        "Faiz Hameed came. A. Hameed left. Hameed was tired.",
        "Faiz Hameed came. It was Abdul-Hameed.",
        "Faiz Hameed came down Hameed Road.",
        "Faiz Hameed came. The Hameedi family left.",
    ],
)
def test_a_last_name_before_or_of_another_is_nobody(body: str) -> None:
    assert found(body)["faiz"] == ["Faiz Hameed"]


def test_two_of_one_name_leave_it_to_nobody() -> None:
    tagged = found("Nawaz Sharif left. Sharif was ill. Shehbaz Sharif stayed. Sharif was well.")
    assert tagged == {"nawaz": ["Nawaz Sharif", "Sharif"], "shehbaz": ["Shehbaz Sharif"]}


def test_an_alias_of_one_word_gives_no_last_name_and_a_title_is_none() -> None:
    assert found("Mullah Baradar spoke. A mullah spoke. Baradar left.")["baradar"] == [
        "Mullah Baradar",
        "Baradar",
    ]


def test_a_short_name_that_is_listed_stands_alone_too() -> None:
    assert found("Xi Jinping spoke. Xi left, and Jinping too.")["xi"] == ["Xi Jinping", "Xi", "Jinping"]
    assert "xi" not in found("Xi left.")


def test_without_capitals_only_listed_names_stand_alone() -> None:
    text = "امیر خان متقی آمد. متقی رفت. ملا برادر آمد. برادر او رفت."
    assert found(text, lang="fa") == {"muttaqi": ["امیر خان متقی", "متقی"], "baradar": ["ملا برادر"]}


@pytest.mark.parametrize("title", ["Hameed leaves", "Hameed Leaves Town Today", "HAMEED LEAVES TOWN"])
def test_the_title_may_call_by_the_last_name_who_is_named_in_the_body(title: str) -> None:
    assert len(found("Yesterday Faiz Hameed left. Hameed is gone.", title)["faiz"]) == 3


def test_a_title_that_names_another_is_left_alone() -> None:
    assert found("Yesterday Faiz Hameed left.", "Asma Hameed leaves")["faiz"] == ["Faiz Hameed"]
    assert found("Faiz Hameed met Asma Hameed.", "Hameed leaves")["faiz"] == ["Faiz Hameed"]


def test_the_full_name_in_the_title_is_enough() -> None:
    assert found("Yesterday Hameed left.", "Faiz Hameed leaves")["faiz"] == ["Faiz Hameed", "Hameed"]
