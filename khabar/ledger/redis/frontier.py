"""What is still to fetch: a queue for each registrable domain, live claims before back-fill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from khabar.ledger.database import micros
from khabar.ledger.redis import claim
from khabar.ledger.redis.change import ended_row, waiting
from khabar.ledger.redis.server import Server
from khabar.models import Discovery

PAGE = 500  # claims read at once while the frontier is walked


def take(
    server: Server, domains: Sequence[str], limit: int, now: datetime, sources: Sequence[str]
) -> list[Discovery]:
    """Return claims that may be fetched now."""
    found = server.run(
        "take", domains=sorted(set(domains)), limit=limit, now=micros(now), sources=list(sources)
    )
    with server.readable():
        return [claim.unpack(int(name), packed) for name, packed in _pairs(found)]


def due_domains(server: Server, now: datetime, sources: Sequence[str]) -> list[str]:
    """Return the domains that have a claim to fetch now, the longest waiting first."""
    found = _pairs(server.run("due_domains", now=micros(now), sources=list(sources)))
    return [domain.decode() for domain, _ in sorted(found, key=lambda pair: int(pair[1]))]


def postpone(server: Server, attempt: str, until: datetime, reason: str) -> int:
    """Move a claim from its queue to those that wait for a time; returns how often that has been done."""
    for each in waiting(server, [attempt]):
        name, later, domain, source = ended_row(each.discovery)
        return int(
            server.run(
                "postpone",
                name=name,
                later=later,
                domain=domain,
                source=source,
                until=micros(until),
                reason=reason,
            )
        )
    return 0


def frontier(server: Server) -> Iterator[Discovery]:
    """Yield every claim that is still to fetch, oldest first."""
    names = sorted(map(int, server.call("HKEYS", "claims")))
    for start in range(0, len(names), PAGE):
        page = names[start : start + PAGE]
        packed = server.call("HMGET", "claims", *page)
        with server.readable():
            found = [
                claim.unpack(name, data) for name, data in zip(page, packed, strict=True) if data is not None
            ]
        yield from found


def _pairs(flat: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    return list(pairwise(flat))[::2]
