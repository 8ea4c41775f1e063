"""Room in the ledger: a Redis that is full takes no new claims, until pages that wait in it are fetched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from crawler.hosts import POLL, waited
from khabar.ledger.database import LedgerError

log = logging.getLogger("khabar.crawler")

FIRST, LONGEST = (
    1.0,
    30.0,
)  # seconds between two tries of a ledger that is full: as long as it has been so far
T = TypeVar("T")


class Room:
    """Whether the ledger takes claims, for all lanes of a crawl: one tries for all while it does not."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.lacking: LedgerError | None = None  # what the ledger said last, while it is full
        self._stop = stop
        self._since = self._again = 0.0

    def ask(self, claim: Callable[[], T]) -> T | None:
        """Do what makes claims; None where there is no room for them. Raises what else is wrong with the ledger."""
        try:
            made = claim()
        except LedgerError as error:
            if not error.full:
                raise
            self._shut(error)
            return None
        if self.lacking:
            log.warning("the ledger takes claims again")
            self.lacking = None
        return made

    def may_ask(self) -> bool:
        """Tell whether it is worth a try; while there is no room it is one lane's turn at a time."""
        if self.lacking is None:
            return True
        now = _time()
        if now < self._again:
            return False
        self._again = now + min(max(now - self._since, FIRST), LONGEST)
        return True

    async def wait(self) -> None:
        """Sleep until there is room, or a try is worth it, or the crawl ends."""
        while self.lacking and _time() < self._again:
            if await waited(self._stop, min(max(self._again - _time(), 0.0), POLL)):
                return

    def _shut(self, error: LedgerError) -> None:
        if self.lacking is None:
            log.warning("no endpoint is looked at for now, pages that wait are fetched on: %s", error)
            self._since, self._again = _time(), _time() + FIRST
        self.lacking = error


def _time() -> float:
    return asyncio.get_running_loop().time()
