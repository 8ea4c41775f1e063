"""The review list of spellings, kept in the home, and what accepting one does to the gazetteer there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from khabar.catalogue import load
from khabar.catalogue.folders import located
from khabar.catalogue.shadow import write
from khabar.codec import dump
from khabar.codec import load as decode
from khabar.errors import KhabarError
from workers.suggestions import Suggestion

State = Literal["open", "accepted", "rejected"]


class ReviewError(KhabarError):
    """What is asked of the review list cannot be done; the file says what can."""

    status = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """A suggestion and what became of it."""

    suggestion: Suggestion
    state: State = "open"


def kept(path: Path) -> dict[str, Kept]:
    """Return the review list by id; a home without one has an empty list."""
    if not path.exists():
        return {}
    return {one.suggestion.id: one for one in decode(path.read_bytes(), list[Kept])}


def renew(path: Path, found: Iterable[Suggestion]) -> list[Kept]:
    """Put what was found in place of what was open; what was decided stays decided. Returns what is open now."""
    decided = {id_: one for id_, one in kept(path).items() if one.state != "open"}
    opened = [Kept(one) for one in found if one.id not in decided]
    _write(path, [*decided.values(), *opened])
    return opened


def decide(path: Path, name: str, state: State) -> Suggestion:
    """Note what became of a suggestion. Raises ReviewError for one that is not in the list."""
    known = kept(path)
    if name not in known:
        raise ReviewError(f"there is no suggestion {name}: `khabar entities suggest` makes the list anew")
    suggestion = known[name].suggestion
    _write(path, [*({**known, name: Kept(suggestion, state)}).values()])
    return suggestion


def accept(folders: Sequence[Path], suggestion: Suggestion) -> Path:
    """Add a spelling to its entity's aliases, in a file of the home; returns the file.

    An entity that is shipped is copied into a file of its own. Raises ReviewError where the home has it in a file
    with others, which a person wrote and a program would write anew without its comments.
    """
    home = folders[-1] / "gazetteer"
    place, _ = located(folders)[suggestion.entity]
    file = Path(place.file)
    entities: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))
    if file.parent == home and len(entities) > 1:
        what = (
            f"add {suggestion.spelling!r} to the aliases of {suggestion.entity} there, in {suggestion.lang}"
        )
        raise ReviewError(f"{file}:{place.line}: {what}")
    entity = next(one for one in entities if one["id"] == suggestion.entity)
    names = entity.setdefault("aliases", {}).setdefault(suggestion.lang, [])
    if suggestion.spelling not in names:
        names.append(suggestion.spelling)
    target = file if file.parent == home else home / f"{suggestion.entity}.yaml"
    before = target.read_text("utf-8") if target.exists() else None
    write(target, yaml.safe_dump([entity], allow_unicode=True, sort_keys=False))
    try:
        load(folders)
    except KhabarError:  # the spelling is another entity's name, say: what was there stays
        target.unlink() if before is None else write(target, before)
        raise
    return target


def _write(path: Path, every: list[Kept]) -> None:
    write(path, dump(every).decode())
