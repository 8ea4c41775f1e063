"""Whether indexes, templates and aliases on Elasticsearch are as this release makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from search.elastic.client import SearchServerError, Server
from search.elastic.fields import KINDS, Kind, mapping
from search.elastic.generations import check_version, generations

_AS_WE_MAKE_IT = ("dynamic", "_source")


def findings(server: Server, prefix: str) -> Iterator[str]:
    """Yield how what lies there differs from what this release makes; of a prefix that nobody has used yet nothing."""
    held = generations(server, prefix)
    if not held:
        return
    in_use: dict[Kind, list[str]] = {kind: _behind(server, f"{prefix}-{kind}") for kind in KINDS}
    yield from _aliases(prefix, in_use)
    left = [
        number for number in held if all(_number(name) != number for each in in_use.values() for name in each)
    ]
    if left:
        names = ", ".join(map(str, left))
        yield f"still holds generation {names} of {prefix}, which is not in use: `khabar reindex` removes it, unless one is under way"
    for kind, names in in_use.items():
        for name in names:
            yield from _index(server, kind, name)
        yield from _template(server, prefix, kind, max(held) + 1)


def difference(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return how a mapping differs from the one wanted, in words; nothing where it does not."""
    ours, theirs = wanted["properties"], held.get("properties", {})
    parts = {
        "without": [field for field in ours if field not in theirs],
        "unknown": [field for field in theirs if field not in ours],
        "changed": [field for field in ours if field in theirs and theirs[field] != ours[field]],
        "otherwise": [name for name in _AS_WE_MAKE_IT if held.get(name) != wanted[name]],
    }
    return "; ".join(f"{what} {', '.join(sorted(names))}" for what, names in parts.items() if names)


def _behind(server: Server, alias: str) -> list[str]:
    """Return the indexes behind an alias."""
    found = server.ask(lambda es: es.indices.get(index=f"{alias}-*", features="aliases")).body
    return sorted(name for name, held in found.items() if alias in held["aliases"])


def _number(name: str) -> int:
    return int(name.rsplit("-", 1)[1])


def _aliases(prefix: str, in_use: Mapping[Kind, list[str]]) -> Iterator[str]:
    mend = "`khabar reindex` puts that right"
    for kind, names in in_use.items():
        if not names:
            yield f"has indexes of {prefix}, and none of them behind the alias {prefix}-{kind}: {mend}"
        elif len(names) > 1:
            yield f"has {len(names)} indexes behind the alias {prefix}-{kind} ({', '.join(names)}): {mend}"
    numbers = {_number(names[0]) for names in in_use.values() if len(names) == 1}
    if len(numbers) > 1:
        yield f"has articles and outcomes of two generations in use under {prefix}: {mend}"


def _index(server: Server, kind: Kind, name: str) -> Iterator[str]:
    try:
        check_version(server, name)
    except SearchServerError as error:
        yield f"is behind or ahead: {error.reason}"
        return
    held = server.ask(lambda es: es.indices.get_mapping(index=name)).body[name]["mappings"]
    if found := difference(held, mapping(kind)):
        yield f"has {name} with another mapping than this release makes ({found}): `khabar reindex` makes it anew"


def _template(server: Server, prefix: str, kind: Kind, number: int) -> Iterator[str]:
    """Ask what mapping the next index would have: another template may come before ours."""
    name = f"{prefix}-{kind}-{number}"
    answer = server.ask(lambda es: es.indices.simulate_index_template(name=name)).body
    if not answer:
        yield f"has lost the index template {prefix}-{kind}: `khabar reindex` writes it anew"
        return
    found = difference(answer["template"].get("mappings", {}), mapping(kind))
    if not found:
        return
    mend = f"`khabar reindex` writes the template {prefix}-{kind} anew"
    if any(each["name"] == f"{prefix}-{kind}" for each in answer.get("overlapping", ())):
        mend = f"an index template of somebody else's comes before ours: let it have a priority below 200, or not match {prefix}-*"
    yield f"would make {name} with another mapping than this release ({found}): {mend}"
