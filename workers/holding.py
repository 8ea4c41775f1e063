"""A lease that is kept while a job is at work, in a thread of its own: the job may be long, a lease is short."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

from khabar.ports import Lease, Ledger

log = logging.getLogger(__name__)


class Holding:
    """The lease of the job at hand; `lost` once another has it: whatever is not written by then is theirs to write."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.lost = False


@contextmanager
def holding(
    ledger: Ledger, lease: Lease, seconds: float, clock: Callable[[], datetime]
) -> Generator[Holding]:
    """Renew a lease at a third of its time until the block ends; giving it back is the caller's.

    A ledger that cannot be reached is asked again at the next third: the lease may outlast its absence.
    """
    held, ended = Holding(lease), threading.Event()

    def renew() -> None:
        while not held.lost and not ended.wait(seconds / 3):
            try:
                renewed = ledger.renew(held.lease, seconds, clock())
            except Exception as error:  # whatever it is: a thread that died of it would let the lease run out
                log.warning("%s: not renewed: %s", held.lease.name, error)
                continue
            held.lost = renewed is None
            held.lease = renewed or held.lease

    thread = threading.Thread(target=renew, name=f"lease {lease.name}", daemon=True)
    thread.start()
    try:
        yield held
    finally:
        ended.set()
        thread.join()
