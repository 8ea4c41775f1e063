"""NEAR and "…"~n stand for exact phrases: all of them, each once."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.gaps import count, is_open, of_near, of_phrase, without
from search.grammar import QueryError, parse
from search.tantivy.cost import check_cost
from search.tree import Near, Node, Phrase, Term

NOW = datetime(2025, 10, 12, 9, 30, tzinfo=UTC)


def node(query: str) -> Node:
    return parse(query, now=NOW)


def near(query: str) -> Near:
    read = node(query)
    assert isinstance(read, Near)
    return read


@given(st.integers(3, 6), st.integers(0, 5))
def test_a_phrase_falls_apart_in_every_way_within_its_slop(count: int, slop: int) -> None:
    words = tuple(f"w{number}" for number in range(count))
    placed = list(of_phrase(Phrase(words, slop=slop)))
    places = [at for _, at, _ in placed]
    assert len(places) == len(set(places)) == math.comb(count - 1 + slop, slop)
    for at in places:
        assert at[0] == 0
        assert all(before < after for before, after in pairwise(at))
        assert at[-1] - (count - 1) <= slop
    assert {(slots, slop) for slots, _, slop in placed} == {(tuple((Term(word),) for word in words), 0)}


@given(st.integers(0, 50), st.integers(-60, 60))
def test_two_words_are_wanted_where_no_more_lie_between_and_nowhere_else(gap: int, apart: int) -> None:
    """A second word is `apart` places after the first; the same word is 0 places after itself, and not meant."""
    for placed in (of_phrase(Phrase(("a", "b"), slop=gap)), of_near(near(f"a ONEAR/{gap} b"))):
        wished = [(at[1], slop) for _, at, slop in placed]
        assert len(wished) <= 2
        assert any(abs(apart - at) <= slop for at, slop in wished) == (0 <= apart - 1 <= gap)


def test_a_long_phrase_with_slop_is_not_tried_in_every_combination() -> None:
    assert len(list(of_phrase(Phrase(("w",) * 300, slop=1)))) == 300


def test_near_stands_for_both_orders_at_every_distance() -> None:
    a, b, c, d = (Term(word) for word in "abcd")
    near = Near(((a,), (b,), (c, d)), ((b,),), 1)
    singles, phrase, right = ((a, b),), ((c,), (d,)), ((b,),)
    assert list(of_near(near)) == [
        (singles + right, (0, 1), 0),
        (singles + right, (0, 2), 0),
        (phrase + right, (0, 1, 2), 0),
        (phrase + right, (0, 1, 3), 0),
        (right + singles, (0, 1), 0),
        (right + singles, (0, 2), 0),
        (right + phrase, (0, 1, 2), 0),
        (right + phrase, (0, 2, 3), 0),
    ]
    ordered = Near(near.left, near.right, 1, ordered=True)
    assert list(of_near(ordered)) == list(of_near(near))[:4]
    same = Near(((b,),), ((b,),), 8)
    assert list(of_near(same)) == [(right + right, (0, 5), 4)], "one order is as good as the other"


def test_a_place_is_open_to_several_words_or_to_a_prefix() -> None:
    a, b, c = (Term("a"),), (Term("b"),), Term("c", prefix=True)
    assert [is_open(slots) for slots in ((a, b), (a, (*a, *b)), ((c,), a))] == [False, True, True]


@given(
    st.lists(st.tuples(st.text("abک", min_size=1, max_size=100), st.booleans()), min_size=1, max_size=60),
    st.integers(0, 3),
    st.booleans(),
)
def test_no_place_is_open_to_more_than_an_engine_takes(
    words: list[tuple[str, bool]], distance: int, ordered: bool
) -> None:
    side = tuple((Term(*word),) for word in words)
    near = Near(side, ((Term("b"),),), distance, ordered)
    placed = list(of_near(near))
    assert sum(5 if is_open(alternatives) else 1 for alternatives, _, _ in placed) <= count(near)
    slots = [slot for alternatives, _, _ in placed for slot in alternatives]
    assert all(sum(len(term.text.encode()) for term in slot) <= 700 for slot in slots)
    firsts = [alternatives[0] for alternatives, _, _ in placed]
    assert {(term,) for slot in firsts for term in slot} >= set(side)


def test_what_holds_a_missing_term_is_left_out() -> None:
    a, b, c = (Term(word) for word in "abc")
    near = Near(((a,), (a, c), (b,)), ((b, a), (c,)), 2, ordered=True)
    assert without(near, lambda term: term == c) == Near(((a,), (b,)), ((b, a),), 2, ordered=True)
    assert without(near, lambda term: term == a) == Near(((b,),), ((c,),), 2, ordered=True)
    assert without(near, lambda term: term in {a, b}) is None
    assert without(near, lambda _: False) == near


def held(field: str, term: Term) -> int:
    return {"the": 400_000, "of": 300_000, "taliban": 20_000, "ta": 90_000}[term.text] // (
        9 if field == "title" else 1
    )


@pytest.mark.parametrize(
    "query",
    [
        'taliban OR "the of the"~5',
        'taliban NOT (taliban ("of the" NEAR/30 the))',
        '("the of" OR taliban) NEAR/20 (of OR taliban)',
        'ta* NEAR/40 "the of"',
        " OR ".join(["the ONEAR/5 of"] * 15),
    ],
)
def test_what_looks_at_too_many_articles_is_refused(query: str) -> None:
    with pytest.raises(QueryError, match="rarer words"):
        check_cost(node(query), held)


@pytest.mark.parametrize(
    "query",
    [
        "the NEAR/50 of",
        "the NEAR/50 the",
        "ta* NEAR/50 the",
        "(the OR taliban) ONEAR/20 (the OR of)",
        '"the of" NEAR/50 taliban',
        '"the of"',
        '"the of"~9',
        "the of taliban",
        "title:(the NEAR/50 of)",
        "ta*",
    ],
)
def test_what_does_not_is_not(query: str) -> None:
    check_cost(node(query), held)
