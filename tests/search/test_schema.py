"""The field table: what each field of an article holds, and by which moment a date is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from khabar.models import Article, Entity, Mention, TopicMatch
from khabar.text import stems, words
from search import schema

FETCHED = datetime(2025, 10, 12, 9, 30, tzinfo=timezone(timedelta(hours=2)))
KARACHI = timezone(timedelta(hours=5))


def article(**fields: Any) -> Article:
    return Article("A1", "https://daily.example/1", "Daily", "Title", "Body", FETCHED, **fields)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("source", "BBC-Urdu", "bbc-urdu"),
        ("country", "pk", "PK"),
        ("topic", "Pak-Taliban", "pak-taliban"),
        ("id", "AbC", "AbC"),
        ("cluster", "AbC", "AbC"),
    ],
)
def test_a_keyword_is_written_one_way(field: Any, value: str, expected: str) -> None:
    assert schema.keyword(field, value) == expected


def test_an_article_is_about_what_is_salient_enough() -> None:
    entities = tuple(Entity(str(weight), "", "person", weight) for weight in (0.0, 0.49, 0.5, 1.0))
    assert schema.entities(article(entities=entities)) == ("0.0", "0.49", "0.5", "1.0")
    assert schema.about(article(entities=entities)) == ("0.5", "1.0")


def test_every_facet_and_keyword_can_be_read_from_a_bare_article() -> None:
    bare = article()
    assert {field: schema.keywords(bare, field) for field in schema.KEYWORDS} == {
        "id": ("A1",),
        "source": ("daily",),
        "lang": ("und",),
        "country": (),
        "genre": ("unknown",),
        "topic": (),
        "cluster": ("A1",),
        "author_name": (),
        "mentions": (),
        "changed": (),
    }
    assert schema.keywords(article(topics=(TopicMatch("a", 1, 1), TopicMatch("b", 1, 1))), "topic") == (
        "a",
        "b",
    )


def test_a_date_of_a_text_is_found_by_its_month_and_its_year() -> None:
    dated = article(mentions_dates=("2021-08-15", "2024", "2021-09"))
    assert schema.keywords(dated, "mentions") == ("2021-08-15", "2021-08", "2021", "2024", "2021-09", "2021")


def test_authors_are_counted_under_one_name_and_found_under_all() -> None:
    several = article(authors=("Dr Zahed Hussein", "زاہد حسین", "Ahmed Khan"))
    assert schema.keywords(several, "author_name") == ("Zahid Hussain", "Zahid Hussain", "Ahmed Khan")
    assert schema.TEXTS["author"](several) == ("Dr Zahed Hussein", "Zahid Hussain", "زاہد حسین", "Ahmed Khan")


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("en", "en:talk"), ("en-GB", "en:talk"), ("ur", "und:talks"), ("xx", "und:talks"), ("", "und:talks")],
)
def test_the_form_of_a_word_is_that_of_the_text(lang: str, expected: str) -> None:
    assert schema.forms(["talks", "talks"], lang) == {"talks": expected}


@pytest.mark.parametrize(
    "lang", ["en", "en-GB", "ar", "hi", "ne", "fa", "prs", "ur", "ps", "bn", "und", "tlh"]
)
@pytest.mark.parametrize("text", ["Talks", "مذاکرات کرنے", "सीमाओं पर", "كتابها", "می‌روند"])
def test_a_query_word_has_the_form_that_any_text_gives_it(lang: str, text: str) -> None:
    for word in words(text):
        assert schema.forms([word], lang)[word] in stems(word)


def test_a_body_ends_with_its_entities_each_as_often_as_it_is_mentioned() -> None:
    twice = tuple(Mention("body", start, start + 3, "TTP") for start in (0, 9))
    named = article(
        lang="en",
        entities=(Entity("ttp", "TTP", "group", 0.9, twice), Entity("kabul", "Kabul", "place", 0.1)),
    )
    assert (
        schema.in_forms("body", ["talks", "held"], named)
        == "en:talk en:held entity:ttp entity:ttp entity:kabul"
    )
    assert schema.in_forms("title", ["talks"], named) == "en:talk"
    assert schema.in_forms("body", [], article()) == ""


def test_a_moment_is_the_publication_or_the_fetching() -> None:
    published = datetime(2025, 1, 31, 23, 0, tzinfo=KARACHI)
    dated = article(published=published, published_precision="second")
    assert schema.moment(dated, "published", "UTC") == published
    assert schema.moment(dated, "when", "UTC") == published
    assert schema.moment(dated, "fetched", "UTC") == FETCHED
    assert schema.moment(article(), "when", "UTC") == FETCHED
    assert schema.moment(article(), "published", "UTC") is None


@pytest.mark.parametrize("precision", ["day", "month", "year"])
def test_a_printed_day_begins_where_it_is_read(precision: Any) -> None:
    printed = article(published=datetime(2025, 1, 31, tzinfo=KARACHI), published_precision=precision)
    assert schema.printed_day(printed) == date(2025, 1, 31)
    for zone, hour in (("UTC", 0), ("America/New_York", 5)):
        expected = datetime(2025, 1, 31, hour, tzinfo=UTC)
        assert schema.moment(printed, "published", zone) == schema.moment(printed, "when", zone) == expected


@pytest.mark.parametrize("precision", ["second", None])
def test_a_publication_with_a_time_has_no_printed_day(precision: Any) -> None:
    published = datetime(2025, 1, 31, tzinfo=KARACHI)
    assert schema.printed_day(article(published=published, published_precision=precision)) is None


def test_midnight_is_where_the_clocks_say() -> None:
    assert schema.midnight(date(2025, 3, 9), "America/New_York") == datetime(2025, 3, 9, 5, tzinfo=UTC)
    assert schema.midnight(date(2025, 3, 10), "America/New_York") == datetime(2025, 3, 10, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "title", "authors"),
    [
        ({}, [["title"]], [[schema.NO_WORD]]),
        ({"authors": ("Zahid Hussain",)}, [["title"]], [["zahid", "hussain"]]),
        ({"title": ""}, [[schema.NO_WORD]], [[schema.NO_WORD]]),
        ({"title": "— …", "authors": ("—", "Mina")}, [[schema.NO_WORD]], [[], ["mina"]]),
    ],
)
def test_a_text_without_a_word_holds_one_that_is_none(
    fields: dict[str, Any], title: list[list[str]], authors: list[list[str]]
) -> None:
    bare = replace(article(), **fields)
    assert schema.text_words(bare, "title") == title
    assert schema.text_words(bare, "author") == authors
    assert words(schema.NO_WORD) == [], "nobody can ask for it"
    assert schema.forms([schema.NO_WORD], "en") == {schema.NO_WORD: schema.NO_WORD}
