"""A query may ask for so much, and not for more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from search.grammar import parse
from search.limits import check_size
from search.refusal import MAX_FUZZY, MAX_OPEN, MAX_TERMS, QueryError
from search.tree import And, Boost, Node, Not, Or, Phrase, Prefix, Word

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
A = Word("a")


def several(word: str, count: int) -> str:
    return " OR ".join([word] * count)


@pytest.mark.parametrize(
    ("word", "most", "said"),
    [
        ("peace", MAX_TERMS, "words"),
        ('"peace talks"', MAX_TERMS // 2, "words"),
        ("peac*", MAX_OPEN, r"words with \* or \?"),
        ("-title:p?ace", MAX_OPEN, r"words with \* or \?"),
        ("(p?ace OR pea*) NEAR/3 talk", MAX_OPEN // 2, r"words with \* or \?"),
        ("peace~1", MAX_FUZZY, "words with ~"),
    ],
)
def test_so_many_are_read_and_one_more_is_not(word: str, most: int, said: str) -> None:
    parse(several(word, most), now=NOW)
    with pytest.raises(QueryError, match=said):
        parse(several(word, most + 1), now=NOW)


@pytest.mark.parametrize(
    ("node", "is_refused"),
    [
        (Boost(Boost(A, 100.0), 100.0), False),
        (Boost(Boost(A, 100.0), 100.1), True),
        (Or((Boost(A, 100.0), Not(Boost(And((A, Boost(A, 101.0))), 100.0)))), True),
        (And((Boost(A, 100.0), Boost(A, 100.0), Boost(Boost(A, 0.001), 100.0))), False),
    ],
)
def test_weights_within_weights_are_multiplied(node: Node, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(QueryError, match="more than 10,000"):
            check_size(node)
    else:
        check_size(node)


def test_a_tree_that_nobody_wrote_is_held_to_the_same() -> None:
    with pytest.raises(QueryError):
        check_size(Or((Phrase(("a",) * MAX_TERMS), A)))
    with pytest.raises(QueryError):
        check_size(Not(Or((Prefix("ab"),) * (MAX_OPEN + 1))))
