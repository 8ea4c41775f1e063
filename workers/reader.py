"""Segments through the pool, whatever their pages do to it: deaths are counted, then records read one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from khabar.archive.records import read_segment
from khabar.archive.store import Store
from khabar.codec import load
from khabar.models import Batch, Damage, Reading, Record
from workers.pool import Died, Done, Pool

ISOLATE_AFTER = 2  # deaths, before a segment is read one record at a time
CEILING = 10  # tries, before all of a segment's records are `failed(crashed)`


class SegmentReader:
    """Gives every segment submitted back as one batch."""

    def __init__(self, pool: Pool, store: Store) -> None:
        self._pool = pool
        self._store = store
        self._tries: dict[str, int] = {}  # of the segments under way
        self._parts: defaultdict[str, list[Batch]] = defaultdict(list)
        self._expected: dict[str, int] = {}
        self._given_up: list[Batch] = []

    @property
    def full(self) -> bool:
        """True while every process has its next task waiting."""
        return self._pool.busy >= 2 * self._pool.size

    @property
    def idle(self) -> bool:
        """True when nothing is under way."""
        return not self._pool.busy and not self._given_up

    def __contains__(self, segment: str) -> bool:
        """Tell whether a segment is under way; it must not be submitted again until it has come back."""
        return segment in self._tries

    def submit(self, segment: str, tries: int = 1) -> None:
        """Have a segment read; `tries` counts this one and all that went wrong before."""
        self._tries[segment] = tries
        if tries > CEILING:
            self._given_up.append(self._unread(segment))
        elif tries > ISOLATE_AFTER:
            self._isolate(segment)
        else:
            self._pool.submit(segment)

    def batches(self, timeout: float | None = None) -> list[Batch]:
        """Return the segments that are wholly read, waiting up to `timeout` seconds for the first."""
        found, self._given_up = self._given_up, []
        for result in self._pool.results(0 if found else timeout):
            if (batch := self._receive(result)) is not None:
                found.append(batch)
        # One whose records cannot be read at all, or that was given up after the deaths just heard of.
        found += self._given_up
        self._given_up = []
        for batch in found:
            del self._tries[batch.segment]
        return found

    def _receive(self, result: Done | Died) -> Batch | None:
        segment, _, record = result.task.partition("#")
        if not record:
            if isinstance(result, Done):
                return load(result.answer, Batch)
            self.submit(segment, self._tries[segment] + 1)
            return None
        part = load(result.answer, Batch) if isinstance(result, Done) else self._lost(segment, record)
        self._parts[segment].append(part)
        if len(self._parts[segment]) < self._expected[segment]:
            return None
        parts = self._parts.pop(segment)
        damage = next((each.damage for each in parts if each.damage), ())  # the dead tell of none
        return Batch(segment, tuple(reading for each in parts for reading in each.readings), damage)

    def _isolate(self, segment: str) -> None:
        records = [record.id for record in self._records(segment)]
        self._expected[segment] = len(records)
        for record in records:
            self._pool.submit(f"{segment}#{record}")
        if not records:
            self._given_up.append(self._unread(segment))

    def _unread(self, segment: str) -> Batch:
        """Return a segment as it is given up: every record crashed, every damaged place kept."""
        held = list(read_if_there(self._store, segment))
        readings = (_crashed(record) for record in held if not isinstance(record, Damage))
        return Batch(segment, tuple(readings), tuple(each for each in held if isinstance(each, Damage)))

    def _lost(self, segment: str, record_id: str) -> Batch:
        return Batch(
            segment, tuple(_crashed(record) for record in self._records(segment) if record.id == record_id)
        )

    def _records(self, segment: str) -> Iterator[Record]:
        return (record for record in read_if_there(self._store, segment) if not isinstance(record, Damage))


def read_if_there(store: Store, segment: str) -> Iterator[Record | Damage]:
    """Yield what a segment holds; one that the archive has lost is a damage, and stops nothing else."""
    if store.exists(segment):
        yield from read_segment(store, segment)
    else:
        yield Damage(segment, 0, "the archive has lost this segment")


def _crashed(record: Record) -> Reading:
    return Reading(
        record.segment, record.id, record.date, record.discovery, outcome="failed", reason="crashed"
    )
