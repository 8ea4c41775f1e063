"""The words of a query as terms: what is one word, what is several, and where a word may be left open."""

from __future__ import annotations

import re
import unicodedata

from lark import Token

from khabar.text import tokenize
from search.refusal import QueryError
from search.tree import Sequence, Term

_OPERATOR = re.compile(r"AND|OR|NOT|O?NEAR(/\d+)?")


def terms(token: Token) -> Sequence:
    """Return the terms of a bare word: none of mere punctuation, several of `cross-border`, an open one of `talib*`."""
    text, position = str(token), token.start_pos or 0
    if _OPERATOR.fullmatch(text):
        raise QueryError(position, f"{text} needs something to search on both sides", f'"{text}" (as a word)')
    if text.startswith("-") and tokenize(text):
        raise QueryError(position, "one minus, directly before a word, a field or a bracket, leaves it out")
    wild = text.rstrip("*,.;:!?؟۔،")
    stars = text[len(wild) :].count("*")
    if "*" in wild or ("?" in wild and not stars):
        _refuse_wildcard(wild, position, text)
    words = [found.text for found in tokenize(wild)]
    if not stars or not words:
        if stars:
            raise QueryError(position, "a prefix needs letters before its *", "* alone for every article")
        return tuple(Term(word) for word in words)
    if len(words) > 1:
        raise QueryError(position, f"{text} is several words; a prefix is one", f"{words[-1]}*")
    if sum(unicodedata.category(char)[0] in "LN" for char in words[0]) < 2:
        raise QueryError(position, "a prefix needs at least two letters before its *")
    return (Term(words[0], prefix=True),)


def _refuse_wildcard(wild: str, position: int, text: str) -> None:
    tail = wild.lstrip("*?")
    if tail != wild:
        raise QueryError(
            position, f"{text} begins with a wildcard; a word can be left open at its end only", f"{tail}*"
        )
    head = wild.split("*", 1)[0].split("?", 1)[0]
    if "*" in wild or all(tokenize(part) for part in wild.split("?")):
        raise QueryError(
            position, f"{text} has a wildcard inside; a word can be left open at its end only", f"{head}*"
        )


def phrase_words(token: Token) -> tuple[str, ...]:
    """Return the words of a phrase in quotes."""
    if "*" in token:
        reason = "a * inside quotes is not understood; NEAR takes prefixes: talib* ONEAR/0 talks"
        raise QueryError((token.start_pos or 0) + token.index("*"), reason)
    return tuple(found.text for found in tokenize(token[1:-1]))
