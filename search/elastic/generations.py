"""Generations of an index on Elasticsearch: `<prefix>-articles-<n>` and `<prefix>-outcomes-<n>`, each behind an alias.

The aliases `<prefix>-articles` and `<prefix>-outcomes` name the generation in use. A swap moves both in one step of the
cluster's state, so that no reader ever finds nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from elasticsearch import BadRequestError, NotFoundError

from search.elastic.client import SearchServerError, Server, error_type
from search.elastic.fields import KINDS, VERSION, Kind, mapping, settings


@dataclass(frozen=True, slots=True)
class Place:
    """The two indexes of one generation, or the two aliases of the one in use."""

    articles: str
    outcomes: str


def aliases(prefix: str) -> Place:
    """Return the names under which the generation in use is read."""
    return Place(f"{prefix}-articles", f"{prefix}-outcomes")


def place(prefix: str, generation: int) -> Place:
    """Return the names of one generation."""
    return Place(f"{prefix}-articles-{generation}", f"{prefix}-outcomes-{generation}")


def current(server: Server, prefix: str) -> int | None:
    """Return the number of the generation in use; None before there is one."""
    found = _aliased(server, prefix)
    return None if found is None else int(found.articles.rsplit("-", 1)[1])


def located(server: Server, prefix: str) -> Place:
    """Return the indexes of the generation in use by their own names, which no swap moves."""
    found = _aliased(server, prefix)
    if found is None:
        raise server.missing(f"{prefix}-articles")
    return found


def generations(server: Server, prefix: str) -> list[int]:
    """Return the numbers of the generations that exist, in use or not."""
    named = [f"{prefix}-{kind}-*" for kind in KINDS]
    names = server.ask(
        lambda es: es.indices.get(index=named, features="aliases", expand_wildcards="all")
    ).body
    ends = (name.rsplit("-", 1)[1] for name in names)
    return sorted({int(end) for end in ends if end.isdigit()})


def ensure(server: Server, prefix: str, shards: int) -> None:
    """Make the first generation, in use, where there is none; two that do so at once make one."""
    if _aliased(server, prefix) is None:
        _create(server, prefix, 1, shards, in_use=True)


def create_generation(server: Server, prefix: str, shards: int) -> int:
    """Make an empty generation beside those that exist; returns its number. It is not in use before the swap."""
    generation = max(generations(server, prefix), default=0) + 1
    _create(server, prefix, generation, shards, in_use=False)
    return generation


def swap(server: Server, prefix: str, generation: int) -> None:
    """Make a generation the one in use, at once for everybody."""
    actions: list[dict[str, Any]] = []
    for kind in KINDS:
        alias, name = f"{prefix}-{kind}", f"{prefix}-{kind}-{generation}"
        # By their names: a pattern would pass over an index that somebody has closed.
        actions += [
            {"remove": {"index": holder, "alias": alias, "must_exist": False}}
            for holder in _holders(server, alias)
            if holder != name
        ]
        actions.append({"add": {"index": name, "alias": alias}})
    server.ask(lambda es: es.indices.update_aliases(actions=actions))


def drop_generation(server: Server, prefix: str, generation: int) -> None:
    """Remove a generation that is not in use."""
    if generation == current(server, prefix):
        raise ValueError(f"generation {generation} is in use")
    _drop(server, prefix, generation)


def _drop(server: Server, prefix: str, generation: int) -> None:
    for kind in KINDS:
        name = f"{prefix}-{kind}-{generation}"
        server.ask(lambda es, name=name: es.indices.delete(index=name, ignore_unavailable=True))


def drop_all(server: Server, prefix: str) -> None:
    """Remove every generation of a prefix, the one in use too, and what describes them."""
    for generation in generations(server, prefix):
        _drop(server, prefix, generation)
    for kind in KINDS:
        with suppress(NotFoundError):
            server.ask(lambda es, name=f"{prefix}-{kind}": es.indices.delete_index_template(name=name))


def check_version(server: Server, index: str) -> None:
    """Raise SearchServerError where an index was written with other fields or another text analysis than today's."""
    found = server.ask(lambda es: es.indices.get_mapping(index=index)).body
    for name, held in found.items():
        version = held["mappings"].get("_meta", {}).get("version")
        if version != VERSION:
            reason = f"{name} was written by another release: {version}, this one reads {VERSION}"
            raise SearchServerError(server.place, f"{reason}; `khabar reindex` rebuilds it from the archive")


def _aliased(server: Server, prefix: str) -> Place | None:
    names = aliases(prefix)
    try:
        found = server.ask(lambda es: es.indices.get_alias(name=[names.articles, names.outcomes])).body
    except NotFoundError:
        return None
    held = {alias: index for index, each in found.items() for alias in each["aliases"]}
    if names.articles not in held or names.outcomes not in held:
        return None
    return Place(held[names.articles], held[names.outcomes])


def _holders(server: Server, alias: str) -> list[str]:
    """Return the indexes that an alias names."""
    try:
        return list(server.ask(lambda es: es.indices.get_alias(name=alias)).body)
    except NotFoundError:
        return []


def _create(server: Server, prefix: str, generation: int, shards: int, *, in_use: bool) -> None:
    for kind in KINDS:
        _put_template(server, prefix, kind, shards)
    for kind in KINDS:
        name = f"{prefix}-{kind}-{generation}"
        given: dict[str, Any] = {f"{prefix}-{kind}": {}} if in_use else {}
        try:
            server.ask(lambda es, name=name, given=given: es.indices.create(index=name, aliases=given))
        except BadRequestError as error:
            if not in_use or error_type(error.body) != "resource_already_exists_exception":
                raise


def _put_template(server: Server, prefix: str, kind: Kind, shards: int) -> None:
    template = {
        "index_patterns": [f"{prefix}-{kind}-*"],
        "priority": 200,
        # A write that comes too late for a dropped generation must not bring it back.
        "allow_auto_create": False,
        "template": {"settings": settings(shards), "mappings": mapping(kind)},
    }
    server.ask(lambda es: es.indices.put_index_template(name=f"{prefix}-{kind}", body=template))
