"""Commands that find: search and show."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace
from typing import Any

import click

from khabar import finding
from khabar.archive.records import read_segment
from khabar.cli import page
from khabar.cli.options import Console, console, web_address, zone
from khabar.codec import dump
from khabar.models import Damage, Document, Record
from khabar.runtime import Runtime, reading
from search.grammar import hints
from search.matcher import match
from search.schema import FACETS
from search.tree import Node

COLUMNS = (
    "id",
    "published",
    "source",
    "lang",
    "genre",
    "title",
    "authors",
    "url",
    "words",
    "topics",
    "entities",
)


@click.command()
@click.argument("query")
@click.option(
    "--sort", type=click.Choice(["relevance", "newest", "oldest"]), default="relevance", show_default=True
)
@click.option("--limit", type=click.IntRange(0, 1000), default=10, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@click.option(
    "--format", "shape", type=click.Choice(["table", "json", "jsonl", "csv"]), default="table", show_default=True,
    help="jsonl and csv give all that is found, without a ceiling.",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="Say what in each article matched.")
@click.option("--facets", is_flag=True, help="Count sources, languages, topics, … of all that is found.")
@click.option(
    "--timeline", type=click.Choice(["day", "week", "month"]), help="Count what is found over time."
)
@click.option(
    "--timezone",
    callback=zone,
    help="Time zone of the timeline and of dates in the query (default: the setting).",
)
@console
def search(to: Console, query: str, **options: Any) -> None:
    """Find articles.

    \b
    Example: khabar search 'entity:ttp AND (talks OR ceasefire) published:30d' --facets
             khabar search 'topic:pak-taliban lang:ur' --sort newest --format jsonl
    """
    settings = replace(to.settings, timezone=options["timezone"] or to.settings.timezone)
    with reading(settings) as runtime:
        node = runtime.parse(query)
        for hint in hints(query):
            to.say(f"note: {hint}")
        if options["shape"] in {"jsonl", "csv"}:
            _stream(runtime, node, options["shape"])
            return
        wanted = finding.Page(
            options["sort"],
            options["limit"],
            options["offset"],
            FACETS if options["facets"] else (),
            options["timeline"],
            options["explain"],
        )
        found, _ = finding.find(runtime, node, wanted)
        if options["shape"] == "json":
            click.echo(json.dumps(finding.shown(query, found), ensure_ascii=False))
        else:
            click.echo(page.results(found, sys.stdout.isatty()))


def _stream(runtime: Runtime, node: Node, shape: str) -> None:
    if shape == "csv":
        click.echo(_row(COLUMNS), nl=False)
    for document in finding.everything(runtime, node):
        article = document.article
        if shape == "jsonl":
            click.echo(dump(article))
        else:
            click.echo(_row(_cell(getattr(article, column)) for column in COLUMNS), nl=False)


def _row(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        text = "; ".join(getattr(each, "id", each) for each in value)
    else:
        text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    # A spreadsheet would run such a title, or such an author, as a formula.
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) else text


@click.command()
@click.argument("article", metavar="ID|URL")
@click.option("--raw", is_flag=True, help="The page as it was archived.")
@click.option("--revisions", is_flag=True, help="Every record of it, and where its text changed.")
@click.option("--why", metavar="QUERY", help="What in it matches this query, marked.")
@click.option("--json", "as_json", is_flag=True, help="The article as JSON.")
@console
def show(to: Console, article: str, raw: bool, revisions: bool, why: str | None, as_json: bool) -> None:
    """Show one article, by its id or URL.

    \b
    Example: khabar show https://www.dawn.com/news/1234567 --why 'talks NEAR/5 ttp'
    """
    with reading(to.settings) as runtime:
        document = _find(runtime, article)
        if raw:
            click.echo(_payload(runtime, document), nl=False)
        elif revisions:
            click.echo(page.revisions(document))
        elif as_json:
            click.echo(dump(document.article))
        elif why is not None:
            matched = match(runtime.parse(why), document.article)
            click.echo(page.article(document, matched.spans if matched else (), sys.stdout.isatty()))
            if matched is None:
                to.say("this article does not match the query")
                sys.exit(1)
        else:
            click.echo(page.article(document, (), sys.stdout.isatty()))


def _find(runtime: Runtime, name: str) -> Document:
    try:
        found = finding.lookup(runtime, name)
    except ValueError:
        found = None
        web_address(name)  # says how to write one
    if found is None:
        raise click.UsageError(
            f"no article {name!r} in the index (`khabar trace URL` says what became of a URL)"
        )
    return found


def _payload(runtime: Runtime, document: Document) -> bytes:
    last = document.references[-1]
    return record(runtime, last.segment, last.record).payload


def record(runtime: Runtime, segment: str, name: str) -> Record:
    """Return one record of the archive; a click error where it is gone."""
    for found in read_segment(runtime.store, segment):
        if not isinstance(found, Damage) and found.id == name:
            return found
    raise click.UsageError(f"the archive has no record {name} in {segment}")
