"""What names of a page's parts and lines in it hint at: bits, one a kind, from the words in marks.yaml."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

import yaml
from ahocorasick_rs import AhoCorasick

LINE = 160  # characters; longer texts are prose and say nothing of their kind
_WORDS = Path(__file__).with_name("marks.yaml")
_BORDER = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[A-Z])")
_OPENED = str.maketrans(dict.fromkeys("([{<\"'“„«‘|/•·-–—>*", " "))
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

    def of(self, text: str) -> int:
        """Return the bits of all kinds that have a word in a text."""
        found = 0
        for which, _, _ in self._machine.find_matches_as_indexes(text, overlapping=True):
            found |= self._bits[which]
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
    return Hints(yaml.safe_load(_WORDS.read_text("utf-8"))["names"], "-")


@cache
def line_hints() -> Hints:
    """Return what short lines hint at."""
    return Hints(yaml.safe_load(_WORDS.read_text("utf-8"))["lines"], " ")


@lru_cache(maxsize=20_000)
def hints_of_names(names: str) -> int:
    """Return the kinds that an element's class and id hint at."""
    return name_hints().of(f"-{_BORDER.sub('-', names[:300]).lower()}-")


def hints_of_line(line: str) -> int:
    """Return the kinds that a short line hints at; a long one is prose."""
    return line_hints().of(f" {line.translate(_OPENED).lower()}") if len(line) <= LINE else 0
