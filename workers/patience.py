"""How long a failed job rests, and whether its failure counts: by the kind of what went wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from khabar.errors import KhabarError
from workers.reader import CEILING


@dataclass(frozen=True, slots=True)
class Patience:
    """The rest after the first failure and the longest one, in seconds; `ceiling` None: it may fail for ever."""

    first: float
    longest: float
    ceiling: int | None

    @property
    def counts(self) -> bool:
        """True where a failure is a try of the job."""
        return self.ceiling is not None


# A server that is away, a full disk, a broken catalogue: no job is to blame, and all of them would fail alike.
MACHINE = Patience(5, 60, None)
# Our code fell over this job. It is tried again, for another version may follow; then it is left to a person.
WORK = Patience(10, 600, CEILING)


def kind(error: BaseException) -> Patience:
    """Return with how much patience such an error is met."""
    return MACHINE if isinstance(error, KhabarError) else WORK


def rest(patience: Patience, tries: int) -> timedelta:
    """Return how long a job that has failed `tries` times in a row rests: doubled each time, half of it by chance.

    Chance keeps the jobs that failed together, when a server went, from coming back together.
    """
    full = min(patience.longest, patience.first * 2 ** min(max(tries, 1) - 1, 20))
    return timedelta(seconds=random.uniform(full / 2, full))  # noqa: S311 - no secret depends on it
