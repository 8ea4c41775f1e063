"""Outcome rows read and counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from khabar import codec
from khabar.models import Outcome
from search.elastic.client import Server
from search.elastic.query import Query, filtered, span
from search.elastic.read import search, walk

_BUCKETS = 10_000
_NAMES = 10_000  # attempts looked up at once; Elasticsearch refuses more than 65,536


def read(
    server: Server,
    index: str,
    wanted: Mapping[str, Sequence[str] | None],
    since: date | None,
    until: date | None,
) -> Iterator[Outcome]:
    """Yield rows whose fields have one of the values wanted (None: any), in the order of their attempt names."""
    filters: list[Query] = [
        {"terms": {field: list(values)}}
        for field, values in wanted.items()
        if values is not None and field != "attempt"
    ]
    filters.append(
        span("day", since.toordinal() if since else None, until.toordinal() + 1 if until else None)
    )
    attempts = wanted.get("attempt")
    if attempts is None:
        yield from _walk(server, index, filters)
        return
    names = sorted(set(attempts))
    for start in range(0, len(names), _NAMES):
        yield from _walk(server, index, [*filters, {"terms": {"attempt": names[start : start + _NAMES]}}])


def _walk(server: Server, index: str, filters: list[Query]) -> Iterator[Outcome]:
    for hit in walk(server, index, filtered(*filters), "attempt", size=1_000):
        yield codec.build(hit["_source"]["row"], Outcome)


def tally(server: Server, index: str, size: int = _BUCKETS) -> dict[tuple[str, date, str, str | None], int]:
    """Return the number of rows by (source, day, outcome, reason), `size` kinds at a time."""
    sources = [
        {field: {"terms": {"field": field, "missing_bucket": field == "reason"}}}
        for field in ("source", "day", "outcome", "reason")
    ]
    counted: dict[tuple[str, date, str, str | None], int] = {}
    composite: dict[str, Any] = {"size": size, "sources": sources}
    while True:
        body = {"size": 0, "track_total_hits": False, "aggs": {"tally": {"composite": composite}}}
        found = search(server, index, body)["aggregations"]["tally"]
        for bucket in found["buckets"]:
            key = bucket["key"]
            counted[key["source"], date.fromordinal(key["day"]), key["outcome"], key["reason"]] = bucket[
                "doc_count"
            ]
        if "after_key" not in found:
            return counted
        composite["after"] = found["after_key"]
