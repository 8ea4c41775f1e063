"""The index on Elasticsearch: articles and outcome rows, written by as many workers as there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from khabar import codec
from khabar.models import Document, Hit, Outcome, Results
from khabar.ports import Counted, Fold, Frequencies, Gist, Interval, Mark, RefusedDocumentsError, Sort
from search.chosen import narrowed
from search.elastic import counts as elastic_counts
from search.elastic import generations as elastic_generations
from search.elastic import rows as elastic_rows
from search.elastic.bulk import fetch
from search.elastic.client import MissingIndexError, Server, connect
from search.elastic.fields import row_id
from search.elastic.generations import Place
from search.elastic.openness import check_open
from search.elastic.query import Query, any_of, compiled, filtered, span
from search.elastic.read import Order, gather, page, walk
from search.elastic.write import BARE, Versioned, Written, remove, write_articles, write_rows
from search.gist import gist
from search.refusal import MAX_SECONDS
from search.schema import micros
from search.tree import Node, ranks

T = TypeVar("T")

_TOGETHER = 500  # documents folded and written at a time
_CLUSTERS = 10_000  # looked up at once; Elasticsearch refuses more than 65,536
_ORDERS: dict[Sort, Order] = {
    "relevance": [{"_score": "desc"}, {"when": "desc"}, {"id": "asc"}],
    "newest": [{"when": "desc"}, {"id": "asc"}],
    "oldest": [{"when": "asc"}, {"id": "asc"}],
}


def open_index(
    url: str,
    prefix: str,
    *,
    user: str | None = None,
    password: str | None = None,
    api_key: str | None = None,
    authority: str | None = None,
    shards: int = 1,
    patience: float = 30.0,
    generation: int | None = None,
) -> ElasticIndex:
    """Open the index behind the aliases of a prefix, whichever generation that is; or just one generation.

    The first ever is made here, with so many primary shards. `patience` is how many seconds Elasticsearch may be busy
    or away before that is an error. `url` may hold a user and password, and several addresses joined by commas;
    `authority` is the file of the certificate that signs the server's.
    """
    server = connect(
        url, user=user, password=password, api_key=api_key, authority=authority, patience=patience
    )
    if generation is None:
        elastic_generations.ensure(server, prefix, shards)
    return ElasticIndex(server, prefix, generation)


class ElasticIndex:
    """Implements khabar.ports.Index on Elasticsearch; safe for any number of processes and threads."""

    def __init__(self, server: Server, prefix: str, generation: int | None = None) -> None:
        self.server = server
        self.prefix = prefix
        one = generation is not None
        self._fixed = elastic_generations.place(prefix, generation) if one else None
        self._read = self._fixed or elastic_generations.aliases(prefix)
        self._checked: set[str] = set()
        self._written_to()

    # --- documents ---

    def get(self, ids: Iterable[str]) -> dict[str, Document]:
        """Return the documents that exist, by article id."""
        found = fetch(self.server, self._read.articles, list(dict.fromkeys(ids)))
        return {name: codec.build(stored.source["document"], Document) for name, stored in found.items()}

    def update(self, folds: Mapping[str, Fold], outcomes: Iterable[Outcome] = ()) -> dict[str, Document]:
        """Get, fold and write each document, again where somebody wrote in between, then its rows and `outcomes`.

        Raises RefusedDocumentsError once all others are written.
        """
        bare = [(row, BARE) for row in outcomes]
        names = list(folds)
        documents: dict[str, Document] = {}
        refused: dict[str, str] = {}
        for start in range(0, max(len(names), 1), _TOGETHER):
            some = {name: folds[name] for name in names[start : start + _TOGETHER]}
            written = self._follow(lambda place, some=some, bare=bare: self._write(place, some, bare))
            documents |= written.documents
            refused |= written.refused
            bare = []
        if refused:
            raise RefusedDocumentsError(refused)
        return documents

    def _write(self, place: Place, folds: Mapping[str, Fold], bare: Sequence[Versioned]) -> Written:
        written = write_articles(self.server, place.articles, folds)
        rows = [*written.rows, *bare]
        write_rows(self.server, place.outcomes, rows)
        self._refresh(place.articles if written.documents else None, place.outcomes if rows else None)
        return written

    def delete(self, ids: Iterable[str], attempts: Iterable[str] = ()) -> None:
        """Remove documents and rows."""
        names, rows = list(ids), list(map(row_id, attempts))

        def take_out(place: Place) -> None:
            remove(self.server, place.articles, names)
            remove(self.server, place.outcomes, rows)
            self._refresh(place.articles if names else None, place.outcomes if rows else None)

        self._follow(take_out)

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
        counted: bool = True,  # noqa: ARG002 - counting costs little here
    ) -> Results:
        """Return one page of hits with the exact total, facets and timeline; without score, the newest come first.

        Undated articles stand where they were first fetched. Raises QueryError for a prefix that is too open.
        """
        check_open(self.server, self._read.articles, query)
        by_relevance = sort == "relevance" and ranks(query)
        choices = chosen or {}
        index, found = self._read.articles, compiled(narrowed(query, choices), ranked=by_relevance)
        queries = {
            field: compiled(narrowed(query, choices, but=field), ranked=False) if field in choices else None
            for field in facets
        }
        order = _ORDERS[sort] if by_relevance or sort != "relevance" else _ORDERS["newest"]
        together = [field for field in facets if field not in choices]
        counts = elastic_counts.facet_counts(together) | (elastic_counts.extent_counts() if timeline else {})
        passed = [getattr(after, key.lstrip("_")) for each in order for key in each] if after else None
        page_ = page(
            self.server, index, found, order, limit, offset, counts, after=passed, seconds=MAX_SECONDS
        )
        hits = (Hit(_document(hit), hit["sort"][0] if by_relevance else 0.0) for hit in page_.hits)
        return Results(
            page_.total,
            tuple(hits),
            elastic_counts.facets(self.server, index, page_.counts, queries),
            elastic_counts.timeline(self.server, index, found, page_.counts, timeline, timezone)
            if timeline
            else {},
        )

    def frequencies(self, field: Counted, values: Sequence[str]) -> Frequencies:
        """Return how many articles hold each value."""
        return elastic_counts.frequencies(self.server, self._read.articles, field, values)

    def gists(self, query: Node, limit: int) -> list[Gist]:
        """Return what the best hits are about."""
        hits = self.search(query, limit=limit).hits
        return [Gist(hit.score, hit.document.article.lang, gist(hit.document.article)) for hit in hits]

    def scan(self, query: Node, after: str = "") -> Iterator[Document]:
        """Yield every matching document in the order of article id, from the first id after `after`."""
        check_open(self.server, self._read.articles, query)
        for hit in walk(self.server, self._read.articles, compiled(query, ranked=False), "id", after):
            yield _document(hit)

    def near(
        self, bands: Sequence[str], exact: str, since: datetime, until: datetime, limit: int
    ) -> list[Document]:
        """Return documents that share a band or the exact hash, first recorded in between, the earliest first."""
        alike: list[Query] = [{"terms": {"band": list(bands)}}] if bands else []
        if exact:
            alike.append({"term": {"exact": exact}})
        if not alike:
            return []
        query = filtered(any_of(alike), span("first", micros(since), micros(until) + 1))
        found = page(self.server, self._read.articles, query, [{"first": "asc"}, {"id": "asc"}], limit, 0)
        return [_document(hit) for hit in found.hits]

    def members(self, clusters: Iterable[str]) -> list[Document]:
        """Return the documents of these clusters, by id."""
        names = sorted(set(clusters))
        hits = [
            hit
            for start in range(0, len(names), _CLUSTERS)
            for hit in self._of_clusters(names[start : start + _CLUSTERS])
        ]
        return sorted(map(_document, hits), key=lambda document: document.article.id)

    def _of_clusters(self, names: list[str]) -> list[dict[str, object]]:
        return gather(self.server, self._read.articles, filtered({"terms": {"cluster": names}}), "id")

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
        wanted = {
            "source": None if source is None else [source],
            "url": None if url is None else [url],
            "attempt": attempts,
            "outcome": outcomes,
        }
        yield from elastic_rows.read(self.server, self._read.outcomes, wanted, since, until)

    def tally(self) -> dict[tuple[str, date, str, str | None], int]:
        """Return the number of rows by (source, day, outcome, reason)."""
        return elastic_rows.tally(self.server, self._read.outcomes)

    def close(self) -> None:
        """Give the connections back."""
        self.server.close()

    # --- within ---

    def _follow(self, task: Callable[[Place], T]) -> T:
        """Do something in the generation in use; where that is swapped and dropped meanwhile, again in the next."""
        try:
            return task(self._written_to())
        except MissingIndexError:
            if self._fixed:
                raise
            return task(self._written_to())

    def _written_to(self) -> Place:
        """Return the indexes to write to by their own names: what was read of one generation goes to no other."""
        place = self._fixed or elastic_generations.located(self.server, self.prefix)
        if place.articles not in self._checked:
            elastic_generations.check_version(self.server, place.articles)
            self._checked.add(place.articles)
        return place

    def _refresh(self, *indexes: str | None) -> None:
        # At once: measured with 50 documents, refresh=wait_for took 1,006 ms a request (and 30 s with our interval),
        # this 22.
        touched = [index for index in indexes if index]
        if touched:
            self.server.ask(lambda es: es.indices.refresh(index=touched))


def _document(hit: dict[str, object]) -> Document:
    source = hit["_source"]
    assert isinstance(source, dict)
    return codec.build(source["document"], Document)
