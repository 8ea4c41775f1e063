"""What became of a URL, and what was discovered and is not in the index: for commands and the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from heapq import merge
from typing import Literal

from khabar.archive.records import read_segment
from khabar.archive.segments import segment_of
from khabar.models import Damage, Discovery, Outcome
from khabar.runtime import Runtime
from khabar.urls import article_id


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a URL."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, order=True)
class Missed:
    """An attempt without an article: it was rejected, it failed, or its claim waits in the frontier."""

    attempt: str
    source: str
    day: date  # UTC day of the claim
    url: str
    state: Literal["rejected", "failed", "in the frontier"]
    reason: str | None = None
    title: str | None = None


def steps(runtime: Runtime, url: str) -> Iterator[Step]:
    """Yield every step a canonical URL went through: what waits first, then what is done, attempt by attempt.

    That an article calls its own is rarely, but sometimes, not the one it was found at: the steps are of both.
    """
    for each in _addresses(runtime, url):
        yield from _waiting(runtime, each)
        for row in runtime.index.rows(url=each):
            yield from _done(runtime, row)


def rejected(
    runtime: Runtime, source: str | None, since: date | None, until: date | None
) -> Iterator[Missed]:
    """Yield the attempts that ended without an article, by attempt."""
    rows = runtime.index.rows(source=source, since=since, until=until, outcomes=("rejected", "failed"))
    for row in rows:
        state = "rejected" if row.outcome == "rejected" else "failed"
        yield Missed(row.attempt, row.source, row.day, row.url, state, row.reason, row.title)


def waiting(runtime: Runtime, source: str | None, since: date | None, until: date | None) -> Iterator[Missed]:
    """Yield the claims that are still to fetch."""
    for claim in runtime.ledger.frontier():
        day = claim.claimed.date()
        if source in {None, claim.source} and (since or day) <= day <= (until or day):
            yield Missed(claim.attempt, claim.source, day, claim.url, "in the frontier")


def missed(runtime: Runtime, source: str | None, day: date | None, after: str = "") -> Iterator[Missed]:
    """Yield both, by attempt, from the first after `after`; days are those of the claim, in UTC."""
    since = day
    if after and day is None:
        since = date.fromisoformat(after[:10])  # an attempt's name begins with the time of its claim
    frontier = sorted(waiting(runtime, source, since, day))
    yield from (
        each for each in merge(rejected(runtime, source, since, day), frontier) if each.attempt > after
    )


def _addresses(runtime: Runtime, url: str) -> list[str]:
    documents = runtime.index.get([article_id(url)]).values()
    found_at = (reference.url for document in documents for reference in document.references)
    return list(dict.fromkeys((url, *found_at)))


def _waiting(runtime: Runtime, url: str) -> Iterator[Step]:
    for claim in runtime.ledger.frontier():
        if claim.url == url:
            yield Step(claim.claimed, f"claimed ({claim.why}) from {claim.endpoint}: in the frontier")
    for key in runtime.store.keys("pending/"):
        for record in read_segment(runtime.store, segment_of(key)):
            if not isinstance(record, Damage) and record.discovery.url == url:
                yield Step(record.date, f"archived in {record.segment}: waits to be read")


def _done(runtime: Runtime, row: Outcome) -> Iterator[Step]:
    for record in read_segment(runtime.store, row.segment):
        if not isinstance(record, Damage) and record.id == row.record:
            told = record.discovery
            yield Step(told.claimed, _claimed(told))
            robots = f", robots {told.robots}" if told.robots else ""
            kind = f"{record.kind} {record.status or ''} archived{robots}"
            yield Step(record.date, f"{kind}: {row.segment} {row.record}")
    reason = f"({row.reason})" if row.reason else ""
    article = f" → article {row.article}" if row.article else ""
    yield Step(row.date, f"{row.outcome}{reason}{article}")


def _claimed(told: Discovery) -> str:
    place = f" at {told.endpoint}" if told.endpoint else ""
    return f"claimed as {told.why}{place} for {told.source}"
