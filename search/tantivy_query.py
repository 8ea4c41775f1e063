"""The query tree compiled to Tantivy: Query objects only, never its own parser, and nothing that is not exact.

NEAR and "…"~n become a union over gaps of exact phrases: Tantivy's slop ignores order and counts otherwise.
Only words, prefixes and phrases weigh in the ranking; filters and negations add nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement, product
from typing import Literal
from zoneinfo import ZoneInfo

import tantivy
from tantivy import Occur, Query

from khabar.text import stems
from search import schema
from search.refusal import MAX_EXPANSION, QueryError
from search.tantivy_fields import FORMS, form_field, micros
from search.tree import (
    AboutNode,
    And,
    DateRange,
    EntityNode,
    Everything,
    Keyword,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Term,
    Where,
    Word,
)
from search.tree import Sequence as Terms

Slots = tuple[tuple[Term, ...], ...]  # positions side by side, each with the terms that may stand there


@dataclass(frozen=True, slots=True)
class Target:
    """What a tree is compiled for: the prefixes it stands for are looked up in a snapshot."""

    schema: tantivy.Schema
    searcher: tantivy.Searcher


def compiled(node: Node, target: Target) -> Query:
    """Return the Query that selects the same articles; raises QueryError where a prefix is too open."""
    match node:
        case And(nodes):
            return _all_of(nodes, target)
        case Or(nodes):
            return any_of([compiled(child, target) for child in nodes])
        case Not(child):
            return _all_of((Not(child),), target)
        case Word() | Prefix() | Phrase() | Near():
            return any_of([_weighed(_in_field(node, field, target), field) for field in _fields(node.where)])
        case _:
            return Query.const_score_query(_filter(node, target), 0.0)


def ranks(node: Node) -> bool:
    """Tell whether a tree has anything to rank by: else its hits are all alike, and the newest come first."""
    match node:
        case And(nodes) | Or(nodes):
            return any(map(ranks, nodes))
        case Word() | Prefix() | Phrase() | Near():
            return True
        case _:
            return False


def any_of(queries: Sequence[Query]) -> Query:
    """Return the union; of nothing, nothing."""
    if len(queries) == 1:
        return queries[0]
    return (
        Query.boolean_query([(Occur.Should, query) for query in queries]) if queries else Query.empty_query()
    )


def all_of(queries: Sequence[Query]) -> Query:
    """Return the intersection; of nothing, everything."""
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Must, query) for query in queries]) if queries else Query.all_query()


def _all_of(nodes: Sequence[Node], target: Target) -> Query:
    clauses = [
        (Occur.MustNot, compiled(node.node, target))
        if isinstance(node, Not)
        else (Occur.Must, compiled(node, target))
        for node in nodes
    ]
    if not any(occur == Occur.Must for occur, _ in clauses):  # alone, MustNot selects nothing
        clauses.append((Occur.Must, Query.const_score_query(Query.all_query(), 0.0)))
    return Query.boolean_query(clauses)


def _fields(where: Where) -> tuple[str, ...]:
    return FORMS if where == "text" else (where,)


def _weighed(query: Query, field: str) -> Query:
    return Query.boost_query(query, schema.TITLE_WEIGHT) if field == "title" else query


# --- words --------------------------------------------------------------------------------------------------


def _in_field(node: Word | Prefix | Phrase | Near, field: str, target: Target) -> Query:
    match node:
        case Word(text) if field in FORMS:
            terms = dict.fromkeys(stems(text))
            return any_of([_term(form_field(field), term, target) for term in terms])
        case Word(text):
            return _term(field, text, target)
        case Prefix(text):
            words = _expanded(text, field, target)
            return Query.term_set_query(target.schema, field, words) if words else Query.empty_query()
        case Phrase(words, _, slop):
            places = _spread(len(words), slop)
            return any_of(
                [_sequence(tuple((Term(word),) for word in words), at, field, target) for at in places]
            )
        case Near():
            return any_of(list(_gaps(node, field, target)))


def _term(field: str, text: str, target: Target) -> Query:
    return Query.term_query(target.schema, field, text, index_option="freq")


def _expanded(prefix: str, field: str, target: Target) -> list[str]:
    found = target.searcher.terms_with_prefix(field, prefix, limit=MAX_EXPANSION + 1)
    if len(found) > MAX_EXPANSION:
        raise QueryError(
            0, f"{prefix}* stands for more than {MAX_EXPANSION} different words; write more of it"
        )
    return [word for word, _ in found]


def _spread(count: int, slop: int) -> Iterator[tuple[int, ...]]:
    """Yield the positions of `count` words in order with at most `slop` others in all between."""
    for others in range(slop + 1):
        for gaps in combinations_with_replacement(range(1, count), others):
            yield tuple(place + sum(gap <= place for gap in gaps) for place in range(count))


def _gaps(near: Near, field: str, target: Target) -> Iterator[Query]:
    for sequence in (*near.left, *near.right):
        for term in sequence:
            if term.prefix:
                _expanded(term.text, field, target)  # only to refuse one that is too open
    pairs = list(product(_slots(near.left), _slots(near.right)))
    if not near.ordered:
        pairs += [(right, left) for left, right in pairs]
    for first, second in pairs:
        for gap in range(near.distance + 1):
            after = len(first) + gap
            places = (*range(len(first)), *range(after, after + len(second)))
            yield _sequence(first + second, places, field, target)


def _slots(side: tuple[Terms, ...]) -> list[Slots]:
    """Return the alternatives of a side: its single words together in one, each phrase by itself."""
    singles = tuple(sequence[0] for sequence in side if len(sequence) == 1)
    phrases = [tuple((term,) for term in sequence) for sequence in side if len(sequence) > 1]
    return [*([(singles,)] if singles else []), *phrases]


def _sequence(slots: Slots, places: tuple[int, ...], field: str, target: Target) -> Query:
    """Return the query for terms at exactly these distances from each other."""
    if len(slots) == 1:
        return _term(field, slots[0][0].text, target)
    if all(len(slot) == 1 and not slot[0].prefix for slot in slots):
        exact: list[str | tuple[int, str]] = [
            (place, slot[0].text) for place, slot in zip(places, slots, strict=True)
        ]
        return Query.phrase_query(target.schema, field, exact)
    # Folded words are letters, numbers and marks: nothing in them is special to a regular expression.
    open_ = ["|".join(term.text + (".*" if term.prefix else "") for term in slot) for slot in slots]
    return Query.regex_phrase_query(target.schema, field, [*zip(places, open_, strict=True)])


# --- filters ------------------------------------------------------------------------------------------------


def _filter(node: Node, target: Target) -> Query:
    match node:
        case Everything():
            return Query.all_query()
        case Keyword(field, value):
            return Query.term_query(target.schema, field, value, index_option="basic")
        case EntityNode(name):
            return Query.term_query(target.schema, "entity", name, index_option="basic")
        case AboutNode(name):
            return Query.term_query(target.schema, "about", name, index_option="basic")
        case DateRange():
            return _dates(node, target)
        case _:
            raise TypeError(f"not a filter: {node!r}")


def _dates(node: DateRange, target: Target) -> Query:
    start, end = (bound.astimezone(UTC) if bound else None for bound in (node.start, node.end))
    if node.field == "fetched":
        return _range("fetched", _micros(start), _micros(end), target)
    days = (_first_day(start, node.timezone), _first_day(end, node.timezone))
    found = any_of([_range("moment", _micros(start), _micros(end), target), _range("day", *days, target)])
    if node.field == "when":
        return found
    dated = Query.term_query(target.schema, "dated", True, index_option="basic")
    return all_of([dated, found])


Side = Literal["moment", "day", "fetched"]


def _range(field: Side, start: int | None, end: int | None, target: Target) -> Query:
    if start is None and end is None:
        return Query.exists_query(field)
    if start is not None and end is not None and start >= end:
        return Query.empty_query()
    kind = tantivy.FieldType.Integer
    return Query.range_query(target.schema, field, kind, start, None if end is None else end - 1)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else micros(moment)


def _first_day(moment: datetime | None, timezone: str) -> int | None:
    """Return the ordinal of the first day whose midnight in the time zone is not before a moment."""
    if moment is None:
        return None
    day = moment.astimezone(ZoneInfo(timezone)).date() - timedelta(days=1)
    while schema.midnight(day, timezone) < moment:
        day += timedelta(days=1)
    return day.toordinal()
