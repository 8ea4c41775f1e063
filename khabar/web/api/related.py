"""Articles like one, nearest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from khabar import finding, nearest
from khabar.web import examples
from khabar.web.api.articles import GONE, Id
from khabar.web.api.search import FoundArticle
from khabar.web.asked import Flag, Hits, Zone, answer, charge, read_query, runtime_of
from khabar.web.description import answers
from khabar.web.problems import not_found
from search.refusal import MAX_LENGTH

router = APIRouter(tags=["articles"])


@dataclass(frozen=True, slots=True)
class Shared:
    """What an article shares with the one that was asked about, what counts most first."""

    terms: list[str]
    entities: list[str]


@dataclass(frozen=True, slots=True)
class Related:
    """The articles nearest to one; copies are one hit, and those of the article itself are left out."""

    article: str
    took_ms: float
    hits: list[FoundArticle]
    explain: dict[str, Shared]


@router.get("/articles/{id}/related", responses=answers(Related, examples.RELATED, GONE))
def related(
    request: Request,
    id: Id,  # noqa: A002 - its name in the path
    limit: Annotated[Hits, Query(description="Articles to give.")] = 10,
    within: Annotated[
        str | None,
        Query(
            max_length=MAX_LENGTH,
            description="Only of the articles that this query finds.",
            examples=["lang:ur"],
        ),
    ] = None,
    explain: Annotated[Flag, Query(description="Say which words and entities each shares with it.")] = False,
    timezone: Zone = None,
) -> Response:
    """Find the articles nearest to one."""
    runtime = runtime_of(request, timezone)
    charge(request, 10 + limit / 50)
    node = read_query(request, runtime, within) if within is not None else None
    document = finding.lookup(runtime, id)
    if document is None:
        raise not_found(f"no article has the id {id}")
    found = nearest.related(runtime, document.article, limit, explain=explain, within=node)
    shown = finding.shown("", found)
    return answer({"article": id} | {name: shown[name] for name in ("took_ms", "hits", "explain")})
