"""The articles nearest to one, in the shape that a search has, with the words and entities that they share with it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from khabar import stories
from khabar.codec import plain
from khabar.models import Article, Hit
from khabar.runtime import Runtime
from search.related import Likeness, likeness, marking, shared
from search.snippets import snippets
from search.tree import Node

_SAID = 12  # words, and entities, that explain a hit


def hits_like(
    runtime: Runtime, article: Article, limit: int, within: Node | None = None
) -> tuple[Likeness | None, Sequence[Hit]]:
    """Return what finds articles like one, and its nearest, copies folded; `within`: only of what this finds."""
    found = likeness(runtime.index, article, within)
    if found is None:
        return None, ()
    return found, stories.search(runtime.index, found.node, limit=limit, counted=False).hits


def related(
    runtime: Runtime, article: Article, limit: int = 10, *, explain: bool = False, within: Node | None = None
) -> dict[str, Any]:
    """Return the articles nearest to one, as `finding.find` gives them; `total` is of the hits alone.

    `explain`: by article id the words and entities shared, in the other's own words, what counts most first.
    """
    began = time.perf_counter()
    found, hits = hits_like(runtime, article, limit, within)
    shown: list[dict[str, Any]] = []
    explained: dict[str, dict[str, list[str]]] = {}
    for hit in hits:
        assert found is not None
        other = hit.document.article
        words, entities = shared(found, article, other)
        node = marking(found, article, other)
        passages = snippets(node, other) if node else ()
        shown.append({"score": round(hit.score, 4), "article": plain(other), "snippets": passages})
        explained[other.id] = {"terms": words[:_SAID], "entities": entities[:_SAID]}
    return {
        "total": len(shown),
        "hits": shown,
        "facets": {},
        "timeline": [],
        "explain": explained if explain else {},
        "took_ms": round((time.perf_counter() - began) * 1000, 1),
        "copies": "folded",
    }
