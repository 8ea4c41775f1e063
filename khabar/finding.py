"""What a query finds, in the shape that commands print and the API answers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal

from khabar import stories
from khabar.codec import plain
from khabar.models import Article, Document, Hit, Mention, Results
from khabar.ports import Interval, Mark, Sort
from khabar.runtime import Runtime
from khabar.urls import article_id, canonical
from search.chosen import Chosen, narrowed
from search.matcher import match
from search.snippets import snippets
from search.tree import Node
from search.unusual import Unusual, unusual
from workers.copies import with_copies

_PORTION = 200  # articles whose copies are looked up at once


Copies = Literal["folded", "all"]


@dataclass(frozen=True, slots=True)
class Page:
    """What is wanted of all that a query finds: which hits, in which order, and what is counted beside them.

    `copies`: all of them, or folded into the one hit that stands first; totals and counts are of articles in either.
    `chosen`: values of facets, any of each (see Index.search). `unusual`: also what stands out in what is found.
    """

    sort: Sort = "relevance"
    limit: int = 10
    offset: int = 0
    facets: Sequence[str] = ()
    timeline: Interval | None = None
    explain: bool = False
    after: Mark | None = None
    copies: Copies = "all"
    chosen: Chosen = field(default_factory=dict[str, Sequence[str]])
    unusual: bool = False


def find(runtime: Runtime, node: Node, page: Page) -> tuple[dict[str, Any], Mark | None]:
    """Return what `shown` shows, but for the query, and where the page ended: None where it has no hits."""
    began = time.perf_counter()
    results = _results(runtime, node, page)
    documents = [hit.document for hit in results.hits]
    found: dict[str, Any] = {
        "total": results.total,
        "hits": [_hit(hit, node) for hit in results.hits],
        "facets": results.facets,
        "timeline": [{"start": start, "count": count} for start, count in sorted(results.timeline.items())],
        "explain": {d.article.id: [plain(span) for span in spans(node, d.article) or ()] for d in documents}
        if page.explain
        else {},
    }
    if page.unusual:
        found["unusual"] = _odd(unusual(runtime.index, narrowed(node, page.chosen)))
    found["took_ms"] = round((time.perf_counter() - began) * 1000, 1)
    place = (page.after.place if page.after else page.offset) + len(results.hits)
    return found, stories.mark(results.hits[-1], place) if results.hits else None


def _results(runtime: Runtime, node: Node, page: Page) -> Results:
    wanted: dict[str, Any] = {
        "sort": page.sort,
        "limit": page.limit,
        "offset": page.offset,
        "facets": page.facets,
        "timeline": page.timeline,
        "timezone": runtime.settings.timezone,
        "after": page.after,
        "chosen": page.chosen,
    }
    if page.copies == "folded":
        return stories.search(runtime.index, node, **wanted)
    results = runtime.index.search(node, **wanted)
    documents = with_copies(runtime.index, [hit.document for hit in results.hits])
    hits = [replace(hit, document=each) for hit, each in zip(results.hits, documents, strict=True)]
    return replace(results, hits=tuple(hits))


def _odd(found: Unusual) -> dict[str, Any]:
    return {"articles": found.articles, "entities": plain(found.entities), "terms": plain(found.terms)}


def shown(query: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return what `find` found as `--format json` prints it: articles without their body."""
    hits = [
        {**hit, "article": {name: value for name, value in hit["article"].items() if name != "body"}}
        for hit in found["hits"]
    ]
    return {"query": query, **found, "hits": hits}


def spans(node: Node, article: Article) -> Sequence[Mention] | None:
    """Return the spans of an article that make it match, None where it does not: `NOT cricket` matches without any."""
    matched = match(node, article)
    return matched.spans if matched else None


def everything(runtime: Runtime, node: Node, copies: Copies = "all") -> Iterator[Document]:
    """Yield all that a query finds, by id, each article with its copies; never more than a portion is held."""
    documents = runtime.index.scan(node)
    while portion := list(islice(documents, _PORTION)):
        if copies == "folded":
            yield from stories.folded(runtime.index, node, portion)
        else:
            yield from with_copies(runtime.index, portion)


def lookup(runtime: Runtime, name: str) -> Document | None:
    """Return an article by its id, its URL or another URL of it; raises ValueError where a URL is none."""
    if "://" in name or name.startswith("urn:"):
        return at_address(runtime, name)
    return _first(runtime, [name])


def at_address(runtime: Runtime, url: str) -> Document | None:
    """Return an article by its URL, or by another URL that led to it; raises ValueError where that is none."""
    name = canonical(url)
    others = (row.article for row in runtime.index.rows(url=name) if row.article)
    return _first(runtime, [article_id(name), *others])


def _first(runtime: Runtime, ids: Sequence[str]) -> Document | None:
    found = runtime.index.get(ids)
    known = [found[id_] for id_ in ids if id_ in found]
    return with_copies(runtime.index, known[:1])[0] if known else None


def _hit(hit: Hit, node: Node) -> dict[str, Any]:
    return {
        "score": round(hit.score, 4),
        "article": plain(hit.document.article),
        "snippets": snippets(node, hit.document.article),
    }
