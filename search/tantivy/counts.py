"""Facets and timelines of what a query selects, counted by Tantivy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tantivy import Query

from khabar.ports import Interval
from search.chosen import check
from search.schema import midnight
from search.tantivy.engine import Snapshot
from search.tantivy.fields import micros
from search.timeline import buckets

_VALUES = 100  # values of a facet that are given
_COUNTED = 50_000  # different values that are counted; Tantivy refuses more than 65,000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def facets(snapshot: Snapshot, queries: Mapping[str, Query]) -> dict[str, dict[str, int]]:
    """Return the most frequent values of each field with their counts under its query, then by name."""
    asked: dict[int, list[str]] = {}
    for field, query in queries.items():
        check(field)
        asked.setdefault(id(query), []).append(field)
    found: dict[str, dict[str, int]] = {}
    for fields in asked.values():  # fields of one query are counted in one go: it runs once
        counted = snapshot.aggregate(queries[fields[0]], {field: _values(field) for field in fields})
        found |= {field: _ranked(counted[field]["buckets"]) for field in fields}
    return {field: found[field] for field in queries}


def _values(field: str) -> dict[str, Any]:
    name = "author_name" if field == "author" else field
    return {"terms": {"field": name, "size": _COUNTED, "segment_size": _COUNTED}}


def _ranked(buckets: list[dict[str, Any]]) -> dict[str, int]:
    ranked = sorted((-bucket["doc_count"], bucket["key"]) for bucket in buckets)
    return {value: -count for count, value in ranked[:_VALUES]}


def timeline(snapshot: Snapshot, query: Query, interval: Interval, timezone: str) -> dict[str, int]:
    """Return how many articles each day, week or month has, in order, those without any left out.

    Undated articles count when they were first fetched; those dated to the day, on their printed day.
    """
    first, last = _extent(snapshot, query, timezone)
    if first is None or last is None:
        return {}
    spans = buckets(first, last, interval)
    edges = [(name, micros(midnight(day, timezone)), day.toordinal()) for name, day in spans]
    bounds = {"moment": [edge[1] for edge in edges], "day": [edge[2] for edge in edges]}
    counted = snapshot.aggregate(query, {field: _spans(field, at) for field, at in bounds.items()})
    counts: Counter[str] = Counter()
    for field, at in bounds.items():
        labels = dict(zip(at, (edge[0] for edge in edges[:-1]), strict=False))
        for bucket in counted[field]["buckets"]:
            if bucket["doc_count"] and "from" in bucket:
                counts[labels[int(bucket["from"])]] += bucket["doc_count"]
    return {name: counts[name] for name, _ in spans if counts[name]}


def _spans(field: str, bounds: list[int]) -> dict[str, Any]:
    return {
        "range": {"field": field, "ranges": [{"from": start, "to": end} for start, end in pairwise(bounds)]}
    }


def _extent(snapshot: Snapshot, query: Query, timezone: str) -> tuple[date | None, date | None]:
    extremes = {
        f"{field}_{end}": {end: {"field": field}} for field in ("moment", "day") for end in ("min", "max")
    }
    found = {name: value["value"] for name, value in snapshot.aggregate(query, extremes).items()}
    zone = ZoneInfo(timezone)
    days: list[date] = []
    for name, value in found.items():
        if value is not None and name.startswith("moment"):
            days.append((_EPOCH + timedelta(microseconds=int(value))).astimezone(zone).date())
        elif value is not None:
            days.append(date.fromordinal(int(value)))
    return min(days, default=None), max(days, default=None)
