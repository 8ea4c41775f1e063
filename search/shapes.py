"""Words left open: what a shape such as `t?lib*` accepts, how it begins, and what is within so many edits of a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from rapidfuzz.distance import OSA

_WILD = re.compile(r"[?*]")


def head(shape: str) -> str:
    """Return the letters before the first wildcard."""
    return _WILD.split(shape, maxsplit=1)[0]


def is_prefix(shape: str) -> bool:
    """Tell whether a shape is open at its end only."""
    return shape.endswith("*") and not _WILD.search(shape[:-1])


def expression(shape: str, escaped: Callable[[str], str], one: str, any_number: str) -> str:
    """Return a shape as a regular expression of somebody's: how it escapes letters, and says one and any number."""
    spoken = {"?": one, "*": any_number}
    return "".join(spoken.get(part, escaped(part)) for part in re.split(r"([?*])", shape))


@lru_cache(maxsize=1_000)
def accepts(shape: str) -> Callable[[str], object]:
    """Return what tells whether a folded word has a shape."""
    return re.compile(expression(shape, re.escape, ".", ".*"), re.DOTALL).fullmatch


def within(word: str, edits: int, among: Iterable[str]) -> Iterator[str]:
    """Yield the words within so many edits of a word; two neighbours swapped are one edit."""
    for other in among:
        if OSA.distance(word, other, score_cutoff=edits) <= edits:
            yield other
