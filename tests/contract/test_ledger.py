"""What every ledger promises, whatever keeps it: one suite over the protocol of khabar.ports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khabar.ledger.redis import open_ledger as redis_ledger
from khabar.ledger.sqlite import open_ledger
from khabar.models import Discovery, Entry, attempt_name
from khabar.ports import EndpointState, Found, Ledger

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
FEED = "https://daily.example/opinion/feed"
OTHER = "https://daily.example/columns/feed"
PAGE = "https://daily.example/op-ed/1"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shelf:
    """Makes empty ledgers, and second handles on one, as another process would have."""

    new: Callable[[], Ledger]
    again: Callable[[Ledger], Ledger]


def _sqlite(folder: Path) -> Iterator[Shelf]:
    opened: list[tuple[Ledger, Path]] = []

    def handle(path: Path) -> Ledger:
        ledger = open_ledger(path)
        opened.append((ledger, path))
        return ledger

    yield Shelf(
        new=lambda: handle(folder / f"{len(opened)}.sqlite"),
        again=lambda ledger: handle(next(path for made, path in opened if made is ledger)),
    )
    for ledger, _ in opened:
        ledger.close()


def _redis(server: str) -> Iterator[Shelf]:
    opened: list[tuple[Ledger, str]] = []

    def handle(url: str) -> Ledger:
        ledger = redis_ledger(url)
        opened.append((ledger, url))
        return ledger

    def empty() -> Ledger:
        # Sixteen numbers are what a Redis has unless it is told otherwise, and no test needs more than two at once.
        ledger = handle(f"{server}/{len(opened) % 16}")
        with redis.Redis.from_url(opened[-1][1]) as admin:
            admin.flushdb()
        return ledger

    yield Shelf(new=empty, again=lambda ledger: handle(next(url for made, url in opened if made is ledger)))
    for ledger, _ in opened:
        ledger.close()


@pytest.fixture(params=["sqlite", "redis"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    if request.param == "redis":
        yield from _redis(request.getfixturevalue("redis_url"))
    else:
        yield from _sqlite(tmp_path)


@pytest.fixture
def ledger(shelf: Shelf) -> Ledger:
    return shelf.new()


def found(url: str = PAGE, source: str = "daily", endpoint: str = FEED, **entry: object) -> Found:
    return Found(url, source, endpoint, "opinion", Entry(url, **entry))  # type: ignore[arg-type]


def look(ledger: Ledger, *items: Found, now: datetime = NOW, endpoint: str = FEED) -> list[Discovery]:
    return ledger.discover(EndpointState(endpoint, checked=now), items, now)


def fetch(ledger: Ledger, claims: list[Discovery], failed: bool = False) -> None:
    names = [claim.attempt for claim in claims]
    ledger.finish(names, names if failed else ())


# --- endpoints ----------------------------------------------------------------------------------------------


def test_an_unknown_endpoint_has_a_fresh_state(ledger: Ledger) -> None:
    assert ledger.endpoint(FEED) == EndpointState(FEED)


def test_an_endpoint_keeps_all_that_the_last_look_left(ledger: Ledger) -> None:
    state = EndpointState(FEED, '"v1"', "Sat, 14 Mar 2026 09:00:00 GMT", NOW, NOW - DAY, 2, "timeout")
    ledger.discover(state, [], NOW)
    assert ledger.endpoint(FEED) == state
    ledger.discover(replace(state, etag=None, failures=0, error=None), [], NOW)
    assert ledger.endpoint(FEED) == replace(state, etag=None, failures=0, error=None)


def test_endpoint_and_claims_are_there_for_another_process(shelf: Shelf) -> None:
    mine = shelf.new()
    theirs = shelf.again(mine)
    [claim] = look(mine, found())
    assert theirs.endpoint(FEED).checked == NOW
    assert list(theirs.frontier()) == [claim]
    assert look(theirs, found()) == []


# --- discovery ----------------------------------------------------------------------------------------------


def test_a_new_url_is_claimed_with_what_was_known(ledger: Ledger) -> None:
    item = found(title="A bridge too late", authors=("Amina Rahi",), published=NOW, guid="7")
    assert look(ledger, item) == [
        Discovery(
            attempt_name(NOW, PAGE), PAGE, NOW, "daily", "new", FEED, "opinion", item.entry, None, None, None
        )
    ]


def test_a_claim_waits_under_its_canonical_url(ledger: Ledger) -> None:
    [claim] = look(ledger, found(PAGE + "?utm_source=feed#top"))
    assert claim.url == PAGE
    assert claim.attempt.endswith(f" {PAGE}")


def test_one_url_twice_in_a_feed_is_one_claim_with_its_latest_word(ledger: Ledger) -> None:
    old = found(PAGE, updated=NOW - DAY, title="first")
    new = found(PAGE + "?fbclid=x", updated=NOW, title="second")
    [claim] = look(ledger, old, new)
    assert claim.entry is not None
    assert claim.entry.title == "second"
    fetch(ledger, [claim])
    assert look(ledger, new, old) == []


@pytest.mark.parametrize(
    "url",
    ["", "mailto:desk@daily.example", "javascript:void(0)", "http://", "http://[::1", "urn:x:1", "/op-ed"],
)
def test_what_is_no_web_address_is_passed_over(ledger: Ledger, url: str) -> None:
    assert [claim.url for claim in look(ledger, found(url), found())] == [PAGE]
    assert ledger.claim(found(url), "revisit", NOW) is None


def test_a_second_look_at_the_same_claims_nothing(ledger: Ledger) -> None:
    items = [found(f"{PAGE}{n}", title=f"Column {n}") for n in range(5)]
    fetch(ledger, look(ledger, *items))
    assert look(ledger, *items, now=NOW + DAY) == []
    assert look(ledger, *items, now=NOW + 300 * DAY) == []


def test_a_later_updated_is_a_change(ledger: Ledger) -> None:
    fetch(ledger, look(ledger, found(updated=NOW)))
    [claim] = look(ledger, found(updated=NOW + timedelta(minutes=5)), now=NOW + DAY)
    assert claim.why == "changed"
    fetch(ledger, [claim])
    assert look(ledger, found(updated=NOW + timedelta(minutes=5)), now=NOW + DAY) == []


def test_the_same_updated_in_another_time_zone_is_no_change(ledger: Ledger) -> None:
    fetch(ledger, look(ledger, found(updated=NOW)))
    elsewhere = datetime.fromisoformat("2026-03-14T14:30:00+05:00")
    assert look(ledger, found(updated=elsewhere), now=NOW + DAY) == []


def test_with_updated_the_title_is_not_asked(ledger: Ledger) -> None:
    fetch(ledger, look(ledger, found(updated=NOW, title="one")))
    assert look(ledger, found(updated=NOW, title="two")) == []


@pytest.mark.parametrize("change", [{"title": "Other"}, {"text": "<p>other</p>"}])
def test_without_updated_title_and_text_tell(ledger: Ledger, change: dict[str, str]) -> None:
    entry = {"title": "Title", "text": "<p>text</p>"}
    fetch(ledger, look(ledger, found(**entry)))
    assert look(ledger, found(**entry, guid="new")) == []
    assert [claim.why for claim in look(ledger, found(**entry | change))] == ["changed"]


@pytest.mark.parametrize("entry", [{}, {"updated": NOW}])
def test_a_claim_keeps_no_text_and_its_change_is_seen_all_the_same(
    shelf: Shelf, entry: dict[str, object]
) -> None:
    """Also by a ledger that was lost, and told by the archive."""
    ledger, said = shelf.new(), entry | {"title": "Title"}
    claims = look(ledger, found(**said, text="<p>whole</p>"))
    claims += [
        claim for claim in [ledger.claim(found(PAGE + "2", **said, text="<p>2</p>"), "new", NOW)] if claim
    ]
    assert [(claim.entry.title, claim.entry.text) for claim in claims if claim.entry] == [("Title", None)] * 2
    assert sorted(ledger.frontier(), key=str) == sorted(claims, key=str)
    fetch(ledger, claims)
    told = shelf.new()
    told.recount({}, claims, NOW)
    for each in (ledger, told):
        assert (
            look(each, found(**said, text="<p>whole</p>"), found(PAGE + "2", **said, text="<p>2</p>")) == []
        )
        later = {"updated": NOW + DAY} if entry else {}
        [changed] = look(each, found(**said | later, text="<p>edited</p>"))
        assert changed.why == "changed"


def test_a_claim_of_what_never_had_a_text_is_what_it_was(ledger: Ledger) -> None:
    item = found(title="Title", guid="7")
    assert [claim.entry for claim in look(ledger, item)] == [item.entry]


def test_two_feeds_that_word_one_article_differently_do_not_make_it_change_for_ever(ledger: Ledger) -> None:
    here, there = found(title="Title", text="<p>whole</p>"), found(endpoint=OTHER, title="Title", updated=NOW)
    fetch(ledger, look(ledger, here))
    for hour in range(4):
        now = NOW + timedelta(hours=hour)
        assert look(ledger, there, now=now, endpoint=OTHER) == []
        assert look(ledger, here, now=now) == []
    later = replace(there, entry=replace(there.entry, updated=NOW + DAY))
    assert [claim.why for claim in look(ledger, later, endpoint=OTHER)] == ["changed"]


def test_a_change_while_the_page_is_on_its_way_is_claimed_afterwards(ledger: Ledger) -> None:
    first = look(ledger, found(updated=NOW))
    edited = found(updated=NOW + timedelta(minutes=1))
    assert look(ledger, edited) == []
    fetch(ledger, first)
    assert [claim.why for claim in look(ledger, edited)] == ["changed"]


def test_claim_times_never_repeat_even_in_two_processes_at_one_moment(shelf: Shelf) -> None:
    mine = shelf.new()
    theirs = shelf.again(mine)
    claims: list[Discovery] = []
    for n in range(6):
        where = (mine, theirs)[n % 2]
        claims += look(where, found(f"{PAGE}{n}"), found(f"{PAGE}{n}b"))
    assert len({claim.claimed for claim in claims}) == 12
    assert all(claim.attempt == attempt_name(claim.claimed, claim.url) for claim in claims)
    assert claims[0].claimed == NOW


def test_a_claim_bumped_past_midnight_counts_on_its_own_day(ledger: Ledger) -> None:
    last = datetime(2026, 3, 14, 23, 59, 59, 999999, tzinfo=UTC)
    look(ledger, found(PAGE), found(PAGE + "2"), now=last)
    assert ledger.discovered() == {("daily", date(2026, 3, 14)): 1, ("daily", date(2026, 3, 15)): 1}


def test_a_clock_set_back_is_believed_and_no_waiting_claims_time_is_given_again(ledger: Ledger) -> None:
    [early] = look(ledger, found(PAGE), now=NOW)
    look(ledger, found(PAGE + "2"), now=NOW + 3 * DAY)
    [back] = look(ledger, found(PAGE + "3"), now=NOW)
    assert early.claimed < back.claimed < NOW + timedelta(seconds=1)


def test_a_second_endpoints_word_is_not_kept_while_the_page_is_on_its_way(ledger: Ledger) -> None:
    claims = look(ledger, found(title="one"))
    assert look(ledger, found(endpoint=OTHER, title="one"), endpoint=OTHER) == []
    fetch(ledger, claims)
    assert look(ledger, found(endpoint=OTHER, title="two"), endpoint=OTHER) == []
    assert len(look(ledger, found(endpoint=OTHER, title="three"), endpoint=OTHER)) == 1


def test_a_url_is_kept_for_400_days_after_its_last_listing(ledger: Ledger) -> None:
    fetch(ledger, look(ledger, found()))
    for day in (0, 6, 405):
        assert look(ledger, *([found()] if day < 9 else []), now=NOW + day * DAY) == []
    assert look(ledger, found(), now=NOW + 405 * DAY) == []


def test_a_url_no_endpoint_lists_is_forgotten_after_400_days_and_a_listed_one_is_not(ledger: Ledger) -> None:
    fetch(ledger, look(ledger, found(PAGE), found(PAGE + "2")))
    for day in range(0, 420, 30):
        assert look(ledger, found(PAGE), now=NOW + day * DAY) == []
    assert look(ledger, found(PAGE), now=NOW + 421 * DAY) == []
    again = look(ledger, found(PAGE), found(PAGE + "2"), now=NOW + 422 * DAY)
    assert [claim.url for claim in again] == [PAGE + "2"]


def test_what_still_waits_is_not_forgotten(ledger: Ledger) -> None:
    claims = look(ledger, found())
    look(ledger, now=NOW + 500 * DAY)
    assert list(ledger.frontier()) == claims
    fetch(ledger, claims)
    assert look(ledger, found(PAGE), now=NOW + 500 * DAY) == []


# --- claims outright ----------------------------------------------------------------------------------------


def test_a_url_can_be_claimed_outright_but_not_while_it_waits(ledger: Ledger) -> None:
    first = ledger.claim(found(), "revisit", NOW)
    assert first is not None
    assert first.why == "revisit"
    assert ledger.claim(found(PAGE + "#end"), "revisit", NOW) is None
    fetch(ledger, [first])
    second = ledger.claim(found(), "revisit", NOW)
    assert second is not None
    assert second.claimed > first.claimed
    assert ledger.discovered() == {("daily", NOW.date()): 2}


def test_a_url_claimed_outright_is_known_to_its_feed(ledger: Ledger) -> None:
    claim = ledger.claim(found(title="x"), "new", NOW)
    assert claim is not None
    fetch(ledger, [claim])
    assert look(ledger, found(title="x")) == []


def test_back_fill_goes_on_where_it_stopped(ledger: Ledger) -> None:
    fetch(ledger, look(ledger, found()))
    assert ledger.claim(found(), "back-fill", NOW) is None
    claim = ledger.claim(found(PAGE + "2"), "back-fill", NOW)
    assert claim is not None
    fetch(ledger, [claim], failed=True)
    assert ledger.claim(found(PAGE + "2"), "back-fill", NOW) is None
    assert ledger.claim(found(PAGE + "2"), "back-fill", NOW + 2 * DAY) is not None


# --- frontier -----------------------------------------------------------------------------------------------


def test_take_leaves_what_it_gives_and_gives_the_oldest_first(ledger: Ledger) -> None:
    claims = [look(ledger, found(f"{PAGE}{n}"), now=NOW + n * DAY)[0] for n in range(3)]
    later = NOW + 3 * DAY
    assert ledger.take(["daily.example"], 2, later) == claims[:2]
    assert ledger.take(["daily.example"], 9, later) == claims


def test_take_goes_by_registrable_domain(ledger: Ledger) -> None:
    urls = [
        "https://www.bbc.co.uk/a",
        "https://news.bbc.co.uk/b",
        "https://daily.example/c",
        "http://127.0.0.1:81/d",
    ]
    look(ledger, *(found(url) for url in urls))
    assert [claim.url for claim in ledger.take(["bbc.co.uk"], 9, NOW)] == urls[:2]
    assert [claim.url for claim in ledger.take(["127.0.0.1", "daily.example"], 9, NOW)] == urls[2:]
    assert ledger.take([], 9, NOW) == ledger.take(["co.uk"], 9, NOW) == []


def test_take_may_be_limited_to_sources(ledger: Ledger) -> None:
    mine, theirs = look(ledger, found(PAGE), found(PAGE + "2", source="weekly"))
    assert ledger.take(["daily.example"], 9, NOW + DAY, ["weekly"]) == [theirs]
    assert ledger.take(["daily.example"], 9, NOW + DAY, ["daily", "weekly"]) == [mine, theirs]
    assert ledger.take(["daily.example"], 9, NOW + DAY, ["unknown"]) == []


def test_live_claims_come_before_older_back_fill(ledger: Ledger) -> None:
    old = ledger.claim(found(PAGE + "old"), "back-fill", NOW)
    [live] = look(ledger, found(), now=NOW + DAY)
    assert ledger.take(["daily.example"], 9, NOW + DAY) == [live, old]


def test_a_postponed_claim_waits_for_its_time(ledger: Ledger) -> None:
    [claim] = look(ledger, found())
    assert ledger.postpone(claim.attempt, NOW + DAY, "503") == 1
    assert ledger.take(["daily.example"], 9, NOW) == []
    assert ledger.due_domains(NOW) == []
    assert list(ledger.frontier()) == [claim]
    assert ledger.take(["daily.example"], 9, NOW + DAY) == [claim]
    assert ledger.postpone(claim.attempt, NOW + 2 * DAY, "503") == 2
    assert ledger.postpone("2026-01-01T00:00:00.000000Z https://no.example/", NOW, "503") == 0


def test_due_domains_are_those_with_something_to_fetch(ledger: Ledger) -> None:
    claims = look(ledger, found("https://a.example/1"), found("https://b.example/1", source="other"))
    assert ledger.due_domains(NOW + DAY) == ["a.example", "b.example"]
    assert ledger.due_domains(NOW + DAY, ["other"]) == ["b.example"]
    assert ledger.due_domains(NOW + DAY, ["unknown"]) == []
    fetch(ledger, claims[:1])
    assert ledger.due_domains(NOW + DAY) == ["b.example"]


def test_finishing_twice_or_something_unknown_changes_nothing(ledger: Ledger) -> None:
    claims = look(ledger, found())
    for _ in range(5):
        fetch(ledger, claims, failed=True)
    ledger.finish(["2026-01-01T00:00:00.000000Z https://no.example/"])
    assert list(ledger.frontier()) == []
    assert len(look(ledger, found(), now=NOW + 2 * DAY)) == 1


def test_the_name_of_another_attempt_at_the_same_moment_is_not_this_one(ledger: Ledger) -> None:
    claims = look(ledger, found())
    other = attempt_name(claims[0].claimed, "https://no.example/")
    ledger.finish([other], [other])
    assert ledger.postpone(other, NOW + DAY, "503") == 0
    assert ledger.take(["daily.example"], 9, NOW) == claims


def test_a_failed_one_is_claimed_again_after_a_day_at_most_three_times(ledger: Ledger) -> None:
    now, tries = NOW, 0
    for hour in range(24 * 8):
        now = NOW + timedelta(hours=hour)
        claims = look(ledger, found(), now=now)
        tries += len(claims)
        fetch(ledger, claims, failed=True)
    assert tries == 1 + 3
    fetch(ledger, look(ledger, found(title="mended"), now=now))
    assert look(ledger, found(title="mended"), now=now + 9 * DAY) == []


def test_a_postponed_one_that_fails_waits_a_day_from_when_it_was_due(ledger: Ledger) -> None:
    claims = look(ledger, found())
    ledger.postpone(claims[0].attempt, NOW + 3 * DAY, "503")
    fetch(ledger, claims, failed=True)
    assert look(ledger, found(), now=NOW + 3 * DAY) == []
    assert len(look(ledger, found(), now=NOW + 4 * DAY)) == 1


def test_a_failed_one_that_is_no_longer_listed_is_left_alone(ledger: Ledger) -> None:
    fetch(ledger, look(ledger, found()), failed=True)
    assert look(ledger, found(PAGE + "2"), now=NOW + 2 * DAY)[0].url == PAGE + "2"
    assert [claim.url for claim in ledger.frontier()] == [PAGE + "2"]


def test_success_forgets_failures(ledger: Ledger) -> None:
    now = NOW
    for title in ("one", "two"):
        for _ in range(3):
            fetch(ledger, look(ledger, found(title=title), now=now), failed=True)
            now += 2 * DAY
        fetch(ledger, look(ledger, found(title=title), now=now))
        assert look(ledger, found(title=title), now=now + 2 * DAY) == []


def test_a_long_frontier_is_walked_whole(ledger: Ledger) -> None:
    claims = look(ledger, *(found(f"{PAGE}-{n}") for n in range(1203)))
    assert list(ledger.frontier()) == claims


# --- accounting ---------------------------------------------------------------------------------------------


def test_claims_are_counted_by_source_and_utc_day(ledger: Ledger) -> None:
    late = datetime.fromisoformat("2026-03-15T02:00:00+05:00")
    look(ledger, found("https://a.example/1", source="a"), found("https://b.example/1", source="b"), now=late)
    look(ledger, found("https://a.example/2", source="a"), now=late + DAY)
    first, second = date(2026, 3, 14), date(2026, 3, 15)
    assert ledger.discovered() == {("a", first): 1, ("b", first): 1, ("a", second): 1}


def test_an_import_segment_is_counted_once(shelf: Shelf) -> None:
    ledger = shelf.new()
    counts = {("daily", NOW.date()): 50, ("weekly", NOW.date()): 3}
    for handle in (ledger, ledger, shelf.again(ledger)):
        handle.count_import("segments/2026/03/14/a.warc.gz", counts)
    ledger.count_import("segments/2026/03/14/b.warc.gz", {("daily", NOW.date()): 7})
    assert ledger.discovered() == {("daily", NOW.date()): 57, ("weekly", NOW.date()): 3}


def test_a_lost_ledger_is_told_by_the_archive_what_it_had_seen(shelf: Shelf) -> None:
    items = [found(f"{PAGE}{n}", title=f"Column {n}") for n in range(4)]
    lost = shelf.new()
    claims = look(lost, *items)
    made = shelf.new()
    assert made.recounted() is None
    made.recount({("daily", NOW.date()): 4}, claims, NOW + DAY)
    assert made.recounted() == NOW + DAY
    assert made.discovered() == lost.discovered()
    assert look(made, *items, now=NOW + DAY) == []
    edited = replace(items[0], entry=Entry(items[0].url, title="Another"))
    [claim] = look(made, edited, now=NOW)
    assert claim.why == "changed"
    assert claim.claimed > claims[-1].claimed


def test_recount_replaces_what_was_counted_and_seen(ledger: Ledger) -> None:
    fetch(ledger, look(ledger, found(PAGE), found(PAGE + "2")))
    ledger.recount({("weekly", NOW.date()): 9}, [], NOW)
    assert ledger.discovered() == {("weekly", NOW.date()): 9}
    assert len(look(ledger, found(PAGE), found(PAGE + "2"))) == 2


def test_recount_keeps_and_counts_what_still_waits_and_settles_what_was_sealed(ledger: Ledger) -> None:
    sealed, waiting = look(ledger, found(PAGE), found(PAGE + "2"))
    ledger.recount({("daily", NOW.date()): 1}, [sealed], NOW + DAY)
    assert list(ledger.frontier()) == [waiting]
    assert ledger.discovered() == {("daily", NOW.date()): 2}
    assert look(ledger, found(PAGE), found(PAGE + "2"), now=NOW + DAY) == []
    assert look(ledger, found(PAGE + "2", title="edited"), now=NOW + DAY) == []


def test_recount_remembers_failures_and_leaves_imports_out(ledger: Ledger) -> None:
    base = look(ledger, found(PAGE))[0]
    fetch(ledger, [base])
    failed = replace(base, failure="timeout")
    refused = replace(base, url=PAGE + "2", attempt=base.attempt + "2", failure="robots", refused=True)
    imported = replace(base, url=PAGE + "3", attempt=base.attempt + "3", why="import")
    ledger.recount({}, [failed, refused, imported], NOW)
    items = [found(PAGE), found(PAGE + "2"), found(PAGE + "3")]
    assert [claim.url for claim in look(ledger, *items)] == [PAGE + "3"]
    assert [claim.url for claim in look(ledger, *items, now=NOW + 2 * DAY)] == [PAGE]


def test_of_two_records_of_one_attempt_the_first_tells(ledger: Ledger) -> None:
    [claim] = look(ledger, found())
    ledger.recount({}, [claim, replace(claim, failure="timeout")], NOW)
    assert look(ledger, found(), now=NOW + 2 * DAY) == []


# --- taking over another ledger -----------------------------------------------------------------------------


def test_a_ledger_takes_over_what_another_has_waiting_and_knows_of_endpoints(shelf: Shelf) -> None:
    old, new = shelf.new(), shelf.new()
    fetch(old, look(old, found(PAGE)))
    state = EndpointState(FEED, '"v2"', "Sat, 14 Mar 2026 09:00:00 GMT", NOW, NOW - DAY, 1, "timeout")
    waiting = old.discover(state, [found(f"{PAGE}{n}") for n in range(3)], NOW)
    filled = old.claim(found("https://weekly.example/a", source="weekly"), "back-fill", NOW)
    look(new, found("https://strange.example/a"), endpoint=OTHER)
    new.postpone(next(new.frontier()).attempt, NOW + DAY, "timeout")
    for _ in range(2):  # one that died is done again
        new.restore(old.frontier(), old.endpoints(), NOW)
    new.recount({("daily", NOW.date()): 1}, [replace(waiting[0], attempt="x", url=PAGE)], NOW)
    assert filled is not None
    assert list(new.frontier()) == list(old.frontier()) == [*waiting, filled]
    assert list(new.endpoints()) == [state] and new.endpoint(OTHER) == EndpointState(OTHER)
    assert new.discovered() == old.discovered() == {("daily", NOW.date()): 4, ("weekly", NOW.date()): 1}
    assert new.take(["daily.example", "strange.example"], 9, NOW) == waiting
    assert new.due_domains(NOW) == ["daily.example", "weekly.example"]


def test_what_was_taken_over_is_no_news_and_its_times_are_not_given_again(shelf: Shelf) -> None:
    old, new = shelf.new(), shelf.new()
    waiting = look(old, found(), found(f"{PAGE}1"))
    new.restore(old.frontier(), [], NOW)
    new.recount({}, [], NOW)
    assert look(new, found(), found(f"{PAGE}1")) == []
    fetch(new, waiting)
    [claim] = look(new, found(f"{PAGE}2"))
    assert claim.claimed > max(each.claimed for each in waiting)
    assert list(new.frontier()) == [claim]


def test_taking_over_nothing_forgets_what_was_waiting(ledger: Ledger) -> None:
    look(ledger, found())
    ledger.restore([], [], NOW)
    ledger.recount({}, [], NOW)
    assert list(ledger.frontier()) == [] and list(ledger.endpoints()) == []
    assert ledger.discovered() == {} and ledger.due_domains(NOW) == []
    assert len(look(ledger, found())) == 1


def test_a_long_frontier_is_taken_over_whole(shelf: Shelf) -> None:
    old, new = shelf.new(), shelf.new()
    claims = look(old, *(found(f"{PAGE}{n}") for n in range(1201)))
    new.restore(claims, (EndpointState(f"{FEED}{n}") for n in range(1201)), NOW)
    assert list(new.frontier()) == claims
    assert sum(1 for _ in new.endpoints()) == 1201


# --- leases -------------------------------------------------------------------------------------------------


def test_a_lease_has_one_holder_until_it_runs_out(shelf: Shelf) -> None:
    ledger = shelf.new()
    other = shelf.again(ledger)
    first = ledger.acquire("host:daily.example", "one", 60, NOW)
    assert first is not None
    assert first.until == NOW + timedelta(seconds=60)
    assert other.acquire("host:daily.example", "two", 60, NOW + timedelta(seconds=59)) is None
    assert other.acquire("host:weekly.example", "two", 60, NOW) is not None
    second = other.acquire("host:daily.example", "two", 60, NOW + timedelta(seconds=60))
    assert second is not None
    assert second.token > first.token
    assert ledger.renew(first, 60, NOW + timedelta(seconds=61)) is None
    ledger.release(first, done=True)
    assert other.renew(second, 60, NOW + timedelta(seconds=61)) is not None


def test_a_released_lease_is_free_and_cannot_be_renewed(ledger: Ledger) -> None:
    first = ledger.acquire("cluster", "one", 60, NOW)
    assert first is not None
    ledger.release(first)
    assert ledger.renew(first, 60, NOW) is None
    assert ledger.leases(NOW) == []
    second = ledger.acquire("cluster", "two", 60, NOW)
    assert second is not None
    assert second.token > first.token


@pytest.mark.parametrize("done", [True, False])
def test_a_token_rises_even_after_a_lease_was_done_with(ledger: Ledger, done: bool) -> None:
    tokens: list[int] = []
    for holder in ("one", "two", "one", "one"):
        lease = ledger.acquire("ingest:a", holder, 60, NOW)
        assert lease is not None
        tokens.append(lease.token)
        ledger.release(lease, done)
    assert tokens == sorted(set(tokens))


def test_a_lease_that_ran_out_may_be_renewed_while_nobody_took_it(ledger: Ledger) -> None:
    lease = ledger.acquire("cluster", "one", 60, NOW)
    assert lease is not None
    renewed = ledger.renew(lease, 60, NOW + DAY)
    assert renewed == replace(lease, until=NOW + DAY + timedelta(seconds=60))
    assert ledger.leases(NOW + DAY) == [renewed]


def test_the_same_holder_may_take_its_lease_again_and_the_old_token_is_stale(ledger: Ledger) -> None:
    first = ledger.acquire("cluster", "one", 60, NOW)
    second = ledger.acquire("cluster", "one", 60, NOW)
    assert first is not None
    assert second is not None
    assert ledger.renew(first, 60, NOW) is None
    assert ledger.renew(second, 60, NOW) is not None


@pytest.mark.parametrize("done", [True, False])
def test_the_time_of_the_last_request_goes_with_the_lease(ledger: Ledger, done: bool) -> None:
    lease = ledger.acquire("host:daily.example", "one", 60, NOW)
    assert lease is not None
    ledger.renew(lease, 60, NOW, last_request=NOW)
    kept = ledger.renew(lease, 60, NOW + DAY)
    assert kept is not None
    assert kept.last_request == NOW
    ledger.release(kept, done)
    after = ledger.acquire("host:daily.example", "two", 60, NOW + DAY)
    assert after is not None
    assert after.last_request == NOW


def test_tries_count_starts_until_one_is_done(ledger: Ledger) -> None:
    assert ledger.tries("ingest:a") == 0
    for n in range(1, 4):
        lease = ledger.acquire("ingest:a", f"worker {n}", 60, NOW + n * DAY)
        assert lease is not None
        assert lease.tries == ledger.tries("ingest:a") == n
        if n == 2:
            ledger.release(lease)
    ledger.release(lease, done=True)
    assert ledger.tries("ingest:a") == 0


def test_a_failed_job_rests_held_by_nobody_until_its_time(ledger: Ledger) -> None:
    lease = ledger.acquire("ingest:a", "one", 60, NOW)
    assert lease is not None
    ledger.rest(lease, NOW + timedelta(minutes=5))
    assert [(each.holder, each.until) for each in ledger.leases(NOW)] == [("", NOW + timedelta(minutes=5))]
    for holder in ("one", "two"):
        assert ledger.acquire("ingest:a", holder, 60, NOW + timedelta(minutes=4)) is None
    again = ledger.acquire("ingest:a", "one", 60, NOW + timedelta(minutes=5))
    assert again is not None
    assert (again.tries, again.token > lease.token) == (2, True)


def test_a_rest_without_blame_counts_no_try(ledger: Ledger) -> None:
    for n in range(3):
        lease = ledger.acquire("ingest:a", "one", 60, NOW + n * DAY)
        assert lease is not None
        assert lease.tries == 1
        ledger.rest(lease, NOW + n * DAY, blame=False)


def test_a_stale_holder_lets_nothing_rest(ledger: Ledger) -> None:
    stale = ledger.acquire("cluster", "one", 60, NOW)
    mine = ledger.acquire("cluster", "two", 60, NOW + DAY)
    assert stale is not None
    ledger.rest(stale, NOW + 9 * DAY, blame=False)
    assert ledger.leases(NOW + DAY) == [mine]
    ledger.release(stale)
    assert mine is not None
    ledger.release(mine)
    ledger.rest(mine, NOW + 9 * DAY)
    assert ledger.leases(NOW + DAY) == []


def test_running_leases_are_listed(ledger: Ledger) -> None:
    one = ledger.acquire("a", "one", 60, NOW)
    ledger.acquire("b", "two", 10, NOW)
    assert ledger.leases(NOW + timedelta(seconds=30)) == [one]
    assert ledger.leases(NOW + timedelta(seconds=60)) == []


# --- schedule -----------------------------------------------------------------------------------------------


def test_runs_are_remembered(shelf: Shelf) -> None:
    ledger = shelf.new()
    assert ledger.last_run("crawl:daily") is None
    ledger.mark_run("crawl:daily", NOW)
    ledger.mark_run("crawl:daily", NOW + DAY)
    assert shelf.again(ledger).last_run("crawl:daily") == NOW + DAY


def test_runs_are_listed_by_prefix(ledger: Ledger) -> None:
    for n, name in enumerate(["sent:ingest:a", "sent:crawl:daily", "crawl:daily", "crawl:weekly"]):
        ledger.mark_run(name, NOW + n * DAY)
    assert ledger.runs("sent:") == {"sent:crawl:daily": NOW + DAY, "sent:ingest:a": NOW}
    assert ledger.runs("crawl:") == {"crawl:daily": NOW + 2 * DAY, "crawl:weekly": NOW + 3 * DAY}
    assert ledger.runs("digest:") == {}


def test_what_was_sent_is_forgotten_and_what_was_run_is_not(ledger: Ledger) -> None:
    ledger.mark_run("sent:ingest:a", NOW)
    ledger.mark_run("crawl:daily", NOW)
    look(ledger, now=NOW + 3 * DAY)
    assert ledger.last_run("sent:ingest:a") is None
    assert ledger.last_run("crawl:daily") == NOW


# --- all together -------------------------------------------------------------------------------------------

STEP = st.tuples(
    st.sampled_from(["look", "again", "finish", "fail", "postpone", "revisit"]),
    st.lists(st.integers(0, 5), max_size=4),
    st.integers(-30, 3000),  # minutes that the clock moves
    st.booleans(),  # the other process does it
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=14))
def test_whatever_happens_the_accounting_holds(
    shelf: Shelf, steps: list[tuple[str, list[int], int, bool]]
) -> None:
    mine = shelf.new()
    both = (mine, shelf.again(mine))
    now, made, version = NOW, list[Discovery](), 0
    waiting: dict[str, Discovery] = {}
    for action, pages, minutes, other in steps:
        ledger, now = both[other], now + timedelta(minutes=minutes)
        version += action == "look"
        items = [found(f"{PAGE}{n}", title=f"{n} v{version}") for n in pages]
        chosen = [claim for claim in waiting.values() if int(claim.url[-1]) in pages]
        claims: list[Discovery] = []
        if action in {"look", "again"}:
            claims = look(ledger, *items, now=now)
        elif action == "revisit":
            claims = [claim for item in items if (claim := ledger.claim(item, "revisit", now))]
        elif action == "postpone":
            for claim in chosen:
                ledger.postpone(claim.attempt, now + DAY, "busy")
        else:
            fetch(ledger, chosen, failed=action == "fail")
            waiting = {url: claim for url, claim in waiting.items() if claim not in chosen}
        assert not {claim.url for claim in claims} & set(waiting)
        waiting |= {claim.url: claim for claim in claims}
        made += claims
    assert len({claim.claimed for claim in made}) == len(made)
    assert sorted(waiting) == sorted(claim.url for claim in mine.frontier())
    days = [(claim.source, claim.claimed.date()) for claim in made]
    assert mine.discovered() == {key: days.count(key) for key in days}


def test_a_lease_that_a_wrong_clock_gave_stops_nobody_for_ever(ledger: Ledger) -> None:
    wrong = NOW + timedelta(days=400)
    lease = ledger.acquire("ingest:a", "wrong:1:1", 60, wrong)
    assert lease is not None
    assert ledger.leases(NOW) == []
    ours = ledger.acquire("ingest:a", "right:1:1", 60, NOW)
    assert ours is not None and ours.token > lease.token
    assert ledger.renew(lease, 60, wrong) is None
    ledger.rest(ours, NOW + timedelta(days=1))
    assert ledger.acquire("ingest:a", "wrong:1:1", 60, NOW) is None, "a host may rest for a day"
    assert [found.name for found in ledger.leases(NOW)] == ["ingest:a"]
