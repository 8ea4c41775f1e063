"""The embedded way into the index: segments through a pool, many of them in one commit, by one process."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from khabar.archive.segments import outcome_key, segment_of
from khabar.archive.store import Store
from khabar.models import Batch, Damage, OutcomeKind
from khabar.ports import Index, Lease, Ledger
from workers.ingest import BROKEN, CLUSTER_SEGMENTS, LEASE, cluster_indexed, conclude, is_waiting, write
from workers.reader import SegmentReader

COMMIT_DOCUMENTS = 500  # a document costs a third at 500 a commit of what it costs at 50
COMMIT_SECONDS = 1.0


@dataclass(slots=True)
class Progress:
    """What an ingester has done so far: attempts by outcome and reason, and what stood in the way."""

    outcomes: Counter[tuple[OutcomeKind, str | None]] = field(
        default_factory=Counter[tuple[OutcomeKind, str | None]]
    )
    segments: int = 0
    damage: list[Damage] = field(default_factory=list[Damage])
    capped: int = 0

    @property
    def attempts(self) -> int:
        """How many attempts were read."""
        return self.outcomes.total()

    @property
    def counts(self) -> Counter[OutcomeKind]:
        """Attempts by outcome."""
        found: Counter[OutcomeKind] = Counter()
        for (outcome, _), count in self.outcomes.items():
            found[outcome] += count
        return found

    @property
    def broken(self) -> int:
        """Pages that broke a stage, or that the index refused."""
        return sum(self.outcomes["failed", reason] for reason in BROKEN)


class Ingester:
    """Takes the segments that are pending, one lease a segment, and brings them into the index."""

    def __init__(
        self,
        store: Store,
        index: Index,
        ledger: Ledger,
        reader: SegmentReader,
        holder: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._index = index
        self._ledger = ledger
        self._reader = reader
        self._holder = holder
        self._clock = clock
        self._leases: dict[str, Lease] = {}
        self._ready: list[Batch] = []
        self._ready_since = 0.0
        self._renewed = time.monotonic()
        self.progress = Progress()

    def expect(self, segment: str) -> None:
        """Nothing to do: whatever is pending is taken."""

    def step(self, timeout: float = 0.2) -> bool:
        """Do what can be done within about `timeout` seconds; False when nothing is pending or under way."""
        pending = [segment_of(key) for key in self._store.keys("pending/")]
        self._take(pending)
        if self._reader.idle and not self._ready:
            time.sleep(timeout if pending else 0)  # others are at it, or the crawler has sealed nothing yet
        for batch in self._reader.batches(timeout):
            if batch.segment in self._leases:
                self._ready_since = self._ready_since if self._ready else time.monotonic()
                self._ready.append(batch)
        if time.monotonic() - self._renewed >= LEASE / 3:
            self._renew()
        if self._write_is_due():
            self._flush()
        return bool(pending or self._leases or self._ready)

    def close(self, blame: bool = False) -> None:
        """Give the leases back; what is under way is done again by whoever comes next.

        `blame`: it was the work that failed, so the tries stay counted; an end in good order counts against nothing.
        """
        for lease in self._leases.values():
            self._ledger.release(lease, done=not blame)
        self._leases.clear()

    def _take(self, pending: Sequence[str]) -> None:
        half_done: list[str] = []
        for segment in pending:
            if self._reader.full or len(half_done) == CLUSTER_SEGMENTS:
                break
            if segment in self._leases or segment in self._reader:
                continue
            if self._store.exists(outcome_key(segment)):
                half_done.append(segment)
            elif lease := self._ledger.acquire(f"ingest:{segment}", self._holder, LEASE, self._clock()):
                if is_waiting(self._store, segment):
                    self._leases[segment] = lease
                    self._reader.submit(segment, lease.tries)
                else:
                    self._ledger.release(lease, done=True)
        if half_done:
            self._cluster(half_done)

    def _write_is_due(self) -> bool:
        documents = sum(len(batch.readings) for batch in self._ready)
        old = time.monotonic() - self._ready_since >= COMMIT_SECONDS
        return bool(self._ready) and (documents >= COMMIT_DOCUMENTS or old or self._reader.idle)

    def _flush(self) -> None:
        self._renew()
        written = write(self._index, self._ready)
        self._ready = []  # only now: whoever waits for the lock in vain may come again
        for batch in written.batches:
            conclude(self._store, batch, written.rows.values())
            self.progress.damage.extend(batch.damage)
            self._ledger.release(self._leases.pop(batch.segment), done=True)
        self.progress.outcomes.update((row.outcome, row.reason) for row in written.rows.values())
        self.progress.segments += len(written.batches)
        self._cluster([batch.segment for batch in written.batches])

    def _cluster(self, segments: Sequence[str]) -> None:
        report = cluster_indexed(
            self._store, self._index, self._ledger, self._holder, self._clock, segments
        )  # where another is the owner the next step finds the markers
        self.progress.capped += len(report.capped) if report else 0

    def _renew(self) -> None:
        """Extend the leases; a segment whose lease another has taken is theirs to write."""
        self._renewed = time.monotonic()
        for segment, lease in list(self._leases.items()):
            if renewed := self._ledger.renew(lease, LEASE, self._clock()):
                self._leases[segment] = renewed
            else:
                del self._leases[segment]
                self._ready = [batch for batch in self._ready if batch.segment != segment]
