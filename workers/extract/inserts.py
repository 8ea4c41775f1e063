"""The site's own lines in a body: "Also read: …" between paragraphs, and calls to follow, to join, to comment behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from khabar.data import read_data
from khabar.text import fold

MAX_INSERT = 250  # characters; a longer paragraph is not one headline
MAX_CALL = 160  # characters of a line that asks readers for something
MAX_HEAD = 30  # characters of what an insert begins with
TAIL = 5  # paragraphs behind a text that may be calls
_FILE = Path(__file__).with_name("inserts.yaml")
_SET_OFF = re.compile(r"\s*[:：]\s*|\s*[-–—|]\s*")


class _Known(NamedTuple):
    inserts: frozenset[str]
    calls: re.Pattern[str]
    ends: frozenset[str]


@lru_cache(maxsize=1)
def _known() -> _Known:
    """Return what the site's own lines say, folded; the file is read once a process."""
    told: dict[str, list[str]] = read_data(_FILE)
    calls = "|".join(re.escape(fold(words)) for words in told["calls"])
    return _Known(
        frozenset(map(fold, told["inserts"])),
        re.compile(rf"(?<!\w)(?:{calls})(?!\w)"),
        frozenset(map(fold, told["ends"])),
    )


def without_inserts(paragraphs: Sequence[str]) -> list[str]:
    """Return a body without the lines in it that are the site's own; a body of nothing else is left as it is."""
    last = len(paragraphs)
    while last > max(1, len(paragraphs) - TAIL) and _is_call(paragraphs[last - 1]):
        last -= 1
    return [one for one in paragraphs[:last] if not _is_insert(one)] or list(paragraphs)


def _is_insert(paragraph: str) -> bool:
    """Tell whether a line is an insert: its words, what sets them off, and one thing more."""
    if len(paragraph) > MAX_INSERT or "\n" in paragraph:
        return False
    parts = _SET_OFF.split(paragraph[: MAX_HEAD + 1], maxsplit=1)
    return len(parts) > 1 and parts[1] != "" and fold(parts[0]) in _known().inserts


def _is_call(paragraph: str) -> bool:
    """Tell whether a line asks readers to follow, to join or to comment."""
    if len(paragraph) > MAX_CALL or "\n" in paragraph:
        return False
    folded = fold(paragraph)
    return folded in _known().ends or _known().calls.search(folded) is not None
