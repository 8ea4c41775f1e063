"""One page of what a query finds: by score or by a field, from an offset or from where another page ended."""

from __future__ import annotations

import tantivy

from khabar.ports import Mark, Sort
from search.tantivy.documents import name_in
from search.tantivy.engine import Hit, Snapshot
from search.tantivy.following import after_field, after_score
from search.tantivy.order import by_field, by_score
from search.tantivy.query import level_of
from search.tree import Node


def page(
    snapshot: Snapshot,
    node: Node,
    query: tantivy.Query,
    field: Sort | None,
    limit: int,
    offset: int,
    after: Mark | None,
) -> tuple[int, list[Hit]]:
    """Return the exact total and one page by rising `field`, or by falling score without one; `query` is the compiled node."""
    name = name_in(snapshot)
    if after is not None and limit:
        if field is None:
            return after_score(snapshot, query, level_of(node, snapshot), after, limit, name)
        return after_field(snapshot, query, field, after, limit, name)
    if field is None:
        return by_score(snapshot, query, level_of(node, snapshot), limit, offset, name)
    return by_field(snapshot, query, field, limit, offset, name)
