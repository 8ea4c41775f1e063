"""Search: hits, facets, timelines, and everything that is found as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from khabar import finding
from khabar.codec import dump
from khabar.models import Document, Mention
from khabar.ports import Interval, Sort
from khabar.web import examples
from khabar.web.asked import Asked, Cursor, Flag, Hits, Zone, answer, read_query, runtime_of
from khabar.web.cursors import cursor as cursor_of
from khabar.web.cursors import mark_of
from khabar.web.description import answers, texts
from search.grammar import hints
from search.schema import FACETS

router = APIRouter(tags=["search"])

LINES = "application/x-ndjson"
_CHUNK = 64 << 10  # bytes sent at a time

Headline = Annotated[
    dict[str, Any], msgspec.Meta(extra_json_schema={"$ref": "#/components/schemas/Headline"})
]
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """One article found, with its score (0 where it is sorted by time) and its best passages, matches in <mark>."""

    score: float
    article: Headline
    snippets: list[str]


@dataclass(frozen=True, slots=True)
class Span:
    """How many articles a day, week or month has."""

    start: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of what a query finds; `next` is the cursor of the page that follows, null where there is none."""

    query: str
    total: int
    took_ms: float
    hits: list[FoundArticle]
    facets: Counts
    timeline: list[Span]
    explain: dict[str, list[Mention]]
    hints: list[str]
    next: str | None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many of the articles found have each value of a field: the hundred most frequent."""

    query: str
    total: int
    facets: Counts


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many articles found each day, week or month has; those without any are left out."""

    query: str
    total: int
    timezone: str
    timeline: list[Span]


@router.get("/search", responses=answers(SearchResults, examples.SEARCH))
def search(
    request: Request,
    query: Asked,
    sort: Annotated[
        Sort, Query(description="Newest and oldest go by the time of publication.")
    ] = "relevance",
    limit: Annotated[Hits, Query(description="Hits of a page.")] = 10,
    cursor: Cursor = None,
    facets: Annotated[Flag, Query(description="Count the values of all that is found.")] = False,
    timeline: Annotated[Interval | None, Query(description="Count over time.")] = None,
    timezone: Zone = None,
    explain: Annotated[Flag, Query(description="Say what in each article matched.")] = False,
) -> Response:
    """Find articles: one page of hits with the exact total.

    Pages by `newest` and `oldest` stay in place while articles are added; by relevance, scores may move a little.
    """
    runtime = runtime_of(request, timezone)
    node = read_query(request, runtime, query, 1 + limit / 50 + 4 * facets + 2 * bool(timeline) + explain)
    question = ("search", query, sort, runtime.settings.timezone)
    wanted = finding.Page(
        sort=sort,
        limit=limit,
        facets=FACETS if facets else (),
        timeline=timeline,
        explain=explain,
        after=mark_of(cursor, *question),
    )
    found, last = finding.find(runtime, node, wanted)
    more = last is not None and len(found["hits"]) == limit
    shown = finding.shown(query, found)
    return answer(
        shown | {"hints": hints(query), "next": cursor_of(last, *question) if more and last else None}
    )


@router.get("/facets", responses=answers(Facets, examples.FACETS))
def facets(
    request: Request,
    query: Asked,
    fields: Annotated[
        list[Literal["source", "country", "lang", "genre", "topic", "entity", "author"]],
        Query(description="What to count; all without it.", max_length=7),
    ] = [*FACETS],  # noqa: B006 - FastAPI copies it
    timezone: Zone = None,
) -> Response:
    """Count the values of all that is found."""
    runtime = runtime_of(request, timezone)
    node = read_query(request, runtime, query, 1 + len(fields))
    results = runtime.index.search(node, limit=0, facets=tuple(dict.fromkeys(fields)))
    return answer(Facets(query, results.total, results.facets))


@router.get("/timeline", responses=answers(Timeline, examples.TIMELINE))
def timeline(
    request: Request,
    query: Asked,
    interval: Annotated[Interval, Query(description="What is counted together.")] = "day",
    timezone: Zone = None,
) -> Response:
    """Count all that is found over time, in days of a time zone."""
    runtime = runtime_of(request, timezone)
    node = read_query(request, runtime, query, 3)
    zone = runtime.settings.timezone
    results = runtime.index.search(node, limit=0, timeline=interval, timezone=zone)
    spans = [Span(start, count) for start, count in sorted(results.timeline.items())]
    return answer(Timeline(query, results.total, zone, spans))


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses=texts({LINES: ({"type": "string"}, examples.LINE)}),
)
def export(
    request: Request,
    query: Asked,
    format: Annotated[Literal["jsonl"], Query(description="jsonl: an article a line, whole.")] = "jsonl",  # noqa: A002, ARG001 - the command's word; one so far
    timezone: Zone = None,
) -> Response:
    """Stream everything that is found, whole articles in the order of their ids, with no ceiling.

    Where the server fails midway the connection breaks: what ended in good order is complete.
    """
    runtime = runtime_of(request, timezone)
    node = read_query(request, runtime, query, 50)
    documents = finding.everything(runtime, node)
    first = list(_first(documents))  # a query that is refused only now is still answered as a problem
    headers = {"Content-Disposition": 'attachment; filename="khabar.jsonl"'}
    return StreamingResponse(_lines(chain(first, documents)), headers=headers, media_type=LINES)


def _first(documents: Iterator[Document]) -> Iterator[Document]:
    found = next(documents, None)
    if found is not None:
        yield found


def _lines(documents: Iterator[Document]) -> Iterator[bytes]:
    held = bytearray()
    for document in documents:
        held += dump(document.article) + b"\n"
        if len(held) >= _CHUNK:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
