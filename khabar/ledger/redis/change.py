"""A change of the crawl's memory: read, decided here, written by a script only if nobody wrote in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from khabar.ledger import memory
from khabar.ledger.database import LedgerError, micros, span
from khabar.ledger.redis import claim, record
from khabar.ledger.redis.claim import Waiting
from khabar.ledger.redis.record import Trace
from khabar.ledger.redis.server import Server
from khabar.models import Discovery

ROUNDS = 200  # lost races after which a change is given up


@dataclass(slots=True)
class Change:
    """What is to be written, and what it was decided on."""

    records: list[tuple[int, bytes, bytes, bytes]] = field(
        default_factory=list[tuple[int, bytes, bytes, bytes]]
    )  # bucket, key, before, after
    claims: list[Discovery] = field(default_factory=list[Discovery])  # their times are given by the script
    ended: list[Discovery] = field(default_factory=list[Discovery])
    endpoint: tuple[str, str] | tuple[()] = ()

    def remember(self, url: str, before: bytes, trace: Trace) -> None:
        """Write the memory of a URL, unless it is what it was."""
        bucket, key = record.place(url)
        after = record.pack(key, trace)
        if after != before:
            self.records.append((bucket, key, before, after))


@dataclass(frozen=True, slots=True)
class Settled:
    """What a change came to: the claims with their times, and whether the day's forgetting is due."""

    claims: list[Discovery]
    forget: bool = False


def settle(server: Server, script: str, now: datetime, decide: Callable[[], Change | None]) -> Settled:
    """Decide and write, again where somebody wrote in between; None decided is nothing to write."""
    for lost in range(ROUNDS):
        change = decide()
        if change is None:
            return Settled([])
        written, *rest = server.run(script, *_blobs(change), **_given(change, now))
        if written:
            return Settled(
                [claim.at(each, int(name)) for each, name in zip(change.claims, rest[1:], strict=True)],
                bool(rest[0]),
            )
        time.sleep(random.uniform(0, 0.001 * min(lost, 20)))  # noqa: S311  # two that collide must not march in step
    raise LedgerError(server.place, "too many processes write the ledger at once", "start fewer crawlers")


def recall(server: Server, urls: Iterable[str]) -> dict[str, bytes]:
    """Return the record of each URL, empty for an unknown one."""
    listed = list(urls)
    # In the order of the buckets each is read once, however many URLs lie in it.
    spots = sorted((record.place(url), url) for url in listed)
    keys, buckets = [key for (_, key), _ in spots], [bucket for (bucket, _), _ in spots]
    found = server.run("recall", *keys, buckets=buckets) if spots else []
    records = {url: packed for (_, url), packed in zip(spots, found, strict=True)}
    return {url: records[url] for url in listed}


def waiting(server: Server, attempts: Iterable[str]) -> list[Waiting]:
    """Return those of these attempts that are in the frontier, in the order of their times."""
    wanted = set(attempts)
    names = sorted({name for name in map(claim.name_of, wanted) if name is not None})
    if not names:
        return []
    packed = server.call("HMGET", "claims", *names)
    postponed = server.call("HMGET", "postponed", *names)
    with server.readable():
        found = [
            Waiting(claim.unpack(name, data), *claim.postponement(state))
            for name, data, state in zip(names, packed, postponed, strict=True)
            if data is not None
        ]
    return [each for each in found if each.discovery.attempt in wanted]


def ended_row(discovery: Discovery) -> tuple[str, str, str, str]:
    """Return a claim as the scripts name it: name, 1 for back-fill, domain, source."""
    domain, source, later = claim.turn(discovery)
    return str(micros(discovery.claimed)), str(later), domain, source


def _given(change: Change, now: datetime) -> dict[str, object]:
    return {
        "now": micros(now),
        "clock_back": span(memory.CLOCK_BACK),
        "buckets": [bucket for bucket, *_ in change.records],
        "claims": [claim.turn(each) for each in change.claims],
        "ended": [ended_row(each) for each in change.ended],
        "endpoint": change.endpoint,
    }


def _blobs(change: Change) -> Iterator[bytes]:
    for _, *parts in change.records:
        yield from parts
    yield from map(claim.pack, change.claims)
