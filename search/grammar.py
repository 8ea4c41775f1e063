"""The query language: text to tree. An error has its position, its reason and, where there is one, the likely meaning."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.resources import files

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from search import habits, meaning
from search.refusal import MAX_LENGTH, MAX_NESTING, MAX_TERMS, QueryError
from search.tree import Node

__all__ = ["QueryError", "hints", "parse"]

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_JOINING = frozenset({"AND", "OR", "NOT"})
_ITEM = re.compile(r'[~^][\d.]*|([^\s()"\[\]~^]+)')
_QUOTED = re.compile(r'"[^"]*"')
_TILDE = "~n follows a word (at most so many letters otherwise) or a phrase in quotes (so many words between)"
_BOOST = "^n follows what counts n times: a word, a phrase, a field or a bracket"
_LOWER = re.compile(r"(?<!\S)(and|or|not|o?near/\d+)(?!\S)")


def parse(
    text: str, *, now: datetime, resolve: Callable[[str], str | None] = str, timezone: str = "UTC"
) -> Node:
    """Return the tree of a query; raises QueryError.

    `resolve` turns any alias of an entity into its id, None where there is no such entity. Dates are days of
    `timezone`, and `7d` counts back from `now`.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(MAX_LENGTH, f"the query is longer than {MAX_LENGTH} characters", None)
    plain = text.translate(_QUOTES)
    if _is_long(plain):  # before the parser spends its time on it
        raise QueryError(0, f"the query has more than {MAX_TERMS} words")
    _check_brackets(plain)
    try:
        syntax = _parser().parse(plain)
    except UnexpectedInput as error:
        raise _explained(plain, error) from None
    return meaning.read(syntax, meaning.Context(now, resolve, timezone))


def hints(text: str) -> tuple[str, ...]:
    """Return what a reader may have meant otherwise: `and`, `or`, `not` in small letters are words like any other."""
    unquoted = _QUOTED.sub(lambda found: " " * len(found[0]), text.translate(_QUOTES))
    found = dict.fromkeys(match[1] for match in _LOWER.finditer(unquoted))
    phrases = dict.fromkeys(habits.single_quotes(unquoted))
    return (
        *(f"{word!r} is searched as a word; the operator is {word.upper()}" for word in found),
        *(f"the words in '{words}' are searched one by one; a phrase stands in \"…\"" for words in phrases),
    )


@cache
def _parser() -> Lark:
    grammar = files("search").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=False)


def _is_long(text: str) -> bool:
    words = sum(word not in _JOINING for word in _ITEM.findall(text) if word)
    return words > MAX_TERMS or text.count('"') > 2 * MAX_TERMS


def _check_brackets(text: str) -> None:
    """Refuse brackets that do not pair, or lie too deep, before any parser sees them."""
    opened: list[int] = []
    unquoted = _QUOTED.sub(lambda found: " " * len(found[0]), text)
    for position, char in enumerate(unquoted):
        if char == "(":
            opened.append(position)
            if len(opened) > MAX_NESTING:
                raise QueryError(position, f"brackets are nested more than {MAX_NESTING} deep")
        elif char == ")":
            if not opened:
                raise QueryError(position, "this ) closes nothing", _without(text, position))
            opened.pop()
        elif char == '"':
            raise QueryError(position, "this quotation mark is never closed", _short(text + '"'))
    if opened:
        raise QueryError(opened[-1], "this ( is never closed", _short(text + ")" * len(opened)))


def _explained(text: str, error: UnexpectedInput) -> QueryError:
    if isinstance(error, UnexpectedCharacters):
        return _bad_character(text, error.pos_in_stream)
    token = error.token if isinstance(error, UnexpectedToken) else None
    if token is None or token.type == "$END":
        return _bad_end(text)
    reason, suggestion = {
        "TILDE": (_TILDE, None),
        "BOOST": (_BOOST, None),
        "RPAR": ("there is nothing to search before this bracket", None),
        "RANGE": ("a range in [ ] follows a date field", f"published:{token}"),
    }.get(token.type, (f"{token} needs something to search on its left", f'"{token}" (as a word)'))
    return QueryError(token.start_pos or 0, reason, suggestion)


def _bad_character(text: str, position: int) -> QueryError:
    if text[position] == "~":
        return QueryError(position, _TILDE)
    if text[position] == "^":
        return QueryError(position, _BOOST)
    return QueryError(
        position, f"{text[position]} is not understood here; put it in quotes to search for words", None
    )


def _bad_end(text: str) -> QueryError:
    if not text.strip():
        return QueryError(0, "the query is empty", "* (every article)")
    last = text.rsplit(maxsplit=1)[-1]
    return QueryError(len(text.rstrip()), f"something to search is missing after {_short(last)}")


def _without(text: str, position: int) -> str | None:
    return _short(text[:position] + text[position + 1 :])


def _short(text: str) -> str | None:
    # a suggestion is only of use if it can be taken in at a glance
    return text if len(text) <= 200 else None
