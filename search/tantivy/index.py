"""The index on Tantivy: articles and outcome rows in one folder, with no server."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from pathlib import Path

import tantivy
from tantivy import Query

from khabar.models import Document, Folded, Hit, Outcome, Results
from khabar.ports import Counted, Fold, Frequencies, Gist, Interval, Mark, RefusedDocumentsError, Sort
from khabar.text import TEXT_VERSION
from search import generations
from search.chosen import narrowed
from search.generations import DamagedIndexError
from search.schema import SCHEMA_VERSION
from search.tantivy import counts as tantivy_counts
from search.tantivy import rows as tantivy_rows
from search.tantivy.best import best
from search.tantivy.documents import gist_at, load, name_in
from search.tantivy.engine import Engine, create, writing
from search.tantivy.fields import article_document, article_schema, id_key, micros, outcome_schema
from search.tantivy.order import by_field, found_all, walk
from search.tantivy.pages import page
from search.tantivy.query import all_of, any_of, any_term, checked
from search.tree import Node, ranks

Lock = Callable[[], AbstractContextManager[object]]
_FIELDS: dict[Sort, Sort] = {"relevance": "newest", "newest": "newest", "oldest": "oldest"}
_VERSION = f"{SCHEMA_VERSION}.{TEXT_VERSION}"


def create_index(folder: Path) -> None:
    """Make an empty index; its articles are written with today's fields and text analysis."""
    create(folder / "articles", article_schema())
    create(folder / "outcomes", outcome_schema())
    with writing(folder):
        (folder / "VERSION").write_text(_VERSION, "ascii")
        generations.sync(folder)


def create_generation(home: Path) -> int:
    """Make an empty generation beside those that exist; returns its number. It is not in use before the swap."""
    generation = max(generations.generations(home), default=0) + 1
    create_index(generations.path(home, generation))
    return generation


def open_index(home: Path, lock: Lock = nullcontext, generation: int | None = None) -> TantivyIndex:
    """Open the index of a home: the generation in use, whichever that is when it is asked; or just one generation.

    The first ever is made here.
    """
    if generation is not None:
        return TantivyIndex(generations.path(home, generation), lock)
    if generations.current(home) is None:
        with lock():
            if generations.current(home) is None:
                generations.swap(home, create_generation(home))

    def locate() -> Path:
        return generations.path(home, generations.current(home) or 0)

    return TantivyIndex(locate, lock)


