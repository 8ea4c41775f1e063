"""The ledger on Redis: any process of any machine may write it, each change whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from khabar import codec
from khabar.ledger import memory
from khabar.ledger.database import maybe_micros, maybe_moment, micros, moment
from khabar.ledger.leases import running
from khabar.ledger.redis import claims, damage, frontier, health, record, recount, restore
from khabar.ledger.redis.server import Server
from khabar.models import Discovery
from khabar.ports import EndpointState, Found, Lease

PATIENCE = 30.0  # seconds that a call waits for a server that is away
GREETING = 2.0  # and when it is opened: an address that is wrong is told at once


def open_ledger(url: str, patience: float = PATIENCE) -> RedisLedger:
    """Return the ledger in this Redis (redis://:PASSWORD@HOST:PORT/DB). Raises LedgerError."""
    server = Server(url, patience)
    try:
        server.greet(min(GREETING, patience))
    except BaseException:
        server.close()
        raise
    return RedisLedger(server)


class RedisLedger:
    """khabar.ports.Ledger on Redis; made by `open_ledger`. Threads may share it."""

    def __init__(self, server: Server) -> None:
        self.server = server

    # --- endpoints and discovery ---

    def endpoint(self, url: str) -> EndpointState:
        """Return what is known of an endpoint; a fresh state for an unknown one."""
        stored = self.server.call("HGET", "endpoints", url)
        with self.server.readable():
            return codec.load(stored, EndpointState) if stored else EndpointState(url)

    def endpoints(self) -> Iterator[EndpointState]:
        """Yield what is known of every endpoint."""
        with self.server.readable():
            return iter(
                [codec.load(stored, EndpointState) for stored in self.server.call("HVALS", "endpoints")]
            )

    def discover(self, state: EndpointState, found: Sequence[Found], now: datetime) -> list[Discovery]:
        """In one step keep the endpoint's state and claim what is new or changed among the URLs found."""
        return claims.discover(self.server, state, memory.by_url(found), now)

    def claim(
        self, found: Found, why: Literal["revisit", "back-fill", "new"], now: datetime
    ) -> Discovery | None:
        """Claim one URL outright; None where it is in the frontier, or, for back-fill, was claimed before."""
        url = memory.address(found.url)
        return None if url is None else claims.claim_outright(self.server, url, found, why, now)

    # --- frontier ---

    def take(
        self, domains: Sequence[str], limit: int, now: datetime, sources: Sequence[str] = ()
    ) -> list[Discovery]:
        """Return claims that may be fetched now: live ones first, then back-fill, oldest first."""
        return frontier.take(self.server, domains, limit, now, sources)

    def due_domains(self, now: datetime, sources: Sequence[str] = ()) -> list[str]:
        """Return the registrable domains that have a claim to fetch now, the longest waiting first."""
        return frontier.due_domains(self.server, now, sources)

    def postpone(self, attempt: str, until: datetime, reason: str) -> int:
        """Keep a claim in the frontier until later; returns how often that has been done (0: it is not there)."""
        return frontier.postpone(self.server, attempt, until, reason)

    def finish(self, attempts: Iterable[str], failed: Iterable[str] = ()) -> None:
        """Take attempts out of the frontier once their segment is sealed; a second time changes nothing."""
        claims.finish(self.server, attempts, failed)

    def frontier(self) -> Iterator[Discovery]:
        """Yield every claim that is still to fetch, oldest first."""
        return frontier.frontier(self.server)

    def restore(
        self, frontier: Iterable[Discovery], endpoints: Iterable[EndpointState], now: datetime
    ) -> None:
        """Replace the frontier and the endpoints' states by another ledger's; `recount` must come next."""
        restore.restore(self.server, frontier, endpoints, now)

    # --- accounting ---

    def count_import(self, segment: str, counts: Mapping[tuple[str, date], int]) -> None:
        """Count the attempts of an import segment, once however often it is called for that segment."""
        self.server.run("count_import", segment=segment, counts=recount.rows(counts))

    def discovered(self) -> dict[tuple[str, date], int]:
        """Return the claims counted by (source, UTC day)."""
        flat = self.server.run("discovered")
        rows = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        counted = [(int(day), source.decode(), int(claims)) for source, day, claims in rows]
        first = record.EPOCH.date()
        return {(source, first + timedelta(day)): claims for day, source, claims in sorted(counted)}

    def recount(
        self, counts: Mapping[tuple[str, date], int], seen: Iterable[Discovery], now: datetime
    ) -> None:
        """Replace the counts and the memory of seen URLs by what the archive tells.

        What is in the archive leaves the frontier; what is left in it is counted on top. Let no crawl seal and no
        import run meanwhile: what they count after `counts` was made is lost.
        """
        recount.recount(self.server, counts, seen, now)

    def recounted(self) -> datetime | None:
        """Return when the counts were last recounted from the archive, None if never."""
        at = self.server.call("HGET", "numbers", "recounted")
        return maybe_moment(int(at) if at else None)

    # --- leases ---

    def acquire(self, name: str, holder: str, ttl: float, now: datetime) -> Lease | None:
        """Take a lease for `ttl` seconds; None while someone else's is running."""
        soonest, latest = running(now)
        row = self.server.run(
            "acquire", name=name, holder=holder, soonest=soonest, latest=latest, until=_until(now, ttl)
        )
        return _lease(name, row) if row else None

    def renew(
        self, lease: Lease, ttl: float, now: datetime, last_request: datetime | None = None
    ) -> Lease | None:
        """Extend one's own lease; None where its token is no longer the newest, or it was given back."""
        row = self.server.run(
            "renew", **_named(lease), until=_until(now, ttl), last_request=maybe_micros(last_request)
        )
        return _lease(lease.name, row) if row else None

    def release(self, lease: Lease, done: bool = False) -> None:
        """Give a lease back; a job that is done forgets its tries. A stale holder's call changes nothing."""
        self.server.run("release", **_named(lease), done=done)

    def rest(self, lease: Lease, until: datetime, blame: bool = True) -> None:
        """Leave a failed job alone until then: its lease runs on, held by nobody."""
        self.server.run("rest", **_named(lease), until=micros(until), blame=blame)

    def leases(self, now: datetime) -> list[Lease]:
        """Return the running leases."""
        soonest, latest = running(now)
        rows = self.server.run("leases", soonest=soonest, latest=latest)
        return sorted((_lease(row[0].decode(), row[1:]) for row in rows), key=lambda lease: lease.name)

    def tries(self, name: str) -> int:
        """Return how often a job was started without being done."""
        return int(self.server.call("HGET", f"lease:{name}", "tries") or 0)

    # --- schedule ---

    def last_run(self, name: str) -> datetime | None:
        """Return when this was last run or sent."""
        at = self.server.call("ZSCORE", _shelf(name), name)
        return None if at is None else moment(int(at))

    def mark_run(self, name: str, now: datetime) -> None:
        """Remember that this was run or sent."""
        self.server.run("mark_run", shelf=_shelf(name), name=name, now=micros(now))

    def runs(self, prefix: str) -> dict[str, datetime]:
        """Return all that was run or sent under names with this prefix."""
        rows = self.server.call("ZRANGE", _shelf(prefix), 0, -1, "WITHSCORES")
        named = {rows[n].decode(): moment(int(rows[n + 1])) for n in range(0, len(rows), 2)}
        return {name: at for name, at in sorted(named.items()) if name.startswith(prefix)}

    def findings(self, now: datetime) -> Iterator[str]:
        """Yield what is wrong with the server, each with how to mend it."""
        return health.findings(self.server, now)

    def demand_whole(self) -> None:
        """Raise LedgerError, `damaged`, where something in it is not what was put there, whoever reads it next."""
        damage.demand_whole(self.server)
        for _ in self.endpoints():
            pass

    def empty(self) -> None:
        """Forget everything, what is damaged, too: `recount` tells it again what the archive knows."""
        self.server.empty()
        self.server.greet(GREETING)

    def close(self) -> None:
        """Give the connections back."""
        self.server.close()


def _until(now: datetime, ttl: float) -> int:
    return micros(now + timedelta(seconds=ttl))


def _named(lease: Lease) -> dict[str, object]:
    return {"name": lease.name, "token": lease.token, "holder": lease.holder}


def _lease(name: str, row: Sequence[Any]) -> Lease:
    holder, token, until, last_request, tries = row
    requested = maybe_moment(int(last_request) if last_request else None)
    return Lease(name, holder.decode(), int(token), moment(int(until)), requested, int(tries))


def _shelf(name: str) -> str:
    return "sent" if name.startswith("sent:") else "runs"
