"""Hits of one score, the newest first: a word left open scores the same in all that hold it, and those may be half the index.

Tantivy puts hits in the order of their scores or of a field, not of one within the other. So the newest are taken some at a
time, and scored by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import tantivy

from search.tantivy.engine import Hit, Key, Snapshot

_FIRST = 2_048  # hits that are scored at first: one in a hundred holds a frequent word in its title, too
_MORE = 8  # times as many, where few of them had the score

Place = tuple[int, int]  # segment and document: Tantivy's addresses do not compare


def newest_equals(
    snapshot: Snapshot, query: tantivy.Query, score: Key, start: int = 0
) -> Iterator[list[Hit]]:
    """Yield what a query gives just this score, by rising `newest` from `start` on, in runs of equal `newest`."""
    window = _FIRST
    while True:
        _, newest = snapshot.search(_since(snapshot, query, start, None), window, "newest")
        if not newest:
            return
        last = int(newest[-1][0]) if len(newest) == window else None
        alike = _scored(snapshot, _since(snapshot, query, start, last), score, window)
        runs: dict[Key, list[Hit]] = {}
        for key, address in newest:
            # The like of the last one may lie beyond the window: they come together with the next.
            if key != last and (address.segment_ord, address.doc) in alike:
                runs.setdefault(key, []).append((score, address))
        yield from runs.values()
        if last is None:
            return
        start, window = last, window * _MORE


def _since(snapshot: Snapshot, query: tantivy.Query, start: int, last: int | None) -> tantivy.Query:
    bound = tantivy.Query.range_query(snapshot.schema, "newest", tantivy.FieldType.Unsigned, start, last)
    must = tantivy.Occur.Must
    return tantivy.Query.boolean_query([(must, query), (must, tantivy.Query.const_score_query(bound, 0.0))])


def _scored(snapshot: Snapshot, query: tantivy.Query, score: Key, window: int) -> set[Place]:
    total, hits = snapshot.search(query, window)
    if total > len(hits):
        _, hits = snapshot.search(query, total)
    return {(address.segment_ord, address.doc) for key, address in hits if key == score}
