"""Taking over another ledger's frontier and endpoints: what the archive cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from khabar import codec
from khabar.ledger.database import micros
from khabar.ledger.redis import claim
from khabar.ledger.redis.change import ended_row
from khabar.ledger.redis.frontier import PAGE, frontier
from khabar.ledger.redis.server import Server
from khabar.models import Discovery
from khabar.ports import EndpointState

T = TypeVar("T")


def restore(
    server: Server, claims: Iterable[Discovery], endpoints: Iterable[EndpointState], now: datetime
) -> None:
    """Make the frontier and the endpoints' states these, in steps: each holds up all other clients."""
    wanted = {each.attempt: each for each in claims}
    strange = [ended_row(each) for each in frontier(server) if each.attempt not in wanted]
    for rows in _pages(strange):
        server.run("restore", dropped=rows, claims=[])
    for page in _pages(wanted.values()):
        server.run("restore", *map(claim.pack, page), dropped=[], claims=list(map(ended_row, page)))
    server.call("DEL", "endpoints")
    server.call("DEL", "kept")
    for states in _pages(endpoints):
        told = [part for state in states for part in (state.url, codec.dump(state))]
        server.call("HSET", "endpoints", *told)
        server.call("ZADD", "kept", *(part for state in states for part in (micros(now), state.url)))


def _pages(items: Iterable[T]) -> Iterator[Sequence[T]]:
    rest = iter(items)
    while page := list(islice(rest, PAGE)):
        yield page
