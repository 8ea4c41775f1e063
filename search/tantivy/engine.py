"""One Tantivy directory: opened, kept fresh, written in one commit; what is wrong with its files is said plainly."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy

from khabar.errors import KhabarError
from khabar.ports import Frequencies
from search import shapes
from search.generations import DamagedIndexError

_STATE = "meta.json"  # put in place anew, whole, by each commit
_REMEMBERED = 500_000  # words whose frequency is kept
_OPENED = 50_000  # words kept of those that were left open
_HEAP = 50_000_000  # bytes a writer may hold before it spills a segment

Key = int | float
Hit = tuple[Key, tantivy.DocAddress]
Place = tuple[int, int]  # segment and document: Tantivy's addresses do not compare


class UnwritableIndexError(KhabarError):
    """The index cannot be written: no room, no right, or another writer."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"the index in {folder} cannot be written ({reason}); what was written before is unharmed — "
            "see that there is room on the disk and that nothing else writes there, then try again"
        )


def create(folder: Path, schema: tantivy.Schema) -> None:
    """Make an empty directory."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        tantivy.Index(schema, path=str(folder), reuse=True)


class Engine:
    """A directory of one schema; safe for many readers, in this process and others, and one writer at a time."""

    def __init__(self, folder: Path, schema: tantivy.Schema) -> None:
        self.folder = folder
        self.schema = schema
        if not (folder / _STATE).is_file():  # Tantivy would make an empty one in its place, in silence
            raise DamagedIndexError(folder, "there is no meta.json")
        with reading(folder):
            self._index = tantivy.Index(schema, path=str(folder), reuse=True)
            self._index.config_reader("manual")
        self._last: tuple[object, Snapshot] | None = None  # what was read, and of which state

    def snapshot(self) -> Snapshot:
        """Return what was last committed, by whomever; it does not change any more."""
        with reading(self.folder):
            written = (self.folder / _STATE).stat()  # before what is read, which is this state or a later one
            state = (written.st_mtime_ns, written.st_ino, written.st_size)
            last = self._last
            if last is None or last[0] != state:
                self._index.reload()
                last = self._last = (state, Snapshot(self.folder, self.schema, self._index.searcher()))
            return last[1]

    def write(self, field: str, names: Iterable[str], documents: Iterable[tantivy.Document]) -> None:
        """Remove the documents named by `field` and add others, in one commit; the caller holds the index lock."""
        prepared = list(documents)  # what goes wrong in here is not the disk's fault
        with writing(self.folder):
            writer = self._index.writer(heap_size=_HEAP, num_threads=1)
            try:
                for name in names:
                    writer.delete_documents_by_term(field, name)
                for document in prepared:
                    writer.add_document(document)
                writer.commit()
            finally:
                # merges end with their writer: waiting here is what keeps many small commits from piling up segments
                writer.wait_merging_threads()


class Snapshot:
    """A state of the index; raises DamagedIndexError where its files cannot be read."""

    __slots__ = ("_held", "_opened", "_searcher", "folder", "schema")

    def __init__(self, folder: Path, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self.folder = folder
        self.schema = schema
        self._searcher = searcher
        self._held: dict[tuple[str, str], int] = {}
        self._opened: dict[tuple[str, str], list[tuple[str, int]]] = {}

    def best(self, query: tantivy.Query, limit: int) -> list[Hit]:
        """Return the first hits by falling score, uncounted: what cannot be among them is not looked at."""
        with reading(self.folder):
            return self._searcher.search(query, limit=limit, count=False).hits

    def search(
        self, query: tantivy.Query, limit: int, field: str | None = None, offset: int = 0
    ) -> tuple[int, list[Hit]]:
        """Return the exact total and hits from an offset on: by rising `field`, or by falling score without one."""
        with reading(self.folder):
            if field is None:
                found = self._searcher.search(query, limit=limit, offset=offset)
            else:
                order = tantivy.Order.Asc
                found = self._searcher.search(
                    query, limit=limit, offset=offset, order_by_field=field, order=order
                )
            total: int = found.count  # pyright: ignore[reportAttributeAccessIssue] - its stubs forget it
            return total, found.hits

    def aggregate(self, query: tantivy.Query, wanted: dict[str, Any]) -> dict[str, Any]:
        """Return Tantivy's aggregations."""
        with reading(self.folder):
            return self._searcher.aggregate(query, wanted)

    def between(self, query: tantivy.Query, field: str, start: int, end: int | None) -> tantivy.Query:
        """Return what a query selects from one value of an unsigned field to another, both included; it scores the same."""
        kind, must = tantivy.FieldType.Unsigned, tantivy.Occur.Must
        bound = tantivy.Query.range_query(self.schema, field, kind, start, end)
        return tantivy.Query.boolean_query(
            [(must, query), (must, tantivy.Query.const_score_query(bound, 0.0))]
        )

    def stored(self, address: tantivy.DocAddress, field: str) -> bytes:
        """Return the bytes that a document keeps in a field."""
        with reading(self.folder):
            value = self._searcher.doc(address).get_first(field)
        if not isinstance(value, bytes):
            raise DamagedIndexError(self.folder, f"a document has lost its {field}")
        return value

    def values(self, addresses: list[tantivy.DocAddress], field: str) -> Sequence[int | float | None]:
        """Return the values of a numeric field."""
        with reading(self.folder):
            return self._searcher.fast_field_values(field, addresses)

    def beginning(self, field: str, prefix: str, limit: int | None) -> list[tuple[str, int]]:
        """Return words that begin so, with the number of documents that hold each; some may be deleted."""
        with reading(self.folder):
            return self._searcher.terms_with_prefix(field, prefix, limit=limit)

    def shaped(self, field: str, shape: str, limit: int) -> list[tuple[str, int]]:
        """Return words that have a shape (see search.shapes), as `beginning` does; what was found is kept for a while.

        A beginning of one letter is a tenth of the dictionary, and a query asks twice: what it costs, and what it is.
        """
        found = self._opened.get((field, shape))
        if found is None:
            accepts = shapes.accepts(shape)
            words = self.beginning(field, shapes.head(shape), limit if shapes.is_prefix(shape) else None)
            found = [each for each in words if accepts(each[0])][:limit]
            if sum(map(len, [*self._opened.values()])) > _OPENED:
                self._opened.clear()
            self._opened[field, shape] = found
        return found

    def frequency(self, field: str, word: str) -> int:
        """Return the number of documents that hold a word; some may be deleted."""
        with reading(self.folder):
            return self._searcher.doc_freq(field, word)

    def frequencies(self, field: str, words: Iterable[str]) -> Frequencies:
        """Return the number of all documents, and of those that hold each word; some may be deleted.

        A look-up takes 10 µs, and the same words are asked for again and again: they are known as long as this is.
        """
        held = self._held
        if len(held) > _REMEMBERED:
            held.clear()
        holding: dict[str, int] = {}
        for word in words:
            count = held.get((field, word))
            if count is None:
                count = held[field, word] = self.frequency(field, word)
            holding[word] = count
        return Frequencies(len(self), holding)

    def __len__(self) -> int:
        """Return the number of all documents."""
        with reading(self.folder):
            return self._searcher.num_docs


def place_of(address: tantivy.DocAddress) -> Place:
    """Return where a document lies, to compare by."""
    return address.segment_ord, address.doc


@contextmanager
def reading(folder: Path) -> Generator[None]:
    """Turn what Tantivy says of unreadable files into DamagedIndexError; only its own calls belong inside."""
    with _said_as(DamagedIndexError, folder):
        yield


@contextmanager
def writing(folder: Path) -> Generator[None]:
    """Turn what Tantivy says of a disk that takes no more into UnwritableIndexError."""
    with _said_as(UnwritableIndexError, folder):
        yield


@contextmanager
def _said_as(kind: type[DamagedIndexError | UnwritableIndexError], folder: Path) -> Generator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        if "invalid argument" in str(error):  # our mistake, not the disk's: no rebuilding mends it
            raise
        raise kind(folder, str(error)) from error
    except BaseException as error:
        # A panic in Rust is no Exception, and its class cannot be imported.
        if type(error).__name__ == "PanicException":
            raise kind(folder, str(error)) from error
        raise
