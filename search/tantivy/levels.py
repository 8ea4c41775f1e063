"""What scores alike: where one open word is all that weighs, an article has it in its title and body, or in one of them."""

from __future__ import annotations

import math
from dataclasses import replace

from search.schema import FORMS, TITLE_WEIGHT, fields_of
from search.tree import And, Boost, Fuzzy, Node, Prefix, Wildcard, both, negation, ranks

_EXACT = 1e-5  # of a score: Tantivy reckons in 32 bits


def level(node: Node, score: float) -> Node | None:
    """Return what selects just those that a query gives this score; None where words weigh by how rare they are."""
    filters, weight = list[Node](), 1.0
    while not isinstance(node, Prefix | Wildcard | Fuzzy):
        match node:
            case Boost(child, times) if ranks(child):
                node, weight = child, weight * times
            case And(nodes) if sum(map(ranks, nodes)) == 1:
                filters += [each for each in nodes if not ranks(each)]
                node = next(filter(ranks, nodes))
            case _:
                return None
    if fields_of(node.where) != FORMS:
        return both(node, *filters)
    title, body = (replace(node, where=field) for field in FORMS)
    for worth, held in (
        (TITLE_WEIGHT + 1, both(title, body)),
        (TITLE_WEIGHT, both(title, negation(body))),
        (1.0, both(body, negation(title))),
    ):
        if math.isclose(worth * weight, score, rel_tol=_EXACT):
            return both(held, *filters)
    return None
