"""Signals of a topic: what speaks for it, how loudly, and how it is written in a topic file.

A signal asks for words (`query`), or for entities: mentioned (`entity`), spoken about (`about`), or close to each
other (`near`). Entities are named by id, any alias, or the name of one of the topic's groups, of which any will do; a
list of them asks for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from khabar.catalogue import fields
from khabar.catalogue.entity import Gazetteer
from khabar.catalogue.fields import Key
from khabar.catalogue.marks import Entries, Items, Scalar, Value
from khabar.catalogue.problems import Problems, instead
from search.tree import Node

Measure = Literal["query", "entity", "about", "near"]
Where = Literal["text", "title", "lead"]
Groups = Mapping[str, frozenset[str]]

MEASURES: tuple[Measure, ...] = ("query", "entity", "about", "near")


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it stands in the file, before it is read."""

    scalar: Scalar
    text: str


@dataclass(frozen=True, slots=True)
class Signal:
    """What speaks for a topic (against it, where the weight is negative), at most by its weight.

    `query`, `entity` and `near` reach their weight at `times` finds, in a text longer than `per` words at as many in
    every `per` words; `about` as far as the article is about the least of its entities.
    """

    measure: Measure
    label: str
    weight: float
    node: Node | None = None  # of `query`
    sets: tuple[frozenset[str], ...] = ()  # of the others: something of each
    where: Where = "text"
    within: int = 10
    times: int = 1
    per: int | None = None


def query(value: Value, problems: Problems) -> Query | None:
    """Read a query; what it says is read later, when the gazetteer is known."""
    found = fields.text(value, problems)
    return Query(value, found) if found is not None and isinstance(value, Scalar) else None


def _names(value: Value, problems: Problems) -> tuple[Query, ...] | None:
    if isinstance(value, Items):
        return fields.many(query)(value, problems)
    found = query(value, problems)
    return None if found is None else (found,)


SIGNAL_KEYS = {
    "query": Key(query, "border NEAR/6 attack"),
    "entity": Key(_names, "doha-agreement"),
    "about": Key(_names, "[taliban, pakistan]"),
    "near": Key(_names, "[taliban, pakistan]"),
    "weight": Key(fields.number(-1000, 1000), "2", required=True),
    "in": Key(fields.choice("text", "title", "lead"), "title"),
    "within": Key(fields.whole(1, 50), "10"),
    "times": Key(fields.whole(1, 1000), "3"),
    "per": Key(fields.whole(10, 100_000), "100"),
}
_ALLOWED: Mapping[Measure, frozenset[str]] = {
    "query": frozenset({"in", "times", "per"}),
    "entity": frozenset({"in", "times", "per"}),
    "about": frozenset(),
    "near": frozenset({"within", "times", "per"}),
}


def signal(value: Value, problems: Problems) -> dict[str, Any] | None:
    """Read a signal's keys, and see that they go together."""
    found = fields.record(value, SIGNAL_KEYS, problems)
    if found is None or not isinstance(value, Entries):
        return None
    kinds = _kinds(found)
    if len(kinds) != 1:
        return fields.wrong(
            value, problems, "a signal needs one thing to look for", f"give one of {', '.join(MEASURES)}"
        )
    for name in found.keys() - {kinds[0], "weight"} - _ALLOWED[kinds[0]]:
        problems.add(value.values[name][0], f"`{name}` says nothing of `{kinds[0]}`", "remove it")
    if kinds[0] == "near" and len(found["near"]) != 2:
        return fields.wrong(value, problems, "near needs two", "write near: [one, other]")
    return found


def _kinds(found: dict[str, Any]) -> list[Measure]:
    return [measure for measure in MEASURES if measure in found]


def compile_signal(
    found: dict[str, Any],
    groups: Groups,
    gazetteer: Gazetteer,
    node: Callable[[Query], Node],
    problems: Problems,
) -> Signal:
    """Return a signal with its query parsed and its names resolved; unknown names are noted."""
    measure = _kinds(found)[0]
    rest: dict[str, Any] = {name: found[name] for name in ("within", "times", "per") if name in found}
    rest |= {"where": found.get("in", "text"), "weight": found["weight"]}
    if measure == "query":
        asked = cast("Query", found["query"])
        return Signal(measure, asked.text, node=node(asked), **rest)
    names = cast("tuple[Query, ...]", found[measure])
    sets = tuple(members(name, groups, gazetteer, problems) for name in names)
    return Signal(measure, " + ".join(name.text for name in names), sets=sets, **rest)


def members(name: Query, groups: Groups, gazetteer: Gazetteer, problems: Problems) -> frozenset[str]:
    """Return the entities that a name stands for: a group's, or the one of this id or alias."""
    if name.text in groups:
        return groups[name.text]
    entity = gazetteer.resolve(name.text)
    if entity is None:
        known = [*groups, *gazetteer.entities]
        how = instead(
            name.text, known, "add it to the gazetteer, or use an id that `khabar entities list` shows"
        )
        problems.add(name.scalar.place, f"unknown entity `{name.text}`", how)
        return frozenset()
    return frozenset({entity})
