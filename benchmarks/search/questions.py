"""What is asked: fourteen kinds of query, made of words that are as frequent as each kind wants them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from generated import ENTITIES, SOURCES, Press

from khabar.text import words
from search.grammar import parse
from search.schema import FACETS
from search.tree import Node

DEEP = 1_000  # hits before a deep page
_EVERYWHERE = 50  # words that say nothing
NOW: Final = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Question:
    """A query, its tree, what else the index is asked for, and whether its hits are shown with their passages."""

    text: str
    node: Node
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    highlighted: bool = False
    deep: bool = False  # the page that follows DEEP hits, by its mark


class Vocabulary:
    """The words of one language by falling frequency, and stretches of its texts."""

    def __init__(self, press: Press, lang: str, dice: random.Random) -> None:
        self._words = press.ranked(lang)
        self._texts = [found for spoken, found in press.texts if spoken == lang]
        self._dice = dice

    def word(self, first: int, last: int) -> str:
        """Return a word whose rank lies in between, high ranks as likely as low ones on a logarithmic scale."""
        last = min(last, len(self._words) - 1)
        return self._words[int(first * (last / first) ** self._dice.random())]

    def frequent(self, word: str) -> bool:
        """Tell whether a word is one of the most frequent."""
        return word in self._words[:_EVERYWHERE]

    def stretch(self, length: int) -> list[str]:
        """Return so many words that stand beside each other in a text."""
        while True:
            text = self._dice.choice(self._texts)
            start = self._dice.randrange(len(text) - length)
            found = words(" ".join(text[start : start + length]))
            if len(found) == length and all(word.isalpha() and len(word) > 2 for word in found):
                return found


def questions(press: Press, count: int, seed: int) -> dict[str, list[Question]]:
    """Return so many questions of each kind."""
    dice = random.Random(seed)
    english, urdu = (Vocabulary(press, lang, dice) for lang in ("en", "ur"))
    return {
        kind: [_asked(text(), options, kind) for _ in range(count)]
        for kind, (text, options) in _kinds(english, urdu, dice).items()
    }


Kind = tuple[Callable[[], str], dict[str, Any]]


def _kinds(english: Vocabulary, urdu: Vocabulary, dice: random.Random) -> dict[str, Kind]:
    some, stretch = english.word, english.stretch

    def near() -> str:
        while True:  # of two words that are everywhere nobody asks this
            left, _, _, right = stretch(4)
            if not english.frequent(left) and not english.frequent(right):
                return f"{left} NEAR/8 {right}"

    def complex_() -> str:
        either = f"({some(100, 3_000)} OR {some(100, 3_000)} OR entity:{dice.choice(ENTITIES)})"
        narrow = f"-source:{dice.choice(SOURCES)} published:>=2024-06"
        return f'{either} AND ("{" ".join(stretch(2))}" OR {some(30, 300)}) {narrow} NOT {some(500, 5_000)}'

    return {
        "term": (lambda: some(50, 5_000), {}),
        "and": (lambda: f"{some(30, 500)} {some(300, 5_000)}", {}),
        "or of 8": (lambda: " OR ".join(some(50, 5_000) for _ in range(8)), {}),
        "phrase": (lambda: f'"{" ".join(stretch(dice.choice((2, 3))))}"', {}),
        "near": (near, {}),
        "prefix": (lambda: f"{some(300, 5_000)[:5]}*", {}),
        "by date": (lambda: f"{some(30, 1_000)} published:>=2024-07", {"sort": "newest"}),
        "facets": (lambda: some(50, 1_000), {"facets": ("source", "country", "lang", "genre")}),
        "timeline": (lambda: some(50, 1_000), {"timeline": "week"}),
        "highlight": (lambda: f"{some(50, 1_000)} {some(50, 1_000)}", {}),
        "complex": (complex_, {}),
        "fuzzy": (lambda: f"{some(300, 5_000)}~1", {}),
        "urdu": (lambda: f"{urdu.word(20, 1_000)} {urdu.word(20, 1_000)}", {}),
        "deep page": (lambda: f"{some(30, 300)} OR {some(30, 300)}", {}),
    }


def _asked(text: str, options: dict[str, Any], kind: str) -> Question:
    return Question(text, parse(text, now=NOW), options, kind == "highlight", kind == "deep page")


def whole(question: Question) -> dict[str, Any]:
    """Return what a page of Khabar asks for besides: every facet."""
    return {"facets": FACETS, **question.options}