class TantivyIndex:
    """Implements khabar.ports.Index on a folder of two Tantivy directories.

    `lock` gives the home's index lock for the time of a write; whoever holds that lock already passes none.
    `folder` may be a function: it is asked before each operation, so that a swap of generations is followed.
    """

    def __init__(self, folder: Path | Callable[[], Path], lock: Lock = nullcontext) -> None:
        self._locate = (lambda: folder) if isinstance(folder, Path) else folder
        self._lock = lock
        self._opened: tuple[Path, Engine, Engine] | None = None
        self._engines()

    # --- documents ---

    def get(self, ids: Iterable[str]) -> dict[str, Document]:
        """Return the documents that exist, by article id."""
        articles, _ = self._engines()
        return self._get(articles, list(dict.fromkeys(ids)))

    def update(self, folds: Mapping[str, Fold], outcomes: Iterable[Outcome] = ()) -> dict[str, Document]:
        """Get, fold and write each document, then its rows and `outcomes`; on return all is durable and searchable.

        Raises RefusedDocumentsError once all others are written.
        """
        with self._lock():
            articles, rows = self._engines()
            stored = self._get(articles, list(folds))
            folded = {name: fold(stored.get(name)) for name, fold in folds.items()}
            written = {name: result.document for name, result in folded.items() if result is not None}
            refused = _write_articles(articles, written)
            tantivy_rows.write(rows, [*_rows(folded, refused), *outcomes])
            if refused:
                raise RefusedDocumentsError(refused)
            return written

    def delete(self, ids: Iterable[str], attempts: Iterable[str] = ()) -> None:
        """Remove documents and rows."""
        with self._lock():
            articles, rows = self._engines()
            for engine, field, names in ((articles, "id", list(ids)), (rows, "attempt", list(attempts))):
                if names:
                    engine.write(field, names, ())

    # --- search ---

    def search(
        self,
        query: Node,
        *,
        sort: Sort = "relevance",
        limit: int = 10,
        offset: int = 0,
        facets: Sequence[str] = (),
        timeline: Interval | None = None,
        timezone: str = "UTC",
        after: Mark | None = None,
        chosen: Mapping[str, Sequence[str]] | None = None,
        counted: bool = True,
    ) -> Results:
        """Return one page of hits with the exact total, facets and timeline; without score, the newest come first.

        Undated articles stand where they were first fetched. Raises QueryError for a prefix that is too open.
        """
        articles, _ = self._engines()
        snapshot = articles.snapshot()
        choices = chosen or {}
        asked = narrowed(query, choices)
        found = checked(asked, snapshot)
        queries = {
            field: checked(narrowed(query, choices, but=field), snapshot) if field in choices else found
            for field in facets
        }
        by_relevance = sort == "relevance" and ranks(query)
        order = None if by_relevance else _FIELDS[sort]
        if counted or not by_relevance or after or not limit:
            total, hits = page(snapshot, asked, found, order, limit, offset, after)
        else:
            total, hits = best(snapshot, asked, limit, offset)
        return Results(
            total,
            tuple(Hit(load(snapshot, address), key if by_relevance else 0.0) for key, address in hits),
            tantivy_counts.facets(snapshot, queries),
            tantivy_counts.timeline(snapshot, found, timeline, timezone) if timeline else {},
        )

    def frequencies(self, field: Counted, values: Sequence[str]) -> Frequencies:
        """Return how many articles hold each value; deleted ones may count until their segment is merged."""
        articles, _ = self._engines()
        return articles.snapshot().frequencies(field, values)

    def gists(self, query: Node, limit: int) -> list[Gist]:
        """Return what the best hits are about."""
        articles, _ = self._engines()
        snapshot = articles.snapshot()
        return [gist_at(snapshot, address, score) for score, address in best(snapshot, query, limit, 0)[1]]

    def scan(self, query: Node, after: str = "") -> Iterator[Document]:
        """Yield every matching document in the order of article id, from the first id after `after`."""
        articles, _ = self._engines()
        snapshot = articles.snapshot()
        found = checked(query, snapshot)
        start = id_key(after) if after else 0
        for address in walk(snapshot, found, "id_key", start, name_in(snapshot)):
            document = load(snapshot, address)
            if document.article.id > after:
                yield document

    def near(
        self, bands: Sequence[str], exact: str, since: datetime, until: datetime, limit: int
    ) -> list[Document]:
        """Return documents that share a band or the exact hash, first recorded in between, the earliest first."""
        articles, _ = self._engines()
        snapshot, schema = articles.snapshot(), articles.schema
        alike = [any_term(schema, "band", bands)] if bands else []
        if exact:
            alike.append(any_term(schema, "exact", [exact]))
        between = Query.range_query(schema, "first", tantivy.FieldType.Integer, micros(since), micros(until))
        query = all_of([any_of(alike), between])
        _, hits = by_field(snapshot, query, "first_key", limit, 0, name_in(snapshot))
        return [load(snapshot, address) for _, address in hits]

    def members(self, clusters: Iterable[str]) -> list[Document]:
        """Return the documents of these clusters, by id."""
        articles, _ = self._engines()
        snapshot = articles.snapshot()
        names = list(clusters)
        found = found_all(snapshot, any_term(articles.schema, "cluster", names))
        return sorted(
            (load(snapshot, address) for address in found), key=lambda document: document.article.id
        )

    # --- outcome rows ---

    def rows(
        self,
        *,
        source: str | None = None,
        since: date | None = None,
        until: date | None = None,
        url: str | None = None,
        attempts: Sequence[str] | None = None,
        outcomes: Sequence[str] | None = None,
    ) -> Iterator[Outcome]:
        """Yield outcome rows in the order of their attempt names; days are inclusive."""
        _, engine = self._engines()
        wanted = {
            "source": None if source is None else [source],
            "url": None if url is None else [url],
            "attempt": attempts,
            "outcome": outcomes,
        }
        yield from tantivy_rows.read(engine, wanted, since, until)

    def tally(self) -> dict[tuple[str, date, str, str | None], int]:
        """Return the number of rows by (source, day, outcome, reason)."""
        _, engine = self._engines()
        return tantivy_rows.tally(engine)

    def close(self) -> None:
        """Forget the opened files."""
        self._opened = None

    # --- within ---

    def _engines(self) -> tuple[Engine, Engine]:
        folder = self._locate()
        if self._opened is None or self._opened[0] != folder:
            _check_version(folder)
            articles = Engine(folder / "articles", article_schema())
            self._opened = (folder, articles, Engine(folder / "outcomes", outcome_schema()))
        return self._opened[1:]

    def _get(self, articles: Engine, ids: Sequence[str]) -> dict[str, Document]:
        if not ids:
            return {}
        snapshot = articles.snapshot()
        query = any_term(articles.schema, "id", ids)
        found = (load(snapshot, address) for address in found_all(snapshot, query))
        wanted = set(ids)
        return {document.article.id: document for document in found if document.article.id in wanted}


def _check_version(folder: Path) -> None:
    try:
        version = (folder / "VERSION").read_text("ascii")
    except OSError as error:
        raise DamagedIndexError(folder, str(error)) from error
    if version != _VERSION:
        raise DamagedIndexError(
            folder, f"it was written by another release: {version}, this one reads {_VERSION}"
        )


def _write_articles(articles: Engine, written: Mapping[str, Document]) -> dict[str, str]:
    """Write documents in one commit; returns why some cannot be written, by id."""
    prepared: dict[str, tantivy.Document] = {}
    refused: dict[str, str] = {}
    for name, document in written.items():
        if name != document.article.id:
            raise ValueError(f"the fold of {name} gave the article {document.article.id}")
        try:
            prepared[name] = article_document(document)
        except UnicodeEncodeError as error:
            refused[name] = str(error)
    if prepared:
        articles.write("id", prepared, prepared.values())
    return refused


def _rows(folded: Mapping[str, Folded | None], refused: Container[str]) -> Iterator[Outcome]:
    for name, result in folded.items():
        if result is not None and name not in refused:
            yield from result.outcomes
