"""Lines that print a date and little else, told from sentences that mention one."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from khabar.data import read_data
from khabar.text import fold, fold_word
from workers.extract.calendars import GREGORIAN, SOLAR

MAX_LINE = 120
_OTHER = 4  # words beside the date that a dateline may have: the day of the week, a section, a name
_WORD = re.compile(r"[^\W\d_][\w\u0900-\u0dff\u200c]*")
WORDS = Path(__file__).with_name("dateline.yaml")


@lru_cache(maxsize=1)
def _known() -> tuple[frozenset[str], re.Pattern[str], re.Pattern[str]]:
    """Return the small words of datelines, and what says publication or change; the file is read once a process."""
    told: dict[str, list[str]] = read_data(WORDS)
    published, updated = (
        re.compile("|".join(sorted(map(re.escape, map(fold, told[kind])), key=len, reverse=True)))
        for kind in ("published", "updated")
    )
    return frozenset(map(fold_word, told["small"])), published, updated


@lru_cache(maxsize=1000)
def says_published(text: str) -> bool:
    """Tell whether a text speaks of publication: "Posted on", "تاریخ اشاعت"."""
    return _known()[1].search(fold(text)) is not None


@lru_cache(maxsize=1000)
def says_updated(text: str) -> bool:
    """Tell whether a text speaks of a change: "Updated", "آخری بار اپ ڈیٹ"."""
    return _known()[2].search(fold(text)) is not None


def is_dateline(text: str) -> bool:
    """Tell whether a line that has a date in it is there for the date: few words beside it, or it says so."""
    if len(text) > MAX_LINE:
        return False
    small, published, updated = _known()
    folded = fold(text)
    rest = published.sub(" ", updated.sub(" ", folded))
    words = [
        word
        for word in map(fold_word, _WORD.findall(rest))
        if word not in small and word not in GREGORIAN and word not in SOLAR
    ]
    return len(words) <= _OTHER + (3 if rest != folded else 0)
