"""Articles: one by its id or URL, and why it matches a query."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response

from khabar import finding
from khabar.codec import dump
from khabar.models import Article, Document, Mention
from khabar.runtime import Runtime
from khabar.web import examples
from khabar.web.asked import JSON, Asked, Zone, answer, charge, read_query, runtime_of
from khabar.web.description import answers
from khabar.web.problems import bad_parameter, not_found
from search.grammar import hints
from search.snippets import snippets

router = APIRouter(tags=["articles"])

GONE = (404, "There is no such article in the index; `trace` says what became of a URL.")
SAME = (304, "It is as the `If-None-Match` that was sent says.")

Id = Annotated[str, Path(pattern="^[0-9a-f]{20}$", description="An article's id.", examples=[examples.ID])]
Url = Annotated[str, Query(max_length=4_000, description="Its web address.", examples=[examples.URL])]
Tags = Annotated[str | None, Header(alias="If-None-Match", description="An `ETag` that was given before.")]


@dataclass(frozen=True, slots=True)
class Why:
    """What in an article matches a query: every span, in code points, and the best passages, marked."""

    query: str
    article: str
    matches: bool
    spans: list[Mention]
    snippets: list[str]
    hints: list[str]


@router.get("/articles", responses=answers(Article, examples.ARTICLE, GONE, SAME))
def article_by_url(request: Request, url: Url, if_none_match: Tags = None) -> Response:
    """Give an article by its URL, or by another URL that led to it."""
    charge(request, 1)
    try:
        document = finding.at_address(runtime_of(request), url)
    except ValueError:
        raise bad_parameter("url", "it is no web address: write it out, with https://") from None
    if document is None:
        raise not_found("no article has this URL; /api/v1/trace says what became of it")
    return _told(document, if_none_match)


@router.get("/articles/{id}", responses=answers(Article, examples.ARTICLE, GONE, SAME))
def article(request: Request, id: Id, if_none_match: Tags = None) -> Response:  # noqa: A002 - its name in the path
    """Give an article by its id."""
    charge(request, 1)
    return _told(_found(runtime_of(request), id), if_none_match)


@router.get("/articles/{id}/why", responses=answers(Why, examples.WHY, GONE))
def why(request: Request, id: Id, query: Asked, timezone: Zone = None) -> Response:  # noqa: A002 - as above
    """Say what in an article matches a query."""
    runtime = runtime_of(request, timezone)
    node = read_query(request, runtime, query)
    found = _found(runtime, id).article
    spans = finding.spans(node, found)
    told = Why(
        query, id, spans is not None, list(spans or ()), list(snippets(node, found)), list(hints(query))
    )
    return answer(told)


def _found(runtime: Runtime, id_: str) -> Document:
    document = finding.lookup(runtime, id_)
    if document is None:
        raise not_found(f"no article has the id {id_}")
    return document


def _told(document: Document, if_none_match: str | None) -> Response:
    """Return an article, or that it is as it was; a tag is of the very bytes."""
    body = dump(document.article)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag}
    known = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, JSON)
