"""The ways of a URL through the frontier: listed, claimed, ended, forgotten; decided by khabar.ledger.memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from khabar import codec
from khabar.ledger import memory
from khabar.ledger.database import micros
from khabar.ledger.redis import record
from khabar.ledger.redis.change import Change, recall, settle, waiting
from khabar.ledger.redis.claim import Waiting
from khabar.ledger.redis.record import Trace
from khabar.ledger.redis.server import Server
from khabar.models import Discovery, Why
from khabar.ports import EndpointState, Found

REFRESH = timedelta(days=7)  # how exactly it is kept when a URL was last listed: each time is a write
_FADE = 256  # buckets looked through at once by the day's forgetting


def discover(
    server: Server, state: EndpointState, found: Mapping[str, Found], now: datetime
) -> list[Discovery]:
    """Keep an endpoint's state and claim what is new or changed among what was found at it."""

    def decide() -> Change:
        change = Change(endpoint=(state.url, codec.dump(state).decode()))
        for url, before in recall(server, found).items():
            _look_at(change, url, found[url], _trace(server, before, found[url]), before, now)
        return change

    server.demand_room()
    settled = settle(server, "commit", now, decide)
    if settled.forget:
        forget(server, now)
    return settled.claims


def claim_outright(server: Server, url: str, found: Found, why: Why, now: datetime) -> Discovery | None:
    """Claim one URL unless it waits already, or is to be back-filled and was claimed before without failing."""

    def decide() -> Change | None:
        change, before = Change(), recall(server, [url])[url]
        trace = _trace(server, before, found)
        known = why == "back-fill" and trace is not None and not memory.retry_is_due(trace.seen, now)
        if known or (trace is not None and trace.waiting):
            return None
        _claim(change, url, found, why, trace, before, now)
        return change

    server.demand_room()
    return next(iter(settle(server, "commit", now, decide).claims), None)


def finish(server: Server, attempts: Iterable[str], failed: Iterable[str]) -> None:
    """Take attempts out of the frontier and remember how they ended; those that are not there change nothing."""
    lost = set(failed)
    names = lost.union(attempts)

    def decide() -> Change | None:
        open_ = waiting(server, names)
        change, before = Change(), recall(server, [each.discovery.url for each in open_])
        for each in open_:
            _end(server, change, each, before[each.discovery.url], each.discovery.attempt in lost)
        return change if open_ else None

    settle(server, "finish", record.EPOCH, decide)


def forget(server: Server, now: datetime) -> None:
    """Drop what no endpoint has listed for long, and what was sent and is over."""
    sent = micros(now - memory.RETRY_AFTER)
    server.run("prune", now=micros(now), old=micros(now - memory.KEEP), sent=sent)
    oldest = record.day(now - memory.KEEP - REFRESH)
    for first in range(0, record.BUCKETS, _FADE):
        # In steps: each holds up all other clients.
        server.run("fade", first=first, last=first + _FADE - 1, day=oldest)


def _look_at(
    change: Change, url: str, found: Found, trace: Trace | None, before: bytes, now: datetime
) -> None:
    """Claim a listed URL where it is new or changed; else remember that, and what, its endpoint said of it."""
    why = memory.verdict(trace.seen if trace else None, found, now)
    if trace is None or (why is not None and not trace.waiting):
        _claim(change, url, found, why or "new", trace, before, now)
        return
    # While it waits the endpoint's word is not kept: the page may be fetched already, and then this is the next change.
    first_word = None if trace.waiting else memory.remember(trace.seen, found)
    stale = first_word is not None or record.day(now) - trace.listed >= REFRESH.days
    listed = record.day(now) if stale else trace.listed
    change.remember(url, before, replace(trace, seen=first_word or trace.seen, listed=listed))


def _claim(
    change: Change, url: str, found: Found, why: Why, trace: Trace | None, before: bytes, now: datetime
) -> None:
    entry = memory.without_text(found.entry)
    change.claims.append(Discovery("", url, now, found.source, why, found.endpoint, found.scope, entry))
    seen = memory.claimed(trace.seen if trace else None, found, why, now)
    change.remember(url, before, Trace(seen, waiting=True, listed=record.day(now)))


def _end(server: Server, change: Change, done: Waiting, before: bytes, failed: bool) -> None:
    discovery = done.discovery
    change.ended.append(discovery)
    trace = _trace(server, before, memory.found_of(discovery))
    if trace is not None:
        seen = memory.ended(trace.seen, discovery.why, failed, done.due)
        change.remember(discovery.url, before, replace(trace, seen=seen, waiting=False))


def _trace(server: Server, packed: bytes, found: Found) -> Trace | None:
    with server.readable():
        return record.unpack(packed, found)
