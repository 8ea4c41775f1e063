"""Rebuild an index generation from the archive with today's code, gazetteer and topics: no request to anyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from khabar.archive.store import Store
from khabar.models import Batch
from khabar.ports import Index
from search.tree import Everything
from workers.cluster import cluster
from workers.ingest import conclude, write
from workers.ingester import COMMIT_DOCUMENTS
from workers.reader import SegmentReader

Report = Callable[[int, int], None]


def fill(store: Store, index: Index, reader: SegmentReader, done: set[str], report: Report) -> None:
    """Bring every segment that is not in `done` into this index, and add it; lists again until none is left.

    `report` gets (segments done, segments known). Outcome files are replaced whole: they tell of today's code.
    """
    while missing := [segment for segment in segments(store) if segment not in done]:
        for batches in _commits(missing, reader):
            written = write(index, batches)
            for batch in written.batches:
                conclude(store, batch, written.rows.values())
                done.add(batch.segment)
            report(len(done), len(done) + len(missing))


def segments(store: Store) -> Iterator[str]:
    """Yield the keys of all segments of the archive, oldest first."""
    return (key for key in store.keys("segments/") if key.endswith(".warc.gz"))


def cluster_all(index: Index) -> int:
    """Cluster every article of an index, 500 at a time; returns how often a bound on candidates was hit."""
    capped = 0
    chunk: list[str] = []
    for document in index.scan(Everything()):
        chunk.append(document.article.id)
        if len(chunk) == COMMIT_DOCUMENTS:
            capped += len(cluster(index, chunk).capped)
            chunk = []
    return capped + len(cluster(index, chunk).capped)


def _commits(missing: list[str], reader: SegmentReader) -> Iterator[list[Batch]]:
    """Yield what is read in portions fit for one commit."""
    waiting = list(reversed(missing))
    portion: list[Batch] = []
    while waiting or not reader.idle:
        while waiting and not reader.full:
            reader.submit(waiting.pop())
        portion.extend(reader.batches(1.0))
        if sum(len(batch.readings) for batch in portion) >= COMMIT_DOCUMENTS:
            yield portion
            portion = []
    if portion:
        yield portion
