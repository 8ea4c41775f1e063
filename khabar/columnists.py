"""One columnist under many spellings: names as they are joined, by the spellings of columnists.yaml alone.

It is a function of the name: the same in every index, whatever else lies there. What it does not know it leaves as it
is printed, so that two people are rather kept apart than taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from khabar.data import read_data
from khabar.text import fold_word, words

_FILE = Path(__file__).with_name("columnists.yaml")
_BREAK = re.compile(r"[\s.,_()‌-]+")
_FEW = 3  # words from which a name tells a person, however common each is


class _Known(NamedTuple):
    first: Mapping[str, str]  # folded spelling → the spelling that names are joined under
    common: frozenset[str]
    titles: frozenset[str]


@lru_cache(maxsize=50_000)
def joined(name: str) -> str:
    """Return the name under which all forms of a columnist's are counted; a name without enough to go by as printed."""
    known = _known()
    parts = [part for part in _BREAK.split(name) if part]
    kept = [part for part in parts if fold_word(part) not in known.titles]
    folded = [fold_word(part) for part in kept]
    spelled = [known.first.get(word) or _capital(part) for word, part in zip(folded, kept, strict=True)]
    latin = all(part.isascii() or known.first.get(word) for word, part in zip(folded, kept, strict=True))
    whole = [word for word in folded if len(word) > 1]
    telling = len(whole) >= _FEW or (len(whole) > 1 and not known.common.issuperset(whole))
    return " ".join(spelled) if latin and telling and len(whole) == len(folded) else name


def forms(authors: Iterable[str]) -> tuple[str, ...]:
    """Return authors as printed, and as joined where that differs: what a search for an author looks at."""
    return tuple(dict.fromkeys(form for name in authors for form in (name, joined(name))))


def asked(query: Sequence[str]) -> tuple[str, ...]:
    """Return folded words of a query as joined names spell them, titles left out."""
    known = _known()
    return tuple(
        spelled
        for word in query
        if word not in known.titles
        for spelled in words(known.first.get(word, word))
    )


def _capital(part: str) -> str:
    return part.capitalize() if part.isascii() and part.isupper() and len(part) > 2 else part


@lru_cache(maxsize=1)
def _known() -> _Known:
    told = read_data(_FILE)
    first = {
        fold_word(name): names[0] for group in ("common", "others") for names in told[group] for name in names
    }
    common = frozenset(fold_word(name) for names in told["common"] for name in names)
    return _Known(first, common, frozenset(map(fold_word, told["titles"])))
