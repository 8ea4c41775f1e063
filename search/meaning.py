"""What a parsed query means: syntax to tree, word by word, in the field it stands in."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast, get_args

from lark import Token, Tree

from khabar.models import Genre
from khabar.text import tokenize
from search import periods
from search.refusal import MAX_DISTANCE, MAX_GAPS, MAX_TERMS, QueryError
from search.schema import keyword
from search.tree import (
    AboutNode,
    DateRange,
    EntityNode,
    Everything,
    Keyword,
    KeywordField,
    Near,
    Node,
    Phrase,
    Prefix,
    Sequence,
    Term,
    Where,
    Word,
    both,
    either,
    leaves,
    negation,
)

_WHERE: dict[str, Where] = {"title": "title", "body": "body", "author": "author"}
_KEYWORDS: dict[str, KeywordField] = {
    name: name for name in ("id", "source", "lang", "country", "genre", "topic")
}
_DATES = {"published"}
_ENTITIES = {"entity", "about"}
FIELDS = (*_WHERE, *_KEYWORDS, *_DATES, *_ENTITIES)
_MEANT = {
    "site": "source", "outlet": "source", "language": "lang", "date": "published", "day": "published",
    "by": "author", "headline": "title", "text": "body", "tag": "topic", "url": "id", "type": "genre",
}  # fmt: skip

_NAMED = re.compile(rf"({'|'.join(FIELDS)}):")
_OPERATOR = re.compile(r"AND|OR|NOT|O?NEAR(/\d+)?")

Syntax = Tree[Token]


@dataclass(frozen=True, slots=True)
class Context:
    """What a query is read against, and the field that the words at hand stand in."""

    now: datetime
    resolve: Callable[[str], str | None]
    timezone: str
    field: str | None = None


def read(syntax: Syntax, context: Context) -> Node:
    """Return the tree of a parsed query; raises QueryError."""
    node = _node(syntax, context)
    if node is None:
        raise QueryError(0, "there is no word in this query", "* (every article)")
    if sum(map(_weight, leaves(node))) > MAX_TERMS:
        raise QueryError(0, f"the query has more than {MAX_TERMS} words")
    return node


def _weight(leaf: Node) -> int:
    match leaf:
        case Phrase(words):
            return len(words)
        case Near(left, right):
            return sum(map(len, left + right))
        case _:
            return 1


def _node(syntax: Syntax | Token, context: Context) -> Node | None:
    """Return what a part of a query means; None: nothing but punctuation, which asks for nothing."""
    assert isinstance(syntax, Tree)
    children = syntax.children
    match syntax.data:
        case "or_" | "start" | "and_":
            nodes = [_node(child, context) for child in children if isinstance(child, Tree)]
            present = [node for node in nodes if node is not None]
            join = both if syntax.data == "and_" else either
            return join(*present) if present else None
        case "not_":
            node = _node(children[-1], context)
            return negation(node) if node is not None and len(children) % 2 == 0 else node
        case "near" if len(children) > 1:
            return _near(children, context)
        case "near" | "group":
            return _node(children[0], context)
        case _:
            return _leaf(syntax, context)


def _leaf(syntax: Syntax, context: Context) -> Node | None:
    name, *rest = syntax.children
    match syntax.data:
        case "field":
            return _node(rest[0], _within(cast("Token", name), context))
        case "range":
            return _dates(cast("Token", rest[0]), _within(cast("Token", name), context))
        case _:
            return _item(syntax.children, context)


def _within(name: Token, context: Context) -> Context:
    position = name.start_pos or 0
    field = name.rstrip().removesuffix(":").lower()
    if context.field is not None:
        raise QueryError(
            position, f"{field}: stands inside the brackets of {context.field}:, close them first"
        )
    if field not in FIELDS:
        near = difflib.get_close_matches(field, FIELDS, n=1, cutoff=0.6)
        meant = _MEANT.get(field) or (near[0] if near else None)
        known = " ".join(f"{known}:" for known in FIELDS)
        raise QueryError(position, f"there is no field {field}: (there are {known})", meant and f"{meant}:")
    return replace(context, field=field)


def _item(children: list[Syntax | Token], context: Context) -> Node | None:
    token = cast("Token", children[0])
    if token.type == "PHRASE":
        slop = int(cast("Token", children[1])[1:]) if len(children) > 1 else 0
        return (
            _value(token, token[1:-1].strip(), context) if _exact(context) else _phrase(token, slop, context)
        )
    if token == "*" and context.field is None:  # noqa: S105 - a token of the grammar, no secret
        return Everything()
    if context.field is not None and (named := _NAMED.match(token)):
        _within(token.update(value=named[0]), context)  # a field in a field: it says why not
    return _value(token, str(token), context) if _exact(context) else _word(token, context)


def _exact(context: Context) -> bool:
    """Tell whether a value of this field is taken as it is written, not as words."""
    return context.field is not None and context.field not in _WHERE


# --- words --------------------------------------------------------------------------------------------------


def _where(context: Context) -> Where:
    return _WHERE[context.field] if context.field else "text"


def _word(token: Token, context: Context) -> Node | None:
    terms = _terms(token)
    if len(terms) == 1 and terms[0].prefix:
        return Prefix(terms[0].text, _where(context))
    if len(terms) > 1:  # cross-border, e.g.: words written as one stand side by side
        return Phrase(tuple(term.text for term in terms), _where(context))
    return Word(terms[0].text, _where(context)) if terms else None


def _terms(token: Token) -> Sequence:
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


def _phrase(token: Token, slop: int, context: Context) -> Node | None:
    words = _phrase_words(token)
    if len(words) < 2:
        return Phrase(words, _where(context)) if words else None
    if slop > MAX_GAPS or math.comb(slop + len(words) - 1, slop) * len(words) > 2 * MAX_GAPS:
        reason = f"~{slop} between {len(words)} words is too wide to search exactly"
        raise QueryError(token.start_pos or 0, reason)
    return Phrase(words, _where(context), slop)


def _phrase_words(token: Token) -> tuple[str, ...]:
    if "*" in token:
        reason = "a * inside quotes is not understood; NEAR takes prefixes: talib* ONEAR/0 talks"
        raise QueryError((token.start_pos or 0) + token.index("*"), reason)
    return tuple(found.text for found in tokenize(token[1:-1]))


# --- NEAR ---------------------------------------------------------------------------------------------------


def _near(children: list[Syntax | Token], context: Context) -> Node:
    operator = cast("Token", children[1])
    position = operator.start_pos or 0
    if len(children) > 3:
        second = cast("Token", children[3])
        raise QueryError(second.start_pos or 0, "NEAR joins two sides; write (a NEAR/5 b) AND (b NEAR/5 c)")
    if _exact(context):
        raise QueryError(position, f"NEAR is for words; {context.field}: holds values")
    name, _, number = operator.partition("/")
    if not number:
        raise QueryError(position, f"{name} needs the number of words between", f"{name}/10")
    if len(number) > 4 or int(number) > MAX_DISTANCE:
        raise QueryError(
            position, f"more than {MAX_DISTANCE} words apart is not near", f"{name}/{MAX_DISTANCE}"
        )
    left, right = (_side(child, position) for child in (children[0], children[2]))
    near = Near(left, right, int(number), name == "ONEAR", _where(context))
    if gaps(near) > MAX_GAPS:
        raise QueryError(position, f"{operator} between so many phrases is too wide to search exactly")
    return near


def gaps(near: Near) -> int:
    """Return how many exact phrases a NEAR stands for; words and prefixes of a side count as one."""
    left, right = (
        sum(len(sequence) > 1 for sequence in side) + any(len(sequence) == 1 for sequence in side)
        for side in (near.left, near.right)
    )
    return left * right * (near.distance + 1) * (1 if near.ordered else 2)


def _side(syntax: Syntax | Token, position: int) -> tuple[Sequence, ...]:
    """Return what may stand on one side: a word, a prefix, a phrase, or several joined by OR in brackets."""
    if isinstance(syntax, Token) and syntax.type == "OR":
        return ()
    assert isinstance(syntax, Tree)
    children = syntax.children
    if syntax.data == "item":
        sequence = _sequence(cast("Token", children[0]), len(children) > 1, position)
        return (sequence,)
    if syntax.data in {"group", "or_"} or (syntax.data in {"and_", "not_", "near"} and len(children) == 1):
        return tuple(sequence for child in children for sequence in _side(child, position))
    if syntax.data == "field":
        raise QueryError(position, "both sides of NEAR lie in one field", "title:(peace NEAR/5 talks)")
    raise QueryError(
        position, "beside NEAR stands a word, a phrase, a prefix, or several joined by OR in brackets"
    )


def _sequence(token: Token, slop: bool, position: int) -> Sequence:
    if slop:
        raise QueryError(position, "a phrase beside NEAR is exact; leave its ~n out", str(token))
    sequence = _terms(token) if token.type == "WORD" else tuple(Term(word) for word in _phrase_words(token))
    if not sequence:
        raise QueryError(token.start_pos or 0, f"{token} is no word")
    return sequence


# --- values -------------------------------------------------------------------------------------------------


def _value(token: Token, text: str, context: Context) -> Node:
    position, field = token.start_pos or 0, str(context.field)
    if not text:
        raise QueryError(position, f"{field}: needs a value")
    if "*" in text and field not in _DATES:
        raise QueryError(position, f"{field}: takes whole values, no *")
    if field in _DATES:
        return _dates(token.update(value=text), context)
    if field in _ENTITIES:
        return _entity(text, position, context)
    if field == "genre" and text.casefold() not in get_args(Genre):
        close = difflib.get_close_matches(text.casefold(), get_args(Genre), n=1, cutoff=0.5)
        known = ", ".join(get_args(Genre))
        raise QueryError(
            position, f"there is no genre {text} (there are {known})", close[0] if close else None
        )
    name = _KEYWORDS[field]
    return Keyword(name, keyword(name, text))


def _entity(text: str, position: int, context: Context) -> Node:
    found = context.resolve(text)
    if found is None:
        words = '"' + text.replace('"', "") + '"'
        raise QueryError(position, f"no entity is known as {text}", f"{words} (as words)")
    return AboutNode(found) if context.field == "about" else EntityNode(found)


def _dates(token: Token, context: Context) -> Node:
    if context.field not in _DATES:
        raise QueryError(token.start_pos or 0, f"{context.field}: takes no range", f"published:{token}")
    try:
        start, end = periods.bounds(str(token), context.now, context.timezone)
    except ValueError as error:
        raise QueryError(token.start_pos or 0, str(error)) from None
    return DateRange(start, end, context.timezone)
