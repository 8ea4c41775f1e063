"""What is due: cases, and properties that hold for every snapshot."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.jobs import Cluster, Crawl, Digest, Ingest, Job, Retag
from khabar.schedule import HELD_FOR, SENT_FOR, SourcePlan, State, TopicPlan, digest_day, due, held, names

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
KINDS = ("ingest", "cluster", "crawl", "digest", "retag")
A = "segments/2026/03/14/20260314T092800.000000Z-0a.warc.gz"
B = "segments/2026/03/14/20260314T092900.000000Z-0b.warc.gz"
TOPIC = TopicPlan("border", 3, retagged=True, time=time(6, 30), timezone="Asia/Karachi")


def digests(state: State, now: datetime) -> list[Digest]:
    return [job for job in due(state, now) if isinstance(job, Digest)]


# --- cases --------------------------------------------------------------------------------------------------


def test_nothing_is_due_in_an_empty_home() -> None:
    assert due(State(), NOW) == []


def test_a_pending_segment_is_ingested_and_then_clustered() -> None:
    assert due(State({A: False}), NOW) == [Ingest(A)]
    assert due(State({A: True}), NOW) == [Cluster()]
    assert due(State({B: False, A: True}), NOW) == [Ingest(B), Cluster()]


def test_a_source_is_due_when_its_time_has_come_and_missed_times_are_one_crawl() -> None:
    hour = timedelta(hours=1)
    plans = (
        SourcePlan("never", 3600),
        SourcePlan("just-now", 3600, NOW - hour + timedelta(seconds=1)),
        SourcePlan("due", 3600, NOW - hour),
        SourcePlan("long-ago", 3600, NOW - 500 * hour),
    )
    assert due(State(sources=plans), NOW) == [Crawl(("due", "long-ago", "never"))]


def test_a_crawl_from_a_wrong_clocks_future_does_not_stop_crawls_for_ever() -> None:
    assert due(State(sources=(SourcePlan("a", 3600, NOW + timedelta(minutes=10)),)), NOW) == []
    assert due(State(sources=(SourcePlan("a", 3600, NOW + timedelta(days=900)),)), NOW) == [Crawl(("a",))]


def test_a_source_that_is_being_crawled_is_left_out_of_the_next_crawl() -> None:
    plans = (SourcePlan("a", 60), SourcePlan("b", 60))
    assert due(State(sources=plans, leased=frozenset({"crawl:a"})), NOW) == [Crawl(("b",))]


def test_a_digest_is_due_at_its_time_on_the_next_day_in_its_zone() -> None:
    state = State(topics=(TOPIC,))
    before = datetime(2026, 3, 14, 6, 29, 59, tzinfo=ZoneInfo("Asia/Karachi"))
    assert digests(state, before) == [Digest(("border",), date(2026, 3, 12))]
    assert digests(state, before + timedelta(seconds=1)) == [Digest(("border",), date(2026, 3, 13))]


def test_of_missed_digests_only_the_last_is_made_up_for() -> None:
    made = replace(TOPIC, digests=frozenset({date(2026, 2, 1)}))
    assert digests(State(topics=(made,)), NOW) == [Digest(("border",), date(2026, 3, 13))]
    made = replace(TOPIC, digests=frozenset({date(2026, 3, 13)}))
    assert digests(State(topics=(made,)), NOW) == []


def test_a_topic_without_a_digest_time_has_none() -> None:
    assert due(State(topics=(replace(TOPIC, time=None),)), NOW) == []


def test_a_new_version_is_retagged_from_where_it_stopped() -> None:
    topic = replace(TOPIC, time=None, retagged=False, cursor="0a1b")
    assert due(State(topics=(topic,)), NOW) == [Retag("border", 3, "0a1b")]


def test_what_is_quarantined_is_left_alone() -> None:
    state = State({A: False, B: False}, quarantined=frozenset({f"ingest:{A}"}))
    assert due(state, NOW) == [Ingest(B)]


def test_a_sent_job_is_due_again_after_ten_minutes_or_at_once_when_its_queue_is_empty() -> None:
    sent = State({A: False}, sent={f"ingest:{A}": NOW})
    waiting = replace(sent, waiting=frozenset({"ingest"}))
    other = replace(sent, waiting=frozenset({"crawl", "digest"}))
    for minutes in range(10):
        assert due(waiting, NOW + timedelta(minutes=minutes)) == []
    assert due(waiting, NOW + SENT_FOR) == due(sent, NOW) == due(other, NOW) == [Ingest(A)]
    assert due(waiting, NOW - timedelta(days=1)) == [Ingest(A)]


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (Ingest(A), (f"ingest:{A}",)),
        (Ingest(A, 3), (f"ingest:{A}@3",)),
        (Cluster(), ("cluster",)),
        (Crawl(("a", "b")), ("crawl:a", "crawl:b")),
        (
            Digest(("border", "water"), date(2026, 3, 13)),
            ("digest:border:2026-03-13", "digest:water:2026-03-13"),
        ),
        (Retag("border", 3, "0a1b"), ("retag:border:3",)),
    ],
)
def test_a_job_is_named_by_its_result(job: Job, expected: tuple[str, ...]) -> None:
    assert names(job) == expected


# --- clocks that are changed --------------------------------------------------------------------------------


def _local(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        # Clocks go from 02:00 to 03:00 on 29 March: 02:30 is taken by the clock that was, 03:30 by the new one.
        (_local("2026-03-29T01:59", "Europe/Berlin"), date(2026, 3, 27)),
        (_local("2026-03-29T03:29", "Europe/Berlin"), date(2026, 3, 27)),
        (_local("2026-03-29T03:30", "Europe/Berlin"), date(2026, 3, 28)),
        # They go back from 03:00 to 02:00 on 25 October: the first 02:30 counts, and the second changes nothing.
        (_local("2026-10-25T02:29", "Europe/Berlin"), date(2026, 10, 23)),
        (_local("2026-10-25T02:30", "Europe/Berlin"), date(2026, 10, 24)),
        (_local("2026-10-25T02:10", "Europe/Berlin", fold=1), date(2026, 10, 24)),
        (_local("2026-10-25T02:45", "Europe/Berlin", fold=1), date(2026, 10, 24)),
    ],
)
def test_a_digest_time_that_is_skipped_or_doubled_comes_once(moment: datetime, day: date) -> None:
    assert digest_day(moment.astimezone(UTC), time(2, 30), "Europe/Berlin") == day


ZONES = [
    "Asia/Karachi",
    "Asia/Kabul",
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Apia",
    "Australia/Lord_Howe",
]
MOMENTS = st.datetimes(datetime(2009, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.times(), st.sampled_from(ZONES))
def test_the_digest_day_is_over_and_the_next_is_not_due(now: datetime, at: time, zone: str) -> None:
    day = digest_day(now, at, zone)
    here = ZoneInfo(zone)
    assert datetime.combine(day + timedelta(days=1), at, here).astimezone(UTC) <= now
    assert datetime.combine(day + timedelta(days=2), at, here).astimezone(UTC) > now
    assert day < now.astimezone(here).date()


@given(MOMENTS, st.times(), st.sampled_from(ZONES), st.integers(1, 4000))
def test_the_digest_day_never_goes_back(now: datetime, at: time, zone: str, minutes: int) -> None:
    assert digest_day(now, at, zone) <= digest_day(now + timedelta(minutes=minutes), at, zone)


@given(MOMENTS, st.times(), st.sampled_from(ZONES))
def test_ticks_all_day_long_make_each_digest_once(now: datetime, at: time, zone: str) -> None:
    topic = TopicPlan("t", 1, retagged=True, time=at, timezone=zone)
    made: list[date] = []
    for step in range(5 * 24):
        state = State(topics=(replace(topic, digests=frozenset(made)),))
        made += [job.day for job in digests(state, now + timedelta(hours=step))]
    assert made == sorted(set(made))
    assert 4 <= len(made) <= 6


# --- every snapshot -----------------------------------------------------------------------------------------

IDS = st.sampled_from("abcdef")
TIMES = st.integers(-20_000, 20_000).map(lambda minutes: NOW + timedelta(minutes=minutes))
DAYS = st.frozensets(st.integers(0, 9).map(lambda n: date(2026, 3, 14) - timedelta(days=n)))
SOURCES = st.builds(SourcePlan, IDS, st.integers(60, 90_000), st.none() | TIMES)
TOPICS = st.builds(
    TopicPlan, IDS, st.integers(1, 3), st.booleans(), st.none() | st.times(), st.sampled_from(ZONES), DAYS
)
NAMES = st.builds(lambda kind, key: f"{kind}:{key}", st.sampled_from(KINDS), IDS) | st.just("cluster")
STATES = st.builds(
    State,
    st.dictionaries(IDS, st.booleans()),
    st.lists(SOURCES, unique_by=lambda plan: plan.id).map(tuple),
    st.lists(TOPICS, unique_by=lambda plan: plan.id).map(tuple),
    st.frozensets(NAMES, max_size=5),
    st.dictionaries(NAMES, TIMES),
    st.frozensets(NAMES, max_size=2),
    st.frozensets(st.sampled_from(KINDS)),
)


def _all_names(jobs: list[Job]) -> list[str]:
    return [name for job in jobs for name in names(job)]


@given(STATES, st.randoms())
def test_the_order_in_which_things_were_found_changes_nothing(state: State, chance: random.Random) -> None:
    pending = list(state.pending.items())
    sources, topics = list(state.sources), list(state.topics)
    for each in (pending, sources, topics):
        chance.shuffle(each)
    shuffled = replace(state, pending=dict(pending), sources=tuple(sources), topics=tuple(topics))
    assert due(shuffled, NOW) == due(state, NOW)


@given(STATES)
def test_two_ticks_say_the_same_and_nothing_twice(state: State) -> None:
    jobs = due(state, NOW)
    assert jobs == due(state, NOW)
    assert len(set(_all_names(jobs))) == len(_all_names(jobs))
    assert sum(isinstance(job, Crawl) for job in jobs) <= 1
    assert all(names(job) for job in jobs)


@given(STATES)
def test_what_is_leased_or_quarantined_is_never_due(state: State) -> None:
    assert not set(_all_names(due(state, NOW))) & (state.leased | state.quarantined)


@given(STATES)
def test_once_all_is_sent_and_waits_nothing_more_is_due_for_ten_minutes(state: State) -> None:
    jobs = due(state, NOW)
    sent = dict(state.sent) | dict.fromkeys(_all_names(jobs), NOW)
    after = replace(state, sent=sent, waiting=frozenset(KINDS))
    assert not set(_all_names(due(after, NOW + timedelta(minutes=9)))) & set(_all_names(jobs))


@given(STATES)
def test_a_lost_wake_up_costs_ten_minutes_at_most(state: State) -> None:
    nothing_done = replace(
        state, waiting=frozenset(KINDS), sent=dict.fromkeys(_all_names(due(state, NOW)), NOW)
    )
    again = due(nothing_done, NOW + SENT_FOR)
    crawls = {name for name in _all_names(due(state, NOW)) if not name.startswith("digest:")}
    assert crawls <= set(_all_names(again)) | state.leased


@given(STATES)
def test_what_is_done_is_not_due(state: State) -> None:
    done = replace(
        state,
        pending={},
        sources=tuple(replace(plan, last=NOW) for plan in state.sources),
        topics=tuple(
            replace(
                plan,
                retagged=True,
                digests=plan.digests
                | ({digest_day(NOW, plan.time, plan.timezone)} if plan.time is not None else frozenset()),
            )
            for plan in state.topics
        ),
    )
    assert due(done, NOW) == []


# --- digests that are held back -----------------------------------------------------------------------------

DIGEST = Digest(("border",), date(2026, 3, 13))
NAME = names(DIGEST)[0]
ENDED = datetime(2026, 3, 13, 19, tzinfo=UTC)  # midnight in Karachi, after the 13th
HOUR = timedelta(hours=1)


def test_a_digest_waits_for_segments_that_are_still_to_be_read_or_clustered() -> None:
    for has_outcome in (False, True):
        state = State({A: has_outcome}, topics=(TOPIC,))
        assert held(state, NOW) == [DIGEST] and digests(state, NOW) == []
    assert held(State(topics=(TOPIC,)), NOW) == [] and digests(State(topics=(TOPIC,)), NOW) == [DIGEST]


@pytest.mark.parametrize(
    ("last", "leased", "waits"),
    [
        (None, False, True),  # never looked at, and due
        (ENDED - HOUR, False, True),  # due, and its last look was before the day was over
        (ENDED - HOUR, True, True),
        (NOW - HOUR / 2, True, False),  # looked at since: what is found now is of another day
        (ENDED, False, False),
        (ENDED + HOUR, False, False),
    ],
)
def test_a_digest_waits_for_sources_that_were_not_looked_at_since_its_day_was_over(
    last: datetime | None, leased: bool, waits: bool
) -> None:
    source = SourcePlan("dawn", 3600, last)
    state = State(sources=(source,), topics=(TOPIC,), leased=frozenset({"crawl:dawn"} if leased else ()))
    assert (held(state, NOW) == [DIGEST]) is waits is (digests(state, NOW) == [])


def test_a_source_that_is_not_due_holds_no_digest_back_unless_it_is_being_crawled() -> None:
    daily = SourcePlan("weekly", 7 * 86400, ENDED - HOUR)
    state = State(sources=(daily,), topics=(TOPIC,))
    assert digests(state, NOW) == [DIGEST]
    assert held(replace(state, leased=frozenset({"crawl:weekly"})), NOW) == [DIGEST]


@given(st.timedeltas(timedelta(), timedelta(days=3)))
def test_a_digest_waits_an_hour_after_it_was_wanted_and_no_longer(since: timedelta) -> None:
    old = "segments/2026/03/10/20260310T000000.000000Z-0d.warc.gz"
    state = State({old: False}, topics=(TOPIC,), wanted={NAME: NOW - since})
    assert (digests(state, NOW) == []) is (since < HELD_FOR)


def test_a_mark_of_a_wrong_clock_holds_nothing_back_for_ever() -> None:
    state = State({A: False}, topics=(TOPIC,), wanted={NAME: NOW + timedelta(days=900)})
    assert digests(state, NOW) == [DIGEST]


@pytest.mark.parametrize(("minute", "waits"), [(29, True), (44, True), (46, False)])
def test_a_segment_opened_long_after_a_digest_was_wanted_does_not_hold_it_back(
    minute: int, waits: bool
) -> None:
    segment = f"segments/2026/03/14/20260314T09{minute:02d}00.000000Z-0c.warc.gz"
    state = State({segment: False}, topics=(TOPIC,), wanted={"digest:border:2026-03-13": NOW})
    assert (digests(state, NOW + timedelta(minutes=20)) == []) is waits


def test_only_digests_are_held_back() -> None:
    state = State({A: False, B: True}, topics=(replace(TOPIC, retagged=False, cursor="abc"),))
    assert due(state, NOW) == [Ingest(A), Cluster(), Retag("border", 3, "abc")]


def test_what_is_held_back_is_what_would_be_due_otherwise() -> None:
    waiting = State({A: False}, topics=(TOPIC, replace(TOPIC, id="river")))
    free = {job for job in due(replace(waiting, pending={}), NOW) if isinstance(job, Digest)}
    assert set(held(waiting, NOW)) == free and len(free) == 2
    made = replace(TOPIC, digests=frozenset({DIGEST.day}))
    assert held(State({A: False}, topics=(made,)), NOW) == []
