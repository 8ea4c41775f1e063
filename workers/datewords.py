"""The words by which a language speaks of dates, read from mentions.yaml once a process, all folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from khabar.data import read_data
from khabar.text import fold_word
from workers.extract.calendars import GREGORIAN, SOLAR

_FILE = Path(__file__).with_name("mentions.yaml")


@dataclass(frozen=True, slots=True)
class DateWords:
    """The words of one language."""

    numbers: Mapping[str, int]
    units: Mapping[str, str]
    ago: frozenset[str]
    near: Mapping[str, int]  # last, this, next → -1, 0, 1
    fixed: Mapping[str, tuple[str, int]]
    cue: frozenset[str]
    lunar: frozenset[str]
    solar: frozenset[str]
    gregorian: Mapping[str, int]  # the months by every form of their names
    months: frozenset[str]  # the names of the months of all calendars
    first: frozenset[str]  # all words that a date can begin with, numbers apart


@lru_cache(maxsize=16)
def date_words(tongue: str) -> DateWords | None:
    """Return the words of a language; None for one that is not known."""
    told = _read().get(tongue)
    if told is None:
        return None
    sides = {"last": -1, "this": 0, "next": 1}
    numbers = {fold_word(str(word)): int(count) for word, count in told["numbers"].items()}
    units = {fold_word(word): unit for unit, words in told["units"].items() for word in words}
    near = {fold_word(word): side for name, side in sides.items() for word in told[name]}
    endings = ("", *told.get("endings", ()))
    gregorian = {fold_word(name + ending): month for name, month in GREGORIAN.items() for ending in endings}
    months = frozenset({*gregorian, *SOLAR, *lunar_months()})
    fixed = {fold_word(word): (str(unit), int(count)) for word, (unit, count) in told["fixed"].items()}
    return DateWords(
        numbers=numbers,
        units=units,
        ago=_folded(told["ago"]),
        near=near,
        fixed=fixed,
        cue=_folded(told["cue"]),
        lunar=_folded(told["lunar"]),
        solar=_folded(told["solar"]),
        gregorian=gregorian,
        months=months,
        first=frozenset({*numbers, *units, *near, *fixed, *months}),
    )


def _folded(words: Sequence[str]) -> frozenset[str]:
    return frozenset(map(fold_word, words))


@lru_cache(maxsize=1)
def lunar_months() -> Mapping[str, int]:
    """Return the months of the lunar calendar by their folded names."""
    return {fold_word(name): int(month) for month, names in _read()["lunar_months"].items() for name in names}


@lru_cache(maxsize=1)
def _read() -> Mapping[str, Mapping[str, Any]]:
    return read_data(_FILE)
