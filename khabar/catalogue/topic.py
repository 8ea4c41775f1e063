"""Topic files: a query as gate, weighted signals, a veto, a threshold, and what is sent to whom."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, cast

from khabar.catalogue import fields
from khabar.catalogue.entity import Gazetteer
from khabar.catalogue.fields import Key
from khabar.catalogue.marks import Entries, Value, position, read_yaml
from khabar.catalogue.problems import CatalogueError, Place, Problems
from khabar.catalogue.signal import Groups, Query, Signal, compile_signal, members, query, signal
from search.grammar import QueryError, parse
from search.tree import Everything, Node

# A topic must mean the same on any day: a query is read at two distant times, and both readings must be equal.
_THEN = (datetime(2001, 1, 1, tzinfo=UTC), datetime(2020, 6, 15, 12, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Veto:
    """A query that rules the topic out, unless the score reaches `unless_score`."""

    query: str
    node: Node
    unless_score: float | None = None


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """When a topic's daily digest is made, in which time zone, and who gets it."""

    time: time
    timezone: str
    readers: tuple[str, ...] = ()
    weekly: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """What an analyst follows.

    `digest_of` changes exactly when what it finds may change; `version` numbers these contents (see versions).
    """

    id: str
    title: str
    query: str
    node: Node
    version: int = 1
    signals: tuple[Signal, ...] = ()
    veto: tuple[Veto, ...] = ()
    threshold: float = 0.0
    digest: DigestPlan | None = None
    alert: str | None = None
    enabled: bool = True
    digest_of: str = ""


VETO_KEYS = {
    "query": Key(query, "cricket", required=True),
    "unless_score": Key(fields.number(-10_000, 10_000), "10"),
}
DIGEST_KEYS = {
    "time": Key(fields.clock_time, '"06:30"', required=True),
    "timezone": Key(fields.zone, "Asia/Karachi", required=True),
    "readers": Key(
        fields.many(fields.pattern(r"[^@\s]+@[^@\s]+", "mail address", "write name@host")),
        "[desk@example.org]",
    ),
    "weekly": Key(fields.boolean, "false"),
}
ALERT_KEYS = {"when": Key(fields.choice("now", "hourly", "spike"), "hourly", required=True)}


def _veto(value: Value, problems: Problems) -> dict[str, Any] | None:
    return fields.record(value, VETO_KEYS, problems)


def _digest(value: Value, problems: Problems) -> DigestPlan | None:
    found = fields.record(value, DIGEST_KEYS, problems)
    return None if found is None else DigestPlan(**found)


def _alert(value: Value, problems: Problems) -> str | None:
    return (fields.record(value, ALERT_KEYS, problems) or {}).get("when")


TOPIC_KEYS = {
    "id": Key(fields.identifier, "pak-taliban", required=True),
    "title": Key(fields.text, "Pakistan–Taliban relations", required=True),
    "query": Key(query, "entity:ttp AND entity:pakistan", required=True),
    "groups": Key(fields.table(fields.identifier, fields.many(query)), "{taliban: [afghan-taliban, kabul]}"),
    "signals": Key(fields.many(signal), "[{query: talks, weight: 1}]"),
    "veto": Key(fields.many(_veto), "[{query: cricket, unless_score: 10}]"),
    "threshold": Key(fields.number(-10_000, 10_000), "7"),
    "digest": Key(_digest, '{time: "06:30", timezone: Asia/Karachi}'),
    "alert": Key(_alert, "{when: hourly}"),
    "enabled": Key(fields.boolean, "true"),
}


def read_topic(path: Path, gazetteer: Gazetteer, problems: Problems) -> tuple[Place, Topic] | None:
    """Return the topic of a file and the place of its id, or None after saying what is wrong."""
    before = len(problems)
    value = read_yaml(path, problems)
    found = None if value is None else fields.record(value, TOPIC_KEYS, problems, whole=False)
    if found is None or not isinstance(value, Entries):
        return None
    parts = _compile(found, gazetteer, problems)
    return (value.values["id"][1].place, Topic(**parts)) if len(problems) == before else None


def load_topic(path: Path, gazetteer: Gazetteer) -> Topic:
    """Return the topic of one file, in or outside a catalogue; raises CatalogueError with all that is wrong."""
    problems = Problems()
    found = read_topic(path, gazetteer, problems)
    if found is None:
        raise CatalogueError(problems.found)
    return found[1]


def _compile(found: dict[str, Any], gazetteer: Gazetteer, problems: Problems) -> dict[str, Any]:
    """Return a topic's values with its queries parsed and its names resolved."""

    def node(asked: Query) -> Node:
        return _parse(asked, gazetteer, problems)

    gate = cast("Query | None", found.get("query"))
    groups = _groups(found.get("groups", {}), gazetteer, problems)
    signals = tuple(
        compile_signal(each, groups, gazetteer, node, problems) for each in found.get("signals", ())
    )
    vetoes = tuple(
        Veto(each["query"].text, node(each["query"]), each.get("unless_score"))
        for each in found.get("veto", ())
    )
    parts = {name: value for name, value in found.items() if name != "groups"}
    parts |= {"signals": signals, "veto": vetoes}
    if gate is not None:
        parts |= {"query": gate.text, "node": node(gate)}
        parts["digest_of"] = _digest_of(gate.text, signals, vetoes, found.get("threshold", 0.0))
    return parts


def _groups(found: dict[str, tuple[Query, ...]], gazetteer: Gazetteer, problems: Problems) -> Groups:
    return {
        group: frozenset().union(*(members(name, {}, gazetteer, problems) for name in names))
        for group, names in found.items()
    }


def _parse(asked: Query, gazetteer: Gazetteer, problems: Problems) -> Node:
    try:
        first, second = (parse(asked.text, now=then, resolve=gazetteer.resolve) for then in _THEN)
    except QueryError as error:
        place = position(asked.scalar, error.position)
        how = (
            f"did you mean {error.suggestion}?"
            if error.suggestion
            else "docs/query-language.md says what may stand here"
        )
        problems.add(place, f"the query cannot be read: {error.reason}", how)
        return Everything()
    if first != second:
        how = "write the date out, or leave it to the search"
        problems.add(asked.scalar.place, "the query means something else each day", how)
    return first


def _digest_of(query: str, signals: tuple[Signal, ...], vetoes: tuple[Veto, ...], threshold: float) -> str:
    """Return a hash of all that decides which articles a topic finds."""
    plain = [(signal.label, sorted(map(sorted, signal.sets)), _numbers(signal)) for signal in signals]
    content = repr((query, plain, [(veto.query, veto.unless_score) for veto in vetoes], threshold))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _numbers(signal: Signal) -> tuple[object, ...]:
    return signal.measure, signal.weight, signal.where, signal.within, signal.times, signal.per
