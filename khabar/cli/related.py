"""The command that finds articles like one: related."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from khabar import finding, nearest
from khabar.cli import page
from khabar.cli.options import Console, console
from khabar.codec import dump
from khabar.models import Article
from khabar.runtime import Runtime, reading


@click.command()
@click.argument("article", metavar="ID|URL|FILE")
@click.option("--limit", type=click.IntRange(1, 200), default=10, show_default=True)
@click.option("--within", metavar="QUERY", help="Only of the articles that this query finds.")
@click.option("--explain", is_flag=True, help="Say which words and entities each shares with it.")
@click.option(
    "--format", "shape", type=click.Choice(["table", "json", "jsonl"]), default="table", show_default=True
)
@console
def related(to: Console, article: str, **options: Any) -> None:
    """Find the articles nearest to one: of the archive, or of a page or a text in a file, which is not stored.

    Copies are one hit, and those of the article itself are left out.

    \b
    Example: khabar related https://www.dawn.com/news/1234567 --explain
             khabar related draft.txt --within 'lang:ur published:90d'
    """
    with reading(to.settings) as runtime:
        within = runtime.parse(options["within"]) if options["within"] else None
        given = _given(runtime, article)
        if options["shape"] == "jsonl":
            for hit in nearest.hits_like(runtime, given, options["limit"], within)[1]:
                click.echo(dump(hit.document.article))
            return
        found = nearest.related(runtime, given, options["limit"], explain=options["explain"], within=within)
        if options["shape"] == "json":
            click.echo(json.dumps(finding.shown(article, found), ensure_ascii=False))
        else:
            click.echo(page.related(page.heading(given.title, given.body), found, sys.stdout.isatty()))


def _given(runtime: Runtime, name: str) -> Article:
    try:
        found = finding.lookup(runtime, name)
    except ValueError:
        found = None
    if found is not None:
        return found.article
    if Path(name).is_file():
        from khabar.pasted import article_in  # noqa: PLC0415 - the help of all commands imports this module

        return article_in(Path(name), runtime)
    raise click.UsageError(f"no article {name!r} in the index, and no such file")
