"""Looking at an endpoint: a conditional request, what it announces, and what of that is news."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawler.discovery import Feed, read_feed
from crawler.fetch import Answer, Failure, Fetcher
from crawler.hosts import Host
from crawler.pipelines import rest_asked
from khabar.models import Discovery, Endpoint, Entry, Source
from khabar.ports import EndpointState, Found, Ledger
from khabar.urls import registrable_domain

log = logging.getLogger("khabar.crawler")

LOOK = "look:"  # before the URL of an endpoint that gave nothing: the run's name
_AHEAD = timedelta(days=2)  # an entry dated later than this says nothing about how fresh a feed is


@dataclass(frozen=True, slots=True)
class Look:
    """What one look gave: entries, or nothing new, or a problem; and the state that the ledger is to keep."""

    state: EndpointState | None = None
    found: tuple[Found, ...] = ()
    unchanged: bool = False
    problem: str | None = None
    rest: float = 0.0  # seconds for which the host wants to be left alone


@dataclass(slots=True)
class Errand:
    """An endpoint to look at, and what it gave until the ledger has taken that."""

    source: Source
    endpoint: Endpoint
    look: Look | None = None


def errands_of(sources: Iterable[Source], is_looked_at: Callable[[str], bool]) -> dict[str, list[Errand]]:
    """Return the endpoints of these sources by registrable domain, without those that were looked at."""
    errands: dict[str, list[Errand]] = defaultdict(list)
    for source in sources:
        for endpoint in source.endpoints:
            if not is_looked_at(endpoint.url):
                errands[registrable_domain(endpoint.url)].append(Errand(source, endpoint))
    return errands


async def look(
    source: Source,
    endpoint: Endpoint,
    host: Host,
    fetcher: Fetcher,
    ledger: Ledger,
    clock: Callable[[], datetime],
) -> Look | None:
    """Look at one endpoint, without telling the ledger yet; None where the crawl ends meanwhile."""
    if endpoint.kind != "feed":
        log.warning("%s: %s: a %s is not read yet, only feeds are", source.id, endpoint.url, endpoint.kind)
        return Look(problem="unsupported")
    before = ledger.endpoint(endpoint.url)
    answer = await fetcher.get(endpoint.url, host, _conditions(before))
    if answer is None:
        return None
    if isinstance(answer, Answer) and answer.status == 304 and _conditions(before):
        log.info("%s: %s: unchanged", source.id, endpoint.url)
        return Look(replace(before, checked=clock(), failures=0, error=None), unchanged=True)
    feed = await _read(answer, source)
    if not host.still_held():
        return None
    if feed.problem is not None:
        log.warning("%s: %s: %s", source.id, endpoint.url, feed.problem)
        state = replace(before, failures=before.failures + 1, error=feed.problem)
        rest = rest_asked(answer, clock()) if isinstance(answer, Answer) else None
        return Look(state, problem=feed.problem, rest=rest or 0.0)
    if feed.dropped:
        log.warning("%s: %s: %d entries without a usable link", source.id, endpoint.url, feed.dropped)
    assert isinstance(answer, Answer)
    found = (Found(entry.url, source.id, endpoint.url, endpoint.scope, entry) for entry in feed.entries)
    return Look(_state(endpoint.url, answer, feed, clock()), tuple(found))


def keep(look: Look, url: str, ledger: Ledger, now: datetime) -> list[Discovery]:
    """Tell the ledger what a look gave: the state, with its ETag, and what is news, in one step. Returns the claims."""
    if look.problem is not None:
        ledger.mark_run(LOOK + url, now)  # the state says when it last answered
    if look.state is None:
        return []
    claims = ledger.discover(look.state, look.found, now)
    if look.found:
        log.info("%s: %d entries, %d to fetch", url, len(look.found), len(claims))
    return claims


def looked_at(ledger: Ledger, since: datetime | None) -> Callable[[str], bool]:
    """Return what tells whether an endpoint was looked at since a time (without one: never), whatever it gave."""
    broken = ledger.runs(LOOK) if since else {}

    def is_looked_at(url: str) -> bool:
        if since is None:
            return False
        times = (ledger.endpoint(url).checked, broken.get(LOOK + url))
        return any(time is not None and time >= since for time in times)

    return is_looked_at


def _conditions(state: EndpointState) -> dict[str, str]:
    """Return the headers that ask for a feed only where it has changed."""
    asked = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in asked.items() if value}


async def _read(answer: Answer | Failure, source: Source) -> Feed:
    """Read a feed out of an answer; in a thread, for a big one takes seconds and leases must be renewed."""
    if isinstance(answer, Failure):
        where = f": it leads to {answer.elsewhere}" if answer.elsewhere else ""
        return Feed(problem=f"{answer.reason}{where}")
    if answer.status != 200:
        return Feed(problem=f"http_{answer.status}")
    charset = _charset(answer.header("content-type") or "")
    return await asyncio.to_thread(read_feed, answer.body, answer.url, source.timezone, charset)


def _charset(content_type: str) -> str | None:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'") or None
    return None


def _state(url: str, answer: Answer, feed: Feed, now: datetime) -> EndpointState:
    return EndpointState(
        url,
        answer.header("etag"),
        answer.header("last-modified"),
        checked=now,
        newest=_newest(feed.entries, now),
    )


def _newest(entries: Iterable[Entry], now: datetime) -> datetime | None:
    """Return the newest item's time, of those that are not in the future."""
    times = (time for entry in entries for time in (entry.updated, entry.published) if time is not None)
    return max((time for time in times if time <= now + _AHEAD), default=None)
