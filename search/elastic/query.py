"""The query tree compiled to Elasticsearch: term-level and span queries only, nothing that is analysed there.

NEAR and "…"~n are ordered spans. Lucene's ordered spans look for the first right side after each left one in the order
of their beginnings, which is exact as long as the left ones are all of one length: so there is one query a length.
Only words, prefixes and phrases weigh in the ranking; filters and negations add nothing.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from khabar import codec
from khabar.text import stems
from search import schema, tree
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
    leaves,
    ranks,
)

Query = dict[str, Any]

NOTHING: Query = {"match_none": {}}
_RANKED = (
    250  # words that are ranked by: each is 14 clauses, and Elasticsearch with little memory takes 8,192
)
_DEEPEST = 12  # levels of a tree in one piece: Elasticsearch refuses more than 30 of its own


def compiled(node: Node, *, ranked: bool = True) -> Query:
    """Return the query that selects the same articles; unranked, or of many words, each counts the same in a score."""
    few = sum(isinstance(leaf, Word) for leaf in leaves(node)) <= _RANKED
    return _compiled(node, ranked and few, 0)


def any_of(queries: Iterable[Query]) -> Query:
    """Return the union; of nothing, nothing."""
    given = list(queries)
    if len(given) == 1:
        return given[0]
    return {"bool": {"should": given, "minimum_should_match": 1}} if given else NOTHING


def filtered(*queries: Query) -> Query:
    """Return the intersection of queries that do not weigh."""
    return {"bool": {"filter": list(queries)}}


def _compiled(node: Node, ranked: bool, depth: int) -> Query:
    if depth == _DEEPEST:
        # A query in base64 is read by itself: its levels count from the beginning.
        return {"wrapper": {"query": base64.b64encode(codec.dump(_compiled(node, ranked, 0))).decode()}}
    match node:
        case And() | Not():
            return _all_of(node.nodes if isinstance(node, And) else (node,), ranked, depth)
        case Or(nodes):
            return any_of(_compiled(child, ranked, depth + 1) for child in nodes)
        case Boost(child, weight):
            inner = _compiled(child, ranked, depth + 1)
            part = {"bool": {"must": [inner]}} if ranks(child) else {"constant_score": {"filter": inner}}
            return {kind: {**query, "boost": weight} for kind, query in part.items()}
        case Word() | Form() | Prefix() | Wildcard() | Fuzzy() | Phrase() | Near():
            fields = schema.fields_of(node.where)
            return any_of(query for field in fields for query in _in_field(node, field, ranked))
        case _:
            return filtered(_filter(node))


def _all_of(nodes: Sequence[Node], ranked: bool, depth: int) -> Query:
    parts: dict[str, list[Query]] = {"must": [], "filter": [], "must_not": []}
    for node in nodes:
        part = "must_not" if isinstance(node, Not) else "must" if ranks(node) else "filter"
        parts[part].append(_compiled(node.node if isinstance(node, Not) else node, ranked, depth + 1))
    return {"bool": {part: queries for part, queries in parts.items() if queries}}


# --- words --------------------------------------------------------------------------------------------------


def _in_field(  # noqa: PLR0911 - one a kind of leaf
    node: Wordy, field: str, ranked: bool
) -> list[Query]:
    """Return the queries that together select what holds in one field."""
    boost = schema.TITLE_WEIGHT if field == "title" else 1.0
    match node:
        case Form(text):
            return _any_of_forms([text], schema.form_field(field), boost, ranked=True)
        case Word(text) if field in schema.FORMS:
            return _any_of_forms(stems(text), schema.form_field(field), boost, ranked)
        case Word(text) | Phrase((text,)):
            return [_term(field, text, boost)]
        case Prefix(text):
            return [open_term(Term(text, prefix=True), field, boost=boost)]
        case Wildcard(text):
            return [open_term(Term(text, wild=True), field, boost=boost)]
        case Fuzzy(text, edits):
            # Every word that is so near, not the best fifty alone.
            fuzzy = {"value": text, "fuzziness": edits, "rewrite": "constant_score", "boost": boost}
            return [{"fuzzy": {field: fuzzy}}]
        case Phrase(words, _, 0):
            return [{"match_phrase": {field: {"query": " ".join(words), "boost": boost}}}]
        case Phrase(words, _, slop):
            return [_in_order([_word(Term(word), field) for word in words], slop, boost)]
        case Near():
            return list(_near(node, field, boost))


def open_term(term: Term, field: str, **options: object) -> Query:
    """Return the query for any word that an open term stands for."""
    return {"prefix" if term.prefix else "wildcard": {field: {"value": term.text, **options}}}


def _any_of_forms(given: Sequence[str], field: str, boost: float, ranked: bool) -> list[Query]:
    forms = list(dict.fromkeys(given))
    return (
        [_term(field, form, boost) for form in forms]
        if ranked
        else [{"terms": {field: forms, "boost": boost}}]
    )


def _term(field: str, value: str, boost: float) -> Query:
    return {"term": {field: {"value": value, "boost": boost}}}


def _near(node: Near, field: str, boost: float) -> Iterable[Query]:
    sides = [(node.left, node.right)] if node.ordered else [(node.left, node.right), (node.right, node.left)]
    for first, second in sides:
        lengths: defaultdict[int, list[tree.Sequence]] = defaultdict(list)
        for sequence in first:
            lengths[len(sequence)].append(sequence)
        after = _either(second, field)
        for alike in lengths.values():
            yield _in_order([_either(alike, field), after], node.distance, boost)


def _either(sequences: Iterable[tree.Sequence], field: str) -> Query:
    spans = [_sequence(sequence, field) for sequence in dict.fromkeys(sequences)]
    return spans[0] if len(spans) == 1 else {"span_or": {"clauses": spans}}


def _sequence(sequence: tree.Sequence, field: str) -> Query:
    spans = [_word(term, field) for term in sequence]
    return spans[0] if len(spans) == 1 else _in_order(spans, 0)


def _word(term: Term, field: str) -> Query:
    if term.is_open:
        return {"span_multi": {"match": open_term(term, field)}}
    return {"span_term": {field: term.text}}


def _in_order(spans: list[Query], slop: int, boost: float = 1.0) -> Query:
    return {"span_near": {"clauses": spans, "slop": slop, "in_order": True, "boost": boost}}


# --- filters ------------------------------------------------------------------------------------------------


def _filter(node: Node) -> Query:
    match node:
        case Everything():
            return {"match_all": {}}
        case Keyword(field, value):
            return {"term": {field: value}}
        case EntityNode(name):
            return {"term": {"entity": name}}
        case AboutNode(name):
            return {"term": {"about": name}}
        case DateRange():
            return _dates(node)
        case _:
            raise TypeError(f"not a filter: {node!r}")


def _dates(node: DateRange) -> Query:
    start, end = (bound.astimezone(UTC) if bound else None for bound in (node.start, node.end))
    moments = [None if bound is None else schema.micros(bound) for bound in (start, end)]
    if node.field == "fetched":
        return span("fetched", *moments)
    days = [
        None if bound is None else schema.first_day(bound, node.timezone).toordinal()
        for bound in (start, end)
    ]
    found = any_of([span("moment", *moments), span("day", *days)])
    return found if node.field == "when" else filtered({"term": {"dated": True}}, found)


def span(field: str, start: int | None, end: int | None) -> Query:
    """Return the query for numbers from `start` up to, not including, `end`; None leaves a side open."""
    if start is None and end is None:
        return {"exists": {"field": field}}
    bounds = {name: value for name, value in (("gte", start), ("lt", end)) if value is not None}
    return {"range": {field: bounds}}
