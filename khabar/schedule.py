"""What is due: a pure function of a snapshot and the clock, so that two ticks, or a lost one, change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from khabar.jobs import Cluster, Crawl, Digest, Ingest, Job, Retag

SENT_FOR = timedelta(minutes=10)  # so long a job that was sent is believed to be on its way
HELD_FOR = timedelta(hours=1)  # so long a digest waits for its day's last articles
LAST_CALL = timedelta(minutes=15)  # segments opened later than this after it was wanted hold no digest back


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """An enabled source: how often its endpoints are looked at, and when they were last."""

    id: str
    every: int  # seconds
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """An enabled topic: its version, when its digest is sent, and which days have one.

    `time` None: it has no digest. `retagged` tells whether this version has been matched on what was there before.
    """

    id: str
    version: int
    retagged: bool
    time: time | None = None
    timezone: str = "UTC"
    digests: frozenset[date] = frozenset()
    cursor: str = ""  # how far the retag has come


@dataclass(frozen=True, slots=True)
class State:
    """A snapshot of everything that decides what is due.

    `leased`, `sent` and `quarantined` go by the names of `names`; `waiting` holds the kinds of job (`ingest`,
    `cluster`, `crawl`, `digest`, `retag`) of which something still waits in its queue. `wanted` tells since when a
    digest has been held back.
    """

    pending: Mapping[str, bool] = field(default_factory=dict[str, bool])  # segment → has an outcome file
    sources: tuple[SourcePlan, ...] = ()
    topics: tuple[TopicPlan, ...] = ()
    leased: frozenset[str] = frozenset()
    sent: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    quarantined: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
    wanted: Mapping[str, datetime] = field(default_factory=dict[str, datetime])


def due(state: State, now: datetime) -> list[Job]:
    """Return the jobs whose result is missing and that nobody is known to be at, always in the same order.

    What is quarantined or leased is not due; nor is what was sent within ten minutes while jobs of its kind still
    wait (an empty queue means that the wake-up was lost). All due sources make one Crawl. A digest is held back while
    its day's last articles may still be on their way.
    """
    late = {names(job)[0] for job in held(state, now)}
    missing = ((job, names(job)[0]) for job in _missing(state, now))
    jobs = [job for job, name in missing if name not in late and _is_free(state, name, now)]
    sources = tuple(
        source.id
        for source in sorted(state.sources, key=lambda source: source.id)
        if is_due(source, now) and _is_free(state, f"crawl:{source.id}", now)
    )
    return [*jobs, Crawl(sources)] if sources else jobs


def held(state: State, now: datetime) -> list[Digest]:
    """Return the digests that are held back: a source is still to be looked at, or a segment to be read.

    A source that was looked at after the day was over holds nothing back. None waits for more than an hour after it
    was first wanted: a digest that comes late is worth more than one that lacks nothing.
    """
    digests = (job for job in _missing(state, now) if isinstance(job, Digest))
    zones = {topic.id: topic.timezone for topic in state.topics}
    waiting: list[Digest] = []
    for job in digests:
        wanted = state.wanted.get(names(job)[0], now)
        ended = datetime.combine(job.day + timedelta(days=1), time(), ZoneInfo(zones[job.topics[0]]))
        if not _passed(wanted, now, HELD_FOR) and (_unread(state, wanted) or _unseen(state, ended, now)):
            waiting.append(job)
    return waiting


def names(job: Job) -> tuple[str, ...]:
    """Return the names under which a job is leased, sent and quarantined: a Crawl has one for each source."""
    match job:
        case Ingest(segment, generation):
            return (f"ingest:{segment}" if generation is None else f"ingest:{segment}@{generation}",)
        case Cluster():
            return ("cluster",)
        case Crawl(sources):
            return tuple(f"crawl:{source}" for source in sources)
        case Digest(topics, day):
            return tuple(f"digest:{topic}:{day.isoformat()}" for topic in topics)
        case Retag(topic, version):
            return (f"retag:{topic}:{version}",)
        case _:
            assert_never(job)


def digest_day(now: datetime, at: time, timezone: str) -> date:
    """Return the last day whose digest is due: day D's is, from `at` on D+1 in the time zone.

    A time that the clocks skip is taken as if they had not been put forward, one that comes twice the first time.
    """
    zone = ZoneInfo(timezone)
    day = now.astimezone(zone).date()
    # Compared in UTC: two times of one zone compare by the clock on the wall, wrong where it is changed.
    while datetime.combine(day + timedelta(days=1), at, zone).astimezone(UTC) > now:
        day -= timedelta(days=1)
    return day


def _missing(state: State, now: datetime) -> Iterator[Job]:
    """Yield every job without its result, crawls apart; of missed digests the latest day's alone."""
    yield from (Ingest(segment) for segment, outcome in sorted(state.pending.items()) if not outcome)
    if any(state.pending.values()):
        yield Cluster()
    topics = sorted(state.topics, key=lambda topic: topic.id)
    for topic in topics:
        day = None if topic.time is None else digest_day(now, topic.time, topic.timezone)
        if day is not None and day not in topic.digests:
            yield Digest((topic.id,), day)
    yield from (Retag(topic.id, topic.version, topic.cursor) for topic in topics if not topic.retagged)


def _unread(state: State, wanted: datetime) -> bool:
    """Tell whether a segment is to be read yet that may hold what a digest lacks; on a busy system there always is one."""
    last_call = (wanted + LAST_CALL).astimezone(UTC)
    # Keys sort by the time at which their segments were opened.
    return any(segment < f"segments/{last_call:%Y/%m/%d/%Y%m%dT%H%M%S}" for segment in state.pending)


def _unseen(state: State, ended: datetime, now: datetime) -> bool:
    """Tell whether a source is still to be looked at that was not since the day ended."""
    return any(
        (source.last is None or source.last < ended)
        and (is_due(source, now) or f"crawl:{source.id}" in state.leased)
        for source in state.sources
    )


def is_due(source: SourcePlan, now: datetime) -> bool:
    """Tell whether the time has come to look at a source's endpoints."""
    return _passed(source.last, now, timedelta(seconds=source.every))


def _is_free(state: State, name: str, now: datetime) -> bool:
    if name in state.leased or name in state.quarantined:
        return False
    kind = name.partition(":")[0]
    return kind not in state.waiting or _passed(state.sent.get(name), now, SENT_FOR)


def _passed(since: datetime | None, now: datetime, span: timedelta) -> bool:
    # A time far in the future was written before the clock was put right: it must not stop a job for ever.
    return since is None or abs(now - since) >= span
