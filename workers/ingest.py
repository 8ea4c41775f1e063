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

from khabar.archive import Store, outcome_key, pending_key, read_segment, segment_of
from khabar.codec import dump, load
from khabar.models import Batch, Damage, Document, Folded, Outcome, OutcomeFile, Reading
from khabar.ports import Index, Lease, Ledger
from workers.cluster import cluster
from workers.fold import fold, unread
from workers.pool import Died, Done, Pool

LEASE = 60.0  # seconds; renewed at a third of it
COMMIT_DOCUMENTS = 500  # an index write costs a third a document at 500 a commit of what it costs at 50
COMMIT_SECONDS = 1.0
ISOLATE_AFTER = 2  # deaths, before a segment is read one record at a time
CEILING = 10  # tries, before a segment goes to quarantine whole


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
    rows |= {row.attempt: row for each in folded.values() for row in each.outcomes if row.attempt in ours}
    return rows


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
        pool: Pool,
        holder: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._index = index
        self._ledger = ledger
        self._pool = pool
        self._holder = holder
        self._clock = clock
        self._leases: dict[str, Lease] = {}
        self._parts: dict[str, list[Batch]] = {}  # of a segment that is read one record at a time
        self._expected: dict[str, int] = {}
        self._ready: list[Batch] = []
        self._ready_since = 0.0
        self._renewed = time.monotonic()
        self.progress = Progress()

    def step(self, timeout: float = 0.2, only: Iterable[str] | None = None) -> bool:
        """Do what can be done within about `timeout` seconds; False when nothing is pending or under way.

        `only` restricts it to these segments; by default all that is pending is taken.
        """
        pending = self._pending(only)
        self._take(pending)
        for result in self._pool.results(timeout):
            self._receive(result)
        self._renew()
        if self._write_is_due():
            self._flush()
        return bool(pending or self._leases or self._ready)

    def close(self) -> None:
        """Give the leases back; what is under way is done again by whoever comes next."""
        for lease in self._leases.values():
            self._ledger.release(lease)
        self._leases.clear()

    def _pending(self, only: Iterable[str] | None) -> list[str]:
        pending = [segment_of(key) for key in self._store.keys("pending/")]
        wanted = None if only is None else set(only)
        return [segment for segment in pending if wanted is None or segment in wanted]

    def _take(self, pending: Sequence[str]) -> None:
        half_done: list[str] = []
        for segment in pending:
            if segment in self._leases or self._pool.busy >= 2 * len(self._pool.pids):
                continue
            if self._store.exists(outcome_key(segment)):
                half_done.append(segment)
            elif lease := self._ledger.acquire(f"ingest:{segment}", self._holder, LEASE, self._clock()):
                self._leases[segment] = lease
                self._submit(segment, lease.tries)
        if half_done and not self._ready:
            self._cluster(half_done)

    def _submit(self, segment: str, tries: int) -> None:
        if tries > CEILING:
            self._give_up(segment)
        elif tries > ISOLATE_AFTER:
            records = [
                record.id for record in read_segment(self._store, segment) if not isinstance(record, Damage)
            ]
            self._parts[segment] = []
            self._expected[segment] = len(records)
            for record in records:
                self._pool.submit(f"{segment}#{record}")
        else:
            self._pool.submit(segment)

    def _receive(self, result: Done | Died) -> None:
        segment, _, record = result.task.partition("#")
        if isinstance(result, Done):
            batch = load(result.answer, Batch)
        elif record:
            batch = self._crashed(segment, record)
        else:
            self._again(segment)
            return
        if record:
            self._parts[segment].append(batch)
            if len(self._parts[segment]) < self._expected[segment]:
                return
            batch = _joined(segment, self._parts.pop(segment))
        self._accept(batch)

    def _accept(self, batch: Batch) -> None:
        if not self._ready:
            self._ready_since = time.monotonic()
        self._ready.append(batch)

    def _again(self, segment: str) -> None:
        """Take up a segment whose process died once more, and count it."""
        self._ledger.release(self._leases.pop(segment))
        lease = self._ledger.acquire(f"ingest:{segment}", self._holder, LEASE, self._clock())
        if lease is not None:
            self._leases[segment] = lease
            self._submit(segment, lease.tries)

    def _crashed(self, segment: str, record_id: str) -> Batch:
        for record in read_segment(self._store, segment):
            if not isinstance(record, Damage) and record.id == record_id:
                reading = Reading(
                    segment, record.id, record.date, record.discovery, outcome="failed", reason="crashed"
                )
                return Batch(segment, (reading,))
        return Batch(segment, ())

    def _give_up(self, segment: str) -> None:
        records = [record for record in read_segment(self._store, segment) if not isinstance(record, Damage)]
        readings = [
            Reading(segment, r.id, r.date, r.discovery, outcome="failed", reason="crashed") for r in records
        ]
        self._accept(Batch(segment, tuple(readings)))

    def _write_is_due(self) -> bool:
        if not self._ready:
            return False
        documents = sum(len(batch.readings) for batch in self._ready)
        old = time.monotonic() - self._ready_since >= COMMIT_SECONDS
        return documents >= COMMIT_DOCUMENTS or old or not self._pool.busy

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
        self.progress.capped += report.capped
        for segment in segments:
            self._store.delete(pending_key(segment))
        self._ledger.release(lease, done=True)

    def _renew(self) -> None:
        if time.monotonic() - self._renewed < LEASE / 3:
            return
        self._renewed = time.monotonic()
        now = self._clock()
        for segment, lease in self._leases.items():
            self._leases[segment] = self._ledger.renew(lease, LEASE, now) or lease


def _joined(segment: str, parts: Sequence[Batch]) -> Batch:
    readings = tuple(reading for part in parts for reading in part.readings)
    return Batch(segment, readings, parts[0].damage if parts else ())
