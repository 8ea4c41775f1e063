"""What a parsed query means: syntax to tree, word by word, in the field it stands in."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast, get_args

from lark import Token, Tree

from khabar.columnists import asked
from khabar.models import Field, Genre
from search import habits, periods
from search.limits import check_size
from search.nearness import near
from search.refusal import (
    MAX_EDITS,
    MAX_GAPS,
    MAX_WEIGHT,
    SHORTEST,
    QueryError,
)
from search.schema import keyword
from search.spelled import phrase_words, terms
from search.tree import (
    AboutNode,
    Boost,
    DateRange,
    EntityNode,
    Everything,
    Fuzzy,
    Keyword,
    KeywordField,
    Node,
    Phrase,
    Prefix,
    Where,
    Wildcard,
    Word,
    both,
    either,
    negation,
)

_WHERE: dict[str, Where] = {"title": "title", "body": "body", "author": "author"}
_KEYWORDS: dict[str, KeywordField] = {
    name: name for name in ("id", "source", "lang", "country", "genre", "topic", "mentions", "changed")
}
_DATES = {"published"}
_ENTITIES = {"entity", "about"}
FIELDS = (*_WHERE, *_KEYWORDS, *_DATES, *_ENTITIES)
_MEANT = {
    "site": "source", "outlet": "source", "language": "lang", "date": "published", "day": "published",
    "by": "author", "headline": "title", "text": "body", "tag": "topic", "url": "id", "type": "genre",
}  # fmt: skip

_NAMED = re.compile(rf"({'|'.join(FIELDS)}):")

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
    check_size(node)
    return node


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
        case "boost":
            return _weighed(children, context)
        case "near" | "group":
            return _node(children[0], context)
        case _:
            return _leaf(syntax, context)


def _weighed(children: list[Syntax | Token], context: Context) -> Node | None:
    sign = cast("Token", children[1])
    try:
        weight = float(sign[1:])
    except ValueError:
        weight = 0.0
    if not 0 < weight <= MAX_WEIGHT:
        reason = f"^ needs how many times it counts, more than 0 and at most {MAX_WEIGHT:.0f}"
        raise QueryError(sign.start_pos or 0, reason, "talks^2")
    node = _node(children[0], context)
    return node and Boost(node, weight)


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
    tilde = cast("Token", children[1]) if len(children) > 1 else None
    if tilde and _exact(context):
        raise QueryError(tilde.start_pos or 0, f"{context.field}: takes whole values, no ~")
    if tilde and len(tilde) == 1:
        needed = "between its words" if token.type == "PHRASE" else "of changes"
        raise QueryError(tilde.start_pos or 0, f"~ needs a number {needed}", f"{token}~1")
    if token.type == "PHRASE":
        # of a larger number nothing is asked than that it is too large
        slop = min(int(tilde[1:6]), MAX_GAPS + 1) if tilde else 0
        return (
            _value(token, token[1:-1].strip(), context) if _exact(context) else _phrase(token, slop, context)
        )
    if tilde:
        return _fuzzy(token, tilde, context)
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
    found = terms(token)
    if len(found) == 1 and found[0].is_open:
        return (Prefix if found[0].prefix else Wildcard)(found[0].text, _where(context))
    if len(found) > 1:  # cross-border, e.g.: words written as one stand side by side
        return _spelled(tuple(term.text for term in found), context)
    return _spelled((found[0].text,), context) if found else None


def _fuzzy(token: Token, tilde: Token, context: Context) -> Node:
    position, edits = tilde.start_pos or 0, int(tilde[1:6])
    found = terms(token)
    if len(found) != 1 or found[0].is_open:
        reason = f"~ follows one whole word, or a phrase in quotes; {token} is none"
        raise QueryError(position, reason, f'"{token}"~{edits}' if len(found) > 1 else None)
    word = found[0].text
    if not 1 <= edits <= MAX_EDITS:
        raise QueryError(
            position, f"a word may differ by 1 or {MAX_EDITS} letters, not {edits}", f"{token}~{MAX_EDITS}"
        )
    if len(word) < SHORTEST[edits]:
        reason = f"~{edits} needs a word of at least {SHORTEST[edits]} letters: too many are like {token}"
        raise QueryError(position, reason, f"{token}~1" if len(word) >= SHORTEST[1] else None)
    return Fuzzy(word, edits, _where(context))


def _spelled(words: tuple[str, ...], context: Context, slop: int = 0) -> Node:
    """Return words side by side; names of authors in the spelling they are joined under, too."""
    where = _where(context)
    spellings = [
        words,
        *([other] if where == "author" and (other := asked(words)) not in {(), words} else []),
    ]
    return either(
        *(Word(each[0], where) if len(each) == 1 else Phrase(each, where, slop) for each in spellings)
    )


def _phrase(token: Token, slop: int, context: Context) -> Node | None:
    words = phrase_words(token)
    if len(words) < 2:
        return Phrase(words, _where(context)) if words else None
    if slop > MAX_GAPS or math.comb(slop + len(words) - 1, slop) * len(words) > 2 * MAX_GAPS:
        reason = f"~{slop} between {len(words)} words is too wide to search exactly"
        raise QueryError(token.start_pos or 0, reason)
    return _spelled(words, context, slop)


def _near(children: list[Syntax | Token], context: Context) -> Node:
    if _exact(context):
        position = cast("Token", children[1]).start_pos or 0
        raise QueryError(position, f"NEAR is for words; {context.field}: holds values")
    return near(children, _where(context))


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
    if field == "mentions":
        text = _told(text, position)
    if field == "changed" and text.casefold() not in get_args(Field):
        raise QueryError(position, f"an article changes its title or its body, no {text}", "changed:title")
    name = _KEYWORDS[field]
    return Keyword(name, keyword(name, text))


def _told(text: str, position: int) -> str:
    """Return a day, month or year as dates of texts are written."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text)
    if not found:
        raise QueryError(
            position, f"mentions: takes a day, a month or a year, {text} is none", "mentions:2021-08"
        )
    year, *rest = found.groups()
    return "-".join([year, *(part.zfill(2) for part in rest if part)])


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
        raise QueryError(token.start_pos or 0, str(error), habits.period(str(token))) from None
    return DateRange(start, end, context.timezone)
