"""Commands that find: search and show."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import click

from khabar import finding
from khabar import revisions as revised
from khabar.archive.records import read_segment
from khabar.cli import page
from khabar.cli.options import Console, console, web_address, zone
from khabar.codec import dump
from khabar.exports import FORMS, Form, exported
from khabar.models import Damage, Document, Record
from khabar.runtime import Runtime, outlet_names, reading
from search.chosen import Chosen, narrowed
from search.grammar import hints
from search.matcher import match
from search.schema import FACETS
from search.tree import Node
from workers.copies import shared


def _chosen(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> Chosen:
    """Read --choose: facets with the values chosen of each."""
    chosen: dict[str, list[str]] = {}
    for each in given:
        field, sign, value = each.partition("=")
        if not (sign and value) or field not in FACETS:
            raise click.BadParameter(
                f"{each!r}: write a facet and its value, such as source=dawn; facets are {', '.join(FACETS)}"
            )
        chosen.setdefault(field, []).append(value)
    return chosen


@click.command()
@click.argument("query")
@click.option(
    "--sort", type=click.Choice(["relevance", "newest", "oldest"]), default="relevance", show_default=True
)
@click.option("--limit", type=click.IntRange(0, 1000), default=10, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@click.option(
    "--format", "shape", type=click.Choice(["table", "json", *FORMS]), default="table", show_default=True,
    help="Other than a table and json it gives all that is found, without a ceiling, in the order of ids.",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="Say what in each article matched.")
@click.option("--facets", is_flag=True, help="Count sources, languages, topics, … of all that is found.")
@click.option(
    "--choose",
    "chosen",
    multiple=True,
    callback=_chosen,
    metavar="FACET=VALUE",
    help="Only articles with this value, such as source=dawn; several of one facet: any of them. The counts of that "
    "facet stay as if nothing were chosen of it.",
)
@click.option("--unusual", is_flag=True, help="Say which entities and words stand out in what is found.")
@click.option(
    "--timeline", type=click.Choice(["day", "week", "month"]), help="Count what is found over time."
)
@click.option(
    "--timezone",
    callback=zone,
    help="Time zone of the timeline and of dates in the query (default: the setting).",
)
@click.option(
    "--copies",
    type=click.Choice(["folded", "all"]),
    help="Copies of a text as one hit, the one that stands first, with their number (folded: the default of table and "
    "json), or each by itself (all: the default of exports). Totals and counts are of articles in either.",
)
@console
def search(to: Console, query: str, **options: Any) -> None:
    """Find articles.

    \b
    Example: khabar search 'entity:ttp AND (talks OR ceasefire) published:30d' --facets
             khabar search 'topic:pak-taliban lang:ur' --sort newest --choose source=dawn --unusual
             khabar search 'topic:pak-taliban published:2025' --format bibtex > pak-taliban.bib
    """
    settings = replace(to.settings, timezone=options["timezone"] or to.settings.timezone)
    with reading(settings) as runtime:
        node = runtime.parse(query)
        for hint in hints(query):
            to.say(f"note: {hint}")
        if options["shape"] in FORMS:
            _stream(runtime, narrowed(node, options["chosen"]), options["shape"], options["copies"] or "all")
            return
        wanted = finding.Page(
            sort=options["sort"],
            limit=options["limit"],
            offset=options["offset"],
            facets=FACETS if options["facets"] else (),
            timeline=options["timeline"],
            explain=options["explain"],
            copies=options["copies"] or "folded",
            chosen=options["chosen"],
            unusual=options["unusual"],
        )
        found, _ = finding.find(runtime, node, wanted)
        found["copies"] = wanted.copies
        if options["shape"] == "json":
            click.echo(json.dumps(finding.shown(query, found), ensure_ascii=False))
        else:
            click.echo(page.results(found, sys.stdout.isatty()))


def _stream(runtime: Runtime, node: Node, shape: Form, copies: finding.Copies) -> None:
    documents = finding.everything(runtime, node, copies)
    for piece in exported((each.article for each in documents), shape, outlet_names(runtime)):
        click.echo(piece.encode(), nl=False)


@click.command()
@click.argument("article", metavar="ID|URL")
@click.option("--raw", is_flag=True, help="The page as it was archived.")
@click.option("--revisions", is_flag=True, help="Every record of it, and where its text changed.")
@click.option(
    "--diff", nargs=2, type=click.IntRange(1), metavar="A B", help="What changed from revision A to B."
)
@click.option("--why", metavar="QUERY", help="What in it matches this query, marked.")
@click.option(
    "--copies", is_flag=True, help="Where else it was printed: the first first, with the text shared."
)
@click.option("--json", "as_json", is_flag=True, help="The article as JSON.")
@console
def show(
    to: Console,
    article: str,
    raw: bool,
    revisions: bool,
    diff: tuple[int, int] | None,
    why: str | None,
    copies: bool,
    as_json: bool,
) -> None:
    """Show one article, by its id or URL.

    \b
    Example: khabar show https://www.dawn.com/news/1234567 --why 'talks NEAR/5 ttp'
             khabar show 0f3a9c1d2b4e5f60718a --diff 1 2
    """
    with reading(to.settings) as runtime:
        document = _find(runtime, article)
        if diff is not None:
            click.echo(_diff(runtime, document, *diff))
            return
        if raw:
            click.echo(_payload(runtime, document), nl=False)
        elif revisions:
            click.echo(page.revisions(document))
        elif copies:
            click.echo(page.copies(shared(runtime.index, document)))
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


def _diff(runtime: Runtime, document: Document, before: int, after: int) -> str:
    kept = revised.revisions(document)
    for number in (before, after):
        if number > len(kept):
            how = "`khabar show --revisions` lists them"
            raise click.UsageError(f"there is no revision {number}, the article has {len(kept)}: {how}")
    source = runtime.catalogue.sources.get(document.article.source)
    old, new = (revised.text_of(runtime.store, kept[number - 1], source) for number in (before, after))
    return page.difference(old, new, sys.stdout.isatty())


def _payload(runtime: Runtime, document: Document) -> bytes:
    last = document.references[-1]
    return record(runtime, last.segment, last.record).payload


def record(runtime: Runtime, segment: str, name: str) -> Record:
    """Return one record of the archive; a click error where it is gone."""
    for found in read_segment(runtime.store, segment):
        if not isinstance(found, Damage) and found.id == name:
            return found
    raise click.UsageError(f"the archive has no record {name} in {segment}")
