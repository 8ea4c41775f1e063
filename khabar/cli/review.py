"""The commands that review unlisted spellings: suggest, accept, reject."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from khabar.aliases import accept, decide, renew
from khabar.cli.options import Console, console
from khabar.runtime import reading, working
from search.tree import DateRange
from workers.suggestions import Suggestion, suggest


@click.command("suggest")
@click.option(
    "--days", type=click.IntRange(1), default=30, show_default=True, help="Articles of so many days."
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@console
def entities_suggest(to: Console, days: int, limit: int) -> None:
    """List spellings that may be names of known entities, each with its id, counts and a place where it stands.

    Nothing is tagged by them: accept or reject each. What was decided is not suggested again.

    \b
    Example: khabar entities suggest --days 90
    """
    with reading(to.settings) as runtime:
        start = runtime.clock() - timedelta(days=days)
        recent = runtime.index.scan(DateRange(start, None, to.settings.timezone, "when"))
        found = suggest((each.article for each in recent), runtime.catalogue.gazetteer)
    opened = renew(_list(to), found)
    for one in opened[:limit]:
        click.echo(_told(one.suggestion))
    to.say(f"{len(opened)} to review: `khabar entities accept ID` or `reject ID`")


@click.command("accept")
@click.argument("suggestion", metavar="ID")
@console
def entities_accept(to: Console, suggestion: str) -> None:
    """Add a suggested spelling to its entity's names, in the home's catalogue, and tag anew the articles that hold it.

    \b
    Example: khabar entities accept 5f0c2a9e41
    """
    # What reads pages is needed by this command alone, and imported by the help of them all.
    from workers.pipeline import prepare  # noqa: PLC0415 - as said
    from workers.resighting import retag_entities  # noqa: PLC0415 - as said

    one = decide(_list(to), suggestion, "open")
    with reading(to.settings) as runtime:
        path = accept(runtime.folders, one)
    decide(_list(to), suggestion, "accepted")
    click.echo(f"{one.spelling} is a name of {one.entity} now, in {path}")
    with working(to.settings) as runtime:
        words = one.spelling.replace('"', " ")
        changed = sum(retag_entities(runtime.index, runtime.parse(f'"{words}"'), prepare(runtime.catalogue)))
    click.echo(f"{changed} article(s) tagged anew")


@click.command("reject")
@click.argument("suggestion", metavar="ID")
@console
def entities_reject(to: Console, suggestion: str) -> None:
    """Suggest a spelling no more.

    \b
    Example: khabar entities reject 5f0c2a9e41
    """
    one = decide(_list(to), suggestion, "rejected")
    click.echo(f"{one.spelling} is not suggested for {one.entity} any more")


def _list(to: Console) -> Path:
    return to.settings.home / "suggestions.json"


def _told(one: Suggestion) -> str:
    head = f"{one.id}  {one.spelling} → {one.entity} (like “{one.alias}”, {one.likeness:.0f} %)"
    seen = f"{one.count} time(s) in {one.articles} article(s), {one.lang}"
    return f"{head}\n            {seen}: … {one.context} …\n            {one.url}"
