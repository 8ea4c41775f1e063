"""The best hits of a query, uncounted: what cannot be among them is not looked at.

Tantivy passes articles over only where words are all that it is asked for. So what a query leaves out, if it is little,
is left out of the hits instead.
"""

from __future__ import annotations

from search.tantivy.documents import name_in
from search.tantivy.engine import Hit, Place, Snapshot, place_of
from search.tantivy.order import by_score, found_few, newest_first, page_of
from search.tantivy.query import checked, level_of
from search.tree import And, Node, Not, either

_SLACK = 8  # hits looked at beyond a page, so that equal ones at its edge are seen together


def best(snapshot: Snapshot, node: Node, limit: int, offset: int) -> tuple[int, list[Hit]]:
    """Return one page as `by_score` does, and only how many hits were looked at for it."""
    asked, out = _parted(snapshot, node)
    query, end = checked(asked, snapshot), offset + limit
    wanted = end + _SLACK + len(out)
    found = snapshot.best(query, wanted)
    hits = [hit for hit in found if place_of(hit[1]) not in out]
    if len(found) == wanted and hits[-1][0] == hits[end - 1][0]:  # more equals than the slack takes in
        return by_score(
            snapshot, checked(node, snapshot), level_of(node, snapshot), limit, offset, name_in(snapshot)
        )
    return len(hits), page_of(hits, newest_first(snapshot, name_in(snapshot)), offset, end)


def _parted(snapshot: Snapshot, node: Node) -> tuple[Node, set[Place]]:
    """Return what a query asks for, and the few that it leaves out; all of it, where they are not few."""
    asked = [each for each in node.nodes if not isinstance(each, Not)] if isinstance(node, And) else [node]
    if isinstance(node, And) and len(asked) == 1:
        left_out = either(*(each.node for each in node.nodes if isinstance(each, Not)))
        few = found_few(snapshot, checked(left_out, snapshot))
        if few is not None:
            return asked[0], set(map(place_of, few))
    return node, set()
