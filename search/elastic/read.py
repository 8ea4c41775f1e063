"""Pages, walks and counts of what a query selects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from elasticsearch import BadRequestError, NotFoundError

from search.elastic.client import MissingIndexError, SearchServerError, Server, TooSlowError, reason_of
from search.elastic.query import Query, filtered
from search.refusal import QueryError

WINDOW = 10_000  # Elasticsearch looks no further than this from the first hit
_KEEP = "2m"
_REOPENED = 5  # times in a row without a hit

Hit = dict[str, Any]
Order = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """Some hits, the exact total, and what was counted."""

    total: int
    hits: list[Hit]
    counts: dict[str, Any]


def search(
    server: Server, index: str | None, body: dict[str, Any], search_type: str | None = None
) -> dict[str, Any]:
    """Return Elasticsearch's answer; raises QueryError where a query stands for too much.

    Half an answer is none: a shard that is away is an error.
    """
    options: dict[str, Any] = {"allow_partial_search_results": False}
    options |= {"index": index} if index else {}
    options |= {"search_type": search_type} if search_type else {}
    try:
        return server.ask(lambda es: es.search(body=body, **options)).body
    except BadRequestError as error:
        reason = str(error.body)
        if "too_many_clauses" in reason or "too many terms" in reason or "maxClauseCount" in reason:
            raise QueryError(0, "a prefix stands for too many different words; write more of it") from error
        raise server.trouble(reason_of(error.body)) from error
    except TooSlowError as error:
        reason = "the query took longer than it may; narrow it by a date or a source, or ask rarer words"
        raise QueryError(0, reason) from error


def page(
    server: Server,
    index: str,
    query: Query,
    order: Order,
    limit: int,
    offset: int,
    counts: dict[str, Any] | None = None,
    window: int = WINDOW,
    after: list[Any] | None = None,
    seconds: float | None = None,
) -> Page:
    """Return one page in an order, from the first hit or from the one whose sort values come next `after`.

    Scores are those of the whole index, however many shards it has. Raises QueryError where it takes so many `seconds`.
    """
    body = {"query": query, "sort": order, "track_total_hits": True, "aggs": counts or {}}
    body |= {"search_after": after} if after and limit else {}
    body |= {"timeout": f"{seconds * 1e6:.0f}micros"} if seconds else {}
    deep = offset + limit > window
    body |= {"size": 0} if deep else {"from": offset, "size": limit}
    answer = search(server, index, body, "dfs_query_then_fetch")
    total = answer["hits"]["total"]["value"]
    hits = answer["hits"]["hits"]
    if deep and offset < total:
        hits = _deep_page(server, index, query, order, limit, offset, window)
    return Page(total, hits, answer.get("aggregations", {}))


def _deep_page(
    server: Server, index: str, query: Query, order: Order, limit: int, offset: int, window: int
) -> list[Hit]:
    """Go through the hits before a page by their sort values alone, in one unchanging view of the index."""
    body: dict[str, Any] = {"query": query, "sort": order, "track_total_hits": False}
    hits: list[Hit] = []
    with _View(server, index) as view:
        while len(hits) < limit:
            size = min(window, offset or limit - len(hits))
            found = view.search(body | {"size": size, "_source": not offset}, "dfs_query_then_fetch")
            if not found:
                break
            body["search_after"] = found[-1]["sort"]
            if offset:
                offset -= len(found)
            else:
                hits += found
    return hits


def walk(
    server: Server, index: str, query: Query, field: str, after: str = "", size: int = 500
) -> Iterator[Hit]:
    """Yield every hit by a rising keyword that none shares, from the first after `after` on.

    Writes behind it do not disturb it. Where its view is lost (the node was started again, or the walk stood still
    for minutes) it goes on in a new one.
    """
    idle = 0
    while True:
        body = {
            "query": filtered(query, {"range": {field: {"gt": after}}}) if after else filtered(query),
            "sort": [{field: "asc"}],
            "track_total_hits": False,
            "size": size,
        }
        try:
            with _View(server, index) as view:
                while found := view.search(body):
                    for hit in found:
                        yield hit
                        after, idle = hit["sort"][0] or after, 0
                    if len(found) < size:
                        return
                    body["search_after"] = found[-1]["sort"]
                return
        except (NotFoundError, MissingIndexError):
            idle += 1
            if idle == _REOPENED:
                raise


def gather(server: Server, index: str, query: Query, field: str) -> list[Hit]:
    """Return every hit by a rising keyword that none shares; for few hits, which are had in one request."""
    hits: list[Hit] = []
    body: dict[str, Any] = {
        "query": query,
        "sort": [{field: "asc"}],
        "track_total_hits": False,
        "size": 1_000,
    }
    while True:
        found = search(server, index, body)["hits"]["hits"]
        hits += found
        if len(found) < body["size"]:
            return hits
        body["search_after"] = found[-1]["sort"]


class _View:
    """An unchanging view of an index (a point in time), given back at the end."""

    def __init__(self, server: Server, index: str) -> None:
        self._server = server
        self._index = index
        self._name = ""

    def __enter__(self) -> _View:
        opened = self._server.ask(lambda es: es.open_point_in_time(index=self._index, keep_alive=_KEEP)).body
        self._name = opened["id"]
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(NotFoundError, SearchServerError):  # it is gone already, or goes by itself before long
            self._server.ask(lambda es: es.close_point_in_time(id=self._name), patience=0)

    def search(self, body: dict[str, Any], search_type: str | None = None) -> Sequence[Hit]:
        """Return the next hits."""
        pit = {"pit": {"id": self._name, "keep_alive": _KEEP}}
        answer = search(self._server, None, body | pit, search_type)
        self._name = answer.get("pit_id", self._name)
        return answer["hits"]["hits"]
