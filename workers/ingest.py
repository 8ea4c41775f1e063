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
from khabar.models import Batch, Damage, Document, Folded, Outcome, OutcomeFile, Reading
from khabar.ports import Index, Lease, Ledger
from workers.cluster import cluster
from workers.fold import fold, unread
from workers.reader import SegmentReader

LEASE = 60.0  # seconds; renewed at a third of it
COMMIT_DOCUMENTS = 500  # a document costs a third at 500 a commit of what it costs at 50
COMMIT_SECONDS = 1.0


def write(index: Index, batches: Sequence[Batch]) -> dict[str, Outcome]:
    """Fold the readings of these batches into the index and return the rows of their attempts, by attempt."""
    groups: defaultdict[str, list[Reading]] = defaultdict(list)
    rows: dict[str, Outcome] = {}
    for batch in batches:
        for reading in batch.readings:
            if reading.article is not None:
                groups[reading.article.id].append(reading)
            else:
                rows.setdefault(reading.discovery.attempt, unread(reading))
    folded: dict[str, Folded] = {}
    index.update({id_: partial(_fold, group, folded) for id_, group in groups.items()}, list(rows.values()))
    ours = {reading.discovery.attempt for batch in batches for reading in batch.readings}
    return rows | {
        row.attempt: row for each in folded.values() for row in each.outcomes if row.attempt in ours
    }


def _fold(readings: Sequence[Reading], folded: dict[str, Folded], stored: Document | None) -> Folded:
    result = fold(stored, readings)
    folded[result.document.article.id] = result
    return result


def conclude(store: Store, batch: Batch, rows: Iterable[Outcome]) -> OutcomeFile:
    """Write the outcome file of a segment whose documents and rows are written, and quarantine what broke."""
    articles = sorted({reading.article.id for reading in batch.readings if reading.article})
    counts = Counter(row.outcome for row in rows if row.segment == batch.segment)
    result = OutcomeFile(batch.segment, tuple(articles), dict(sorted(counts.items())), batch.damage)
    for reading in batch.readings:
        if reading.trace or reading.reason == "crashed":
            store.replace(
                quarantine_key(reading.segment, reading.record), dump(replace(reading, article=None))
            )
    store.replace(outcome_key(batch.segment), dump(result))
    return result


def quarantine_key(segment: str, record: str) -> str:
    """Return where the reading of a record that broke a stage is kept."""
    return (
        f"quarantine/{segment.removeprefix('segments/').replace('/', '~')}~{record.rsplit(':', 1)[-1]}.json"
    )


@dataclass(slots=True)
class Progress:
    """What an ingester has done so far: the row of each attempt, and what stood in the way."""

    rows: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    segments: int = 0
    damage: list[Damage] = field(default_factory=list[Damage])
    capped: int = 0

    @property
    def counts(self) -> Counter[str]:
        """Attempts by outcome."""
        return Counter(row.outcome for row in self.rows.values())


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
        for batch in self._reader.batches(timeout):
            self._ready_since = self._ready_since if self._ready else time.monotonic()
            self._ready.append(batch)
        self._renew()
        if self._write_is_due():
            self._flush()
        return bool(pending or self._leases or self._ready)

    def close(self) -> None:
        """Give the leases back; what is under way is done again by whoever comes next."""
        for lease in self._leases.values():
            self._ledger.release(lease)
        self._leases.clear()

    def _take(self, pending: Sequence[str]) -> None:
        fresh = [segment for segment in pending if segment not in self._leases]
        half_done = [segment for segment in fresh if self._store.exists(outcome_key(segment))]
        for segment in fresh:
            if self._reader.full:
                break
            if segment in half_done:
                continue
            if lease := self._ledger.acquire(f"ingest:{segment}", self._holder, LEASE, self._clock()):
                self._leases[segment] = lease
                self._reader.submit(segment, lease.tries)
        if half_done:
            self._cluster(half_done)

    def _write_is_due(self) -> bool:
        documents = sum(len(batch.readings) for batch in self._ready)
        old = time.monotonic() - self._ready_since >= COMMIT_SECONDS
        return bool(self._ready) and (documents >= COMMIT_DOCUMENTS or old or self._reader.idle)

    def _flush(self) -> None:
        batches, self._ready = self._ready, []
        rows = write(self._index, batches)
        for batch in batches:
            conclude(self._store, batch, rows.values())
            self.progress.damage.extend(batch.damage)
            self._ledger.release(self._leases.pop(batch.segment), done=True)
        self.progress.rows.update(rows)
        self.progress.segments += len(batches)
        self._cluster([batch.segment for batch in batches])

    def _cluster(self, segments: Sequence[str]) -> None:
        """Cluster what these segments touched, then take their markers away; one owner at a time."""
        lease = self._ledger.acquire("cluster", self._holder, LEASE, self._clock())
        if lease is None:
            return  # the markers stay: whoever holds it, or the next step, finds them
        articles: set[str] = set()
        for segment in segments:
            found = self._store.get(outcome_key(segment))
            articles.update(load(found, OutcomeFile).articles if found else ())
        report = cluster(self._index, sorted(articles))
        self.progress.capped += len(report.capped)
        for segment in segments:
            self._store.delete(pending_key(segment))
        self._ledger.release(lease, done=True)

    def _renew(self) -> None:
        if time.monotonic() - self._renewed < LEASE / 3:
            return
        self._renewed = time.monotonic()
        for segment, lease in self._leases.items():
            self._leases[segment] = self._ledger.renew(lease, LEASE, self._clock()) or lease
