"""The page after a mark: hits that stand behind it, wherever that is now."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import tantivy

from khabar.ports import Mark, Sort
from search.tantivy.engine import Hit, Key, Snapshot
from search.tantivy.fields import when_key
from search.tantivy.order import Name, Settle, named, newest_first

_WINDOW = 64  # hits looked at beyond a page at first

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

    hits = _following(lambda window: snapshot.search(rest, window, field), limit, named(name), at, behind)
    return snapshot.search(query, 1)[0], hits


def after_score(
    snapshot: Snapshot, query: tantivy.Query, mark: Mark, limit: int, name: Name
) -> tuple[int, list[Hit]]:
    """Return the exact total and the hits after a mark by falling score, equal ones the newest first, then by name."""
    place = (when_key("newest", mark.when, mark.id), mark.id)

    def behind(address: tantivy.DocAddress) -> bool:
        return (snapshot.values([address], "newest")[0] or 0, name(address)) > place

    def rising(window: int) -> tuple[int, list[Hit]]:
        total, hits = snapshot.search(query, window)
        return total, [(-score, address) for score, address in hits]

    hits = _following(rising, limit, newest_first(snapshot, name), -mark.score, behind)
    return snapshot.search(query, 1)[0], [(-key, address) for key, address in hits]


def _following(
    search: Search, limit: int, settle: Settle, at: Key, behind: Callable[[tantivy.DocAddress], bool]
) -> list[Hit]:
    """Return hits of rising keys from the mark's own key on; those of equal key are asked whether they are behind it."""
    window = limit + _WINDOW
    while True:
        total, hits = search(window)
        whole = len(hits) >= total
        found: list[Hit] = []
        for key, group in groupby(hits, key=lambda hit: hit[0]):
            if len(found) >= limit or (key == hits[-1][0] and not whole):
                break  # the like of the last may lie beyond the window
            if key >= at:
                run = list(group)
                run = settle(run) if len(run) > 1 else run
                found += [hit for hit in run if key > at or behind(hit[1])]
        if len(found) >= limit or whole:
            return found[:limit]
        window *= 2
