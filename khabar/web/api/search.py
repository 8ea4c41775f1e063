"""Search: hits, facets, timelines, and everything that is found as a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from khabar import finding
from khabar.models import Mention
from khabar.ports import Interval, Sort
from khabar.web import examples
from khabar.web.asked import (
    Asked,
    Chosen,
    Cursor,
    Flag,
    Hits,
    Zone,
    answer,
    chosen_of,
    read_query,
    runtime_of,
)
from khabar.web.cursors import cursor as cursor_of
from khabar.web.cursors import mark_of
from khabar.web.description import answers
from search.grammar import hints
from search.schema import FACETS
from search.unusual import Unusual

router = APIRouter(tags=["search"])

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
    """One page of what a query finds; `next` is the cursor of the page that follows, null where there is none.

    Totals and counts are of articles, whether copies are folded into one hit or not. `unusual` is there where it was
    asked for.
    """

    query: str
    total: int
    took_ms: float
    hits: list[FoundArticle]
    facets: Counts
    timeline: list[Span]
    explain: dict[str, list[Mention]]
    hints: list[str]
    copies: finding.Copies
    next: str | None
    unusual: Unusual | None = None


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
    copies: Annotated[
        finding.Copies, Query(description="Copies of a text as one hit, or each by itself.")
    ] = "folded",
    choose: Chosen = [],  # noqa: B006 - FastAPI copies it
    unusual: Annotated[Flag, Query(description="Say what stands out in all that is found.")] = False,
) -> Response:
    """Find articles: one page of hits with the exact total.

    Pages by `newest` and `oldest` stay in place while articles are added; by relevance, scores may move a little.
    """
    runtime = runtime_of(request, timezone)
    points = 1 + limit / 50 + 4 * facets + 2 * bool(timeline) + explain + 10 * unusual
    node = read_query(request, runtime, query, points)
    chosen = chosen_of(choose)
    question = ("search", query, sort, runtime.settings.timezone, copies, sorted(choose))
    wanted = finding.Page(
        sort=sort,
        limit=limit,
        facets=FACETS if facets else (),
        timeline=timeline,
        explain=explain,
        after=mark_of(cursor, *question),
        copies=copies,
        chosen=chosen,
        unusual=unusual,
    )
    found, last = finding.find(runtime, node, wanted)
    more = last is not None and len(found["hits"]) == limit
    shown = finding.shown(query, found)
    return answer(
        shown
        | {
            "copies": copies,
            "hints": hints(query),
            "next": cursor_of(last, *question) if more and last else None,
        }
    )


@router.get("/facets", responses=answers(Facets, examples.FACETS))
def facets(
    request: Request,
    query: Asked,
    fields: Annotated[
        list[Literal["source", "country", "lang", "genre", "topic", "entity", "author"]],
        Query(description="What to count; all without it.", max_length=7),
    ] = [*FACETS],  # noqa: B006 - FastAPI copies it
    choose: Chosen = [],  # noqa: B006 - FastAPI copies it
    timezone: Zone = None,
) -> Response:
    """Count the values of all that is found."""
    runtime = runtime_of(request, timezone)
    node = read_query(request, runtime, query, 1 + len(fields))
    results = runtime.index.search(
        node, limit=0, facets=tuple(dict.fromkeys(fields)), chosen=chosen_of(choose)
    )
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
