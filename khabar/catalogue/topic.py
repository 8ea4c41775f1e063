"""Topic files: a query as gate, weighted signals, a veto, a threshold, and what is sent to whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, cast

from search.grammar import QueryError, parse
from search.tree import Everything, Node

from khabar.catalogue import fields
from khabar.catalogue.entity import Gazetteer
from khabar.catalogue.fields import Key
from khabar.catalogue.marks import Entries, Scalar, Value, position, read_yaml
from khabar.catalogue.problems import Place, Problems

Resolve = Callable[[str], str | None]

# A topic must mean the same on any day: a query is read at two distant times, and both readings must be equal.
_THEN = (datetime(2001, 1, 1, tzinfo=UTC), datetime(2020, 6, 15, 12, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Signal:
    """A query that speaks for the topic with this weight (against it, where negative)."""

    query: str
    node: Node
    weight: float


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
    """What an analyst follows; `digest_of` changes exactly when what it finds may change."""

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


@dataclass(frozen=True, slots=True)
class _Query:
    """A query as written, before names in it are known to the gazetteer."""

    scalar: Scalar
    text: str
    shift: int = 0  # characters of `text` that do not stand in the file


def _query(value: Value, problems: Problems) -> _Query | None:
    found = fields.text(value, problems)
    return _Query(value, found) if found is not None and isinstance(value, Scalar) else None


SIGNAL_KEYS = {
    "query": Key(_query, "border NEAR/6 attack"),
    "entity": Key(_query, "doha-agreement"),
    "weight": Key(fields.number(-1000, 1000), "2", required=True),
}
VETO_KEYS = {
    "query": Key(_query, "cricket", required=True),
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


def _signal(value: Value, problems: Problems) -> dict[str, Any] | None:
    found = fields.record(value, SIGNAL_KEYS, problems)
    if found is not None and ("query" in found) == ("entity" in found):
        return fields.wrong(
            value, problems, "a signal is a query or an entity", "give exactly one of the two"
        )
    return found


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
    "version": Key(fields.whole(1, 1_000_000), "1"),
    "query": Key(_query, "entity:ttp AND entity:pakistan", required=True),
    "signals": Key(fields.many(_signal), "[{query: talks, weight: 1}]"),
    "veto": Key(fields.many(_veto), "[{query: cricket, unless_score: 10}]"),
    "threshold": Key(fields.number(-10_000, 10_000), "7"),
    "digest": Key(_digest, '{time: "06:30", timezone: Asia/Karachi}'),
    "alert": Key(_alert, "{when: hourly}"),
    "enabled": Key(fields.boolean, "true"),
}


def read_topic(path: Path, gazetteer: Gazetteer, problems: Problems) -> tuple[Place, Topic] | None:
    """Return the topic of a file and the place of its id, or None after saying what is wrong."""
    value = read_yaml(path, problems)
    found = None if value is None else fields.record(value, TOPIC_KEYS, problems)
    if found is None or not isinstance(value, Entries):
        return None
    before = len(problems)
    topic = _compile(found, gazetteer, problems)
    return (value.values["id"][1].place, topic) if len(problems) == before else None


def _compile(found: dict[str, Any], gazetteer: Gazetteer, problems: Problems) -> Topic:
    def node(query: _Query) -> Node:
        return _parse(query, gazetteer, problems)

    gate = cast("_Query", found["query"])
    signals = tuple(_signal_of(signal, node) for signal in found.get("signals", ()))
    vetoes = tuple(
        Veto(veto["query"].text, node(veto["query"]), veto.get("unless_score"))
        for veto in found.get("veto", ())
    )
    threshold = cast("float", found.get("threshold", 0.0))
    parsed: dict[str, Any] = {"query": gate.text, "node": node(gate), "signals": signals, "veto": vetoes}
    return Topic(**{**found, **parsed}, digest_of=_digest_of(gate.text, signals, vetoes, threshold))


def _signal_of(signal: dict[str, Any], node: Callable[[_Query], Node]) -> Signal:
    query = cast("_Query", signal.get("query") or _entity_query(signal["entity"]))
    return Signal(query.text, node(query), signal["weight"])


def _entity_query(entity: _Query) -> _Query:
    return _Query(entity.scalar, f'entity:"{entity.text}"', shift=len('entity:"'))


def _parse(query: _Query, gazetteer: Gazetteer, problems: Problems) -> Node:
    try:
        first, second = (parse(query.text, now=then, resolve=gazetteer.resolve) for then in _THEN)
    except QueryError as error:
        place = position(query.scalar, max(0, error.position - query.shift))
        problems.add(place, f"the query cannot be read: {error.reason}", error.suggestion or "mend the query")
        return Everything()
    if first != second:
        how = "write the date out, or leave it to the search"
        problems.add(query.scalar.place, "the query means another day each day", how)
    return first


def _digest_of(query: str, signals: tuple[Signal, ...], vetoes: tuple[Veto, ...], threshold: float) -> str:
    """Return a hash of all that decides which articles a topic finds."""
    content = [
        query,
        [(signal.query, signal.weight) for signal in signals],
        [(veto.query, veto.unless_score) for veto in vetoes],
        threshold,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
