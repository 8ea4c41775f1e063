"""A lane for each host: it takes the host's lease, works through endpoints and claims, and gives the lease back.

Whatever a kill interrupts is still in the ledger's frontier, and is fetched again under the same name.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.endpoints import look, looked_at
from crawler.fetch import Answer, Failure, Fetcher
from crawler.hosts import Host, hold, waited
from crawler.pipelines import SOON, Keeper, judge, out_of_scope, rest_asked
from khabar.models import Discovery, Endpoint, Entry, Source
from khabar.ports import Found, Ledger
from khabar.settings import Settings
from khabar.urls import registrable_domain

log = logging.getLogger("khabar.crawler")

BATCH = 100  # more than a segment holds: what is archived but not sealed cannot fill a whole batch
HEARTBEAT = 0.5  # seconds between two looks at the open segment
RENEW = 15  # heartbeats between two renewals of the leases


@dataclass(slots=True)
class Summary:
    """What a crawl has done so far; the last one is its result."""

    endpoints: int = 0  # looked at
    unchanged: int = 0  # of these, those that answered 304
    broken: int = 0  # of these, those that gave nothing
    claimed: int = 0
    fetched: int = 0  # pages archived
    failed: int = 0  # attempts archived without a page, after errors
    refused: int = 0  # the same, by a rule: robots.txt, scope, size, kind
    postponed: int = 0
    busy: int = 0  # hosts left to another crawler
    resting: int = 0  # hosts that want to be left alone for now
    more: bool | None = None  # told at the end: something is left that another crawl may fetch at once


class Lanes:
    """The work of one crawl; everything runs in one event loop, and what stands between two awaits is atomic."""

    def __init__(
        self,
        sources: Sequence[Source],
        ledger: Ledger,
        keeper: Keeper,
        settings: Settings,
        clock: Callable[[], datetime],
        holder: str,
        limit: int | None,
        looked_since: datetime | None = None,
    ) -> None:
        self.summary = Summary()
        self.stop = asyncio.Event()
        self._sources = {source.id: source for source in sources}
        self._ledger, self._keeper, self._clock, self._holder = ledger, keeper, clock, holder
        self._settings = settings
        self._left = limit  # pages that may still be asked for
        self._looked_since = looked_since
        self._unlooked: set[str] = set()  # endpoints that are still to be looked at
        self._open: set[str] = set()
        self._closed: set[str] = set()  # domains that this crawl does not ask again
        self._hosts: dict[str, Host] = {}
        self._archived: set[str] = set()  # attempts that may still stand in the frontier, unsealed
        self._redirected: set[str] = set()
        self._idle = asyncio.Event()

    async def run(self, fetcher: Fetcher, beat: Callable[[], None]) -> None:
        """Crawl until nothing is left that may be fetched now; raises what a lane raises."""
        self._fetcher = fetcher
        endpoints = self._endpoints()
        waiting = self._ledger.due_domains(self._clock(), tuple(self._sources))
        async with asyncio.TaskGroup() as self._group:
            for domain in dict.fromkeys([*endpoints, *waiting]):
                self._start(domain, endpoints[domain])
            await self._heartbeat(beat)

    def has_more(self) -> bool:
        """Tell whether another crawl of these sources has something to do at once; to be asked after the last seal.

        What others hold, what rests or is down does not count, nor what is left of a crawl that had its pages.
        """
        if self._left == 0:
            return False
        soon = self._clock() + timedelta(seconds=SOON)
        due = self._ledger.due_domains(soon, tuple(self._sources))
        return not self._closed.issuperset([*due, *map(registrable_domain, self._unlooked)])

    def _endpoints(self) -> dict[str, list[tuple[Source, Endpoint]]]:
        """Return the endpoints to look at by their hosts: without those that an earlier slice has looked at."""
        endpoints: dict[str, list[tuple[Source, Endpoint]]] = defaultdict(list)
        is_looked_at = looked_at(self._ledger, self._looked_since)
        for source in self._sources.values():
            for endpoint in source.endpoints:
                if not is_looked_at(endpoint.url):
                    endpoints[registrable_domain(endpoint.url)].append((source, endpoint))
                    self._unlooked.add(endpoint.url)
        return endpoints

    async def _heartbeat(self, beat: Callable[[], None]) -> None:
        count = 0
        while self._open:
            self._idle.clear()
            await waited(self._idle, HEARTBEAT)
            beat()
            count += 1
            if count % RENEW == 0:
                for host in self._hosts.values():
                    host.renew()

    def _start(self, domain: str, endpoints: Sequence[tuple[Source, Endpoint]] = ()) -> None:
        if domain not in self._open | self._closed:
            self._open.add(domain)
            self._group.create_task(self._lane(domain, endpoints))

    async def _lane(self, domain: str, endpoints: Sequence[tuple[Source, Endpoint]]) -> None:
        """Hold one host until there is nothing more to ask it."""
        try:
            host = await hold(domain, self._ledger, self._holder, self._clock, self._delay(domain), self.stop)
            if host is None:
                self._leave(domain)
                return
            self._hosts[domain] = host
            try:
                await self._visit(host, endpoints)
                if not host.held:
                    self._leave(domain)
            finally:
                del self._hosts[domain]
                host.release()
        finally:
            self._open.discard(domain)
            if not self._open:
                self._idle.set()

    def _leave(self, domain: str) -> None:
        if self.stop.is_set():
            return
        self._closed.add(domain)
        name = f"host:{domain}"
        if any(lease.name == name and not lease.holder for lease in self._ledger.leases(self._clock())):
            log.warning("%s wants to be left alone for now", domain)
            self.summary.resting += 1
        else:
            log.warning("%s is held by another crawler: left to it", domain)
            self.summary.busy += 1

    def _delay(self, domain: str) -> float:
        """Return the seconds between two requests to a host: the longest that a source on it asks for."""
        asked = [
            source.delay
            for source in self._sources.values()
            if source.delay is not None and domain in self._domains(source)
        ]
        return max(asked, default=self._settings.delay)

    def _domains(self, source: Source) -> set[str]:
        return {*source.domains, *(registrable_domain(endpoint.url) for endpoint in source.endpoints)}

    async def _visit(self, host: Host, endpoints: Sequence[tuple[Source, Endpoint]]) -> None:
        """Work through the endpoints of a host, then through its claims as long as there are any."""
        for source, endpoint in endpoints:
            found = await look(source, endpoint, host, self._fetcher, self._ledger, self._clock)
            if found is None:
                return
            self._unlooked.discard(endpoint.url)
            self.summary.endpoints += 1
            self.summary.unchanged += found.unchanged
            self.summary.broken += found.problem is not None
            self.summary.claimed += len(found.claims)
            for domain in dict.fromkeys(registrable_domain(claim.url) for claim in found.claims):
                self._start(domain)
            if found.rest > SOON:
                self._close(host, found.rest)
                return
        await self._drain(host)

    async def _drain(self, host: Host) -> None:
        """Work through a host's claims, those that were postponed for a moment included."""
        again = True
        while again:
            again = False
            while claims := self._next(host):
                for claim in claims:
                    wait = await self._work(claim, host)
                    if wait is None:
                        self._close(host)
                        return
                    again = again or 0 < wait <= SOON
            if host.down:
                self._close(host)
            again = again and not host.down
            if again and await waited(self.stop, SOON):
                return

    def _close(self, host: Host, rest: float = 0.0) -> None:
        """Ask a host no more in this crawl, and not before its rest is over in any; a crawl that ends closes nothing."""
        host.rest = max(host.rest, rest)
        if host.rest or not self.stop.is_set():
            self._closed.add(host.domain)

    def _next(self, host: Host) -> list[Discovery]:
        """Return claims to work on; seals first where all that is left are those that are archived already."""
        for _ in range(2):
            taken = self._ledger.take([host.domain], BATCH, self._clock(), tuple(self._sources))
            fresh = [claim for claim in taken if not self._is_done(claim, host)]
            if fresh or len(taken) < BATCH:
                return fresh
            self._keeper.seal()
        return []

    def _is_done(self, claim: Discovery, host: Host) -> bool:
        """Tell whether a claim is archived already, or had its turn before its host went down."""
        return claim.attempt in self._archived or (host.down and self._keeper.has_tried(claim))

    async def _work(self, claim: Discovery, host: Host) -> float | None:
        """Bring one claim to its end, or postpone it; returns the seconds until its next try, 0 for none.

        None: nothing more is to be asked of this host now.
        """
        outcome = out_of_scope(claim, self._sources[claim.source])
        rest = None
        if outcome is None:
            if self._left == 0:
                return None
            # Counted before the request: other lanes ask meanwhile.
            self._left = None if self._left is None else self._left - 1
            answer = await self._fetcher.get(claim.url, host)
            if answer is None:
                return None
            rest = rest_asked(answer, self._clock()) if isinstance(answer, Answer) else None
            outcome = judge(answer)
        if isinstance(outcome, Answer):
            self._keeper.page(claim, outcome, host.delay)
            self._archived.add(claim.attempt)
            self.summary.fetched += 1
            return 0.0
        wait = self._end(claim, outcome, host, rest or 0.0)
        if rest is None or rest <= SOON:
            return wait
        host.rest = rest
        return None

    def _end(self, claim: Discovery, failure: Failure, host: Host, rest: float) -> float:
        """Postpone a claim without a page, or archive that there is none."""
        wait = self._keeper.postpone(claim, failure, rest)
        log.info("%s: %s%s", claim.url, failure.reason, "" if wait is None else f", again in {wait:.0f} s")
        if wait is not None:
            self.summary.postponed += 1
            return wait
        if failure.elsewhere is not None:
            self._follow(claim, failure.elsewhere)
        self._keeper.attempt(claim, failure, host.delay)
        self._archived.add(claim.attempt)
        self.summary.refused += failure.refused
        self.summary.failed += not failure.refused
        return 0.0

    def _follow(self, claim: Discovery, target: str) -> None:
        """Let a redirect to another domain enter that domain's frontier; the same target once a crawl."""
        if target in self._redirected:
            return
        self._redirected.add(target)
        entry = claim.entry or Entry(target)
        found = Found(target, claim.source, claim.endpoint or "", claim.scope or "opinion", entry)
        made = self._ledger.claim(found, "new", self._clock())
        if made is not None:
            self.summary.claimed += 1
            self._start(registrable_domain(made.url))
