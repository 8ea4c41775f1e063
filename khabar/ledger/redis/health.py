"""What is wrong with a Redis that the ledger rests on, each with how to mend it; nothing where all is well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from khabar.ledger.database import moment
from khabar.ledger.redis.server import ROOM, Server

SKEW = 5.0  # seconds by which clocks may differ: leases last 60

Facts = Mapping[str, Any]  # what Redis' INFO says: numbers and words


def findings(server: Server, now: datetime) -> Iterator[str]:
    """Yield what is wrong and how to mend it. Raises LedgerError where the server cannot be asked."""
    facts: Facts = server.ask("INFO")
    said = (*_access(server), *_durability(facts), *_memory(facts), *_clock(server, now))
    yield from (f"Redis at {server.place} {each}" for each in said)


def _access(server: Server) -> Iterator[str]:
    if server.lets_anyone_in():
        yield "lets anyone in: set requirepass in its configuration, and the password in KHABAR_REDIS_URL"


def _durability(facts: Facts) -> Iterator[str]:
    if facts["role"] != "master":
        yield "is a replica: name the primary in KHABAR_REDIS_URL"
    if not facts["aof_enabled"]:
        yield "loses what it knows when it is restarted: set `appendonly yes`"
    elif facts["aof_last_write_status"] != "ok" or facts["aof_last_bgrewrite_status"] != "ok":
        yield "could not write its append-only file: free disk space where it runs, and look into its log"


def _memory(facts: Facts) -> Iterator[str]:
    if facts["maxmemory_policy"] != "noeviction":
        yield f"throws keys away when it is full ({facts['maxmemory_policy']}): set `maxmemory-policy noeviction`"
    if facts["evicted_keys"]:
        yield f"has thrown away {facts['evicted_keys']} keys: run `khabar ledger rebuild`"
    if facts["maxmemory"] and facts["used_memory"] > facts["maxmemory"] * ROOM:
        share = facts["used_memory"] / facts["maxmemory"]
        yield f"is {share:.0%} full: raise its maxmemory, or let crawls empty the frontier before they look for more"


def _clock(server: Server, now: datetime) -> Iterator[str]:
    seconds, micros = server.ask("TIME")
    skew = (moment(int(seconds) * 1_000_000 + int(micros)) - now).total_seconds()
    if abs(skew) > SKEW:
        yield f"has a clock that differs from this machine's by {skew:+.0f} s: set both by NTP"
