"""What Tantivy finds, in an order that stays: its own, among equals, changes with every merge of segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import tantivy

from search.tantivy.engine import Hit, Snapshot
from search.tantivy.equals import Level, newest_equals

_SLACK = 64  # hits looked at beyond a page, so that equal ones at its edge are seen together
_FEW = 200  # addresses that are had at once with their number
_WINDOW = 10_000  # addresses taken at a time when everything is walked through

Name = Callable[[tantivy.DocAddress], str]
Settle = Callable[[Sequence[Hit]], list[Hit]]  # puts hits of equal keys in order


def by_field(
    snapshot: Snapshot, query: tantivy.Query, field: str, limit: int, offset: int, name: Name
) -> tuple[int, list[Hit]]:
    """Return the exact total and one page by rising `field`, equal ones by name."""
    end = offset + limit
    total, hits = snapshot.search(query, end + _SLACK if limit else 1, field)
    if limit and _cut(hits, total, end):
        _, hits = snapshot.search(query, total, field)
    return total, page_of(hits, named(name), offset, end)


def by_score(
    snapshot: Snapshot, query: tantivy.Query, level: Level, limit: int, offset: int, name: Name
) -> tuple[int, list[Hit]]:
    """Return the exact total and one page by falling score, equal ones the newest first, then by name."""
    end = offset + limit
    total, hits = snapshot.search(query, end + _SLACK if limit else 1)
    if limit and _cut(hits, total, end):
        edge = hits[-1][0]
        hits = [hit for hit in hits if hit[0] > edge]
        for run in newest_equals(snapshot, query, level, edge):
            hits += run
            if len(hits) >= end:
                break
    return total, page_of(hits, newest_first(snapshot, name), offset, end)


def named(name: Name) -> Settle:
    """Return what puts equal hits in the order of their names."""
    return lambda run: sorted(run, key=lambda hit: name(hit[1]))


def newest_first(snapshot: Snapshot, name: Name) -> Settle:
    """Return what puts hits of equal score in order: the newest first, then by name."""

    def settle(run: Sequence[Hit]) -> list[Hit]:
        addresses = [address for _, address in run]
        values = snapshot.values(addresses, "newest")
        keyed = sorted(zip((value or 0 for value in values), addresses, strict=True), key=lambda hit: hit[0])
        ordered = _settled(keyed, named(name), 0, len(keyed))
        return [(run[0][0], address) for _, address in ordered]

    return settle


def found_all(snapshot: Snapshot, query: tantivy.Query) -> list[tantivy.DocAddress]:
    """Return the addresses of everything found, in no order."""
    count, hits = snapshot.search(query, _FEW)
    if count > _FEW:
        _, hits = snapshot.search(query, count)
    return [address for _, address in hits]


def found_few(snapshot: Snapshot, query: tantivy.Query) -> list[tantivy.DocAddress] | None:
    """Return the addresses of everything found, in no order; None where that is much."""
    count, hits = snapshot.search(query, _FEW)
    return None if count > _FEW else [address for _, address in hits]


def walk(
    snapshot: Snapshot, query: tantivy.Query, field: str, start: int, name: Name
) -> Iterator[tantivy.DocAddress]:
    """Yield every document found by rising `field` from `start` on, equal ones by name."""
    window = _WINDOW
    while True:
        _, found = snapshot.search(snapshot.between(query, field, start, None), window, field)
        last = found[-1][0] if len(found) == window else None
        # The like of the last one may lie beyond the window: they come together with the next.
        whole = [hit for hit in found if last is None or hit[0] < last]
        yield from (address for _, address in _settled(whole, named(name), 0, len(whole)))
        if last is None:
            return
        window = window if whole else window * 2
        start = int(last)


def page_of(hits: Sequence[Hit], settle: Settle, start: int, end: int) -> list[Hit]:
    """Return hits from one place to another, equal ones settled."""
    return _settled(hits, settle, start, end)[start:end]


def _cut(hits: Sequence[Hit], total: int, end: int) -> bool:
    """Tell whether there are more equals at the page's edge than the slack takes in."""
    return len(hits) < total and hits[-1][0] == hits[end - 1][0]


def _settled(hits: Sequence[Hit], settle: Settle, start: int, end: int) -> list[Hit]:
    """Put runs of equal keys in order where they touch start…end."""
    settled: list[Hit] = []
    for _, group in groupby(hits, key=lambda hit: hit[0]):
        run = list(group)
        touched = len(settled) < end and len(settled) + len(run) > start
        settled.extend(settle(run) if touched and len(run) > 1 else run)
    return settled
