"""Values chosen of facets: any of one facet, all facets together; they narrow what is found, not their own counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from search.schema import FACETS, keyword
from search.tree import EntityNode, Keyword, KeywordField, Node, both, either

Chosen = Mapping[str, Sequence[str]]  # values by facet


def narrowed(query: Node, chosen: Chosen, but: str | None = None) -> Node:
    """Return a query that selects what is chosen too, in every facet but one. Raises ValueError for no facet."""
    for field in chosen:
        check(field)
    kept = [(field, values) for field, values in chosen.items() if values and field != but]
    choices = [either(*(_holding(field, value) for value in values)) for field, values in kept]
    return both(query, *choices)


def check(field: str) -> None:
    """Raise ValueError where there is no such facet."""
    if field not in FACETS:
        raise ValueError(f"{field!r} is no facet; there are {', '.join(FACETS)}")


def _holding(field: str, value: str) -> Node:
    if field == "entity":
        return EntityNode(value)
    name = cast("KeywordField", "author_name" if field == "author" else field)
    return Keyword(name, keyword(name, value))
