"""From sealed segments to the index: pure stages in the pool, fold and writes serial, clusters after.

The order is what makes every kill harmless: documents and rows, then the outcome file, then clusters, then the
pending marker goes. Whatever stands between two of these is simply done again.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from khabar.archive.segments import outcome_key, pending_key, segment_of
from khabar.archive.store import Store
from khabar.codec import dump, load
from khabar.models import Batch, Damage, Document, Folded, Outcome, OutcomeFile, OutcomeKind, Reading
from khabar.ports import Index, Lease, Ledger
from workers.cluster import cluster
from workers.fold import fold, unread
from workers.reader import SegmentReader

LEASE = 60.0  # seconds; renewed at a third of it
COMMIT_DOCUMENTS = 500  # a document costs a third at 500 a commit of what it costs at 50
COMMIT_SECONDS = 1.0
CLUSTER_SEGMENTS = 10  # clustered in one pass at most: as many documents as one commit


def write(index: Index, batches: Sequence[Batch]) -> dict[str, Outcome]:
    """Fold the readings of these batches into the index and return the rows of their attempts, by attempt."""
    groups: defaultdict[str, list[Reading]] = defaultdict(list)
    bare: list[Outcome] = []
    for batch in batches:
        for reading in batch.readings:
            if reading.article is not None:
                groups[reading.article.id].append(reading)
            else:
                bare.append(unread(reading))
    folded: dict[str, Folded] = {}
    index.update({id_: partial(_fold, group, folded) for id_, group in groups.items()}, bare)
    ours = {reading.discovery.attempt for batch in batches for reading in batch.readings}
    rows = [*bare, *(row for each in folded.values() for row in each.outcomes if row.attempt in ours)]
    # Of two records of one attempt the earlier counts: it is the last to be put in.
    return {row.attempt: row for row in sorted(rows, key=lambda row: (row.date, row.record), reverse=True)}


def _fold(readings: Sequence[Reading], folded: dict[str, Folded], stored: Document | None) -> Folded:
    result = fold(stored, readings)
    folded[result.document.article.id] = result
    return result


def conclude(store: Store, batch: Batch, rows: Iterable[Outcome]) -> OutcomeFile:
    """Write the outcome file of a segment whose documents and rows are written, and quarantine what broke."""
    articles = sorted({reading.article.id for reading in batch.readings if reading.article})
    counts = Counter(row.outcome for row in rows if row.segment == batch.segment)
    result = OutcomeFile(batch.segment, tuple(articles), dict(sorted(counts.items())), batch.damage)
    broken = {
        quarantine_key(reading.segment, reading.record): dump(replace(reading, article=None))
        for reading in batch.readings
        if reading.trace or reading.reason == "crashed"
    }
    for key, reading in broken.items():
        store.replace(key, reading)
    for key in store.keys(quarantine_prefix(batch.segment)):
        if key not in broken:
            store.delete(key)  # it broke a stage once; today's code has read it
    store.replace(outcome_key(batch.segment), dump(result))
    return result


def quarantine_prefix(segment: str) -> str:
    """Return what the keys of a segment's readings in quarantine begin with."""
    return f"quarantine/{segment.removeprefix('segments/').replace('/', '~')}~"


def quarantine_key(segment: str, record: str) -> str:
    """Return where the reading of a record that broke a stage is kept."""
    return f"{quarantine_prefix(segment)}{record.rsplit(':', 1)[-1]}.json"


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
        """Pages that broke a stage."""
        return self.outcomes["failed", "crashed"] + self.outcomes["failed", "broken_page"]


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
                if self._is_waiting(segment):
                    self._leases[segment] = lease
                    self._reader.submit(segment, lease.tries)
                else:
                    self._ledger.release(lease, done=True)
        if half_done:
            self._cluster(half_done)

    def _is_waiting(self, segment: str) -> bool:
        """Tell whether a segment is still to be read, now that its lease is ours: another may just have done it."""
        return self._store.exists(pending_key(segment)) and not self._store.exists(outcome_key(segment))

    def _write_is_due(self) -> bool:
        documents = sum(len(batch.readings) for batch in self._ready)
        old = time.monotonic() - self._ready_since >= COMMIT_SECONDS
        return bool(self._ready) and (documents >= COMMIT_DOCUMENTS or old or self._reader.idle)

    def _flush(self) -> None:
        self._renew()
        batches = self._ready
        rows = write(self._index, batches)
        self._ready = []  # only now: whoever waits for the lock in vain may come again
        for batch in batches:
            conclude(self._store, batch, rows.values())
            self.progress.damage.extend(batch.damage)
            self._ledger.release(self._leases.pop(batch.segment), done=True)
        self.progress.outcomes.update((row.outcome, row.reason) for row in rows.values())
        self.progress.segments += len(batches)
        self._cluster([batch.segment for batch in batches])

    def _cluster(self, segments: Sequence[str]) -> None:
        """Cluster what these segments touched, then take their markers away; one owner at a time."""
        lease = self._ledger.acquire("cluster", self._holder, LEASE, self._clock())
        if lease is None:
            return  # the markers stay: whoever holds it, or the next step, finds them
        try:
            articles: set[str] = set()
            for segment in segments:
                found = self._store.get(outcome_key(segment))
                articles.update(load(found, OutcomeFile).articles if found else ())
            report = cluster(self._index, sorted(articles))
            if self._ledger.renew(lease, LEASE, self._clock()) is None:
                return  # it took too long, and another has begun: the markers are for them to take
            self.progress.capped += len(report.capped)
            for segment in segments:
                if self._store.exists(outcome_key(segment)):  # not where it is to be read again
                    self._store.delete(pending_key(segment))
        finally:
            self._ledger.release(lease, done=True)

    def _renew(self) -> None:
        """Extend the leases; a segment whose lease another has taken is theirs to write."""
        self._renewed = time.monotonic()
        for segment, lease in list(self._leases.items()):
            if renewed := self._ledger.renew(lease, LEASE, self._clock()):
                self._leases[segment] = renewed
            else:
                del self._leases[segment]
                self._ready = [batch for batch in self._ready if batch.segment != segment]
