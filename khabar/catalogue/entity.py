"""The gazetteer: who and what the articles speak of, under every name they use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from khabar.catalogue import fields
from khabar.catalogue.fields import Key
from khabar.catalogue.marks import Entries, Items, Scalar, Value, read_yaml
from khabar.catalogue.problems import Place, Problems, instead
from khabar.text import fold

TYPES = ("country", "organization", "person", "place", "agreement", "project", "event")

Names = Mapping[str, tuple[str, ...]]  # by language, or by alias


@dataclass(frozen=True, slots=True)
class GazetteerEntity:
    """One actor, place or thing, with its names by language.

    An alias in `case_sensitive` counts only as it is spelled here; one in `requires` only in an article that also
    holds one of the words named there; one in `not_in` not in articles of these languages. A decoy is a longer name
    or phrase that holds an alias and is not the entity: what stands inside it does not count.

    A word in `short` stands for a person in an article that gave the full name before (last names in scripts with
    capitals do so by themselves). `doubtful` gives the evidence for a spelling that is not certain, or `unsure`.
    `parent` is what it belongs to, `successor` what took its place: both are ids.
    """

    id: str
    type: str
    name: str
    wikidata: str | None = None
    aliases: Names = field(default_factory=dict[str, tuple[str, ...]])
    adjectives: Names = field(default_factory=dict[str, tuple[str, ...]])
    case_sensitive: frozenset[str] = frozenset()
    requires: Names = field(default_factory=dict[str, tuple[str, ...]])
    not_in: Names = field(default_factory=dict[str, tuple[str, ...]])
    decoys: tuple[str, ...] = ()
    short: Names = field(default_factory=dict[str, tuple[str, ...]])
    doubtful: Mapping[str, str] = field(default_factory=dict[str, str])
    parent: str | None = None
    successor: str | None = None

    def spellings(self) -> tuple[str, ...]:
        """Return every name once: the name itself, the aliases, the adjectives."""
        groups = (*self.aliases.values(), *self.adjectives.values())
        return tuple(dict.fromkeys((self.name, *(alias for group in groups for alias in group))))


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All entities by id, and the way from a name to its entity."""

    entities: Mapping[str, GazetteerEntity]
    names: Mapping[str, str]  # folded name → id

    def resolve(self, alias: str) -> str | None:
        """Return the id of the entity of this id or name, in any script and spelling variant, if there is one."""
        return alias if alias in self.entities else self.names.get(fold(alias))


def gather(entities: Mapping[str, GazetteerEntity]) -> Gazetteer:
    """Return the gazetteer of these entities; a name without conditions goes before the same name with one."""
    names: dict[str, str] = {}
    sure: dict[str, str] = {}
    for entity in entities.values():
        names.setdefault(fold(entity.id), entity.id)
        for alias in entity.spellings():
            target = names if alias in entity.requires else sure
            target.setdefault(fold(alias), entity.id)
    return Gazetteer(entities, {**names, **sure})


# --- reading ------------------------------------------------------------------------------------------------


def _alias(value: Value, problems: Problems) -> str | None:
    found = fields.text(value, problems)
    if found is not None and len(fold(found)) < 2:
        return fields.wrong(
            value, problems, f"`{found}` is too short to be found", "give two letters or more"
        )
    return found


def _word(value: Value, problems: Problems) -> str | None:
    found = _alias(value, problems)
    if found is not None and " " in fold(found):
        return fields.wrong(
            value, problems, f"`{found}` is no single word", "put longer names among the aliases"
        )
    return found


_names = fields.table(fields.language, fields.many(_alias))
_short = fields.table(fields.language, fields.many(_word))

FLAG_KEYS = {
    "case_sensitive": Key(fields.many(fields.text), "[ISK]"),
    "requires": Key(fields.table(fields.text, fields.many(_alias)), "{ISK: [khorasan]}"),
    "not_in": Key(fields.table(fields.text, fields.many(fields.language)), "{طالبان: [ar]}"),
    "decoys": Key(fields.many(_alias), "[Indian Ocean]"),
    "doubtful": Key(fields.table(fields.text, fields.text), "{Daish: unsure}"),
}


def _flags(value: Value, problems: Problems) -> dict[str, Any] | None:
    return fields.record(value, FLAG_KEYS, problems)


ENTITY_KEYS = {
    "id": Key(fields.identifier, "ttp", required=True),
    "type": Key(fields.choice(*TYPES), "organization", required=True),
    "name": Key(_alias, "Tehrik-i-Taliban Pakistan", required=True),
    "wikidata": Key(fields.pattern(r"Q[1-9]\d*", "Wikidata id", "write it as Q42"), "Q42"),
    "aliases": Key(_names, "{en: [TTP], ur: [ٹی ٹی پی]}"),
    "adjectives": Key(_names, "{en: [Afghan]}"),
    "short": Key(_short, "{en: [Xi]}"),
    "parent": Key(fields.identifier, "al-qaeda"),
    "successor": Key(fields.identifier, "gdi"),
    "flags": Key(_flags, "{case_sensitive: [TTP]}"),
}


def read_entities(path: Path, problems: Problems) -> Iterator[tuple[Place, GazetteerEntity]]:
    """Yield the entities of a gazetteer file with the places of their ids, those without a problem."""
    value = read_yaml(path, problems)
    if value is None:
        return
    if not isinstance(value, Items):
        fields.wrong(value, problems, "a gazetteer file is a list", "begin each entity with `- id:`")
        return
    for item in value.values:
        found = fields.record(item, ENTITY_KEYS, problems)
        if found is None or not isinstance(item, Entries):
            continue
        flags = cast("dict[str, Any]", found.pop("flags", {}))
        entity = GazetteerEntity(
            **found,
            case_sensitive=frozenset(flags.get("case_sensitive", ())),
            requires=flags.get("requires", {}),
            not_in=flags.get("not_in", {}),
            decoys=flags.get("decoys", ()),
            doubtful=flags.get("doubtful", {}),
        )
        _check_flags(entity, item, problems)
        yield item.values["id"][1].place, entity


def _check_flags(entity: GazetteerEntity, item: Entries, problems: Problems) -> None:
    """Refuse a flag on a name that the entity does not have: it would silently have no effect."""
    known = entity.spellings()
    for place, alias in _flagged(item):
        if alias not in known:
            how = instead(alias, known, "add it to the aliases, spelled the same")
            problems.add(place, f"`{alias}` is flagged and is no name of {entity.id}", how)


def _flagged(item: Entries) -> Iterator[tuple[Place, str]]:
    _, flags = item.values.get("flags", (None, None))
    for name, (_, held) in flags.values.items() if isinstance(flags, Entries) else ():
        if name == "decoys":
            continue
        if isinstance(held, Items):
            yield from (
                (value.place, value.text.strip()) for value in held.values if isinstance(value, Scalar)
            )
        elif isinstance(held, Entries):
            yield from ((place, alias.strip()) for alias, (place, _) in held.values.items())
