"""What a handler is given of the application: the runtime, and what the caller's request costs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from fastapi import Query, Request, Response
from pydantic import BeforeValidator, Field, WithJsonSchema

from khabar.codec import dump
from khabar.runtime import Runtime
from khabar.web.checkup import Checkup
from khabar.web.current import Current, altered
from khabar.web.gate import Caller
from khabar.web.limits import Limit
from khabar.web.problems import bad_parameter, busy
from search.refusal import MAX_LENGTH
from search.schema import FACETS
from search.tree import Node, leaves

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class House:
    """What all handlers share."""

    current: Current
    points: Limit
    checkup: Checkup


def house(request: Request) -> House:
    """Return what all handlers share."""
    found: House = request.app.state.house
    return found


def runtime_of(request: Request, timezone: str | None = None) -> Runtime:
    """Return the runtime, in a time zone where one is asked for."""
    runtime = house(request).current.runtime()
    if timezone is None or timezone == runtime.settings.timezone:
        return runtime
    return altered(runtime, settings=replace(runtime.settings, timezone=_zone(timezone)))


def read_query(request: Request, runtime: Runtime, query: str, points: float = 1) -> Node:
    """Return a query's tree; its caller is charged `points`, and one more for each ten words of it."""
    node = runtime.parse(query)
    charge(request, points + sum(1 for _ in leaves(node)) / 10)
    return node


def charge(request: Request, points: float) -> None:
    """Take points from the caller; raises ProblemError where too few are left."""
    caller: Caller = request.scope["khabar.caller"]
    wait = house(request).points.take(caller.id, points) if caller.id else 0
    if wait:
        raise busy("this key's requests have cost as much as they may in a minute", wait)


def answer(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer as JSON."""
    return Response(dump(value), status, headers, JSON)


def chosen_of(given: Sequence[str]) -> dict[str, list[str]]:
    """Return what is chosen of facets, each given as FACET=VALUE; raises ProblemError."""
    chosen: dict[str, list[str]] = {}
    for each in given:
        field, sign, value = each.partition("=")
        if not (sign and value) or field not in FACETS:
            how = f"write a facet and its value, such as source=dawn; facets are {', '.join(FACETS)}"
            raise bad_parameter("choose", how)
        chosen.setdefault(field, []).append(value)
    return chosen


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(name, available_timezones(), 1)
        how = f"did you mean {near[0]}?" if near else "write a name such as Asia/Karachi"
        raise bad_parameter("timezone", f"there is no such time zone: {how}") from None


def _day(text: Any) -> Any:
    if isinstance(text, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("write YYYY-MM-DD, such as 2025-01-31")
    return text


def _flag(text: Any) -> Any:
    if isinstance(text, str) and text not in {"true", "false"}:
        raise ValueError("write true or false")
    return text


def _whole(text: Any) -> Any:
    if isinstance(text, str) and not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError("write a whole number")
    return text


# Stricter than pydantic, which takes 0 for a date, `on` for true and 1_0 for a number: what is documented is what is read.
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Flag = Annotated[bool, BeforeValidator(_flag)]
Hits = Annotated[int, Field(ge=0, le=200), BeforeValidator(_whole)]
Rows = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_whole)]

Asked = Annotated[
    str,
    Query(
        max_length=MAX_LENGTH,
        description="In the query language (docs/query-language.md).",
        examples=["entity:ttp AND (talks OR ceasefire)"],
    ),
]
Cursor = Annotated[str | None, Query(max_length=2_000, description="`next` of the page before, as it is.")]
Zone = Annotated[
    str | None,
    Query(
        max_length=64,
        description="Time zone of days, in the query and in the timeline; else the server's.",
        examples=["Asia/Karachi"],
    ),
]
Chosen = Annotated[
    list[str],
    Query(
        max_length=100,
        description="Only articles with this value of a facet, such as `source=dawn`; several of one facet: any of them. The "
        "counts of that facet stay as if nothing were chosen of it.",
        examples=[["source=dawn"]],
    ),
]
