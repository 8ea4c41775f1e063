"""How the texts of blocks look, and which of them the page repeats, or tells machines: in bits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from workers.extract.brief import Brief

_ENDS = frozenset('.!?…:;。！？।۔؟"”’»)')
_OPENS = frozenset('"“„«‘')
_NO_LETTER = re.compile(r"[\W_]+")
_ASCII_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
_DIGIT = re.compile(r"\d")
_COMMAS = ",，、،"
_POINTERS = frozenset(">»")
MAX_COMPARED = 5_000
LONG = 1000  # characters; a text of more has commas
_START = 12  # characters that a summary and a paragraph begin with, if they are one


def letters(text: str) -> str:
    """Return the letters and digits of a text only, to compare texts that differ in spaces and marks."""
    # most marks are ASCII, and of bytes these go at once; halves of a pair may be in what JSON says
    bare = (
        text.encode("utf-8", "surrogatepass").translate(None, _ASCII_MARKS).decode("utf-8", "surrogatepass")
    )
    return (bare if bare.isalnum() else _NO_LETTER.sub("", bare)).lower()


def look(text: str) -> int:
    """Return in bits how a text looks: how it begins and ends, and what it has in it."""
    first, last, size = text[0], text[-1], len(text)
    look = (last in _ENDS) << 7 | (first in _OPENS) << 8 | ("\n" in text) << 9
    if last in _POINTERS or "|" in text or "›" in text or "»" in text[-3:]:
        look |= 1 << 10
    if size < 60:
        look |= (_DIGIT.search(text) is not None) << 11 | (size < 40 and text.isupper()) << 12
    return look | first.islower() << 13


def commas(texts: Sequence[str]) -> list[int]:
    """Return how many commas each text has; a long one has enough."""
    return [
        4 if len(text) >= LONG else text.count(",") if text.isascii() else sum(map(text.count, _COMMAS))
        for text in texts
    ]


def repeated(texts: Sequence[str]) -> list[int]:
    """Tell in bits of each text whether it stands there more than once, more than twice, and before."""
    counts = Counter(texts)
    if len(counts) == len(texts):
        return [0] * len(texts)
    before: set[str] = set()
    rows: list[int] = []
    for text in texts:
        count = counts[text]
        rows.append((count > 1) | (count > 2) << 1 | (text in before) << 2)
        before.add(text)
    return rows


def compared(texts: Sequence[str], brief: Brief) -> list[int]:
    """Tell in bits of each text whether it is the headline, the summary, or what machines are told is the text."""
    title, summary, told = letters(brief.title), letters(brief.summary), letters(" ".join(brief.paragraphs))
    start, rest = brief.summary[:_START], brief.summary.lower()
    rows: list[int] = []
    for text in texts:
        size, same = len(text), 0
        if size < 400:
            if title and len(title) <= size <= 2 * len(brief.title):
                same = letters(text) == title
            if summary and size > 30 and (start in text or text[:_START].lower() in rest):
                bare = letters(text)
                same |= (bare in summary or summary in bare) << 1
        if told:
            bare = letters(text[:MAX_COMPARED])
            same |= 4 | (len(bare) > 5 and bare in told) << 3 | (len(bare) > 60 and bare[10:50] in told) << 4
        rows.append(same)
    return rows
