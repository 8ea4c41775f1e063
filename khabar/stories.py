"""Hits with copies folded: of each cluster the one hit that stands first, wherever a page begins and whoever asks.

A hit is kept where no copy of it that the query finds too stands before it. That is asked of its own copies alone, so
pages that follow one another by mark or by offset show each cluster once, on either engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from khabar.models import Document, Hit, Results
from khabar.ports import Index, Interval, Mark, Sort
from search.chosen import Chosen, narrowed
from search.schema import micros
from search.tree import Keyword, Node, both, either
from workers.copies import clusters_of, told

_PORTION = 200  # hits looked at together


def search(
    index: Index,
    query: Node,
    *,
    sort: Sort = "relevance",
    limit: int = 10,
    offset: int = 0,
    facets: Sequence[str] = (),
    timeline: Interval | None = None,
    timezone: str = "UTC",
    after: Mark | None = None,
    chosen: Chosen | None = None,
    counted: bool = True,
) -> Results:
    """Return what the index does, but with one hit a cluster, told its copies; `total` and counts are of articles."""
    wanted = offset + limit
    first = index.search(
        query,
        sort=sort,
        limit=min(wanted, _PORTION) if limit else 0,
        facets=facets,
        timeline=timeline,
        timezone=timezone,
        after=after,
        chosen=chosen,
        counted=counted,
    )
    narrow = narrowed(query, chosen or {})
    kept = islice(_kept(index, narrow, sort, first.hits, min(wanted, _PORTION)), wanted)
    return replace(first, hits=tuple(kept)[offset:])


def folded(index: Index, query: Node, documents: Sequence[Document]) -> list[Document]:
    """Return of some documents that a query finds, in the order of their ids, those first in it of all their copies."""
    clusters = clusters_of(index, documents)
    rivals = _rivals(query, clusters)
    firsts: dict[str, str] = {}
    for each in index.scan(rivals) if rivals else ():
        firsts.setdefault(each.article.cluster, each.article.id)
    kept = [
        each for each in documents if firsts.get(each.article.cluster, each.article.id) == each.article.id
    ]
    return told(kept, clusters)


def mark(hit: Hit, place: int = 0) -> Mark:
    """Return where a page ends whose last hit this is; `place`: about how many stand up to it."""
    article = hit.document.article
    return Mark(hit.score, micros(article.published or article.fetched), article.id, place)


def _kept(index: Index, query: Node, sort: Sort, hits: Sequence[Hit], asked: int) -> Iterator[Hit]:
    while hits:
        yield from _firsts(index, query, sort, hits)
        if len(hits) < asked:
            return
        asked = max(asked, 20)
        hits = index.search(query, sort=sort, limit=asked, after=mark(hits[-1])).hits


def _firsts(index: Index, query: Node, sort: Sort, hits: Sequence[Hit]) -> Iterator[Hit]:
    documents = [hit.document for hit in hits]
    clusters = clusters_of(index, documents)
    rivals = _rivals(query, clusters)
    firsts: dict[str, str] = {}
    if rivals:
        most = sum(map(len, clusters.values()))
        for hit in index.search(rivals, sort=sort, limit=most).hits:
            firsts.setdefault(hit.document.article.cluster, hit.document.article.id)
    for hit, document in zip(hits, told(documents, clusters), strict=True):
        article = document.article
        if firsts.get(article.cluster, article.id) == article.id:
            yield replace(hit, document=document)


def _rivals(query: Node, clusters: Mapping[str, Sequence[Document]]) -> Node | None:
    """Return the query for what it finds among those that have copies; None where none has."""
    several = [Keyword("cluster", label) for label, members in clusters.items() if label and len(members) > 1]
    return both(query, either(*several)) if several else None
