"""Digests: those that were made stay as they were; of any other day one is built for the asking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from khabar.digest import build, render_html, render_json, render_text
from khabar.models import Digest
from khabar.ports import Mark
from khabar.runtime import Runtime, outlet_names
from khabar.web import examples
from khabar.web.api.topics import TopicId
from khabar.web.asked import JSON, Cursor, Day, Rows, answer, charge, runtime_of
from khabar.web.cursors import cursor as cursor_of
from khabar.web.cursors import mark_of
from khabar.web.description import answers, texts
from khabar.web.problems import bad_parameter, not_found

router = APIRouter(tags=["digests"])

Shape = Literal["json", "html", "text"]
FIRST = date(1990, 1, 1)  # no article is older

_MEDIA = {"json": JSON, "html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8"}
_SUFFIX = {"json": "json", "html": "html", "text": "txt"}
_KEY = re.compile(r"digests/([^/]+)/(\d{4}-\d{2}-\d{2})\.json")
_TEXT = {"type": "string"}


@dataclass(frozen=True, slots=True)
class KeptDigest:
    """A digest that was made when it was due, and is kept as it was."""

    topic: str
    day: date


@dataclass(frozen=True, slots=True)
class Digests:
    """One page of the digests that are kept, the newest first."""

    digests: list[KeptDigest]
    next: str | None


@router.get("/digests", responses=answers(Digests, examples.DIGESTS))
def digests(
    request: Request,
    topic: Annotated[str | None, Query(max_length=64, description="Of this topic alone.")] = None,
    limit: Annotated[Rows, Query(description="Digests of a page.")] = 100,
    cursor: Cursor = None,
) -> Response:
    """List the digests that are kept."""
    charge(request, 2)
    mark = mark_of(cursor, "digests", topic)
    kept = sorted(_kept(runtime_of(request)), key=lambda each: (each.day, each.topic), reverse=True)
    rest = (
        each
        for each in kept
        if topic in {None, each.topic} and (mark is None or f"{each.day} {each.topic}" < mark.id)
    )
    page = list(islice(rest, limit))
    more = next(rest, None) is not None
    last = Mark(0, 0, f"{page[-1].day} {page[-1].topic}") if more else None
    return answer(Digests(page, cursor_of(last, "digests", topic) if last else None))


@router.get(
    "/digests/{topic}/{day}",
    responses=texts(
        {
            JSON: ({"$ref": "#/components/schemas/Digest"}, examples.DIGEST),
            "text/html": (_TEXT, "<!doctype html>…"),
            "text/plain": (_TEXT, "Pakistan–Taliban relations, 15 October 2025 …"),
        },
        (404, "There is no such topic, and no digest of it was kept."),
    ),
)
def digest(
    request: Request,
    topic: TopicId,
    day: Annotated[Day, Path(description="A day in the topic's time zone.", examples=["2025-10-15"])],
    format: Annotated[Shape, Query(description="As what.")] = "json",  # noqa: A002 - the command's word
) -> Response:
    """Give the digest of a topic's day: `Khabar-Digest: kept` as it was sent, or `built` now, from today's index."""
    runtime = runtime_of(request)
    if not FIRST <= day <= runtime.clock().date() + timedelta(days=1):
        raise bad_parameter("day", f"there are digests from {FIRST} to today")
    kept = runtime.store.get(f"digests/{topic}/{day}.{_SUFFIX[format]}")
    if kept is not None:
        charge(request, 1)
        return Response(kept, 200, {"Khabar-Digest": "kept", "Content-Type": _MEDIA[format]})
    known = runtime.catalogue.topics.get(topic)
    if known is None:
        raise not_found(f"no topic is called {topic}, and no digest of it was kept for {day}")
    charge(request, 30)
    text = _rendered(runtime, build(runtime.index, known, day), format)
    return Response(text, 200, {"Khabar-Digest": "built", "Content-Type": _MEDIA[format]})


def _rendered(runtime: Runtime, built: Digest, shape: Shape) -> str:
    if shape == "json":
        return render_json(built)
    names = outlet_names(runtime)
    return render_html(built, names) if shape == "html" else render_text(built, names)


def _kept(runtime: Runtime) -> Iterator[KeptDigest]:
    for key in runtime.store.keys("digests/"):
        told = _KEY.fullmatch(key)
        if told:
            yield KeptDigest(told[1], date.fromisoformat(told[2]))
