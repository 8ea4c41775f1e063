"""The ledger in one SQLite file: any process of the home may write it, each in short transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from khabar.ledger import claims, leases, memory, recount
from khabar.ledger.database import Database, decode, micros, moment
from khabar.models import Discovery
from khabar.ports import EndpointState, Found, Lease

PAGE = 500  # claims read at once while the frontier is walked


def open_ledger(path: Path) -> SqliteLedger:
    """Return the ledger in this file, made or brought up to date where needed. Raises LedgerError."""
    return SqliteLedger(Database(path))


class SqliteLedger:
    """khabar.ports.Ledger on SQLite; made by `open_ledger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- endpoints and discovery ---

    def endpoint(self, url: str) -> EndpointState:
        """Return what is known of an endpoint; a fresh state for an unknown one."""
        rows = self._database.rows(f"SELECT {claims.ENDPOINT} FROM endpoints WHERE url = ?", url)  # noqa: S608
        return claims.endpoint_of(rows[0]) if rows else EndpointState(url)

    def endpoints(self) -> Iterator[EndpointState]:
        """Yield what is known of every endpoint."""
        rows = self._database.rows(f"SELECT {claims.ENDPOINT} FROM endpoints ORDER BY url")  # noqa: S608
        return map(claims.endpoint_of, rows)

    def discover(self, state: EndpointState, found: Sequence[Found], now: datetime) -> list[Discovery]:
        """In one transaction keep the endpoint's state and claim what is new or changed among the URLs found."""
        chosen = memory.by_url(found)
        with self._database.writing() as link:
            claims.keep_endpoint(link, state, now)
            made = [claims.look_at(link, url, each, now) for url, each in chosen.items()]
            claims.forget(link, now)
        return [claim for claim in made if claim is not None]

    def claim(
        self, found: Found, why: Literal["revisit", "back-fill", "new"], now: datetime
    ) -> Discovery | None:
        """Claim one URL outright; None where it is in the frontier, or, for back-fill, was claimed before."""
        url = memory.address(found.url)
        if url is None:
            return None
        with self._database.writing() as link:
            return claims.claim_outright(link, url, found, why, now)

    # --- frontier ---

    def take(
        self, domains: Sequence[str], limit: int, now: datetime, sources: Sequence[str] = ()
    ) -> list[Discovery]:
        """Return claims that may be fetched now: live ones first, then back-fill, oldest first."""
        rows = self._database.rows(
            "SELECT discovery FROM frontier WHERE domain IN (SELECT value FROM json_each(?1)) AND not_before <= ?2"
            " AND (?4 = '[]' OR source IN (SELECT value FROM json_each(?4))) ORDER BY later, claimed LIMIT ?3",
            json.dumps(list(domains)),
            micros(now),
            limit,
            json.dumps(list(sources)),
        )
        with self._database.explained():
            return [decode(row[0], Discovery) for row in rows]

    def due_domains(self, now: datetime, sources: Sequence[str] = ()) -> list[str]:
        """Return the registrable domains that have a claim to fetch now, the longest waiting first."""
        rows = self._database.rows(
            "SELECT domain FROM frontier WHERE not_before <= ?1"
            " AND (?2 = '[]' OR source IN (SELECT value FROM json_each(?2)))"
            " GROUP BY domain ORDER BY min(later), min(claimed)",
            micros(now),
            json.dumps(list(sources)),
        )
        return [row[0] for row in rows]

    def postpone(self, attempt: str, until: datetime, reason: str) -> int:
        """Keep a claim in the frontier until later; returns how often that has been done (0: it is not there)."""
        with self._database.writing() as link:
            link.execute(
                "UPDATE frontier SET not_before = ?, reason = ?, postponed = postponed + 1 WHERE attempt = ?",
                (micros(until), reason, attempt),
            )
            row = link.execute("SELECT postponed FROM frontier WHERE attempt = ?", (attempt,)).fetchone()
        return int(row[0]) if row else 0

    def finish(self, attempts: Iterable[str], failed: Iterable[str] = ()) -> None:
        """Take attempts out of the frontier once their segment is sealed; a second time changes nothing."""
        lost = set(failed)
        names = sorted(lost.union(attempts))
        with self._database.writing() as link:
            for attempt in names:
                claims.finish(link, attempt, attempt in lost)

    def frontier(self) -> Iterator[Discovery]:
        """Yield every claim that is still to fetch, oldest first."""
        last = -(1 << 62)
        sql = "SELECT claimed, discovery FROM frontier WHERE claimed > ? ORDER BY claimed LIMIT ?"
        while rows := self._database.rows(sql, last, PAGE):
            with self._database.explained():
                waiting = [decode(row[1], Discovery) for row in rows]
            yield from waiting
            last = rows[-1][0]

    def restore(
        self, frontier: Iterable[Discovery], endpoints: Iterable[EndpointState], now: datetime
    ) -> None:
        """Replace the frontier and the endpoints' states by another ledger's; `recount` must come next."""
        waiting, states = list(frontier), list(endpoints)  # read first, so that the transaction stays short
        with self._database.writing() as link:
            claims.restore(link, waiting, states, now)

    # --- accounting ---

    def count_import(self, segment: str, counts: Mapping[tuple[str, date], int]) -> None:
        """Count the attempts of an import segment, once however often it is called for that segment."""
        with self._database.writing() as link:
            if link.execute("INSERT OR IGNORE INTO imports VALUES (?)", (segment,)).rowcount:
                claims.add(link, counts)

    def discovered(self) -> dict[tuple[str, date], int]:
        """Return the claims counted by (source, UTC day)."""
        rows = self._database.rows("SELECT source, day, claims FROM counts ORDER BY day, source")
        return {(source, date.fromisoformat(day)): claims for source, day, claims in rows}

    def recount(
        self, counts: Mapping[tuple[str, date], int], seen: Iterable[Discovery], now: datetime
    ) -> None:
        """Replace the counts and the memory of seen URLs by what the archive tells.

        What is in the archive leaves the frontier; what is left in it is counted on top. Let no crawl seal and no
        import run meanwhile: what they count after `counts` was made is lost.
        """
        recount.recount(self._database, counts, seen, now)

    def recounted(self) -> datetime | None:
        """Return when the counts were last recounted from the archive, None if never."""
        rows = self._database.rows("SELECT value FROM numbers WHERE name = 'recounted'")
        return moment(rows[0][0]) if rows else None

    # --- leases ---

    def acquire(self, name: str, holder: str, ttl: float, now: datetime) -> Lease | None:
        """Take a lease for `ttl` seconds; None while someone else's is running."""
        with self._database.writing() as link:
            return leases.acquire(link, name, holder, ttl, now)

    def renew(
        self, lease: Lease, ttl: float, now: datetime, last_request: datetime | None = None
    ) -> Lease | None:
        """Extend one's own lease; None where its token is no longer the newest, or it was given back."""
        with self._database.writing() as link:
            return leases.renew(link, lease, ttl, now, last_request)

    def release(self, lease: Lease, done: bool = False) -> None:
        """Give a lease back; a job that is done forgets its tries. A stale holder's call changes nothing."""
        with self._database.writing() as link:
            leases.release(link, lease, done)

    def rest(self, lease: Lease, until: datetime, blame: bool = True) -> None:
        """Leave a failed job alone until then: its lease runs on, held by nobody."""
        with self._database.writing() as link:
            leases.rest(link, lease, until, blame)

    def leases(self, now: datetime) -> list[Lease]:
        """Return the running leases."""
        sql = (
            f"SELECT {leases.COLUMNS} FROM leases WHERE released = 0 AND until BETWEEN ? AND ? ORDER BY name"  # noqa: S608
        )
        return [leases.lease_of(row) for row in self._database.rows(sql, *leases.running(now))]

    def tries(self, name: str) -> int:
        """Return how often a job was started without being done."""
        rows = self._database.rows("SELECT tries FROM leases WHERE name = ?", name)
        return int(rows[0][0]) if rows else 0

    # --- schedule ---

    def last_run(self, name: str) -> datetime | None:
        """Return when this was last run or sent."""
        rows = self._database.rows("SELECT at FROM runs WHERE name = ?", name)
        return moment(rows[0][0]) if rows else None

    def mark_run(self, name: str, now: datetime) -> None:
        """Remember that this was run or sent."""
        with self._database.writing() as link:
            link.execute("INSERT OR REPLACE INTO runs VALUES (?, ?)", (name, micros(now)))

    def runs(self, prefix: str) -> dict[str, datetime]:
        """Return all that was run or sent under names with this prefix."""
        sql = "SELECT name, at FROM runs WHERE substr(name, 1, ?) = ? ORDER BY name"
        return {name: moment(at) for name, at in self._database.rows(sql, len(prefix), prefix)}

    def close(self) -> None:
        """Give the connection back."""
        self._database.close()
