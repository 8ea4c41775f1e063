"""What a compiled query may hold, so that no Elasticsearch refuses it, and what is said of one that is in trouble."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from search.elastic.client import Patience, error_type, reason_of
from search.elastic.query import compiled
from search.grammar import parse
from search.refusal import MAX_OPEN
from search.tree import And, Node, Not, Or, Word, ranks

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
NESTING, CLAUSES = 30, 8_192  # what Elasticsearch takes, with as little memory as the tests give it
KINDS = {
    "bool",
    "term",
    "terms",
    "range",
    "exists",
    "prefix",
    "match_phrase",
    "span_near",
    "span_or",
    "span_multi",
}


def levels(query: Any) -> int:
    """Return how deep queries lie within queries, each piece in base64 by itself."""
    if isinstance(query, list):
        return max(map(levels, query), default=0)
    if not isinstance(query, dict):
        return 0
    if "wrapper" in query:
        inner = json.loads(base64.b64decode(query["wrapper"]["query"]))
        assert levels(inner) <= NESTING
        return 1
    return max(levels(value) + (name in KINDS) for name, value in query.items())


def terms(query: Any) -> Iterator[Any]:
    if isinstance(query, list):
        for each in query:
            yield from terms(each)
    elif isinstance(query, dict):
        for name, value in query.items():
            if name in {"term", "terms", "span_term", "prefix"}:
                yield value
            else:
                yield from terms(value)


@pytest.mark.parametrize("negated", [False, True])
def test_no_piece_of_a_query_lies_deeper_than_elasticsearch_reads(negated: bool) -> None:
    node: Node = Word("peace")
    for level in range(60):
        node = (Or if level % 2 else And)((Word(f"w{level}"), Not(node) if negated else node))
    assert 5 < levels(compiled(node)) <= NESTING


def test_no_query_of_the_language_has_more_clauses_than_elasticsearch_takes() -> None:
    for word, count in (("word{}", 480), ("title:word{}", 480), ('"one word{}"', 480), ("word{}*", MAX_OPEN)):
        query = " OR ".join(word.format(number) for number in range(count))
        assert len(list(terms(compiled(parse(query, now=NOW))))) < CLAUSES, word
    many = compiled(parse(" OR ".join(f"word{number}" for number in range(990)), now=NOW))
    assert len(list(terms(many))) == 2 * 990  # all forms of a word in one clause a field
    assert len(list(terms(compiled(parse("talks", now=NOW))))) > len(
        list(terms(compiled(parse("talks", now=NOW), ranked=False)))
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [("peace", True), ('"a b"', True), ("tal*", True), ("a NEAR/3 b", True), ("*", False), ("lang:en", False),
     ("lang:en peace", True), ("lang:en -peace", False), ("-peace", False), ("published:2025 OR peace", True)],
)  # fmt: skip
def test_only_words_rank(query: str, expected: bool) -> None:
    assert ranks(parse(query, now=NOW)) == expected


def test_patience_grows_and_ends() -> None:
    started = time.monotonic()
    patience, tries = Patience(0.6), 0
    while patience.wait():
        tries += 1
    assert 3 <= tries <= 8 and time.monotonic() - started <= 0.7
    assert not Patience(0).wait()


def test_the_innermost_reason_is_what_is_said() -> None:
    cause = {"type": "b", "reason": "too deep"}
    assert reason_of({"error": {"type": "a", "reason": "failed", "caused_by": cause}}) == "too deep"
    assert reason_of({"error": {"type": "a", "reason": "failed", "root_cause": [cause]}}) == "too deep"
    assert reason_of({"error": {"type": "a"}}) == "a"
    assert reason_of({"error": "plain words"}) == reason_of("plain words") == "plain words"
    assert error_type({"error": {"type": "a"}}) == "a"
    assert error_type("no JSON") == error_type({"error": "words"}) == ""
