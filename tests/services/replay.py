"""An archive read anew into a fresh index, the last segment first: what any index of it must be like."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from khabar import runner
from khabar.ports import Index
from khabar.runtime import Runtime
from search.tantivy import create_index, open_index
from workers.ingest import write
from workers.reader import SegmentReader
from workers.reindex import cluster_all, segments


@contextmanager
def replayed(runtime: Runtime, folder: Path) -> Generator[Index]:
    """Have the archive of a home in an index of its own, in `folder`, which is made."""
    folder.mkdir()
    create_index(folder / "1")
    index = open_index(folder, generation=1)
    with runner.pool(runtime) as pool:
        reader = SegmentReader(pool, runtime.store)
        for segment in sorted(segments(runtime.store), reverse=True):
            reader.submit(segment)
            while not reader.idle:
                write(index, reader.batches())
    cluster_all(index)
    try:
        yield index
    finally:
        index.close()
