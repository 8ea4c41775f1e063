"""The query tree: what a query means, whoever runs it.

Words in a tree are folded by khabar.text. A plain `Word` means any form of the word; in phrases, prefixes and NEAR a
word means itself. Every leaf is judged on one article; a leaf on `text` holds if it holds in the title or in the body.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Where = Literal["text", "title", "body", "author"]
KeywordField = Literal[
    "id", "source", "lang", "country", "genre", "topic", "cluster", "author_name", "mentions", "changed"
]
DateField = Literal["published", "fetched", "when"]


@dataclass(frozen=True, slots=True)
class Everything:
    """Every article."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word in any form of the article's own language; among authors' names, the word itself."""

    text: str
    where: Where = "text"


@dataclass(frozen=True, slots=True)
class Form:
    """What all forms of a word have in common in one language, as khabar.text.stem gives it: `en:talk`."""

    text: str
    where: Where = "text"


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any word that begins so."""

    text: str
    where: Where = "text"


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Any word of this shape: `?` stands for one character, `*` for any number of them."""

    text: str
    where: Where = "text"


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Any word that so many edits make of this one: a character more, less or another, or two neighbours swapped."""

    text: str
    edits: int
    where: Where = "text"


@dataclass(frozen=True, slots=True)
class Phrase:
    """These words in this order within one field, with at most `slop` other words in all between them."""

    words: tuple[str, ...]
    where: Where = "text"
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """One place in a sequence of NEAR: a word; with `prefix` any word that begins so, with `wild` any of its shape."""

    text: str
    prefix: bool = False
    wild: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether it stands for more words than one."""
        return self.prefix or self.wild


Sequence: TypeAlias = tuple[Term, ...]  # a word, an open one or a phrase: terms side by side


@dataclass(frozen=True, slots=True)
class Near:
    """Any of the left sequences and any of the right, not overlapping, at most `distance` words between.

    `ordered`: the left one first.
    """

    left: tuple[Sequence, ...]
    right: tuple[Sequence, ...]
    distance: int
    ordered: bool = False
    where: Where = "text"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A field that holds exactly this value (see search.schema for how values are written)."""

    field: KeywordField
    value: str


@dataclass(frozen=True, slots=True)
class EntityNode:
    """The article mentions the entity with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class AboutNode:
    """The article is about the entity: its salience reaches search.schema.ABOUT."""

    id: str


@dataclass(frozen=True, slots=True)
class DateRange:
    """From `start` up to, not including, `end`; None leaves a side open.

    `published` never holds for an undated article; `when` is its publication, else the time it was first fetched.
    A publication known only to the day (month, year) is midnight of that printed day in `timezone`: what a newspaper
    calls the 31st is the 31st, wherever it is read.
    """

    start: datetime | None
    end: datetime | None
    timezone: str = "UTC"
    field: DateField = "published"


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Every article but these."""

    node: Node


@dataclass(frozen=True, slots=True)
class Boost:
    """What `node` selects; in the ranking it counts `weight` times. A filter, which does not rank, counts `weight`."""

    node: Node
    weight: float


Leaf: TypeAlias = (
    Everything
    | Word
    | Form
    | Prefix
    | Wildcard
    | Fuzzy
    | Phrase
    | Near
    | Keyword
    | EntityNode
    | AboutNode
    | DateRange
)
Wordy: TypeAlias = Word | Form | Prefix | Wildcard | Fuzzy | Phrase | Near  # what is looked for in texts
Node: TypeAlias = Leaf | And | Or | Not | Boost


def both(*nodes: Node) -> Node:
    """Return the conjunction of nodes, flattened; of one, itself; of none, everything."""
    return _joined(And, nodes) or Everything()


def either(*nodes: Node) -> Node:
    """Return the disjunction of nodes, flattened; of one, itself. Raises ValueError where there is none."""
    joined = _joined(Or, nodes)
    if joined is None:
        raise ValueError("either() of nothing")
    return joined


def negation(node: Node) -> Node:
    """Return the opposite of a node; twice the opposite is the node itself."""
    return node.node if isinstance(node, Not) else Not(node)


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the leaves of a tree from left to right, those under NOT included."""
    match node:
        case And(nodes) | Or(nodes):
            for child in nodes:
                yield from leaves(child)
        case Not(child) | Boost(child):
            yield from leaves(child)
        case _:
            yield node


def ranks(node: Node) -> bool:
    """Tell whether a tree has anything to rank by: else its hits are all alike, and the newest come first."""
    match node:
        case And(nodes) | Or(nodes):
            return any(map(ranks, nodes))
        case Boost():
            return True
        case _:
            return isinstance(node, Wordy)


def _joined(kind: type[And | Or], nodes: tuple[Node, ...]) -> Node | None:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, kind) else (node,))
    if len(flat) <= 1:
        return flat[0] if flat else None
    return kind(tuple(flat))
