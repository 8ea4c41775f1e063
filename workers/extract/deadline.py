"""How long one page may take: a value that the stages look at between them, and before what may take long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time

SECONDS = 5.0  # of work; an average page takes some thousandths of one
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of a clock after which a page is not worth more work."""

    clock: Clock
    at: float

    def over(self) -> bool:
        """Tell whether the time is up."""
        return self.clock() > self.at


def never() -> bool:
    """Tell that the time is not up: for pages that nobody waits for."""
    return False


def deadline(clock: Clock = thread_time, seconds: float = SECONDS) -> Deadline:
    """Return the deadline of a page that is begun now.

    The clock counts work, not the time of day: on a busy machine a page is read as on an idle one, and read again it
    comes out the same.
    """
    return Deadline(clock, clock() + seconds)
