"""The page after a mark: hits that stand behind it, wherever that is now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import groupby, islice
from operator import itemgetter

import tantivy

from khabar.ports import Mark, Sort
from search.tantivy.engine import Hit, Key, Snapshot
from search.tantivy.fields import when_key
from search.tantivy.order import Name, Settle, named, newest_first

_WINDOW = 64  # hits looked at beyond a page at first
_FARTHEST = (
    10_000  # hits before a page that are looked at at once: each takes memory, and what is told may be wrong
)
_WIDER = 4  # times, where that was not enough

_key = itemgetter(0)
Search = Callable[[int], tuple[int, list[Hit]]]


def after_field(
    snapshot: Snapshot, query: tantivy.Query, field: Sort, mark: Mark, limit: int, name: Name
) -> tuple[int, list[Hit]]:
    """Return the exact total and the hits after a mark by rising `field`, equal ones by name."""
    at = when_key(field, mark.when, mark.id)
    bound = tantivy.Query.range_query(snapshot.schema, field, tantivy.FieldType.Unsigned, at, None)
    rest = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, bound)])

    def behind(address: tantivy.DocAddress) -> bool:
        return name(address) > mark.id

    _, hits = _following(
        lambda window: snapshot.search(rest, window, field), limit, 0, named(name), at, behind
    )
    return snapshot.search(query, 1)[0], hits


def after_score(
    snapshot: Snapshot, query: tantivy.Query, mark: Mark, limit: int, name: Name
) -> tuple[int, list[Hit]]:
    """Return the exact total and the hits after a mark by falling score, equal ones the newest first, then by name."""
    place = when_key("newest", mark.when, mark.id)

    def behind(address: tantivy.DocAddress) -> bool:
        newest = snapshot.values([address], "newest")[0] or 0
        # A name lies in the stored document: it is read only where it decides.
        return newest > place or (newest == place and name(address) > mark.id)

    def rising(window: int) -> tuple[int, list[Hit]]:
        total, hits = snapshot.search(query, window)
        return total, [(-score, address) for score, address in hits]

    before = min(max(mark.place, 0), _FARTHEST)
    total, hits = _following(rising, limit, before, newest_first(snapshot, name), -mark.score, behind)
    return total, [(-key, address) for key, address in hits]


def _following(
    search: Search,
    limit: int,
    before: int,
    settle: Settle,
    at: Key,
    behind: Callable[[tantivy.DocAddress], bool],
) -> tuple[int, list[Hit]]:
    """Return the total and hits of rising keys from the mark's own key on, where about so many stand `before`.

    Those of equal key are asked whether they are behind the mark.
    """
    window = before + limit + _WINDOW
    while True:
        total, hits = search(window)
        whole = len(hits) >= total
        found: list[Hit] = []
        first = bisect_left(hits, at, key=_key)
        for key, group in groupby(islice(hits, first, None), key=_key):
            if len(found) >= limit or (key == hits[-1][0] and not whole):
                break  # the like of the last may lie beyond the window
            run = list(group)
            run = settle(run) if len(run) > 1 else run
            found += [hit for hit in run if key > at or behind(hit[1])]
        if len(found) >= limit or whole:
            return total, found[:limit]
        window *= _WIDER
