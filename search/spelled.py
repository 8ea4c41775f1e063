"""The words of a query as terms: what is one word, what is several, and where a word may be left open."""

from __future__ import annotations

import re
import unicodedata

from lark import Token

from khabar.text import tokenize
from search import habits, shapes
from search.refusal import MAX_WILDCARDS, QueryError
from search.tree import Sequence, Term

_OPERATOR = re.compile(r"AND|OR|NOT|O?NEAR(/\d+)?")
_TRAILING = "*,.;:!?؟۔،"
_LEADING = "'‘«¿¡.,;:"
_ASKED = re.compile(r"\?(?=[\w?*])")  # before anything else, and at the end, a ? asks a question
_WILD = re.compile(r"([?*])")


def terms(token: Token) -> Sequence:
    """Return the terms of a bare word: none of mere punctuation, several of `cross-border`, an open one of `talib*`."""
    text, position = str(token), token.start_pos or 0
    if _OPERATOR.fullmatch(text):
        raise QueryError(position, f"{text} needs something to search on both sides", f'"{text}" (as a word)')
    if habit := habits.answer(text):
        raise QueryError(position, *habit)
    if text.startswith("-") and tokenize(text):
        raise QueryError(position, "one minus, directly before a word, a field or a bracket, leaves it out")
    plain = text.rstrip(_TRAILING)  # a ? at the end asks a question
    stars = "*" in text[len(plain) :]
    if "*" in plain or _ASKED.search(plain):
        return (_open(plain.lstrip(_LEADING) + "*" * stars, position, text),)
    words = [found.text for found in tokenize(plain)]
    if not stars:
        return tuple(Term(word) for word in words)
    if not words:
        raise QueryError(position, "a prefix needs letters before its *", "* alone for every article")
    if len(words) > 1:
        raise QueryError(position, f"{text} is several words; a prefix is one", f"{words[-1]}*")
    _check_star(words[0], position, text)
    return (Term(words[0], prefix=True),)


def _open(shape: str, position: int, text: str) -> Term:
    """Return the term of a word with wildcards inside."""
    bare = shape.lstrip("*?")
    if bare != shape:
        suggestion = f"{bare.rstrip('*?')}*" if _letters(bare) > 1 else None
        raise QueryError(
            position, f"{text} begins with a wildcard; a word needs its first letters", suggestion
        )
    pattern = re.sub(r"\*+", "*", "".join(_folded(part, position, text) for part in _WILD.split(shape)))
    if sum(map(pattern.count, "?*")) > MAX_WILDCARDS:
        raise QueryError(position, f"{text} has more than {MAX_WILDCARDS} wildcards; write more letters")
    if "*" in pattern:
        _check_star(pattern.split("*", 1)[0], position, text)
    if not _letters(shapes.head(pattern)):
        raise QueryError(position, f"{text} needs a letter before its ?")
    return Term(pattern[:-1], prefix=True) if shapes.is_prefix(pattern) else Term(pattern, wild=True)


def _folded(part: str, position: int, text: str) -> str:
    if part in {"", "?", "*"}:
        return part
    found = tokenize(part)
    if len(found) > 1 or (found and (found[0].start, found[0].end) != (0, len(part))):
        raise QueryError(position, f"{text} is several words; wildcards stand within one")
    return found[0].text if found else ""


def _check_star(before: str, position: int, text: str) -> None:
    if _letters(before) < 2:
        what = "a prefix needs" if text.endswith("*") and text.count("*") == 1 else f"{text} needs"
        raise QueryError(position, f"{what} at least two letters before its *")


def _letters(text: str) -> int:
    return sum(unicodedata.category(char)[0] in "LN" for char in text)


def phrase_words(token: Token) -> tuple[str, ...]:
    """Return the words of a phrase in quotes."""
    wild = token.find("*") if "*" in token else found.start() if (found := _ASKED.search(token)) else -1
    if wild >= 0:
        reason = (
            f"a {token[wild]} inside quotes is not understood; NEAR takes open words: talib* ONEAR/0 talks"
        )
        raise QueryError((token.start_pos or 0) + wild, reason)
    return tuple(found.text for found in tokenize(token[1:-1]))
