"""Leases in SQLite: who does what until when, with a token that rises with every new holder."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from khabar.ledger.database import Row, maybe_micros, maybe_moment, micros, moment
from khabar.ports import Lease

# A lease that ends later was given by a clock that was wrong: it must not stop a job for ever. No host rests longer.
LONGEST = timedelta(days=2)
COLUMNS = "name, holder, token, until, last_request, tries"


def acquire(link: sqlite3.Connection, name: str, holder: str, ttl: float, now: datetime) -> Lease | None:
    """Take a lease and count the try; the same holder may take its own again, and gets a new token."""
    row = link.execute(
        "SELECT 1 FROM leases WHERE name = ? AND released = 0 AND until BETWEEN ? AND ? AND holder <> ?",
        (name, *running(now), holder),
    ).fetchone()
    if row is not None:
        return None
    until = micros(now + timedelta(seconds=ttl))
    link.execute(
        "INSERT INTO leases (name, holder, token, until, tries) VALUES (?, ?, ?, ?, 1)"
        " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token,"
        " until = excluded.until, released = 0, tries = tries + 1",
        (name, holder, _next_token(link), until),
    )
    return _read(link, name)


def running(now: datetime) -> tuple[int, int]:
    """Return between which moments a lease ends that is running now."""
    return micros(now) + 1, micros(now + LONGEST)


def renew(
    link: sqlite3.Connection, lease: Lease, ttl: float, now: datetime, last_request: datetime | None
) -> Lease | None:
    """Extend a lease whose token is still the newest, even where it ran out and nobody took it."""
    changed = link.execute(
        "UPDATE leases SET until = ?, last_request = coalesce(?, last_request)"
        " WHERE name = ? AND token = ? AND released = 0",
        (micros(now + timedelta(seconds=ttl)), maybe_micros(last_request), lease.name, lease.token),
    ).rowcount
    return _read(link, lease.name) if changed else None


def release(link: sqlite3.Connection, lease: Lease, done: bool) -> None:
    """Give a lease back; done, its row goes too, unless it keeps the time of a host's last request."""
    mine = (lease.name, lease.token)
    link.execute("UPDATE leases SET released = 1 WHERE name = ? AND token = ?", mine)
    if done:
        link.execute("UPDATE leases SET tries = 0 WHERE name = ? AND token = ?", mine)
        link.execute("DELETE FROM leases WHERE name = ? AND token = ? AND last_request IS NULL", mine)


def rest(link: sqlite3.Connection, lease: Lease, until: datetime, blame: bool) -> None:
    """Let a lease run on until then, held by nobody; without blame its try is not counted."""
    link.execute(
        "UPDATE leases SET holder = '', until = ?, tries = tries - ? WHERE name = ? AND token = ? AND released = 0",
        (micros(until), 0 if blame else 1, lease.name, lease.token),
    )


def lease_of(row: Row) -> Lease:
    """Return the lease that a row of COLUMNS describes."""
    name, holder, token, until, last_request, tries = row
    return Lease(name, holder, token, moment(until), maybe_moment(last_request), tries)


def _read(link: sqlite3.Connection, name: str) -> Lease:
    sql = f"SELECT {COLUMNS} FROM leases WHERE name = ?"  # noqa: S608
    return lease_of(link.execute(sql, (name,)).fetchone())


def _next_token(link: sqlite3.Connection) -> int:
    # One number for all names, so that a row may be forgotten and its name's next token still be higher.
    link.execute(
        "INSERT INTO numbers VALUES ('last_token', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
    )
    return int(link.execute("SELECT value FROM numbers WHERE name = 'last_token'").fetchone()[0])
