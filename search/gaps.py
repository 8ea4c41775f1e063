"""NEAR and "…"~n as what they stand for: exact phrases, one for each way the gaps can fall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, product

from search import shapes
from search.tree import Near, Phrase, Sequence, Term

# An engine makes one expression of the words that may stand in one place. Tantivy's may take some 1,000 bytes of
# words before it refuses them, and a place left open as much as 17 more.
_ROOM = 700
_OPENING = 20

Slots = tuple[tuple[Term, ...], ...]  # each with the terms that may stand there
Placed = tuple[Slots, tuple[int, ...]]  # slots and their places, from 0


def of_phrase(node: Phrase) -> Iterator[Placed]:
    """Yield the phrase with its words at every distance that its slop allows."""
    slots = tuple((Term(word),) for word in node.words)
    for others in range(node.slop + 1):
        for gaps in combinations_with_replacement(range(1, len(slots)), others):
            yield slots, tuple(place + sum(gap <= place for gap in gaps) for place in range(len(slots)))


def of_near(node: Near) -> Iterator[Placed]:
    """Yield both sides side by side at every distance, in the orders allowed."""
    pairs = list(product(_alternatives(node.left), _alternatives(node.right)))
    if not node.ordered:
        pairs += [(right, left) for left, right in pairs]
    for first, second in pairs:
        for gap in range(node.distance + 1):
            after = len(first) + gap
            yield first + second, (*range(len(first)), *range(after, after + len(second)))


def in_any_order(node: Near) -> list[Slots]:
    """Return the pairs of slots of a NEAR that two terms at most so far apart, in any order, stand for; else none.

    That is what an engine's slop means, as long as no word may stand on both sides: one word is not near itself.
    """
    sides = (node.left, node.right)
    if node.ordered or any(len(sequence) > 1 for side in sides for sequence in side):
        return []
    one, other = ([sequence[0] for sequence in side] for side in sides)
    if any(shapes.may_be_one(first, second) for first in one for second in other):
        return []
    pairs = list(product(_alternatives(node.left), _alternatives(node.right)))
    return [left + right for left, right in pairs] + [right + left for left, right in pairs]


def is_open(slots: Slots) -> bool:
    """Tell whether more than one word may stand somewhere."""
    return any(len(slot) > 1 or any(term.is_open for term in slot) for slot in slots)


def count(node: Near) -> int:
    """Return how many phrases a NEAR stands for, without making them; one that is open counts for five."""
    pairs = product(_alternatives(node.left), _alternatives(node.right))
    weights = sum(5 if is_open(left + right) else 1 for left, right in pairs)
    return weights * (node.distance + 1) * (1 if node.ordered else 2)


def without(node: Near, missing: Callable[[Term], bool]) -> Near | None:
    """Return a NEAR without what holds a missing term, since nothing can be beside it; None where a side is empty."""
    left, right = (
        tuple(sequence for sequence in side if not any(map(missing, sequence)))
        for side in (node.left, node.right)
    )
    return replace(node, left=left, right=right) if left and right else None


def _alternatives(side: tuple[Sequence, ...]) -> list[Slots]:
    """Return the alternatives of a side: its single words together, as many as fit, each phrase by itself."""
    singles: list[Slots] = []
    room = 0
    for term in (sequence[0] for sequence in side if len(sequence) == 1):
        openings = int(term.prefix) + (sum(map(term.text.count, "?*")) if term.wild else 0)
        size = len(term.text.encode()) + _OPENING * openings
        if singles and size <= room:
            singles[-1] = ((*singles[-1][0], term),)
            room -= size
        else:
            singles.append(((term,),))
            room = _ROOM - size
    return [*singles, *(tuple((term,) for term in sequence) for sequence in side if len(sequence) > 1)]
