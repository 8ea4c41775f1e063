"""The distributed way into the index: one segment, read and written by the process that was told of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from khabar.archive.segments import outcome_key, segment_of
from khabar.archive.store import Store
from khabar.models import Batch
from khabar.ports import Index, Lease, Ledger
from workers.holding import holding
from workers.ingest import CLUSTER_SEGMENTS, LEASE, cluster_indexed, conclude, is_waiting, write

TURN = 20.0  # seconds that a segment waits for its turn to be clustered
LOOK = 1000  # pending segments looked at in one go: each is a question to the store
Read = Callable[[str, int], Batch]  # a segment and its tries; however its pages behave, a batch comes back


@dataclass(frozen=True, slots=True)
class Desk:
    """What a process works with that brings segments into the index one at a time."""

    store: Store
    index: Index
    ledger: Ledger
    read: Read
    holder: str
    clock: Callable[[], datetime]
    is_current: Callable[[], bool] = lambda: True  # whether `read` knows today's catalogue


def ingest_segment(desk: Desk, lease: Lease, segment: str) -> bool:
    """Bring a segment into the index under its lease, then cluster; one that is done by now is left alone.

    False where it is to be done once more at once, because the catalogue has changed meanwhile.
    The lease is given back when it is done. What raises leaves it to the caller: it knows how long the job rests.
    """
    if is_waiting(desk.store, segment):
        with holding(desk.ledger, lease, LEASE, desk.clock) as held:
            batch = desk.read(segment, lease.tries)
            # Asked now: a process that stood still for a while does not know yet that another was given the segment.
            if held.lost or desk.ledger.renew(lease, LEASE, desk.clock()) is None:
                return True
            written = write(desk.index, [batch])
            # A retag of the new catalogue may have passed before these were there; one that begins later finds them.
            if not desk.is_current():
                return False
            for each in written.batches:
                conclude(desk.store, each, written.rows.values())
    desk.ledger.release(lease, done=True)
    cluster_in_turn(desk, [segment])
    return True


def cluster_in_turn(desk: Desk, segments: Sequence[str], turn: float = TURN) -> bool:
    """Cluster these segments when nobody else is at it; False where that took too long: the next tick sees to them."""
    deadline = time.monotonic() + turn
    while cluster_indexed(desk.store, desk.index, desk.ledger, desk.holder, desk.clock, segments) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(random.uniform(0.05, 0.2))  # noqa: S311 - keeps those who wait from asking in step
    return True


def cluster_left(desk: Desk) -> int:
    """Cluster what was indexed and left, a few segments a pass; returns how many segments that were."""
    pending = map(segment_of, islice(desk.store.keys("pending/"), LOOK))
    left = [segment for segment in pending if desk.store.exists(outcome_key(segment))]
    random.shuffle(left)  # those over which a pass falls must not stand before the others each time
    for first in range(0, len(left), CLUSTER_SEGMENTS):
        if not cluster_in_turn(desk, left[first : first + CLUSTER_SEGMENTS]):
            return first
    return len(left)
