"""Words left open: the same are found, and the same are too many, on both engines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from khabar.models import Article, Document, Folded
from khabar.ports import Index
from search import elastic, shapes
from search.elastic import generations as elastic_generations
from search.elastic.client import connect
from search.grammar import parse
from search.matcher import analyse, holds
from search.refusal import MAX_EXPANSION, QueryError
from search.tantivy import TantivyIndex, create_index

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
LETTERS = "abcdefghijklmnopqrst"
MANY = ["wo" + "".join(ends) for ends in product(LETTERS, repeat=3)][: MAX_EXPANSION + 1]
ARTICLES = [Article(f"{n:020x}", f"urn:x:{n}", "s", "We", " ".join(MANY[n::3]), NOW) for n in range(3)]


@pytest.fixture(scope="module", params=["tantivy", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Have an index with one word of `wo…` too many, in three articles and, on Elasticsearch, two shards."""
    folds = {each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each in ARTICLES}
    if request.param == "tantivy":
        folder = tmp_path_factory.mktemp("open") / "index"
        create_index(folder)
        index = TantivyIndex(folder)
        index.update(folds)
        yield index
        return
    url, prefix = request.getfixturevalue("elasticsearch_url"), f"open-{uuid.uuid4().hex}"
    with closing(elastic.open_index(url, prefix, shards=2)) as index, closing(connect(url)) as server:
        index.update(folds)
        yield index
        elastic_generations.drop_all(server, prefix)


def total(index: Index, query: str) -> int:
    node = parse(query, now=NOW)
    found = index.search(node, limit=0).total
    assert len(list(index.scan(node))) == found
    return found


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("wo*", "wo*"),
        ("body:wo*", "wo*"),
        ("we wo?*", "wo*"),
        ("-wo*", "wo*"),
        ("w?*", None),
        ("(we OR wo*) NEAR/3 woaaa", "wo*"),
        ("w??*", None),
        ("we w???a wo*", "wo*"),
        ("woaaa* wo* woa*", "wo*"),
    ],
)
def test_what_stands_for_too_many_words_is_refused_in_plain_words(
    index: Index, query: str, word: str | None
) -> None:
    with pytest.raises(QueryError) as refused:
        total(index, query)
    if word:
        assert str(refused.value) == (
            f"at 1: {word} stands for more than {MAX_EXPANSION} different words; write more of it"
        )


@pytest.mark.parametrize(
    ("query", "articles"),
    [
        ("title:wo*", 0),
        ("woa*", 3),
        (" OR ".join(f"wo{letter}*" for letter in "abcde"), 3),
        ("woaa?", 0),  # a question
        ("wo?aa", 3),
        ("w?aab", 1),
        ("wo*aab", 1),
        ("wo*ab", 3),
        ("w?a?b NEAR/0 woaa*", 2),
        ("woaab~1", 3),
        ("owaab~1", 1),
        ("woaabb~1", 2),
        ("woaab~1 -woaa*", 0),
        ("wozzz~1", 0),
        ("wozzza~2", 0),
    ],
)
def test_words_left_open_are_found(index: Index, query: str, articles: int) -> None:
    node = parse(query, now=NOW)
    assert sum(holds(node, analyse(each)) for each in ARTICLES) == articles
    assert total(index, query) == articles


def test_so_many_words_left_open_as_a_query_may_have_are_counted_one_by_one(index: Index) -> None:
    query = " OR ".join(f"wo{first}{second}*" for first, second in product(LETTERS[:5], LETTERS))
    assert total(index, f"{query} OR wor*") == 3
    with pytest.raises(QueryError, match=r"wo\* stands for"):
        total(index, f"{query} OR wo*")


WORDS = st.text("abcd", min_size=1, max_size=8)


@settings(max_examples=300, deadline=None)
@given(WORDS, WORDS, st.integers(1, 2))
def test_within_counts_edits_and_swaps(one: str, other: str, edits: int) -> None:
    assert list(shapes.within(one, edits, [other])) == [other] * (OSA.distance(one, other) <= edits)


@settings(max_examples=300, deadline=None)
@given(st.text("ab?*", min_size=1, max_size=6), st.text("ab", max_size=6))
def test_a_shape_accepts_what_its_parts_allow(shape: str, word: str) -> None:
    def fits(shape: str, word: str) -> bool:
        if not shape:
            return not word
        if shape[0] == "*":
            return fits(shape[1:], word) or bool(word and fits(shape, word[1:]))
        return bool(word) and shape[0] in {"?", word[0]} and fits(shape[1:], word[1:])

    assert bool(shapes.accepts(shape)(word)) == fits(shape, word)
    assert not fits(shape, word) or word.startswith(shapes.head(shape))


def test_only_an_open_end_is_a_prefix() -> None:
    assert [shapes.is_prefix(shape) for shape in ("ab*", "a?*", "ab", "a*b*", "a?")] == [True, *[False] * 4]
