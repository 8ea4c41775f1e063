"""A source's rules: which version holds, and what they say where they find nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from khabar.models import Rules, Source
from workers.extract.markup import Page, parse
from workers.extract.metadata import Metadata
from workers.extract.rules import apply, correct, rules_of

OLD, NEW = Rules(body=".old", valid_until=date(2025, 1, 31)), Rules(body=".new")
SOURCE = Source("salt", "Salt", "PK", timezone="Asia/Karachi", rules=(OLD, NEW))
FETCHED = datetime(2025, 6, 1, tzinfo=UTC)
HTML = (
    "<body><h1>Salt</h1><div class=story><p>One.</p><div class=ad>Buy.</div><div class=story><p>Two.</p></div></div>"
    "<b class=hed>The price of salt</b><i class=by>By Iqra Abbasi</i><i class=by>AFP</i><time datetime=2025-05-30T10:00>x</time></body>"
)


def page_of(html: str) -> Page:
    page = parse(html)
    assert page is not None
    return page


def text(page: Page | None) -> str:
    assert page is not None
    return page.tree.page.line(0)


def test_a_page_is_read_by_the_version_that_held_when_it_was_fetched() -> None:
    assert rules_of(SOURCE, date(2025, 1, 31)) is OLD
    assert rules_of(SOURCE, date(2025, 2, 1)) is NEW
    assert rules_of(replace(SOURCE, rules=(OLD,)), date(2025, 2, 1)) is None
    assert rules_of(replace(SOURCE, rules=()), date(2025, 2, 1)) is None
    assert rules_of(None, date(2025, 2, 1)) is None


def test_what_selectors_name_is_taken_once_and_what_is_dropped_is_gone() -> None:
    told = apply(Rules(".story", "b.hed", ".by", "time", (".ad",)), page_of(HTML))
    assert text(told.body) == "One.Two."
    assert (told.title, told.authors, told.agency) == ("The price of salt", ("Iqra Abbasi",), "AFP")
    assert told.dates == ("2025-05-30T10:00",)
    assert "Buy." not in text(told.page) and "Buy." in HTML


def test_a_selector_that_finds_nothing_says_nothing() -> None:
    told = apply(Rules("#none", "#none", "#none", "#none", ("#none",)), page_of(HTML))
    found = Metadata("https://salt.example/a", "A title", ("Somebody",), "AFP")
    assert told.body is None
    assert correct(found, told, SOURCE, FETCHED) == found


def test_rules_know_better_than_the_page_and_the_source_s_zone_holds() -> None:
    told = apply(Rules(title="b.hed", author=".by", date="time"), page_of(HTML))
    found = correct(Metadata("https://salt.example/a", "Salt", ("Web Admin",)), told, SOURCE, FETCHED)
    assert (found.title, found.authors) == ("The price of salt", ("Iqra Abbasi",))
    assert found.published is not None
    assert found.published.moment.isoformat() == "2025-05-30T10:00:00+05:00"
    assert found.published.origin == "rule"


def test_a_date_that_cannot_be_is_left_to_the_page() -> None:
    told = apply(Rules(date="time"), page_of("<time>31 May 2099</time>"))
    assert correct(Metadata("https://salt.example/a"), told, SOURCE, FETCHED).published is None
