"""Clues: what an article must hold at least one of, else a query cannot hold, and need not be asked.

Following a hundred topics costs little if the words of all of them are looked for at once: each different word of a
text is looked up one time, and only the queries that have a clue in it are run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from khabar.text import stem
from search import shapes
from search.analysed import View
from search.matcher import holds
from search.tree import (
    AboutNode,
    And,
    Boost,
    EntityNode,
    Form,
    Near,
    Node,
    Or,
    Phrase,
    Prefix,
    Sequence,
    Term,
    Wildcard,
    Word,
    both,
    either,
)

# A form is a word that stands for all its forms; a stem is what those of one language have in common.
Clue = tuple[Literal["form", "stem", "word", "prefix", "entity", "about"], str]

_MANY = 200_000  # words remembered of each language


def clues(node: Node) -> frozenset[Clue] | None:  # noqa: PLR0911 - one a kind of node
    """Return what a query needs one of; None where it may hold without any that could be looked up."""
    match node:
        case Or(nodes):
            each = [clues(child) for child in nodes]
            known = [found for found in each if found is not None]
            return frozenset().union(*known) if len(known) == len(each) else None
        case And(nodes):
            each = [found for child in nodes if (found := clues(child)) is not None]
            return min(each, key=len, default=None)
        case Boost(child):
            return clues(child)
        case Word() | Form() | Prefix() | Wildcard() | Phrase() | Near():
            return None if node.where == "author" else _of_words(node)
        case EntityNode(name):
            return frozenset({("entity", name)})
        case AboutNode(name):
            return frozenset({("about", name)})
        case _:
            return None


def _of_words(node: Word | Form | Prefix | Wildcard | Phrase | Near) -> frozenset[Clue] | None:
    match node:
        case Word(text):
            return frozenset({("form", text)})
        case Form(text):
            return frozenset({("stem", text)})
        case Prefix(text):
            return frozenset({("prefix", text)})
        case Wildcard(text):
            beginning = shapes.head(text)
            return frozenset({("prefix", beginning)}) if beginning else None
        case Phrase(words):
            return frozenset({("word", max(words, key=len))})  # long words are rare
        case Near(left, right):
            return min(_of_side(left), _of_side(right), key=len)


def _of_side(side: tuple[Sequence, ...]) -> frozenset[Clue]:
    return frozenset(_of_term(max(sequence, key=lambda term: len(term.text))) for sequence in side)


def _of_term(term: Term) -> Clue:
    if term.wild:  # in a query its first character is always a letter
        return ("prefix", shapes.head(term.text))
    return ("prefix" if term.prefix else "word", term.text)


@dataclass(frozen=True, slots=True)
class Probe:
    """A query made ready to be asked of many articles: only the alternatives that have a clue are asked."""

    node: Node
    needs: frozenset[Clue] | None
    is_certain: bool = False  # what it needs one of is all that it asks
    parts: tuple[Probe, ...] = ()  # of AND
    always: tuple[Node, ...] = ()  # of OR: alternatives that may hold without a clue
    with_clue: Mapping[Clue, tuple[Probe, ...]] = field(default_factory=dict[Clue, "tuple[Probe, ...]"])

    def holds(self, view: View, held: Set[Clue]) -> bool:
        """Tell whether the query holds of an article that holds these clues."""
        if self.needs is not None and self.needs.isdisjoint(held):
            return False
        if self.is_certain:
            return True
        if self.parts:
            return all(part.holds(view, held) for part in self.parts)
        if self.with_clue:
            hinted = self._hinted(held)
            if any(each.is_certain for each in hinted) or any(each.holds(view, held) for each in hinted):
                return True
            return any(holds(node, view) for node in self.always)
        return holds(self.node, view)

    def _hinted(self, held: Set[Clue]) -> Iterable[Probe]:
        return {
            id(probe): probe for clue in held & self.with_clue.keys() for probe in self.with_clue[clue]
        }.values()

    def reduced(self, held: Set[Clue]) -> Node | None:
        """Return a query that holds exactly where this one does, of an article that holds these clues.

        It has the same spans, and is None where it cannot hold.
        """
        if self.needs is not None and self.needs.isdisjoint(held):
            return None
        if self.parts:
            parts = [part.reduced(held) for part in self.parts]
            left = [part for part in parts if part is not None]
            return both(*left) if len(left) == len(parts) else None
        if self.with_clue:
            nodes = [node for each in self._hinted(held) if (node := each.reduced(held)) is not None]
            return either(*self.always, *nodes) if nodes or self.always else None
        return self.node


def probe(node: Node) -> Probe:  # noqa: PLR0911 - one a kind of node
    """Make a query ready."""
    match node:
        case And(nodes):
            return Probe(node, clues(node), parts=tuple(map(probe, nodes)))
        case Or(nodes):
            probes = tuple(map(probe, nodes))
            with_clue: dict[Clue, list[Probe]] = defaultdict(list)
            for each in probes:
                for clue in each.needs or ():
                    with_clue[clue].append(each)
            always = tuple(each.node for each in probes if each.needs is None)
            return Probe(
                node,
                clues(node),
                always=always,
                with_clue={clue: tuple(found) for clue, found in with_clue.items()},
            )
        case Boost(child):
            return probe(child)  # a weight changes neither what holds nor what is shown
        case Word() | Form() | Prefix():
            return Probe(node, clues(node), is_certain=node.where == "text")
        case Phrase(words, where):
            return Probe(node, clues(node), is_certain=len(words) == 1 and where == "text")
        case EntityNode() | AboutNode():
            return Probe(node, clues(node), is_certain=True)
        case _:
            return Probe(node, clues(node))


def wanted(probe: Probe) -> frozenset[Clue]:
    """Return every clue that a query ever looks at."""
    inner = (
        wanted(part)
        for part in (*probe.parts, *(each for found in probe.with_clue.values() for each in found))
    )
    return (probe.needs or frozenset()).union(*inner)


class Lookup:
    """Tells which of the clues wanted an article holds; what it learns of a word it keeps."""

    def __init__(self, wanted: Iterable[Clue]) -> None:
        kinds: dict[str, set[str]] = defaultdict(set)
        for kind, text in wanted:
            kinds[kind].add(text)
        self._words, self._forms, self._prefixes = kinds["word"], kinds["form"], kinds["prefix"]
        self._common = kinds["stem"]
        self._entities, self._about = kinds["entity"], kinds["about"]
        self._lengths = sorted({len(prefix) for prefix in self._prefixes})
        self._stems: dict[str, dict[str, list[Clue]]] = {}
        self._empty: dict[str, set[str]] = defaultdict(set)
        self._known: dict[str, dict[str, tuple[Clue, ...]]] = defaultdict(dict)

    def held(self, view: View) -> Set[Clue]:
        """Return the clues that an article holds, somewhere."""
        known, empty = self._known[view.lang], self._empty[view.lang]
        found: set[Clue] = {("entity", name) for name in view.entities & self._entities}
        found |= {("about", name) for name in view.about & self._about}
        for text in (view.title, view.body):
            for word in {token[0] for token in text.tokens} - empty:
                found.update(known[word] if word in known else self._learn(word, view.lang))
        return found

    def _learn(self, word: str, lang: str) -> tuple[Clue, ...]:
        found: list[Clue] = []
        if word in self._words:
            found.append(("word", word))
        common = stem(word, lang)
        found.extend(self._of_language(lang).get(common, ()))
        if common in self._common:
            found.append(("stem", common))
        found.extend(("prefix", word[:n]) for n in self._lengths if word[:n] in self._prefixes)
        kept = self._known[lang] if found else self._empty[lang]
        if len(kept) > _MANY:
            kept.clear()
        if found:
            self._known[lang][word] = tuple(found)
        else:
            self._empty[lang].add(word)
        return tuple(found)

    def _of_language(self, lang: str) -> dict[str, list[Clue]]:
        if lang not in self._stems:
            stems: dict[str, list[Clue]] = defaultdict(list)
            for text in self._forms:
                stems[stem(text, lang)].append(("form", text))
            self._stems[lang] = dict(stems)
        return self._stems[lang]
