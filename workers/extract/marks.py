"""What names of a page's parts and lines in it hint at: bits, one a kind, from the words in marks.yaml."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from string import ascii_uppercase

from ahocorasick_rs import AhoCorasick

from khabar.data import read_data

MAX_NAMES = 500  # characters of an element's attributes
LINE = 160  # characters; longer texts are prose and say nothing of their kind
_WORDS = Path(__file__).with_name("marks.yaml")
_BORDERS = str.maketrans(
    dict.fromkeys((mark for mark in map(chr, range(128)) if not mark.isalnum() and mark != "\n"), "-")
)
_UNNAMED = re.compile(
    r' (?!(?:class|id|role|itemprop|data-testid|data-component|aria-label)=)[^\s="]+="[^"\n]*"?'
)  # attributes that name nothing
_OPENED = tuple("([{<\"'“„«‘|/•·-–—>*")
_END = "\n"
_EXACT = 4
_UNSPACED = "\u3040"  # the scripts that put no spaces between words begin here


class Hints:
    """A list of words for each kind, ready to be looked for in one pass."""

    def __init__(self, kinds: dict[str, list[str]], border: str) -> None:
        self.kinds = list(kinds)
        bits: dict[str, int] = {}
        for place, words in enumerate(kinds.values()):
            for word in words:
                bounded = _bounded(word, border)
                bits[bounded] = bits.get(bounded, 0) | 1 << place
        self._bits = list(bits.values())
        self._machine = AhoCorasick(list(bits))

    def of_lines(self, text: str) -> list[int]:
        """Return the bits of each line of a text, all looked through in one pass."""
        sizes = [len(line) + 1 for line in text.split(_END)]
        starts, found = list(accumulate(sizes, initial=0)), [0] * len(sizes)
        for which, start, _ in self._machine.find_matches_as_indexes(text, overlapping=True):
            found[bisect_right(starts, start) - 1] |= self._bits[which]
        return found

    def bit(self, kind: str) -> int:
        """Return one kind's bit."""
        return 1 << self.kinds.index(kind)


def _bounded(word: str, border: str) -> str:
    """Return a word with the borders it needs: a short name is a whole word, and a line's word begins where one does."""
    if border == "-":
        return f"-{word}-" if len(word) < _EXACT else word
    return f" {word}" if word[0].isalpha() and word[0] < _UNSPACED else word


@cache
def name_hints() -> Hints:
    """Return what classes and ids hint at."""
    return Hints(read_data(_WORDS)["names"], "-")


@cache
def line_hints() -> Hints:
    """Return what short lines hint at."""
    return Hints(read_data(_WORDS)["lines"], " ")


def hints_of_names(elements: Sequence[str]) -> list[int]:
    """Return what class, id and the like of each element hint at, of its attributes as they were serialised."""
    joined = _END.join([f" {raw[:MAX_NAMES].replace(_END, ' ')} " for raw in elements])
    said = _UNNAMED.sub("", joined).replace("aria-label", "").replace("itemprop", "").translate(_BORDERS)
    for capital in ascii_uppercase:  # where words are joined, the second begins with one
        said = said.replace(capital, f"-{capital.lower()}")
    while "--" in said:
        said = said.replace("--", "-")
    return name_hints().of_lines(said) if elements else []


def hints_of_lines(lines: Sequence[str]) -> list[int]:
    """Return the kinds that each line hints at; a long one is prose."""
    joined = _END.join([f" {line.replace(_END, ' ')}" if len(line) <= LINE else "" for line in lines])
    for mark in _OPENED:
        joined = joined.replace(mark, " ")
    return line_hints().of_lines(joined.lower())
