"""The commands that see to the gazetteer: list, show, lint; and, from khabar.cli.review, suggest, accept, reject."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from khabar.catalogue import GazetteerEntity, load
from khabar.catalogue.entity import TYPES, Gazetteer
from khabar.catalogue.folders import located
from khabar.cli.options import Console, console, unknown
from khabar.cli.review import entities_accept, entities_reject, entities_suggest
from khabar.runtime import catalogue_folders
from workers.soundness import common_words, unsound


@click.group()
def entities() -> None:
    """See to the gazetteer: who and what articles are searched for, under all their names.

    \b
    Example: khabar entities show "Tehreek-e-Taliban Pakistan"
    """


for reviewed in (entities_suggest, entities_accept, entities_reject):
    entities.add_command(reviewed)


@entities.command("list")
@click.option("--type", "kind", type=click.Choice(TYPES), help="Only entities of this type.")
@console
def entities_list(to: Console, kind: str | None) -> None:
    """List the entities with their types and how many names each has.

    \b
    Example: khabar entities list --type person
    """
    for one in _gazetteer(to).entities.values():
        if kind in {None, one.type}:
            click.echo(f"{one.id:<34} {one.type:<13} {len(one.spellings()):>3} names  {one.name}")


@entities.command("show")
@click.argument("entity")
@console
def entities_show(to: Console, entity: str) -> None:
    """Show an entity, named by its id or by any of its names, with its names and their conditions.

    \b
    Example: khabar entities show isk
    """
    gazetteer = _gazetteer(to)
    found = gazetteer.resolve(entity)
    if found is None:
        raise unknown("entity", entity, gazetteer.entities)
    for line in _lines(gazetteer.entities[found], gazetteer):
        click.echo(line)


@entities.command("lint")
@console
def entities_lint(to: Console) -> None:
    """Look for clashes between entities, names that are never found, and names that are common words.

    \b
    Example: khabar entities lint
    """
    folders = catalogue_folders(to.settings)
    load(folders)  # a file that cannot be read is said first
    held = located(folders)
    problems = unsound(held, common_words())
    for problem in problems:
        click.echo(problem)
    to.say(f"{len(held)} entities, {len(problems)} problems")
    sys.exit(int(bool(problems)))


def _gazetteer(to: Console) -> Gazetteer:
    return load(catalogue_folders(to.settings)).gazetteer


def _lines(one: GazetteerEntity, gazetteer: Gazetteer) -> Iterator[str]:
    yield f"{one.id}: {one.name}, {one.type}"
    if one.wikidata:
        yield f"  Wikidata     {one.wikidata}"
    for label, other in (("part of", one.parent), ("followed by", one.successor)):
        if other is not None:
            yield f"  {label:<12} {other} ({gazetteer.entities[other].name})"
    parts = [other.id for other in gazetteer.entities.values() if other.parent == one.id]
    if parts:
        yield f"  has          {', '.join(parts)}"
    for label, names in (
        ("", one.aliases),
        (" (adjectives)", one.adjectives),
        (" (once named in full)", one.short),
    ):
        for lang, held in names.items():
            yield f"  {lang + label}:"
            yield from (f"    {alias}{_conditions(one, alias)}" for alias in held)
    if one.decoys:
        yield f"  not in       {'; '.join(one.decoys)}"


def _conditions(one: GazetteerEntity, alias: str) -> str:
    said = [
        "only as it is spelled here" if alias in one.case_sensitive else "",
        f"only beside {', '.join(one.requires[alias])}" if alias in one.requires else "",
        f"not in {', '.join(one.not_in[alias])}" if alias in one.not_in else "",
        f"doubtful: {one.doubtful[alias]}" if alias in one.doubtful else "",
    ]
    found = "; ".join(filter(None, said))
    return f"  ({found})" if found else ""
