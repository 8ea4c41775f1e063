"""One Tantivy directory: opened, kept fresh, written in one commit, and read in a stable order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import tantivy

from search.generations import DamagedIndexError

_HEAP = 50_000_000  # bytes a writer may hold before it spills a segment
_SLACK = 64  # hits looked at beyond a page, so that equal ones at its edge keep their order
_WINDOW = 10_000  # addresses taken at a time when everything is walked through

Key = int | float
Keyed = Sequence[tuple[Key, tantivy.DocAddress]]


def create(folder: Path, schema: tantivy.Schema) -> None:
    """Make an empty directory."""
    folder.mkdir(parents=True, exist_ok=True)
    tantivy.Index(schema, path=str(folder), reuse=True)


class Engine:
    """A directory of one schema; safe for many readers, in this process and others, and one writer at a time."""

    def __init__(self, folder: Path, schema: tantivy.Schema) -> None:
        self.folder = folder
        self.schema = schema
        if not (folder / "meta.json").is_file():  # Tantivy would make an empty one in its place, in silence
            raise DamagedIndexError(folder, "there is no meta.json")
        try:
            self._index = tantivy.Index(schema, path=str(folder), reuse=True)
            self._index.config_reader("manual")
            self._seen = self._state()
            self._index.reload()
        except (OSError, ValueError) as error:
            raise DamagedIndexError(folder, str(error)) from error

    def searcher(self) -> tantivy.Searcher:
        """Return a snapshot of what was last committed, by whomever."""
        state = self._state()
        if state != self._seen:
            try:
                self._index.reload()
            except (OSError, ValueError) as error:
                raise DamagedIndexError(self.folder, str(error)) from error
            self._seen = state
        return self._index.searcher()

    def write(self, field: str, names: Iterable[str], documents: Iterable[tantivy.Document]) -> None:
        """Remove the documents named by `field` and add others, in one commit; the caller holds the index lock."""
        writer = self._index.writer(heap_size=_HEAP, num_threads=1)
        try:
            for name in names:
                writer.delete_documents_by_term(field, name)
            for document in documents:
                writer.add_document(document)
            writer.commit()
        finally:
            # merges end with their writer: waiting here is what keeps many small commits from piling up segments
            writer.wait_merging_threads()

    def _state(self) -> tuple[int, int, int]:
        try:
            state = (self.folder / "meta.json").stat()
        except FileNotFoundError as error:
            raise DamagedIndexError(self.folder, "meta.json is gone") from error
        return state.st_ino, state.st_mtime_ns, state.st_size


def page(
    searcher: tantivy.Searcher,
    query: tantivy.Query,
    field: str | None,
    limit: int,
    offset: int,
    name: Callable[[tantivy.DocAddress], str],
) -> tuple[int, list[tuple[Key, tantivy.DocAddress]]]:
    """Return the exact total and one page: by rising `field`, or by falling score without one; equal ones by name."""
    wanted = offset + limit + _SLACK if limit else 1
    if field is None:
        found = searcher.search(query, limit=wanted)
    else:
        found = searcher.search(query, limit=wanted, order_by_field=field, order=tantivy.Order.Asc)
    if not limit:
        return _total(found), []
    settled = _settled(found.hits, name, offset, offset + limit)
    return _total(found), settled[offset : offset + limit]


def found_all(searcher: tantivy.Searcher, query: tantivy.Query) -> list[tantivy.DocAddress]:
    """Return the addresses of everything found, in no order."""
    count = _total(searcher.search(query, limit=1))
    return [address for _, address in searcher.search(query, limit=count, count=False).hits] if count else []


def walk(
    engine: Engine,
    searcher: tantivy.Searcher,
    query: tantivy.Query,
    field: str,
    start: int,
    name: Callable[[tantivy.DocAddress], str],
) -> Iterator[tantivy.DocAddress]:
    """Yield every document found, by rising `field` from `start` on, equal ones by name; one snapshot throughout."""
    window = _WINDOW
    while True:
        bound = tantivy.Query.range_query(engine.schema, field, tantivy.FieldType.Unsigned, start, None)
        both = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, bound)])
        found = searcher.search(
            both, limit=window, count=False, order_by_field=field, order=tantivy.Order.Asc
        ).hits
        if len(found) < window:
            yield from (address for _, address in _settled(found, name, 0, len(found)))
            return
        last = found[-1][0]  # its like may lie beyond the window: they come with the next one
        whole = [hit for hit in found if hit[0] < last]
        window = window if whole else window * 2
        yield from (address for _, address in _settled(whole, name, 0, len(whole)))
        start = last


def _total(found: tantivy.SearchResult) -> int:
    return found.count  # pyright: ignore[reportAttributeAccessIssue] - its stubs forget it


def _settled(
    hits: Keyed, name: Callable[[tantivy.DocAddress], str], start: int, end: int
) -> list[tuple[Key, tantivy.DocAddress]]:
    """Sort runs of equal keys by name where they touch start…end: Tantivy's own order changes with every merge."""
    settled: list[tuple[Key, tantivy.DocAddress]] = []
    for _, group in groupby(hits, key=lambda hit: hit[0]):
        run = list(group)
        touched = len(settled) < end and len(settled) + len(run) > start
        if touched and len(run) > 1:
            run.sort(key=lambda hit: name(hit[1]))
        settled.extend(run)
    return settled
