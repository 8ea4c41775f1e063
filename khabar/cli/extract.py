"""The command that reads pages and keeps nothing."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from crawler.imports import LINES, PAGES, WARCS, files
from khabar.catalogue import load
from khabar.cli.options import Console, console, unknown, web_address
from khabar.codec import dump
from khabar.runtime import catalogue_folders

if TYPE_CHECKING:
    from workers.extract import Favor


def moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime:
    """Read --fetched: a time of ISO 8601, in UTC where it names no zone; left out, now."""
    if value is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        how = "write it as 2025-01-31 or 2025-01-31T10:20:00+05:00"
        raise click.BadParameter(f"{value!r} is no time: {how}") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


@click.command()
@click.argument("path", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--url", help="The URL of the one page that is given.")
@click.option("--source", help="The source that all pages are of; else by their addresses.")
@click.option(
    "--fetched", callback=moment, help="When the pages were met (ISO 8601); else now, or as a WARC says."
)
@click.option("--jobs", type=click.IntRange(1), help="Processes to read with; else one a core.")
@click.option(
    "--favor",
    type=click.Choice(["speed", "accuracy"]),
    default="speed",
    show_default=True,
    help="What matters more where a text is hard to find.",
)
@console
def extract(
    to: Console,
    path: tuple[Path, ...],
    url: str | None,
    source: str | None,
    fetched: datetime,
    jobs: int | None,
    favor: str,
) -> None:
    """Print the articles on pages as JSON Lines, one a page, in the order given. Nothing is stored or indexed.

    Reads .html, .html.gz and WARC files, and folders of them. Each line has the article's "path"; a page that is no
    article, or cannot be read, has an "error" in its place, and the exit status is 1.

    \b
    Example: khabar extract saved-pages/ crawl.warc.gz --jobs 4 > articles.jsonl
             khabar extract page.html --url https://www.dawn.com/news/1234567 --source dawn
    """
    from khabar.extracting import Asked, lines  # noqa: PLC0415 - the help of all commands imports this module

    folders = tuple(catalogue_folders(to.settings))
    _check(path, url, source, folders)
    asked = Asked(folders, fetched, web_address(url) if url else None, source, cast("Favor", favor))
    alone = len(path) == 1 and path[0].is_file() and path[0].name.lower().endswith(PAGES)
    bad = total = 0
    for line in lines(path, asked, 1 if alone else jobs or os.cpu_count() or 1):
        total, bad = total + 1, bad + ("error" in line)
        click.echo(dump(line))
        to.progress(f"{total} read, {bad} without an article")
    to.progress_done()
    if bad:
        to.say(f'khabar: {bad} of {total} page(s) gave no article: each says why in its "error"')
        sys.exit(1)


def _check(paths: tuple[Path, ...], url: str | None, source: str | None, folders: tuple[Path, ...]) -> None:
    """Refuse what cannot be meant before any page is read."""
    for each in paths:
        if each.name.lower().endswith(LINES):
            raise click.UsageError(f"{each}: these are articles already: `khabar tag` reads .jsonl")
        if each.is_dir() and not any(True for _ in files([each])):
            raise click.UsageError(f"{each}: no page (.html, .html.gz) or WARC in it")
        if not each.is_dir() and not each.name.lower().endswith(PAGES + WARCS):
            raise click.UsageError(f"{each}: unknown kind of file: known are {' '.join(PAGES + WARCS)}")
    if url and (len(paths) != 1 or not paths[0].name.lower().endswith(PAGES) or paths[0].is_dir()):
        raise click.UsageError(f"{paths[0]}: --url names one page: give exactly one .html file with it")
    known = load(folders).sources
    if source and source not in known:
        raise unknown("source", source, known)
