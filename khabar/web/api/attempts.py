"""Attempts: what became of a URL, and what was discovered and is not in the index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from khabar import accounts
from khabar.accounts import Missed, Step
from khabar.ports import Mark
from khabar.urls import canonical
from khabar.web import examples
from khabar.web.api.articles import Url
from khabar.web.asked import Cursor, Day, Rows, answer, charge, runtime_of
from khabar.web.cursors import cursor as cursor_of
from khabar.web.cursors import mark_of
from khabar.web.description import answers
from khabar.web.problems import bad_parameter, not_found

router = APIRouter(tags=["attempts"])


@dataclass(frozen=True, slots=True)
class MissedAttempts:
    """One page of attempts that brought no article, in the order of their claims."""

    missed: list[Missed]
    next: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Every step a URL went through; those that wait come first."""

    url: str
    steps: list[Step]


@router.get("/missed", responses=answers(MissedAttempts, examples.MISSED))
def missed(
    request: Request,
    source: Annotated[str | None, Query(max_length=256, description="Of this source alone.")] = None,
    day: Annotated[Day | None, Query(alias="date", description="UTC day of the claim.")] = None,
    limit: Annotated[Rows, Query(description="Attempts of a page.")] = 100,
    cursor: Cursor = None,
) -> Response:
    """List what was discovered and is not in the index, with reasons."""
    charge(request, 2 + limit / 100)
    question = ("missed", source, day)
    mark = mark_of(cursor, *question)
    after = mark.id if mark else ""
    if after and not _begins_with_a_day(after):
        raise bad_parameter("cursor", "it is none of ours")
    found = accounts.missed(runtime_of(request), source, day, after)
    page = list(islice(found, limit))
    more = next(found, None) is not None
    last = Mark(0, 0, page[-1].attempt) if more else None
    return answer(MissedAttempts(page, cursor_of(last, *question) if last else None))


@router.get("/trace", responses=answers(Trace, examples.TRACE, (404, "This URL was never discovered.")))
def trace(request: Request, url: Url) -> Response:
    """Tell every step a URL went through, with times and reasons."""
    charge(request, 5)
    try:
        name = canonical(url)
    except ValueError:
        raise bad_parameter("url", "it is no web address: write it out, with https://") from None
    steps = list(accounts.steps(runtime_of(request), name))
    if not steps:
        raise not_found("this URL was never discovered")
    return answer(Trace(name, steps))


def _begins_with_a_day(name: str) -> bool:
    try:
        date.fromisoformat(name[:10])
    except ValueError:
        return False
    return True
