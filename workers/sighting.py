"""What the search for names works on: one field of an article, word by word, and the spans found in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from khabar.models import Field, Mention
from khabar.text import tokenize


@dataclass(frozen=True, slots=True)
class Span:
    """Words `start` up to, not including, `end` of one field, as one entity's name."""

    start: int
    end: int
    entity: str


class View:
    """One field of an article as the automaton sees it: its folded words between spaces."""

    def __init__(self, field: Field, text: str) -> None:
        self.field: Field = field
        self.text = text
        self.tokens = tokenize(text)
        self.folded = f" {' '.join([token[0] for token in self.tokens])} "

    @cached_property
    def starts(self) -> list[int]:
        """Where each word begins in `folded`, and where the next one would."""
        return list(accumulate([len(token[0]) + 1 for token in self.tokens], initial=1))

    def original(self, start: int, end: int) -> str:
        """Return the words from `start` up to `end` as the article spells them."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end]

    def mention(self, span: Span) -> Mention:
        """Return a span as it is stored: cut from the original."""
        first, last = self.tokens[span.start].start, self.tokens[span.end - 1].end
        return Mention(self.field, first, last, self.text[first:last])
