"""A host while we hold it: its lease, and the pace at which it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from khabar.ports import Lease, Ledger

TTL = 30.0  # seconds a lease lasts unless renewed
MISSES = 3  # requests in a row without any answer, after which a host counts as down
PATIENCE = 2.0  # seconds to wait for a host that somebody else holds
POLL = 0.5

Clock = Callable[[], datetime]


class Host:
    """One registrable domain that this crawl alone may ask, one request at a time."""

    def __init__(self, domain: str, lease: Lease, ledger: Ledger, clock: Clock, delay: float) -> None:
        self.domain = domain
        self.delay = delay
        self.misses = 0  # requests in a row without any answer
        self.trouble = ""  # what became of the last one
        self.rest = 0.0  # seconds for which it wants to be left alone, by whomever
        self._lease: Lease | None = lease
        self._ledger, self._clock = ledger, clock
        self._last = lease.last_request

    @property
    def held(self) -> bool:
        """Tell whether the lease is still ours; where not, nothing more may be asked or archived."""
        return self._lease is not None

    @property
    def down(self) -> bool:
        """Tell whether it makes no sense to ask this host again in this crawl."""
        return self.misses >= MISSES

    def still_held(self) -> bool:
        """Tell whether the lease is still ours, by the ledger once its time is over: this process may have stood still."""
        if self._lease is not None and self._clock() >= self._lease.until:
            self.renew()
        return self.held

    def renew(self) -> None:
        """Extend the lease; lost, it stays lost."""
        if self._lease is not None:
            self._lease = self._ledger.renew(self._lease, TTL, self._clock(), self._last)

    def release(self) -> None:
        """Give the host back, with the time of the last request; nobody gets it before its rest is over."""
        self.renew()
        if self._lease is None:
            return
        if self.rest:
            self._ledger.rest(self._lease, self._clock() + timedelta(seconds=self.rest), blame=False)
        else:
            self._ledger.release(self._lease, done=True)
        self._lease = None

    async def turn(self, stop: asyncio.Event) -> bool:
        """Wait until the host may be asked again; False where the crawl ends or the lease is lost meanwhile.

        The ledger knows of the request before it is made: whoever takes over after our death waits as well.
        """
        now, before = self._clock(), self._last
        wait = 0.0
        if self._last is not None:
            # Never longer than the delay: a clock set back must not silence a host for hours.
            wait = min(max((self._last - now).total_seconds() + self.delay, 0.0), self.delay)
        if self.delay:
            self._last = now + timedelta(seconds=wait)
            self.renew()
        if wait and await waited(stop, wait):
            self._last = before  # no request was made, and whoever comes next need not wait from its time on
            return False
        return self.still_held() and not stop.is_set()

    def missed(self, trouble: str) -> None:
        """Note that a request had no answer at all."""
        self.misses += 1
        self.trouble = trouble

    def answered(self) -> None:
        """Note the end of a request: the delay counts from here, so that a slow host is given time."""
        self._last = self._clock()


async def waited(stop: asyncio.Event, seconds: float) -> bool:
    """Sleep, unless stopped; tells whether that was the case."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def hold(
    domain: str, ledger: Ledger, holder: str, clock: Clock, delay: float, stop: asyncio.Event
) -> Host | None:
    """Take a host; None where somebody else keeps it, or the crawl is stopped while waiting."""
    for _ in range(int(PATIENCE / POLL)):
        lease = ledger.acquire(f"host:{domain}", holder, TTL, clock())
        if lease is not None:
            return Host(domain, lease, ledger, clock, delay)
        if await waited(stop, POLL):
            return None
    return None
