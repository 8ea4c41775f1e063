"""One Tantivy directory: opened, kept fresh, written in one commit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tantivy

from search.generations import DamagedIndexError

_HEAP = 50_000_000  # bytes a writer may hold before it spills a segment


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
