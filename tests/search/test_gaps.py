"""NEAR and "…"~n stand for exact phrases: all of them, each once."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.gaps import count, in_any_order, is_open, of_near, of_phrase, without
from search.grammar import QueryError, parse
from search.tantivy.cost import check_cost
from search.tree import Near, Node, Phrase, Term

NOW = datetime(2025, 10, 12, 9, 30, tzinfo=UTC)


@given(st.integers(2, 6), st.integers(0, 5))
def test_a_phrase_falls_apart_in_every_way_within_its_slop(count: int, slop: int) -> None:
    words = tuple(f"w{number}" for number in range(count))
    placed = list(of_phrase(Phrase(words, slop=slop)))
    places = [at for _, at in placed]
    assert len(places) == len(set(places)) == math.comb(count - 1 + slop, slop)
    for at in places:
        assert at[0] == 0
        assert all(before < after for before, after in pairwise(at))
        assert at[-1] - (count - 1) <= slop
    assert {slots for slots, _ in placed} == {tuple((Term(word),) for word in words)}


def test_a_long_phrase_with_slop_is_not_tried_in_every_combination() -> None:
    assert len(list(of_phrase(Phrase(("w",) * 300, slop=1)))) == 300


def test_near_stands_for_both_orders_at_every_distance() -> None:
    a, b, c, d = (Term(word) for word in "abcd")
    near = Near(((a,), (b,), (c, d)), ((b,),), 1)
    singles, phrase, right = ((a, b),), ((c,), (d,)), ((b,),)
    assert list(of_near(near)) == [
        (singles + right, (0, 1)),
        (singles + right, (0, 2)),
        (phrase + right, (0, 1, 2)),
        (phrase + right, (0, 1, 3)),
        (right + singles, (0, 1)),
        (right + singles, (0, 2)),
        (right + phrase, (0, 1, 2)),
        (right + phrase, (0, 2, 3)),
    ]
    ordered = Near(near.left, near.right, 1, ordered=True)
    assert list(of_near(ordered)) == list(of_near(near))[:4]


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
    assert sum(5 if is_open(alternatives) else 1 for alternatives, _ in placed) == count(near)
    slots = [slot for alternatives, _ in placed for slot in alternatives]
    assert all(sum(len(term.text.encode()) for term in slot) <= 700 for slot in slots)
    firsts = [alternatives[0] for alternatives, places in placed if places == (0, 1)]
    assert {(term,) for slot in firsts for term in slot} >= set(side)


def test_what_holds_a_missing_term_is_left_out() -> None:
    a, b, c = (Term(word) for word in "abc")
    near = Near(((a,), (a, c), (b,)), ((b, a), (c,)), 2, ordered=True)
    assert without(near, lambda term: term == c) == Near(((a,), (b,)), ((b, a),), 2, ordered=True)
    assert without(near, lambda term: term == a) == Near(((b,),), ((c,),), 2, ordered=True)
    assert without(near, lambda term: term in {a, b}) is None
    assert without(near, lambda _: False) == near


def node(query: str) -> Node:
    return parse(query, now=NOW)


def held(field: str, term: Term) -> int:
    return {"the": 400_000, "of": 300_000, "taliban": 20_000, "ta": 90_000}[term.text] // (
        9 if field == "title" else 1
    )


@pytest.mark.parametrize(
    "query",
    [
        "the ONEAR/50 of OR of ONEAR/50 the",
        'taliban OR "the of"~80',
        "taliban NOT (taliban (of ONEAR/40 the OR the ONEAR/40 of))",
        "(the OR taliban) NEAR/20 (of OR taliban)",
        "ta* ONEAR/40 the OR the ONEAR/40 ta*",
        '"the of" NEAR/30 the',
        "the NEAR/50 the",
        " OR ".join(["the ONEAR/4 of"] * 15),
    ],
)
def test_what_looks_at_too_many_articles_is_refused(query: str) -> None:
    with pytest.raises(QueryError, match="rarer words"):
        check_cost(node(query), held)


@pytest.mark.parametrize(
    "query",
    [
        "taliban ONEAR/50 the",
        "the NEAR/50 of",
        "ta* NEAR/50 the",
        '"the of"',
        '"the of"~9',
        "the of taliban",
        "title:(the NEAR/50 of)",
        "ta*",
    ],
)
def test_what_does_not_is_not(query: str) -> None:
    check_cost(node(query), held)


def near(query: str) -> Near:
    read = node(query)
    assert isinstance(read, Near)
    return read


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("a NEAR/3 b", 2),
        ("(a OR b OR cd*d) NEAR/3 (ef* OR g?h)", 2),
        ("a ONEAR/3 b", 0),
        ("a NEAR/3 a", 0),
        ("(a OR b) NEAR/3 (c OR b)", 0),
        ('"a b" NEAR/3 c', 0),
        ("abc NEAR/3 ab*", 0),
        ("abc NEAR/3 a?c", 0),
        ("abc NEAR/3 b?c", 2),
        ("ab* NEAR/3 abc*", 0),
        ("ab* NEAR/3 a?c", 0),
        ("ab* NEAR/3 ac*", 2),
    ],
)
def test_what_has_no_word_on_both_sides_is_slop_in_both_orders(query: str, pairs: int) -> None:
    found = in_any_order(near(query))
    assert len(found) == pairs
    assert not found or {slots[0] for slots in found} == {slots[1] for slots in found}


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.integers(0, 6))
def test_slop_in_both_orders_is_near(words: list[str], distance: int) -> None:
    """As Tantivy has it: the second word stands so many places from where it would stand at most, before it or after."""
    places = {word: [at for at, other in enumerate(words) if other == word] for word in "ab"}
    slop = any(
        abs(other - (one + 1)) <= distance
        for first, second in ("ab", "ba")
        for one in places[first]
        for other in places[second]
    )
    assert slop == any(abs(one - other) - 1 <= distance for one in places["a"] for other in places["b"])
