"""The command that tags articles and keeps nothing."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from crawler.imports import LINES
from khabar.cli.options import Console, console
from khabar.codec import dump
from khabar.runtime import catalogue_folders


@click.command()
@click.argument("path", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--jobs", type=click.IntRange(1), help="Processes to tag with; else one a core.")
@console
def tag(to: Console, path: tuple[Path, ...], jobs: int | None) -> None:
    """Print articles with their language, genre, entities, topics and dates, in order. Nothing is stored or indexed.

    Reads JSON Lines as `khabar extract` prints them (.jsonl, .jsonl.gz, .jsonl.zst); one of title and body is enough.
    Each line comes out as it went in, with what is worked out put in or put anew. A line that is no article gives an
    "error" in its place, and the exit status is 1.

    \b
    Example: khabar extract saved-pages/ > articles.jsonl; khabar tag articles.jsonl --jobs 4 > tagged.jsonl
    """
    from khabar.tagging import lines  # noqa: PLC0415 - the help of all commands imports this module

    for each in path:
        if not each.name.lower().endswith(LINES):
            raise click.UsageError(f"{each}: no JSON Lines ({' '.join(LINES)}): `khabar extract` reads pages")
        if not each.is_file():
            raise click.UsageError(f"{each}: no such file: check the path")
    bad = total = 0
    for line in lines(path, catalogue_folders(to.settings), datetime.now(UTC), jobs or os.cpu_count() or 1):
        total, bad = total + 1, bad + ("error" in line)
        click.echo(dump(line))
        to.progress(f"{total} read, {bad} without an article")
    to.progress_done()
    if bad:
        to.say(f'khabar: {bad} of {total} line(s) gave no article: each says why in its "error"')
        sys.exit(1)
