"""NEAR and "…"~n as what they stand for: phrases with their words at fixed distances, or two terms with some room.

An engine's slop is exact between two terms alone: that they stand so many places at most from where they are wanted,
before it or after. Between 1 and n + 1 places apart is one or two such wishes. What is longer than two terms is one exact
phrase for each way the gaps can fall.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, product

from search.tree import Near, Phrase, Sequence, Term

# An engine makes one expression of the words that may stand in one place. Tantivy's may take some 1,000 bytes of
# words before it refuses them, and a place left open as much as 17 more.
_ROOM = 700
_OPENING = 20

Slots = tuple[tuple[Term, ...], ...]  # each with the terms that may stand there
Placed = tuple[Slots, tuple[int, ...], int]  # slots, their places from 0, and the slop of two


def of_phrase(node: Phrase) -> Iterator[Placed]:
    """Yield the phrase with its words at every distance that its slop allows."""
    slots = tuple((Term(word),) for word in node.words)
    if len(slots) == 2:
        yield from ((slots, (0, place), slop) for place, slop in _within(node.slop))
        return
    for others in range(node.slop + 1):
        for gaps in combinations_with_replacement(range(1, len(slots)), others):
            yield slots, tuple(place + sum(gap <= place for gap in gaps) for place in range(len(slots))), 0


def of_near(node: Near) -> Iterator[Placed]:
    """Yield both sides side by side at every distance, in the orders allowed."""
    pairs = list(product(_alternatives(node.left), _alternatives(node.right)))
    if not node.ordered:
        pairs += [(right, left) for left, right in pairs]
    for first, second in dict.fromkeys(pairs):
        if len(first) == len(second) == 1:
            yield from ((first + second, (0, place), slop) for place, slop in _within(node.distance))
            continue
        for gap in range(node.distance + 1):
            after = len(first) + gap
            yield first + second, (*range(len(first)), *range(after, after + len(second))), 0


def _within(gap: int) -> list[tuple[int, int]]:
    """Return where a second term is wanted, and how far from there it may be, to have 0 to `gap` words before it."""
    middle, even = gap // 2, gap % 2 == 0
    return [(middle + 1, middle)] if even else [(middle + 1, middle), (gap + 1, 0)]


def is_open(slots: Slots) -> bool:
    """Tell whether more than one word may stand somewhere."""
    return any(len(slot) > 1 or any(term.is_open for term in slot) for slot in slots)


def count(node: Near) -> int:
    """Return how many phrases a NEAR stands for at most, without making them; one that is open counts for five."""
    orders = 1 if node.ordered else 2
    return orders * sum(
        (5 if is_open(left + right) else 1)
        * (len(_within(node.distance)) if len(left) == len(right) == 1 else node.distance + 1)
        for left, right in product(_alternatives(node.left), _alternatives(node.right))
    )


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
