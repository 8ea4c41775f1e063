"""News agencies and desks: those that sign an article and are no person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from khabar.data import read_data
from khabar.text import fold

_FILE = Path(__file__).with_name("agencies.yaml")
_PARTS = ("before", "after", "rooms")
_PLACE = 3  # words that may follow an agency's name: a place or a branch


class _Known(NamedTuple):
    agencies: frozenset[str]
    whole: frozenset[str]
    before: frozenset[str]
    after: frozenset[str]
    rooms: frozenset[str]


@lru_cache(maxsize=1)
def _known() -> _Known:
    """Return the names of agencies.yaml, folded; it is read once a process, when the first name is asked for."""
    told = read_data(_FILE)
    desks = told["desks"]
    return _Known(
        *(_folded(names) for names in (told["agencies"], told["whole"], *(desks[part] for part in _PARTS)))
    )


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(fold, names))


def agency_of(name: str) -> str | None:
    """Return the agency or desk that a signature names, without the place after it; None for a person."""
    if named := named_agency(name):
        return named
    head = _head(name)
    first, *rest = head.split(None, 1)[:2] or [""]
    branch = bool(rest) and len(rest[0].split()) < _PLACE and first.isupper() and len(first) > 2
    return head if branch and fold(first) in _known().agencies else None


def named_agency(line: str) -> str | None:
    """Return the agency or desk that a line names and does nothing else, but for a place behind a comma."""
    candidates = dict.fromkeys((line, _head(line)))
    return next((one for one in candidates if _is_agency(fold(one))), None)


def _head(name: str) -> str:
    return re.split("[,،]", name, maxsplit=1)[0].strip()


def _is_agency(folded: str) -> bool:
    known = _known()
    words = folded.split()
    desk = len(words) > 1 and words[-1] in known.after and known.before.issuperset(words[:-1])
    desk |= 2 < len(words) <= _PLACE + 1 and words[-1] in known.rooms and words[-2] in known.before
    return folded in known.agencies or folded in known.whole or desk


def without_agencies(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the people among those who sign, and the agencies; "Jane Doe, dpa" is one of each."""
    people: list[str] = []
    agencies: list[str] = []
    for name in names:
        person, _, last = name.rpartition(",")
        if (agency := agency_of(name)) is not None:
            agencies.append(agency)
        elif person and (agency := agency_of(last.strip())) is not None:
            people.append(person.strip())
            agencies.append(agency)
        else:
            people.append(name)
    return tuple(people), tuple(dict.fromkeys(agencies))
