"""What NEAR means: two sides of words, prefixes or phrases, so many words apart at most."""

from __future__ import annotations

from typing import cast

from lark import Token, Tree

from search import gaps
from search.refusal import MAX_DISTANCE, MAX_GAPS, QueryError
from search.spelled import phrase_words, terms
from search.tree import Near, Sequence, Term, Where

Syntax = Tree[Token]


def near(children: list[Syntax | Token], where: Where) -> Near:
    """Return the tree of `side NEAR/n side` in a field of words."""
    operator = cast("Token", children[1])
    position = operator.start_pos or 0
    if len(children) > 3:
        second = cast("Token", children[3])
        raise QueryError(second.start_pos or 0, "NEAR joins two sides; write (a NEAR/5 b) AND (b NEAR/5 c)")
    name, _, number = operator.partition("/")
    if not number:
        raise QueryError(position, f"{name} needs the number of words between", f"{name}/10")
    if len(number) > 4 or int(number) > MAX_DISTANCE:
        raise QueryError(
            position, f"more than {MAX_DISTANCE} words apart is not near", f"{name}/{MAX_DISTANCE}"
        )
    left, right = (_side(child, position) for child in (children[0], children[2]))
    found = Near(left, right, int(number), name == "ONEAR", where)
    if gaps.count(found) > MAX_GAPS:
        raise QueryError(
            position, f"{operator} between so many words or phrases is too wide to search exactly"
        )
    return found


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
    if syntax.data == "boost":
        raise QueryError(
            position, "a weight ^n belongs to the whole of NEAR, in brackets", "(peace NEAR/5 talks)^2"
        )
    if syntax.data == "field":
        raise QueryError(position, "both sides of NEAR lie in one field", "title:(peace NEAR/5 talks)")
    raise QueryError(
        position, "beside NEAR stands a word, a phrase, a prefix, or several joined by OR in brackets"
    )


def _sequence(token: Token, tilde: bool, position: int) -> Sequence:
    if tilde and token.type == "WORD":
        raise QueryError(
            position,
            "beside NEAR a word is left open by * or ?, not by ~",
            f"{token[: max(2, len(token) - 2)]}*",
        )
    if tilde:
        raise QueryError(position, "a phrase beside NEAR is exact; leave its ~n out", str(token))
    sequence = terms(token) if token.type == "WORD" else tuple(Term(word) for word in phrase_words(token))
    if not sequence:
        raise QueryError(token.start_pos or 0, f"{token} is no word")
    return sequence
