"""Claims in SQLite: endpoints, the memory of seen URLs, the frontier and the counts, inside one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from khabar import codec
from khabar.ledger import memory
from khabar.ledger.database import Row, decode, maybe_micros, maybe_moment, micros, moment, span
from khabar.ledger.memory import Seen
from khabar.models import Discovery, Why, attempt_name, utc
from khabar.ports import EndpointState, Found
from khabar.urls import registrable_domain

ENDPOINT = "url, etag, last_modified, checked, newest, failures, error"


def endpoint_of(row: Row) -> EndpointState:
    """Return the state that a row of ENDPOINT describes."""
    url, etag, modified, checked, newest, failures, error = row
    return EndpointState(url, etag, modified, maybe_moment(checked), maybe_moment(newest), failures, error)


def keep_endpoint(link: sqlite3.Connection, state: EndpointState, now: datetime) -> None:
    """Write what the last look at an endpoint left behind."""
    link.execute(
        "INSERT OR REPLACE INTO endpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            state.url,
            state.etag,
            state.last_modified,
            maybe_micros(state.checked),
            maybe_micros(state.newest),
            state.failures,
            state.error,
            micros(now),
        ),
    )


def look_at(link: sqlite3.Connection, url: str, found: Found, now: datetime) -> Discovery | None:
    """Claim a listed URL where it is new or changed; else remember that, and what, its endpoint said of it."""
    before = look_up(link, url)
    why = memory.verdict(before, found, now)
    if _in_frontier(link, url):
        # The endpoint's word is not kept: the page may be fetched already, and then this is the next change.
        _listed(link, url, now)
        return None
    if why is not None:
        return _claim(link, url, found, why, before, now)
    first_word = memory.remember(before, found)
    if first_word is not None:
        keep(link, url, first_word, now)
    _listed(link, url, now)
    return None


def claim_outright(
    link: sqlite3.Connection, url: str, found: Found, why: Why, now: datetime
) -> Discovery | None:
    """Claim one URL unless it waits already, or is to be back-filled and was claimed before without failing."""
    before = look_up(link, url)
    known = why == "back-fill" and before is not None and not memory.retry_is_due(before, now)
    return None if known or _in_frontier(link, url) else _claim(link, url, found, why, before, now)


def _claim(
    link: sqlite3.Connection, url: str, found: Found, why: Why, before: Seen | None, now: datetime
) -> Discovery:
    at = _claim_time(link, now)
    entry = memory.without_text(found.entry)
    discovery = Discovery(
        attempt_name(at, url), url, at, found.source, why, found.endpoint, found.scope, entry
    )
    _wait(link, discovery, now)
    keep(link, url, memory.claimed(before, found, why, at), now)
    # The day of the claim, which a bump may have moved past midnight: outcomes count on it.
    add(link, {(found.source, at.date()): 1})
    return discovery


def _wait(link: sqlite3.Connection, discovery: Discovery, now: datetime) -> None:
    link.execute(
        "INSERT INTO frontier (attempt, url, domain, source, later, claimed, not_before, discovery)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            discovery.attempt,
            discovery.url,
            registrable_domain(discovery.url),
            discovery.source,
            int(discovery.why == "back-fill"),
            micros(discovery.claimed),
            micros(now),
            codec.dump(discovery).decode(),
        ),
    )


def _claim_time(link: sqlite3.Connection, now: datetime) -> datetime:
    row = link.execute("SELECT value FROM numbers WHERE name = 'last_claim'").fetchone()
    at = micros(utc(now))
    if row and 0 <= row[0] - at < span(memory.CLOCK_BACK):
        at = row[0] + 1
    while link.execute("SELECT 1 FROM frontier WHERE claimed = ?", (at,)).fetchone():
        at += 1
    link.execute("INSERT OR REPLACE INTO numbers VALUES ('last_claim', ?)", (at,))
    return moment(at)


def restore(
    link: sqlite3.Connection,
    frontier: Iterable[Discovery],
    endpoints: Iterable[EndpointState],
    now: datetime,
) -> None:
    """Replace the frontier and the endpoints' states; no later claim gets the time of one that is put in."""
    link.execute("DELETE FROM frontier")
    link.execute("DELETE FROM endpoints")
    for each in frontier:
        _wait(link, each, now)
    for state in endpoints:
        keep_endpoint(link, state, now)
    last = link.execute("SELECT max(claimed) FROM frontier").fetchone()[0]
    if last is not None:
        claim_after(link, last)


