"""Catalogue folders: sources/**/*.yaml, gazetteer/*.yaml, topics/*.yaml; later folders shadow earlier ones by id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from khabar.catalogue.compiled import Compiled, compiled, leave
from khabar.catalogue.entity import Gazetteer, GazetteerEntity, gather, read_entities
from khabar.catalogue.kept import contents, kept
from khabar.catalogue.problems import CatalogueError, Place, Problems
from khabar.catalogue.source import read_source
from khabar.catalogue.topic import Topic, read_topic
from khabar.models import Source
from khabar.text import fold

SHIPPED = Path(__file__).parent


class _Named(Protocol):
    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=_Named)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that is known of sources, topics and entities."""

    sources: Mapping[str, Source]
    topics: Mapping[str, Topic]
    gazetteer: Gazetteer


def load(folders: Sequence[Path], where: Compiled | None = None) -> Catalogue:
    """Return the catalogue of these folders; later ones shadow earlier ones by id, an absent one is empty.

    `where` spares the next process the reading of the gazetteer. Raises CatalogueError with all problems of all files.
    """
    problems = Problems()
    sources = _shadowed(folders, "sources/**/*", lambda path: _one(read_source(path, problems)), problems)
    named = partial(contents, folders, "gazetteer/*")
    seen = named()
    gazetteer = kept(
        named, lambda: compiled(where, named, lambda: _gazetteer(folders, problems), problems), problems
    )
    asked = partial(contents, folders, "gazetteer/*", "topics/*")
    topics = kept(asked, lambda: _topics(folders, gazetteer, problems), problems)
    if problems.found:
        raise CatalogueError(problems.found)
    if named() == seen:
        leave(where, seen, gazetteer)
    return Catalogue(_things(sources), topics, gazetteer)


def _gazetteer(folders: Sequence[Path], problems: Problems) -> Gazetteer:
    entities = _shadowed(folders, "gazetteer/*", lambda path: read_entities(path, problems), problems)
    _refuse_clashes(entities, problems)
    return gather(_things(entities))


def _topics(folders: Sequence[Path], gazetteer: Gazetteer, problems: Problems) -> dict[str, Topic]:
    found = _shadowed(folders, "topics/*", lambda path: _one(read_topic(path, gazetteer, problems)), problems)
    return _things(found)


def located(folders: Sequence[Path]) -> dict[str, tuple[Place, GazetteerEntity]]:
    """Return the entities of these folders by id with the places of their ids; what cannot be read is left out."""
    return _shadowed(folders, "gazetteer/*", lambda path: read_entities(path, Problems()), Problems())


def _one(found: tuple[Place, Thing] | None) -> Iterator[tuple[Place, Thing]]:
    if found is not None:
        yield found


def _things(found: Mapping[str, tuple[Place, Thing]]) -> dict[str, Thing]:
    return {name: thing for name, (_, thing) in found.items()}


def _shadowed(
    folders: Sequence[Path],
    where: str,
    read: Callable[[Path], Iterator[tuple[Place, Thing]]],
    problems: Problems,
) -> dict[str, tuple[Place, Thing]]:
    known: dict[str, tuple[Place, Thing]] = {}
    for folder in folders:
        here: dict[str, Place] = {}
        for path in _files(folder, where, problems):
            for place, thing in read(path):
                first = here.setdefault(thing.id, place)
                if first is not place:
                    problems.add(
                        place, f"the id `{thing.id}` stands twice", f"the first is at {first}; rename one"
                    )
                known[thing.id] = (place, thing)
    return dict(sorted(known.items()))


def _files(folder: Path, where: str, problems: Problems) -> Iterator[Path]:
    """Yield the YAML files in the order of their names; editors' hidden files are none of ours."""
    for path in sorted(folder.glob(where)):
        if path.name.startswith(".") or path.is_dir():
            continue
        if path.suffix == ".yaml":
            yield path
        elif path.suffix in {".yml", ".YAML", ".YML"}:
            problems.add(Place(str(path), 1, 1), "would be left out", f"rename it to {path.stem}.yaml")


def _refuse_clashes(entities: Mapping[str, tuple[Place, GazetteerEntity]], problems: Problems) -> None:
    """Refuse a name that two entities claim without a condition: which of them is meant would be chance."""
    owners: dict[str, str] = {}
    for place, entity in entities.values():
        for alias in entity.spellings():
            owner = entity.id if alias in entity.requires else owners.setdefault(fold(alias), entity.id)
            if owner != entity.id:
                what = f"`{alias}` is a name of {owner} and of {entity.id}"
                problems.add(place, what, "leave it to one, or give one of them a `requires`")
