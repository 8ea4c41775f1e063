"""Sources: what is crawled, what the last look at each endpoint found, and whether it is on the schedule."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from khabar.catalogue.shadow import enable
from khabar.models import Source
from khabar.runtime import Runtime
from khabar.web import examples
from khabar.web.asked import answer, charge, runtime_of
from khabar.web.description import answers
from khabar.web.problems import not_found
from search.schema import keyword
from search.tree import Keyword

router = APIRouter(tags=["sources"])

UNKNOWN = (404, "There is no such source.")
SourceId = Annotated[
    str, Path(pattern="^[a-z0-9][a-z0-9-]{0,63}$", description="A source's id.", examples=["dawn"])
]
_turn = threading.Lock()  # of two requests that write one file


@dataclass(frozen=True, slots=True)
class WatchedEndpoint:
    """A place where a source announces its articles, and what the last look at it found.

    `failures` counts the looks that failed since one did not; `newest` is the time of its newest item.
    """

    kind: str
    url: str
    checked: datetime | None
    newest: datetime | None
    failures: int
    error: str | None


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """A publisher, whether it is on the schedule, when it was last crawled, and its articles in the index."""

    id: str
    name: str
    country: str | None
    languages: list[str]
    enabled: bool
    verified: date | None
    crawled: datetime | None
    articles: int
    endpoints: list[WatchedEndpoint]


@dataclass(frozen=True, slots=True)
class Sources:
    """All sources, in the order of their ids."""

    sources: list[WatchedSource]


@router.get("/sources", responses=answers(Sources, {"sources": [examples.SOURCE]}))
def sources(request: Request) -> Response:
    """List the sources."""
    runtime = runtime_of(request)
    known = runtime.catalogue.sources
    charge(request, 1 + len(known) / 10)
    return answer(Sources([_told(runtime, known[id_]) for id_ in sorted(known)]))


@router.get("/sources/{source}", responses=answers(WatchedSource, examples.SOURCE, UNKNOWN))
def source(request: Request, source: SourceId) -> Response:
    """Give one source."""
    charge(request, 1)
    runtime = runtime_of(request)
    return answer(_told(runtime, _known(runtime, source)))


_WRITES = answers(WatchedSource, examples.SOURCE, UNKNOWN, (403, "The key may only read."))


@router.post("/sources/{source}/enable", responses=_WRITES)
def enable_source(request: Request, source: SourceId) -> Response:
    """Put a source on the schedule, as `khabar sources enable` does. Needs a key whose role is write."""
    return _switch(request, source, True)


@router.post("/sources/{source}/disable", responses=_WRITES)
def disable_source(request: Request, source: SourceId) -> Response:
    """Take a source off the schedule, as `khabar sources disable` does. Needs a key whose role is write."""
    return _switch(request, source, False)


def _switch(request: Request, source: str, enabled: bool) -> Response:
    charge(request, 1)
    runtime = runtime_of(request)
    known = _known(runtime, source)
    with _turn:
        enable(runtime.folders, source, enabled)
    return answer(_told(runtime, replace(known, enabled=enabled)))


def _known(runtime: Runtime, source: str) -> Source:
    found = runtime.catalogue.sources.get(source)
    if found is None:
        raise not_found(f"no source is called {source}")
    return found


def _told(runtime: Runtime, source: Source) -> WatchedSource:
    states = ((each, runtime.ledger.endpoint(each.url)) for each in source.endpoints)
    return WatchedSource(
        source.id,
        source.name,
        source.country,
        list(source.languages),
        source.enabled,
        source.verified,
        runtime.ledger.last_run(f"crawl:{source.id}"),
        runtime.index.search(Keyword("source", keyword("source", source.id)), limit=0).total,
        [
            WatchedEndpoint(each.kind, each.url, state.checked, state.newest, state.failures, state.error)
            for each, state in states
        ],
    )