def claim_after(link: sqlite3.Connection, last: int) -> None:
    """Give claims no time up to this one: there may be a claim of that name."""
    link.execute(
        "INSERT INTO numbers VALUES ('last_claim', ?1) ON CONFLICT (name) DO UPDATE SET value = max(value, ?1)",
        (last,),
    )


def finish(link: sqlite3.Connection, attempt: str, failed: bool) -> None:
    """Take one attempt out of the frontier and remember how it ended; one that is not there changes nothing."""
    row = link.execute(
        "SELECT url, max(claimed, not_before) FROM frontier WHERE attempt = ?", (attempt,)
    ).fetchone()
    if row is None:
        return
    link.execute("DELETE FROM frontier WHERE attempt = ?", (attempt,))
    if failed:
        retry = row[1] + span(memory.RETRY_AFTER)
        link.execute("UPDATE seen SET failures = failures + 1, retry = ? WHERE url = ?", (retry, row[0]))
    else:
        link.execute("UPDATE seen SET failures = 0, retry = NULL WHERE url = ?", (row[0],))


def look_up(link: sqlite3.Connection, url: str) -> Seen | None:
    """Return the memory of one URL."""
    row = link.execute(
        "SELECT why, claimed, failures, retry, marks FROM seen WHERE url = ?", (url,)
    ).fetchone()
    if row is None:
        return None
    return Seen(row[0], moment(row[1]), row[2], maybe_moment(row[3]), decode(row[4], dict[str, str]))


def _in_frontier(link: sqlite3.Connection, url: str) -> bool:
    return link.execute("SELECT 1 FROM frontier WHERE url = ?", (url,)).fetchone() is not None


def _listed(link: sqlite3.Connection, url: str, now: datetime) -> None:
    # Kept to the day: otherwise every look would write every URL of every feed.
    day = span(memory.RETRY_AFTER)
    link.execute("UPDATE seen SET listed = ?1 WHERE url = ?2 AND listed < ?1 - ?3", (micros(now), url, day))


def forget(link: sqlite3.Connection, now: datetime) -> None:
    """Once a day, drop what no endpoint has listed for long, and what was sent and is over."""
    row = link.execute("SELECT value FROM numbers WHERE name = 'pruned'").fetchone()
    if row and micros(now) - row[0] < span(memory.RETRY_AFTER):
        return
    old = micros(now - memory.KEEP)
    link.execute(
        "DELETE FROM seen WHERE listed < ? AND url NOT IN (SELECT url FROM frontier)",
        (old,),
    )
    link.execute("DELETE FROM endpoints WHERE kept < ?", (old,))
    link.execute("DELETE FROM leases WHERE until < ?", (old,))
    link.execute("DELETE FROM runs WHERE at < ?", (old,))
    sent = micros(now - memory.RETRY_AFTER)
    link.execute("DELETE FROM runs WHERE name LIKE 'sent:%' AND at < ?", (sent,))
    link.execute("INSERT OR REPLACE INTO numbers VALUES ('pruned', ?)", (micros(now),))


def add(link: sqlite3.Connection, counts: Mapping[tuple[str, date], int]) -> None:
    """Count claims under their source and UTC day."""
    link.executemany(
        "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT (source, day) DO UPDATE SET claims = claims + excluded.claims",
        [(source, day.isoformat(), claims) for (source, day), claims in counts.items()],
    )


def keep(link: sqlite3.Connection, url: str, seen: Seen, now: datetime) -> None:
    """Write the memory of one URL."""
    link.execute(
        "INSERT OR REPLACE INTO seen (url, why, claimed, listed, failures, retry, marks) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            url,
            seen.why,
            micros(seen.claimed),
            micros(now),
            seen.failures,
            maybe_micros(seen.retry),
            json.dumps(dict(seen.marks)),
        ),
    )
