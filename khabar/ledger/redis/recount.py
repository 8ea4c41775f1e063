"""Rebuilding the counts and the memory in Redis from what the archive holds."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime

from khabar.ledger import memory
from khabar.ledger.database import LedgerError, micros
from khabar.ledger.recount import is_archived, latest, memories, stage
from khabar.ledger.redis import record
from khabar.ledger.redis.change import ended_row
from khabar.ledger.redis.frontier import frontier
from khabar.ledger.redis.record import Trace
from khabar.ledger.redis.server import Server
from khabar.models import Discovery

Counts = Mapping[tuple[str, date], int]

_ROUNDS = 20
_AT_ONCE = 256  # buckets in one command


def recount(server: Server, counts: Counts, seen: Iterable[Discovery], now: datetime) -> None:
    """Replace counts and memory in one step, put together beside the old ones; the archive is read before."""
    # A database without a name lies in a temporary file that ends with it: an archive need not fit in memory.
    with closing(sqlite3.connect("", isolation_level=None)) as staged:
        stage(staged, seen)
        try:
            if any(_replaced(server, staged, counts, now) for _ in range(_ROUNDS)):
                return
        finally:
            server.run("clear", buckets=record.BUCKETS)
    raise LedgerError(server.place, "crawls claim while it is recounted", "stop them, then try again")


def rows(counts: Counts) -> list[tuple[str, int, int]]:
    """Return counts as the scripts take them: source, day since 1970, claims."""
    return [(source, (day - record.EPOCH.date()).days, claims) for (source, day), claims in counts.items()]


def _replaced(server: Server, staged: sqlite3.Connection, counts: Counts, now: datetime) -> bool:
    last = server.call("HGET", "numbers", "last_claim")
    waiting = list(frontier(server))
    sealed = [each for each in waiting if is_archived(staged, each.attempt)]
    left = {each.url: each for each in waiting if not is_archived(staged, each.attempt)}
    _put(server, _buckets(staged, left, now))
    total = Counter(counts)
    total.update((each.source, each.claimed.date()) for each in left.values())
    swapped = server.run(
        "swap",
        now=micros(now),
        buckets=record.BUCKETS,
        last_claim=(last or b"").decode(),
        waiting=len(waiting),
        latest=latest(staged) or 0,
        counts=rows(total),
        # Its segment was sealed, and then its owner died.
        sealed=[ended_row(each) for each in sealed],
    )
    return bool(swapped)


def _buckets(
    staged: sqlite3.Connection, left: Mapping[str, Discovery], now: datetime
) -> Mapping[int, bytearray]:
    buckets: defaultdict[int, bytearray] = defaultdict(bytearray)
    unknown = dict(left)

    def keep(url: str, seen: memory.Seen, waiting: bool) -> None:
        bucket, key = record.place(url)
        buckets[bucket] += record.pack(key, Trace(seen, waiting, record.day(now)))

    def claimed(seen: memory.Seen | None, each: Discovery) -> memory.Seen:
        return memory.claimed(seen, memory.found_of(each), each.why, each.claimed)

    for url, seen in memories(staged):
        each = unknown.pop(url, None)
        keep(url, claimed(seen, each) if each else seen, each is not None)
    for url, each in unknown.items():
        keep(url, claimed(None, each), waiting=True)
    return buckets


def _put(server: Server, buckets: Mapping[int, bytearray]) -> None:
    server.run("clear", buckets=record.BUCKETS)
    numbers: Sequence[int] = sorted(buckets)
    for start in range(0, len(numbers), _AT_ONCE):
        chosen = numbers[start : start + _AT_ONCE]
        server.put({f"staged:{number:04x}": bytes(buckets[number]) for number in chosen})
