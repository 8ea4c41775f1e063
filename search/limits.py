"""How much one query may ask for, whatever it is run on."""

from __future__ import annotations

from search.refusal import MAX_FUZZY, MAX_OPEN, MAX_TERMS, MAX_WEIGHTS, QueryError
from search.tree import And, Boost, Fuzzy, Near, Node, Not, Or, Phrase, Prefix, Wildcard, leaves


def check_size(node: Node) -> None:
    """Raise QueryError for a tree of more words, more words left open, or greater weights than are allowed."""
    found = list(leaves(node))
    if sum(map(_length, found)) > MAX_TERMS:
        raise QueryError(0, f"the query has more than {MAX_TERMS} words")
    if sum(map(_openings, found)) > MAX_OPEN:
        raise QueryError(0, f"the query has more than {MAX_OPEN} words with * or ? in them")
    if sum(isinstance(leaf, Fuzzy) for leaf in found) > MAX_FUZZY:
        raise QueryError(0, f"the query has more than {MAX_FUZZY} words with ~")
    if _heaviest(node) > MAX_WEIGHTS:
        raise QueryError(0, f"weights within weights come to more than {MAX_WEIGHTS:,.0f}")


def _heaviest(node: Node) -> float:
    match node:
        case And(nodes) | Or(nodes):
            return max(map(_heaviest, nodes))
        case Not(child):
            return _heaviest(child)
        case Boost(child, weight):
            return weight * _heaviest(child)
        case _:
            return 1.0


def _openings(leaf: Node) -> int:
    match leaf:
        case Prefix() | Wildcard():
            return 1
        case Near(left, right):
            return sum(term.is_open for sequence in left + right for term in sequence)
        case _:
            return 0


def _length(leaf: Node) -> int:
    match leaf:
        case Phrase(words):
            return len(words)
        case Near(left, right):
            return sum(map(len, left + right))
        case _:
            return 1
