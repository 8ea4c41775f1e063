"""Hits of one score, the newest first: a word left open scores the same in all that hold it, and those may be half the index.

Tantivy puts hits in the order of their scores or of a field, not of one within the other. So what has the score is asked
for, where that can be asked (search.tantivy.levels); else the newest are taken some at a time, and scored by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import tantivy

from search.tantivy.engine import Hit, Key, Place, Snapshot, place_of

_FIRST = 64  # hits that are taken at first
_SCORED = 2_048  # and of those that are scored: of a frequent word one in a hundred is in the title, too
_MORE = 8  # times as many, where few of them had the score

Level = Callable[[Key], tantivy.Query | None]  # what selects just those of a score, if anything does


def newest_equals(
    snapshot: Snapshot, query: tantivy.Query, level: Level, score: Key, start: int = 0
) -> Iterator[list[Hit]]:
    """Yield what a query gives just this score, by rising `newest` from `start` on, in runs of equal `newest`."""
    just = level(score)
    window = _SCORED if just is None else _FIRST
    while True:
        since = _between(snapshot, just or query, start, None)
        _, newest = snapshot.search(since, window, "newest")
        if not newest:
            return
        last = int(newest[-1][0]) if len(newest) == window else None
        alike = None if just else _scored(snapshot, _between(snapshot, query, start, last), score, window)
        runs: dict[Key, list[Hit]] = {}
        for key, address in newest:
            # The like of the last one may lie beyond the window: they come together with the next.
            if key != last and (alike is None or place_of(address) in alike):
                runs.setdefault(key, []).append((score, address))
        yield from runs.values()
        if last is None:
            return
        start, window = last, window * _MORE


def _between(snapshot: Snapshot, query: tantivy.Query, start: int, last: int | None) -> tantivy.Query:
    return snapshot.between(query, "newest", start, last) if start or last is not None else query


def _scored(snapshot: Snapshot, query: tantivy.Query, score: Key, window: int) -> set[Place]:
    total, hits = snapshot.search(query, window)
    if total > len(hits):
        _, hits = snapshot.search(query, total)
    return {place_of(address) for key, address in hits if key == score}
