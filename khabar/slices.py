"""A crawl in slices: each is a crawler process of a few minutes, the next goes on where it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from khabar import runner
from khabar.duties import SLICE
from khabar.errors import KhabarError
from khabar.jobs import Crawl
from khabar.ports import Lease
from khabar.runner import Crawling
from khabar.runtime import Runtime
from khabar.schedule import SourcePlan, is_due
from workers.ingest import LEASE
from workers.patience import MACHINE, WORK, rest

STALE = timedelta(hours=1)  # a crawl begun longer ago, or longer than its sources' turn, begins anew
CANNOT = 3  # the exit status of a crawler in whose way the machine stands

log = logging.getLogger(__name__)


def crawl(runtime: Runtime, sources: Sequence[str], seconds: float = SLICE) -> None:
    """Crawl these sources for a while; what is left then is sent on. Those that another is at are left to it."""
    leases = list(_take(runtime, sources))
    mine = [lease.name.removeprefix("crawl:") for lease in leases]
    if not mine:
        return
    began = max(_began(runtime, source) for source in mine)
    with runner.crawler(runtime, mine, None, seconds=seconds, looked_since=began) as crawler:
        renewed = time.monotonic()
        while crawler.status is None:
            time.sleep(runner.PAUSE)
            crawler.listen()
            if time.monotonic() - renewed > LEASE / 3:
                renewed, leases = time.monotonic(), _renew(runtime, leases)
    _end(runtime, leases, crawler.state)


def _take(runtime: Runtime, sources: Iterable[str]) -> Iterator[Lease]:
    """Yield the leases of those that are due: the message may have come twice, or late, and publishers are asked once."""
    ledger = runtime.ledger
    for source in filter(None, map(runtime.catalogue.sources.get, sources)):
        if not source.enabled:  # it was, when the message was sent
            continue
        lease = ledger.acquire(f"crawl:{source.id}", runtime.holder, LEASE, runtime.clock())
        if lease is None:
            continue
        if is_due(SourcePlan(source.id, source.every, ledger.last_run(lease.name)), runtime.clock()):
            yield lease
        else:
            ledger.release(lease, done=True)


def _began(runtime: Runtime, source: str) -> datetime:
    """Return when the crawl of a source began that is under way; a new one begins now."""
    now, ledger = runtime.clock(), runtime.ledger
    began, ended = ledger.last_run(f"began:{source}"), ledger.last_run(f"crawl:{source}")
    turn = min(STALE, timedelta(seconds=runtime.catalogue.sources[source].every))
    if began is not None and (ended is None or ended < began) and timedelta() <= now - began < turn:
        return began
    ledger.mark_run(f"began:{source}", now)
    return now


def _renew(runtime: Runtime, leases: Iterable[Lease]) -> list[Lease]:
    """Extend the leases; a ledger that is away is asked again later, and the crawler sees for itself."""
    try:
        renewed = [runtime.ledger.renew(lease, LEASE, runtime.clock()) for lease in leases]
    except KhabarError as error:
        log.warning("the crawl's leases are not renewed: %s", error)
        return list(leases)
    return [lease for lease in renewed if lease is not None]


def _end(runtime: Runtime, leases: Sequence[Lease], state: Crawling) -> None:
    """Give the leases back: the crawl is done, or goes on at once, or rests because something stood in its way."""
    names = tuple(lease.name.removeprefix("crawl:") for lease in leases)
    is_dead, is_cut = (state.status or 0) < 0, state.status == 0 and bool(state.told.get("more"))
    # One rest for all: apart, each would be a crawl of its own when it ends.
    patience, tries = (WORK, max((lease.tries for lease in leases), default=1)) if is_dead else (MACHINE, 1)
    until = runtime.clock() + rest(patience, tries)
    for lease in leases:
        if is_dead and lease.tries < (WORK.ceiling or 0):
            runtime.ledger.rest(lease, until)
        elif state.status == CANNOT:
            runtime.ledger.rest(lease, until, blame=False)
        else:
            if not is_cut:
                # Also after a crawl that failed: the next one comes in its time, not at once and for ever.
                runtime.ledger.mark_run(lease.name, runtime.clock())
            runtime.ledger.release(lease, done=True)
    if state.status:
        log.error("the crawl of %s ended with status %s: see %s", ", ".join(names), state.status, state.log)
    if is_cut and names:
        runtime.submit(Crawl(names))
