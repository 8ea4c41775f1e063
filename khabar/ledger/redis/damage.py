"""Whether what lies in Redis is a ledger that can be read."""

from __future__ import annotations

from collections.abc import Iterator

from khabar.ledger.database import LedgerError
from khabar.ledger.redis import frontier
from khabar.ledger.redis.server import PREFIX, REBUILD, Server

# What the first part of a key's name says of its type.
_TYPES = {
    "hash": ("claims", "counts", "endpoints", "lease", "numbers", "postponed"),
    "zset": ("kept", "leases", "queue", "runs", "sent", "waiting"),
    "set": ("counted", "domains", "imports"),
    "string": ("seen", "staged"),
    "list": (),
    "stream": (),
}
_OURS = {name: kind for kind, names in _TYPES.items() for name in names}


def demand_whole(server: Server) -> None:
    """Raise LedgerError, `damaged`, where a key is of another type than ours are, or a claim cannot be read."""
    for kind in _TYPES:
        for name in _names(server, kind):
            wanted = _OURS.get(name.split(":", 1)[0])
            if wanted and wanted != kind:
                what = f"the ledger is damaged ({PREFIX}{name} is a {kind}, no {wanted})"
                raise LedgerError(server.place, what, REBUILD, damaged=True)
    for _ in frontier.frontier(server):
        pass


def _names(server: Server, kind: str) -> Iterator[str]:
    """Yield the names of our keys of a type, without the prefix."""
    cursor = 0
    while True:
        cursor, keys = server.ask("SCAN", cursor, "MATCH", f"{PREFIX}*", "COUNT", 1000, "TYPE", kind)
        yield from (key.decode("utf-8", "replace").removeprefix(PREFIX) for key in keys)
        if not int(cursor):
            return
