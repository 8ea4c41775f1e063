"""The query tree compiled to Tantivy: Query objects only, never its own parser, and nothing that is not exact.

NEAR and "…"~n become what search.gaps makes of them: Tantivy's slop ignores order, and is exact between two terms only.
Only words, prefixes and phrases weigh in the ranking; filters and negations add nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import tantivy
from tantivy import Occur, Query

from khabar.text import stems
from search import schema, shapes
from search.gaps import Placed, Slots, is_open, of_near, of_phrase, without
from search.schema import FORMS, fields_of, form_field, micros
from search.tantivy.cost import check_cost, expanded, frequency_in
from search.tantivy.engine import Snapshot
from search.tantivy.equals import Level
from search.tantivy.levels import level
from search.tree import (
    AboutNode,
    And,
    Boost,
    DateRange,
    EntityNode,
    Everything,
    Form,
    Fuzzy,
    Keyword,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Term,
    Wildcard,
    Word,
    Wordy,
    ranks,
)

_MANY = 1_000  # terms that are looked up one by one
_LISTED = 64  # words of an open one that are looked up so


def checked(node: Node, at: Snapshot) -> Query:
    """Return the Query that selects the same articles; raises QueryError where it would be too costly to run."""
    check_cost(node, frequency_in(at))
    return _compiled(node, at)


def level_of(node: Node, at: Snapshot) -> Level:
    """Return what selects just the articles that a query gives a score."""

    def just(score: float) -> Query | None:
        alike = level(node, score)
        return alike and checked(alike, at)

    return just


def _compiled(node: Node, at: Snapshot) -> Query:
    match node:
        case And() | Not():
            return _all_of(node.nodes if isinstance(node, And) else (node,), at)
        case _:
            return any_of(_alternatives(node, at))


def _alternatives(node: Node, at: Snapshot) -> list[Query]:
    """Return queries one of which must hold: one flat list, since unions within unions take two to three times as long."""
    match node:
        case Or(nodes):
            return [query for child in nodes for query in _alternatives(child, at)]
        case Boost(child, weight) if ranks(child):
            return [Query.boost_query(query, weight) for query in _alternatives(child, at)]
        case Boost(child, weight):
            return [Query.const_score_query(_compiled(child, at), weight)]
        case Word() | Form() | Prefix() | Wildcard() | Fuzzy() | Phrase() | Near():
            fields = fields_of(node.where)
            return [_weighed(query, field) for field in fields for query in _in_field(node, field, at)]
        case And() | Not():
            return [_compiled(node, at)]
        case _:
            return [Query.const_score_query(_filter(node, at), 0.0)]


def any_of(queries: Sequence[Query]) -> Query:
    """Return the union; of nothing, nothing."""
    if len(queries) == 1:
        return queries[0]
    return (
        Query.boolean_query([(Occur.Should, query) for query in queries]) if queries else Query.empty_query()
    )


def any_term(fields: tantivy.Schema, field: str, terms: Sequence[str]) -> Query:
    """Return the documents with any of these exact terms.

    Each term is looked up by itself: a set of terms is held against the field's whole dictionary, whose cost grows with
    the index (64 terms: 0.25 ms against 4 ms at 50,000 documents), and pays only where there are very many of them.
    """
    if len(terms) > _MANY:
        return Query.term_set_query(fields, field, list(terms))
    return any_of([Query.term_query(fields, field, term, index_option="basic") for term in terms])


def all_of(queries: Sequence[Query]) -> Query:
    """Return the intersection; of nothing, everything."""
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Must, query) for query in queries]) if queries else Query.all_query()


def _all_of(nodes: Sequence[Node], at: Snapshot) -> Query:
    clauses = [
        (Occur.MustNot, _compiled(node.node, at))
        if isinstance(node, Not)
        else (Occur.Must, _compiled(node, at))
        for node in nodes
    ]
    if not any(occur == Occur.Must for occur, _ in clauses):  # alone, MustNot selects nothing
        clauses.append((Occur.Must, Query.const_score_query(Query.all_query(), 0.0)))
    return Query.boolean_query(clauses)


def _weighed(query: Query, field: str) -> Query:
    return Query.boost_query(query, schema.TITLE_WEIGHT) if field == "title" else query


# --- words --------------------------------------------------------------------------------------------------


def _in_field(node: Wordy, field: str, at: Snapshot) -> list[Query]:  # noqa: PLR0911 - one a kind of leaf
    match node:
        case Form(text):
            return [_term(form_field(field), text, at)]
        case Word(text) if field in FORMS:
            return [_term(form_field(field), term, at) for term in dict.fromkeys(stems(text))]
        case Word(text):
            return [_term(field, text, at)]
        case Prefix(text):
            return [_any_word(expanded(Term(text, prefix=True), field, at), field, at)]
        case Wildcard(text):
            return [_any_word(expanded(Term(text, wild=True), field, at), field, at)]
        case Fuzzy(text, edits):
            return [Query.fuzzy_term_query(at.schema, field, text, edits)]
        case Phrase():
            return _placed(of_phrase(node), field, at)
        case Near():
            # The expressions of open phrases are what costs: words that no article holds need none.
            held = without(node, lambda term: not _occurs(term, field, at))
            return _placed(of_near(held) if held else (), field, at)


def _any_word(found: Sequence[tuple[str, int]], field: str, at: Snapshot) -> Query:
    """Return what holds any of these words, once: however many it holds, and however often."""
    words = [word for word, _ in found]
    if len(words) > _LISTED:
        return Query.term_set_query(at.schema, field, words)
    return Query.const_score_query(any_term(at.schema, field, words), 1.0)


def _term(field: str, text: str, at: Snapshot) -> Query:
    return Query.term_query(at.schema, field, text, index_option="freq")


def _occurs(term: Term, field: str, at: Snapshot) -> bool:
    if term.wild:
        return bool(expanded(term, field, at))
    return bool(at.beginning(field, term.text, 1) if term.prefix else at.frequency(field, term.text))


def _placed(placed: Iterable[Placed], field: str, at: Snapshot) -> list[Query]:
    return [_sequence(slots, places, slop, field, at) for slots, places, slop in placed]


def _sequence(slots: Slots, places: tuple[int, ...], slop: int, field: str, at: Snapshot) -> Query:
    """Return the query for terms at exactly these distances from each other, or of two terms with so much slop."""
    if len(slots) == 1:
        return _term(field, slots[0][0].text, at)
    if not is_open(slots):
        exact: list[str | tuple[int, str]] = [
            (place, slot[0].text) for place, slot in zip(places, slots, strict=True)
        ]
        return Query.phrase_query(at.schema, field, exact, slop)
    # A folded word may hold more than letters: ⑴ folds to (1), and brackets are special to a regular expression.
    open_ = ["|".join(map(_expression, slot)) for slot in slots]
    return Query.regex_phrase_query(at.schema, field, [*zip(places, open_, strict=True)], slop)


def _expression(term: Term) -> str:
    if term.wild:
        return shapes.expression(term.text, _escaped, ".", ".*")
    return _escaped(term.text) + ".*" * term.prefix


def _escaped(word: str) -> str:
    return re.sub(r"[\\.+*?()|\[\]{}^$#&~-]", lambda found: "\\" + found[0], word)


# --- filters ------------------------------------------------------------------------------------------------


def _filter(node: Node, at: Snapshot) -> Query:
    match node:
        case Everything():
            return Query.all_query()
        case Keyword(field, value):
            return Query.term_query(at.schema, field, value, index_option="basic")
        case EntityNode(name):
            return Query.term_query(at.schema, "entity", name, index_option="basic")
        case AboutNode(name):
            return Query.term_query(at.schema, "about", name, index_option="basic")
        case DateRange():
            return _dates(node, at)
        case _:
            raise TypeError(f"not a filter: {node!r}")


def _dates(node: DateRange, at: Snapshot) -> Query:
    start, end = (bound.astimezone(UTC) if bound else None for bound in (node.start, node.end))
    if node.field == "fetched":
        return _range("fetched", _micros(start), _micros(end), at)
    days = (_first_day(start, node.timezone), _first_day(end, node.timezone))
    found = any_of([_range("moment", _micros(start), _micros(end), at), _range("day", *days, at)])
    if node.field == "when":
        return found
    dated = Query.term_query(at.schema, "dated", True, index_option="basic")
    return all_of([dated, found])


Side = Literal["moment", "day", "fetched"]


def _range(field: Side, start: int | None, end: int | None, at: Snapshot) -> Query:
    if start is None and end is None:
        return Query.exists_query(field)
    if start is not None and end is not None and start >= end:
        return Query.empty_query()
    kind = tantivy.FieldType.Integer
    return Query.range_query(at.schema, field, kind, start, None if end is None else end - 1)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else micros(moment)


def _first_day(moment: datetime | None, timezone: str) -> int | None:
    return None if moment is None else schema.first_day(moment, timezone).toordinal()
