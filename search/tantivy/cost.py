"""What a query would cost to run on Tantivy, so that one too costly is refused before it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from search.gaps import Slots, is_open, of_near, of_phrase
from search.refusal import MAX_COST, MAX_EXPANSION, QueryError, too_open
from search.schema import fields_of
from search.tantivy.engine import Snapshot
from search.tree import Near, Node, Phrase, Prefix, Term, Wildcard, leaves

_LISTED = 10  # articles that are only listed, by a word left open, for one whose places are looked at
_OPEN = 3  # a phrase with alternatives or prefixes takes about three times as long as a plain one
Frequency = Callable[[str, Term], int]  # articles that hold a term in a field


def check_cost(node: Node, frequency: Frequency) -> None:
    """Raise QueryError for a tree whose phrases would together look at more than MAX_COST articles."""
    if sum(_cost(leaf, frequency) for leaf in leaves(node)) > MAX_COST:
        reason = (
            "NEAR or “…”~n between words that are in so many articles would take too long; "
            "take a smaller number, or rarer words"
        )
        raise QueryError(0, reason)


def frequency_in(snapshot: Snapshot) -> Frequency:
    """Return the frequencies of a snapshot, each looked up once; raises QueryError for a prefix that is too open."""
    known: dict[tuple[str, Term], int] = {}

    def frequency(field: str, term: Term) -> int:
        if (field, term) not in known:
            known[field, term] = (
                sum(count for _, count in expanded(term, field, snapshot))
                if term.is_open
                else snapshot.frequency(field, term.text)
            )
        return known[field, term]

    return frequency


def expanded(term: Term, field: str, snapshot: Snapshot) -> list[tuple[str, int]]:
    """Return the words an open term stands for with their frequencies; raises QueryError where they are too many."""
    found = snapshot.shaped(field, f"{term.text}*" if term.prefix else term.text, MAX_EXPANSION + 1)
    if len(found) > MAX_EXPANSION:
        raise too_open(term)
    return found


def _cost(leaf: Node, frequency: Frequency) -> int:
    match leaf:
        case Phrase(_, where, slop) if slop:
            phrases = Counter(slots for slots, _, _ in of_phrase(leaf))
        case Near():
            where = leaf.where
            phrases = Counter(slots for slots, _, _ in of_near(leaf))
        case Prefix(text, where):
            return sum(frequency(field, Term(text, prefix=True)) for field in fields_of(where)) // _LISTED
        case Wildcard(text, where):
            return sum(frequency(field, Term(text, wild=True)) for field in fields_of(where)) // _LISTED
        case _:
            return 0
    return sum(
        count * _looked_at(slots, field, frequency)
        for slots, count in phrases.items()
        for field in fields_of(where)
    )


def _looked_at(slots: Slots, field: str, frequency: Frequency) -> int:
    """Return how many articles one phrase looks at: those that hold its rarest word."""
    rarest = min(sum(frequency(field, term) for term in slot) for slot in slots)
    return rarest * (_OPEN if is_open(slots) else 1)
