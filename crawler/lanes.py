"""A lane for each host: it takes the host's lease, works through endpoints and claims, and gives the lease back.

Whatever a kill interrupts is still in the ledger's frontier, and is fetched again under the same name.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from crawler.endpoints import Errand, Look, errands_of, keep, look, looked_at
from crawler.fetch import Answer, Failure, Fetcher
from crawler.hosts import Host, hold, waited
from crawler.pipelines import LATER, SOON, Keeper, judge, out_of_scope, rest_asked
from crawler.room import Room
from crawler.summary import Summary
from khabar.models import Discovery, Entry, Source
from khabar.ports import Found, Ledger
from khabar.settings import Settings
from khabar.urls import registrable_domain

log = logging.getLogger("khabar.crawler")

BATCH = 100  # more than a segment holds: what is archived but not sealed cannot fill a whole batch
HEARTBEAT = 0.5  # seconds between two looks at the open segment
RENEW = 15  # heartbeats between two renewals of the leases
GIVE_UP = 60.0  # seconds without any work after which a ledger that is full is waited for no longer


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
        patience: float = GIVE_UP,
    ) -> None:
        self.summary = Summary()
        self.stop = asyncio.Event()
        self.room = Room(self.stop)
        self._patience = patience
        self._at_work = 0  # lanes that have pages to fetch
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
        errands = errands_of(self._sources.values(), looked_at(self._ledger, self._looked_since))
        self._unlooked = {errand.endpoint.url for each in errands.values() for errand in each}
        waiting = self._ledger.due_domains(self._clock(), tuple(self._sources))
        async with asyncio.TaskGroup() as self._group:
            for domain in dict.fromkeys([*errands, *waiting]):
                self._start(domain, errands.get(domain, ()))
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

    async def _heartbeat(self, beat: Callable[[], None]) -> None:
        count, idle = 0, 0.0
        while self._open:
            self._idle.clear()
            await waited(self._idle, HEARTBEAT)
            idle = idle + HEARTBEAT if self.room.lacking and not self._at_work else 0.0
            if idle > self._patience:
                self.stop.set()
            self.summary.paused = "the ledger is full" if self.room.lacking else None
            beat()
            count += 1
            if count % RENEW == 0:
                for host in self._hosts.values():
                    host.renew()

    def _start(self, domain: str, errands: Sequence[Errand] = ()) -> None:
        if domain not in self._open | self._closed:
            self._open.add(domain)
            self._group.create_task(self._lane(domain, errands))

    async def _lane(self, domain: str, errands: Sequence[Errand]) -> None:
        """Hold one host until there is nothing more to ask it."""
        try:
            host = await hold(domain, self._ledger, self._holder, self._clock, self._delay(domain), self.stop)
            if host is None:
                self._leave(domain)
                return
            self._hosts[domain] = host
            try:
                await self._visit(host, deque(errands))
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

    async def _visit(self, host: Host, errands: deque[Errand]) -> None:
        """Work through the endpoints of a host, then through its claims as long as there are any.

        While the ledger is full the claims come first: what is fetched makes room for what the endpoints gave.
        """
        while await self._look(host, errands) and await self._drain(host) and errands:
            await self.room.wait()

    async def _look(self, host: Host, errands: deque[Errand]) -> bool:
        """Look at endpoints while the ledger has room; False where nothing more is to be asked of this host."""
        while errands and self.room.may_ask():
            errand = errands[0]
            errand.look = errand.look or await look(
                errand.source, errand.endpoint, host, self._fetcher, self._ledger, self._clock
            )
            if errand.look is None or not host.still_held():
                return False
            if self._keep(errand.endpoint.url, errand.look):
                errands.popleft()
            if errand.look.rest > SOON:
                self._close(host, errand.look.rest)
                return False
        return not self.stop.is_set()

    def _keep(self, url: str, seen: Look) -> bool:
        """Let what an endpoint gave enter the frontier; False where there is no room for it."""
        claims = self.room.ask(lambda: keep(seen, url, self._ledger, self._clock()))
        if claims is None:
            return False
        self._unlooked.discard(url)
        self.summary.endpoints += 1
        self.summary.unchanged += seen.unchanged
        self.summary.broken += seen.problem is not None
        self.summary.claimed += len(claims)
        for domain in dict.fromkeys(registrable_domain(claim.url) for claim in claims):
            self._start(domain)
        return True

    async def _drain(self, host: Host) -> bool:
        """Work through a host's claims, those that were postponed for a moment included; False as `_look`."""
        self._at_work += 1
        try:
            return await self._work_off(host)
        finally:
            self._at_work -= 1

    async def _work_off(self, host: Host) -> bool:
        again = True
        while again:
            again = False
            while claims := self._next(host):
                for claim in claims:
                    wait = await self._work(claim, host)
                    if wait is None:
                        self._close(host)
                        return False
                    again = again or 0 < wait <= SOON
            if host.down:
                self._close(host)
            again = again and not host.down
            if again and await waited(self.stop, SOON):
                return False
        return not host.down

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
        if failure.elsewhere is not None and not self._follow(claim, failure.elsewhere):
            # Without room for where it leads, its own turn comes again.
            self._ledger.postpone(claim.attempt, self._clock() + timedelta(seconds=LATER), "ledger_full")
            self.summary.postponed += 1
            return LATER
        self._keeper.attempt(claim, failure, host.delay)
        self._archived.add(claim.attempt)
        self.summary.refused += failure.refused
        self.summary.failed += not failure.refused
        return 0.0

    def _follow(self, claim: Discovery, target: str) -> bool:
        """Let a redirect to another domain enter that domain's frontier, once a crawl; False where there is no room."""
        if target in self._redirected:
            return True
        entry = claim.entry or Entry(target)
        found = Found(target, claim.source, claim.endpoint or "", claim.scope or "opinion", entry)
        made = self.room.ask(lambda: self._ledger.claim(found, "new", self._clock()))
        if made is None and self.room.lacking:
            return False
        self._redirected.add(target)
        if made is not None:
            self.summary.claimed += 1
            self._start(registrable_domain(made.url))
        return True
