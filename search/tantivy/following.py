"""The page after a mark: hits that stand behind it, wherever that is now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter

import tantivy

from khabar.ports import Mark, Sort
from search.tantivy.engine import Hit, Key, Snapshot
from search.tantivy.equals import Level, newest_equals
from search.tantivy.fields import when_key
from search.tantivy.order import Name, Settle, named, newest_first

_WINDOW = 64  # hits looked at beyond a page at first
_FARTHEST = (
    10_000  # hits before a page that are looked at at once: each takes memory, and what is told may be wrong
)
_WIDER = 4  # times, where that was not enough

_key = itemgetter(0)
Search = Callable[[int, int], tuple[int, list[Hit]]]  # so many hits, from an offset on


def after_field(
    snapshot: Snapshot, query: tantivy.Query, field: Sort, mark: Mark, limit: int, name: Name
) -> tuple[int, list[Hit]]:
    """Return the exact total and the hits after a mark by rising `field`, equal ones by name."""
    at, settle = when_key(field, mark.when, mark.id), named(name)
    rest = snapshot.between(query, field, at, None)

    def kept(run: list[Hit]) -> list[Hit]:
        return [hit for hit in _settled(run, settle) if hit[0] > at or name(hit[1]) > mark.id]

    def search(window: int, offset: int) -> tuple[int, list[Hit]]:
        return snapshot.search(rest, window, field, offset)

    _, hits = _following(search, limit, 0, at, kept)
    return snapshot.search(query, 1)[0], hits


def after_score(
    snapshot: Snapshot, query: tantivy.Query, level: Level, mark: Mark, limit: int, name: Name
) -> tuple[int, list[Hit]]:
    """Return the exact total and the hits after a mark by falling score, equal ones the newest first, then by name."""
    place, settle = when_key("newest", mark.when, mark.id), newest_first(snapshot, name)

    def behind(address: tantivy.DocAddress) -> bool:
        newest = snapshot.values([address], "newest")[0] or 0
        # A name lies in the stored document: it is read only where it decides.
        return newest > place or (newest == place and name(address) > mark.id)

    def kept(run: list[Hit]) -> list[Hit]:
        return [hit for hit in _settled(run, settle) if hit[0] > -mark.score or behind(hit[1])]

    def rising(window: int, offset: int) -> tuple[int, list[Hit]]:
        total, hits = snapshot.search(query, window, offset=offset)
        return total, [(-score, address) for score, address in hits]

    def equal() -> Iterator[list[Hit]]:
        for run in newest_equals(snapshot, query, level, mark.score, place):
            yield [(-score, address) for score, address in run]

    before = min(max(mark.place, 0), _FARTHEST)
    total, hits = _following(rising, limit, before, -mark.score, kept, equal)
    return total, [(-key, address) for key, address in hits]


def _following(
    search: Search,
    limit: int,
    before: int,
    at: Key,
    kept: Callable[[list[Hit]], list[Hit]],
    equal: Callable[[], Iterator[list[Hit]]] | None = None,
) -> tuple[int, list[Hit]]:
    """Return the total and hits of rising keys from the mark's own key on, where about so many stand `before`.

    `kept` orders hits of one key and leaves those behind the mark; `equal` has those of the mark's key, if they are many.
    """
    offset = max(0, before - _WINDOW)
    window = before - offset + limit + _WINDOW
    while True:
        total, hits = search(window, offset)
        if offset and (not hits or hits[0][0] >= at):  # what equals the mark begins before it
            offset, window = 0, offset + window
            continue
        whole = offset + len(hits) >= total
        if equal and not whole and hits[-1][0] == at:
            found, equal = _enough(map(kept, equal()), limit), None
        else:
            found = _enough(map(kept, _runs(hits, at, whole)), limit)
        if len(found) >= limit or whole:
            return total, found[:limit]
        window *= _WIDER


def _runs(hits: list[Hit], at: Key, whole: bool) -> Iterator[list[Hit]]:
    """Yield hits of one key each from a key on, but for the last: the like of it may lie beyond what was found."""
    first = bisect_left(hits, at, key=_key)
    for key, group in groupby(islice(hits, first, None), key=_key):
        if whole or key != hits[-1][0]:
            yield list(group)


def _enough(runs: Iterable[list[Hit]], limit: int) -> list[Hit]:
    found: list[Hit] = []
    for run in runs:
        found += run
        if len(found) >= limit:
            break
    return found


def _settled(run: list[Hit], settle: Settle) -> list[Hit]:
    return settle(run) if len(run) > 1 else run
