"""Facets and timelines of what a query selects, counted by Elasticsearch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from khabar.ports import Frequencies, Interval
from search.chosen import check
from search.elastic.client import Server
from search.elastic.query import Query
from search.elastic.read import search
from search.schema import micros, midnight
from search.timeline import buckets

_VALUES = 100  # values of a facet that are given
_COUNTED = 50_000  # values that each shard sends, so that their sums are exact
_FILTERS = 1_000  # values that are counted one by one at once; Elasticsearch refuses some more than that
_RANGES = 20_000  # buckets that are counted at once; Elasticsearch refuses more than 65,536
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def facet_counts(fields: Sequence[str]) -> dict[str, Any]:
    """Return what to have counted for facets."""
    for field in fields:
        check(field)
    return {
        f"facet_{field}": {
            "terms": {
                "field": "author_name" if field == "author" else field,
                "size": _VALUES,
                "shard_size": _COUNTED,
                "order": [{"_count": "desc"}, {"_key": "asc"}],
            }
        }
        for field in fields
    }


def facets(
    server: Server, index: str, counts: Mapping[str, Any], queries: Mapping[str, Query | None]
) -> dict[str, dict[str, int]]:
    """Return the most frequent values of each field with their counts, then by name.

    They are read from what was counted already, or counted under a query of the field's own.
    """
    found: dict[str, dict[str, int]] = {}
    for field, query in queries.items():
        counted = counts
        if query is not None:
            body = {"query": query, "size": 0, "track_total_hits": False, "aggs": facet_counts([field])}
            counted = search(server, index, body)["aggregations"]
        buckets_ = counted[f"facet_{field}"]["buckets"]
        found[field] = {bucket["key"]: bucket["doc_count"] for bucket in buckets_}
    return found


def frequencies(server: Server, index: str, field: str, values: Sequence[str]) -> Frequencies:
    """Return the number of all articles, and of those that hold each value."""
    names = list(dict.fromkeys(values))
    holding: dict[str, int] = {}
    total = 0
    for start in range(0, max(len(names), 1), _FILTERS):
        some = names[start : start + _FILTERS]
        filters = [{"term": {field: value}} for value in some]
        body = {"size": 0, "track_total_hits": True}
        body |= {"aggs": {"holding": {"filters": {"filters": filters}}}} if some else {}
        answer = search(server, index, body)
        total = answer["hits"]["total"]["value"]
        counted = answer["aggregations"]["holding"]["buckets"] if some else []
        holding |= {value: bucket["doc_count"] for value, bucket in zip(some, counted, strict=True)}
    return Frequencies(total, holding)


def extent_counts() -> dict[str, Any]:
    """Return what to have counted to know how far a timeline reaches."""
    return {
        f"{end}_{field}": {end: {"field": field}} for field in ("moment", "day") for end in ("min", "max")
    }


def timeline(
    server: Server, index: str, query: Query, extent: Mapping[str, Any], interval: Interval, timezone: str
) -> dict[str, int]:
    """Return how many articles each day, week or month has, in order, those without any left out.

    Undated articles count when they were first fetched; those dated to the day, on their printed day. The days are
    Python's, as in a query: Java knows other time zone rules.
    """
    days = _days(extent, ZoneInfo(timezone))
    if not days:
        return {}
    spans = buckets(min(days), max(days), interval)
    edges = [(name, micros(midnight(day, timezone)), day.toordinal()) for name, day in spans]
    counted: Counter[str] = Counter()
    for start in range(0, len(edges) - 1, _RANGES):
        part = edges[start : start + _RANGES + 1]
        body = {
            "query": query,
            "size": 0,
            "aggs": {"moment": _ranges("moment", part, 1), "day": _ranges("day", part, 2)},
        }
        found = search(server, index, body)["aggregations"]
        for field, place in (("moment", 1), ("day", 2)):
            labels = {edge[place]: edge[0] for edge in part}
            for bucket in found[field]["buckets"]:
                counted[labels[int(bucket["from"])]] += bucket["doc_count"]
    return {name: counted[name] for name, _ in spans if counted[name]}


def _ranges(field: str, edges: Sequence[tuple[str, int, int]], place: int) -> dict[str, Any]:
    bounds = [edge[place] for edge in edges]
    return {
        "range": {"field": field, "ranges": [{"from": start, "to": end} for start, end in pairwise(bounds)]}
    }


def _days(extent: Mapping[str, Any], zone: ZoneInfo) -> list[date]:
    days: list[date] = []
    for end in ("min", "max"):
        moment, day = extent[f"{end}_moment"]["value"], extent[f"{end}_day"]["value"]
        if moment is not None:
            days.append((_EPOCH + timedelta(microseconds=int(moment))).astimezone(zone).date())
        if day is not None:
            days.append(date.fromordinal(int(day)))
    return days
