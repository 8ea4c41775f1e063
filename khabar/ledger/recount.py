"""Rebuilding a SQLite ledger's counts and memory from what the archive holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

from khabar import codec
from khabar.ledger import claims, memory
from khabar.ledger.database import Database, decode, micros
from khabar.ledger.memory import Seen
from khabar.models import Discovery


def recount(
    database: Database, counts: Mapping[tuple[str, date], int], seen: Iterable[Discovery], now: datetime
) -> None:
    """Replace counts and memory in one transaction; the archive is read before it, so that it stays short."""
    # A database without a name lies in a temporary file that ends with it: an archive need not fit in memory.
    with closing(sqlite3.connect("", isolation_level=None)) as staged:
        stage(staged, seen)
        with database.writing() as link:
            _settle(link, staged)
            link.execute("DELETE FROM counts")
            link.execute("DELETE FROM seen")
            claims.add(link, counts)
            for url, remembered in memories(staged):
                claims.keep(link, url, remembered, now)
            _count_frontier(link, now)
            _set_numbers(link, staged, now)


def set_aside(path: Path, now: datetime) -> Path | None:
    """Rename a ledger that cannot be read, so that a new one can be made; None where there is none."""
    target = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}")
    for end in ("-wal", "-shm", ""):
        part = path.with_name(path.name + end)
        if part.exists():
            part.rename(target.with_name(target.name + end))
    return target if target.exists() else None


def stage(staged: sqlite3.Connection, seen: Iterable[Discovery]) -> None:
    """Sort what the archive tells into an empty database, whatever ledger it is for."""
    staged.execute(
        "CREATE TABLE claims (attempt TEXT PRIMARY KEY, url TEXT, claimed INTEGER, discovery TEXT)"
    )
    staged.execute("BEGIN")
    staged.executemany(
        # Of two records of one attempt the first counts.
        "INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?)",
        (
            (each.attempt, each.url, micros(each.claimed), codec.dump(each).decode())
            for each in seen
            # An imported page was never announced to the crawl: a feed that lists it is news.
            if each.why != "import"
        ),
    )
    staged.execute("CREATE INDEX by_url ON claims (url, claimed)")
    staged.execute("COMMIT")


def _settle(link: sqlite3.Connection, staged: sqlite3.Connection) -> None:
    """Take what the archive has out of the frontier: its segment was sealed, and then its owner died."""
    for (attempt,) in link.execute("SELECT attempt FROM frontier").fetchall():
        if is_archived(staged, attempt):
            link.execute("DELETE FROM frontier WHERE attempt = ?", (attempt,))


def is_archived(staged: sqlite3.Connection, attempt: str) -> bool:
    """Tell whether the archive has this attempt."""
    return staged.execute("SELECT 1 FROM claims WHERE attempt = ?", (attempt,)).fetchone() is not None


def latest(staged: sqlite3.Connection) -> int | None:
    """Return the last claim time of the archive."""
    return staged.execute("SELECT max(claimed) FROM claims").fetchone()[0]


def memories(staged: sqlite3.Connection) -> Iterator[tuple[str, Seen]]:
    """Yield each URL and what is to be remembered of it."""
    rows = staged.execute("SELECT url, discovery FROM claims ORDER BY url, claimed")
    for url, made in groupby(rows, key=lambda row: str(row[0])):
        discoveries = (codec.load(row[1], Discovery) for row in made)
        remembered = memory.recall((each, bool(each.failure) and not each.refused) for each in discoveries)
        if remembered is not None:
            yield url, remembered


def _count_frontier(link: sqlite3.Connection, now: datetime) -> None:
    for (text,) in link.execute("SELECT discovery FROM frontier").fetchall():
        waiting = decode(text, Discovery)
        claims.add(link, {(waiting.source, waiting.claimed.date()): 1})
        before = claims.look_up(link, waiting.url)
        found = memory.found_of(waiting)
        claims.keep(link, waiting.url, memory.claimed(before, found, waiting.why, waiting.claimed), now)


def _set_numbers(link: sqlite3.Connection, staged: sqlite3.Connection, now: datetime) -> None:
    last = latest(staged)
    if last is not None:
        claims.claim_after(link, last)
    link.execute("INSERT OR REPLACE INTO numbers VALUES ('recounted', ?)", (micros(now),))
