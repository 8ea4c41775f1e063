"""How many articles hold a word, so that a rare one can be told from a common one.

What the archive itself holds of a language is asked where that is enough; else what is shipped: a file of each
language, counted once in some thousands of the region's articles, with the words that five or more of them hold.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from khabar.ports import Index
from khabar.text import stem, stemmed, words
from search.tree import Keyword, Word, both

ENOUGH = 2_000  # articles of a language from which an archive speaks for itself
LEAST = 5  # articles that hold a word which is kept

Rarity = Callable[
    [str], float
]  # of a folded word: the natural logarithm of how many articles come to one with it


@dataclass(frozen=True, slots=True)
class Counted:
    """Articles of one language: how many, and of each form (see khabar.text.stem) how many of them hold it."""

    total: int
    forms: dict[str, int]


def shipped(lang: str) -> Counted | None:
    """Return what is shipped of a language."""
    return _read(lang.split("-", 1)[0].lower())


@cache
def _read(lang: str) -> Counted | None:
    path = files("workers").joinpath("frequencies", f"{lang}.txt")
    if not path.is_file():
        return None
    head, *lines = path.read_text("utf-8").splitlines()
    pairs = (line.split() for line in lines)
    return Counted(int(head.split()[1]), {form: int(count) for count, form in pairs})


def count(texts: Iterable[str], lang: str) -> Counted:
    """Count the forms of these texts: what a shipped file is made from."""
    forms: Counter[str] = Counter()
    total = 0
    for total, text in enumerate(texts, 1):  # noqa: B007 - the last number is the total
        forms.update({_form(word, lang) for word in words(text)})
    return Counted(total, {form: number for form, number in forms.most_common() if number >= LEAST})


def written(counted: Counted) -> str:
    """Return counts as a shipped file has them."""
    lines = [f"articles {counted.total}", *(f"{number} {form}" for form, number in counted.forms.items())]
    return "\n".join(lines) + "\n"


def rarity(counted: Counted, lang: str) -> Rarity:
    """Return what tells how rare a word is in texts that were counted."""
    return lambda word: _rarity(counted.forms.get(_form(word, lang), 0), counted.total)


def rarity_in(index: Index, lang: str) -> Rarity | None:
    """Return what tells how rare a word is in an archive, None where it has too little of the language."""
    kept = Keyword("lang", lang)
    total = index.search(kept, limit=0).total
    if total < ENOUGH:
        return None

    @cache
    def rare(word: str) -> float:
        return _rarity(index.search(both(Word(word), kept), limit=0).total, total)

    return rare


def _form(word: str, lang: str) -> str:
    return stem(word, stemmed(lang)).split(":", 1)[1]


def _rarity(holding: int, total: int) -> float:
    return math.log(
        (total + 1) / (max(holding, LEAST - 1) + 0.5)
    )  # of what nobody kept a count: a little below
