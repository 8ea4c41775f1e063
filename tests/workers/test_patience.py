"""How long a failed job rests: doubled each time, within bounds, half of it by chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.archive.files import ArchiveError
from khabar.ledger.database import LedgerError
from search.elastic.client import SearchServerError
from workers.patience import MACHINE, WORK, Patience, kind, rest
from workers.pool import PoolError
from workers.reader import CEILING


@pytest.mark.parametrize(
    "error",
    [
        ArchiveError("a", "is full", "free some space"),
        LedgerError("a", "cannot be reached", "start it"),
        SearchServerError("a", "no answer"),
        PoolError("no process can start"),
    ],
)
def test_what_the_machine_stands_in_the_way_of_is_no_try_of_the_job(error: Exception) -> None:
    assert kind(error) is MACHINE and not kind(error).counts


@pytest.mark.parametrize("error", [KeyError("body"), RuntimeError("the time is over"), MemoryError()])
def test_what_our_code_falls_over_counts_and_has_a_ceiling(error: Exception) -> None:
    assert kind(error) is WORK and WORK.counts and WORK.ceiling == CEILING


@given(st.sampled_from([MACHINE, WORK]), st.integers(-3, 10_000))
def test_a_rest_is_at_least_half_of_what_is_due_and_never_longer_than_the_longest(
    patience: Patience, tries: int
) -> None:
    due = min(patience.longest, patience.first * 2.0 ** min(max(tries, 1) - 1, 20))
    assert due / 2 <= rest(patience, tries).total_seconds() <= due <= patience.longest


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    assert len({rest(MACHINE, 1) for _ in range(50)}) > 40
