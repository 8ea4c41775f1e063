"""What makes a listed URL news, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from khabar.ledger.memory import (
    RETRIES,
    RETRY_AFTER,
    Seen,
    by_url,
    claimed,
    endpoint_key,
    found_of,
    mark,
    recall,
    remember,
    retry_is_due,
    verdict,
    without_text,
)
from khabar.models import Discovery, Entry, Why
from khabar.ports import Found

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
FEED = "https://daily.example/feed"
PAGE = "https://daily.example/op-ed"


def found(endpoint: str = FEED, **entry: object) -> Found:
    return Found(PAGE, "daily", endpoint, "opinion", Entry(PAGE, **entry))  # type: ignore[arg-type]


def test_a_mark_is_the_updated_where_there_is_one() -> None:
    assert mark(Entry(PAGE, "a", updated=NOW)) == mark(Entry(PAGE, "b", updated=NOW))
    assert mark(Entry(PAGE, "a", updated=NOW)) != mark(Entry(PAGE, "a", updated=NOW + timedelta(seconds=1)))


def test_a_mark_tells_title_from_text() -> None:
    assert mark(Entry(PAGE, "ab", text="c")) != mark(Entry(PAGE, "a", text="bc"))
    assert mark(Entry(PAGE)) == mark(Entry(PAGE, "", text=""))


@pytest.mark.parametrize(
    "entry", [Entry(PAGE, "a", text="b"), Entry(PAGE, text="b"), Entry(PAGE, "a", updated=NOW, text="b")]
)
def test_the_mark_outlives_the_text(entry: Entry) -> None:
    kept = without_text(entry)
    assert kept.text is None
    assert mark(kept) == mark(entry)
    assert without_text(kept) == kept


def test_an_entry_without_text_stays_as_it_is() -> None:
    assert without_text(Entry(PAGE, "a")) == Entry(PAGE, "a")


def test_a_mark_bears_half_a_character() -> None:
    assert mark(Entry(PAGE, "\ud800")) != mark(Entry(PAGE, "\udfff"))


def test_the_unknown_is_new_and_the_known_is_not() -> None:
    item = found(title="x")
    assert verdict(None, item, NOW) == "new"
    assert verdict(claimed(None, item, "new", NOW), item, NOW) is None


@pytest.mark.parametrize(
    ("failures", "waited", "due"),
    [
        (1, RETRY_AFTER, True),
        (1, RETRY_AFTER - timedelta(microseconds=1), False),
        (RETRIES, RETRY_AFTER, True),
        (RETRIES + 1, 99 * RETRY_AFTER, False),
    ],
)
def test_a_failed_one_waits_and_is_given_up(failures: int, waited: timedelta, due: bool) -> None:
    seen = Seen("new", NOW, failures, NOW + RETRY_AFTER)
    assert retry_is_due(seen, NOW + waited) is due


@pytest.mark.parametrize(
    ("before", "why"), [("new", "new"), ("changed", "changed"), ("revisit", "revisit"), ("back-fill", "new")]
)
def test_a_failed_one_is_claimed_again_for_the_same_reason(before: Why, why: Why) -> None:
    item = found()
    seen = replace(claimed(None, item, before, NOW), failures=1, retry=NOW)
    assert verdict(seen, item, NOW) == why


def test_an_endpoints_first_word_is_remembered_once() -> None:
    seen = claimed(None, found(), "new", NOW)
    other = found("https://daily.example/other", title="x")
    after = remember(seen, other)
    assert after is not None
    assert set(after.marks) == {endpoint_key(FEED), endpoint_key(other.endpoint)}
    assert remember(after, other) is None
    assert remember(None, other) is None


def test_failures_outlive_a_claim() -> None:
    seen = Seen("new", NOW, 2, NOW)
    assert claimed(seen, found(), "new", NOW) == Seen(
        "new", NOW, 2, None, {endpoint_key(FEED): mark(found().entry)}
    )


def test_of_two_words_on_one_url_the_later_is_taken() -> None:
    early, late, none = found(updated=NOW), found(updated=NOW + RETRY_AFTER), found(title="no date")
    for items in ([early, late, none], [none, early, late], [late, none, early]):
        assert by_url(items) == {PAGE: late}
    assert by_url([found(title="1"), found(title="2")])[PAGE].entry.title == "1"


def claim(days: int, why: Why = "new", **change: object) -> Discovery:
    at = NOW + days * RETRY_AFTER
    entry = Entry(PAGE, title="x")
    return replace(
        Discovery(f"{at} {PAGE}", PAGE, at, "daily", why, FEED, "opinion", entry),
        **change,  # type: ignore[arg-type]
    )


def test_recalling_nothing_gives_nothing() -> None:
    assert recall([]) is None


def test_recalling_counts_the_failures_since_the_last_success() -> None:
    story = [(claim(0), True), (claim(1), False), (claim(2, "changed"), True), (claim(3, "changed"), True)]
    seen = recall(story)
    assert seen is not None
    assert (seen.why, seen.failures, seen.claimed) == ("changed", 2, story[-1][0].claimed)
    assert seen.retry == story[-1][0].claimed + RETRY_AFTER


def test_recalling_keeps_a_feeds_word_over_a_claim_without_one() -> None:
    seen = recall([(claim(0), False), (claim(1, "revisit", entry=None, endpoint=None), False)])
    assert seen is not None
    assert (seen.why, dict(seen.marks)) == ("revisit", {endpoint_key(FEED): mark(Entry(PAGE, title="x"))})
    assert verdict(seen, found(title="x"), NOW) is None


def test_what_had_been_found_is_told_by_its_claim() -> None:
    assert found_of(claim(0)) == found(title="x")
    assert found_of(claim(0, entry=None, endpoint=None, scope=None)) == Found(
        PAGE, "daily", "", "opinion", Entry(PAGE)
    )
