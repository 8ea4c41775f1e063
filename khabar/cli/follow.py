"""Commands that follow topics: topics and digest."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from khabar.catalogue import Topic
from khabar.cli import page
from khabar.cli.options import Console, console, day, unknown
from khabar.digest import build, render_html, render_json, render_text
from khabar.models import Digest, Document
from khabar.runtime import Runtime, reading, working
from khabar.schedule import digest_day
from khabar.tick import outlet_names, retag_topic
from search.tree import DateRange, Node, both
from workers.topics import compile_topics, tag_topics

SUFFIX = {"html": "html", "text": "txt", "json": "json"}


@click.group()
def topics() -> None:
    """See to the topics that are followed.

    \b
    Example: khabar topics test pak-taliban --days 30
    """


@topics.command("list")
@console
def topics_list(to: Console) -> None:
    """List the topics, with how many articles each has.

    \b
    Example: khabar topics list
    """
    with reading(to.settings) as runtime:
        for topic in runtime.catalogue.topics.values():
            found = runtime.index.search(runtime.parse(f"topic:{topic.id}"), limit=0).total
            state = "" if topic.enabled else "  (disabled)"
            click.echo(f"{topic.id:<24} version {topic.version:<4} {found:>7} articles  {topic.title}{state}")


@topics.command("test")
@click.argument("topic", metavar="TOPIC|QUERY")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True)
@console
def topics_test(to: Console, topic: str, days: int) -> None:
    """Show what a topic, or a query, finds in the past days: how much each day, and samples.

    A topic is matched anew, as its file is now; what differs from the stored tags is said.

    \b
    Example: khabar topics test 'entity:ttp AND peace' --days 14
    """
    with reading(to.settings) as runtime:
        now = runtime.clock()
        window = DateRange(now - timedelta(days=days), now + timedelta(days=2), field="when")
        known = runtime.catalogue.topics.get(topic)
        near = () if known else difflib.get_close_matches(topic, runtime.catalogue.topics, 1)
        if near:
            to.say(f"note: no topic is called {topic!r}, so it was read as a query; did you mean {near[0]}?")
        found = _matched(runtime, known, window) if known else _found(runtime, runtime.parse(topic), window)
        perday = Counter((d.article.published or d.article.fetched).date() for d in found)
        click.echo(f"{len(found)} article(s) in {days} days, {len(found) / days:.1f} a day")
        for when, count in sorted(perday.items()):
            click.echo(f"{when}  {'▇' * min(count, 60)} {count}")
        for document in found[:8]:
            article = document.article
            score = next((f"{match.score:g}  " for match in article.topics if match.id == topic), "")
            click.echo(
                f"  {page.day(article)}  {score}{article.source}  {page.heading(article.title, article.body)}"
            )
        if known:
            _differences(runtime, known, found, window)


@topics.command("retag")
@click.argument("topic", nargs=-1)
@console
def topics_retag(to: Console, topic: tuple[str, ...]) -> None:
    """Match topics (or all) as they are now on every article in the index, without crawling.

    \b
    Example: khabar topics retag pak-taliban
    """
    with working(to.settings) as runtime:
        for each in _topics(runtime, topic):
            for _ in retag_topic(runtime, each):
                pass
            found = runtime.index.search(runtime.parse(f"topic:{each.id}"), limit=0).total
            click.echo(f"{each.id} version {each.version}: {found} articles")


@click.command()
@click.argument("topic", nargs=-1)
@click.option(
    "--date", "when", callback=day, metavar="YYYY-MM-DD", help="The day (default: the last one that is due)."
)
@click.option("--format", "shape", type=click.Choice(list(SUFFIX)), default="text", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write files into this folder instead."
)
@console
def digest(to: Console, topic: tuple[str, ...], when: date | None, shape: str, out: Path | None) -> None:
    """Build the digest of topics (or all) for a day in each topic's time zone.

    \b
    Example: khabar digest pak-taliban --date 2025-10-15 --format html --out digests/
    """
    with reading(to.settings) as runtime:
        for each in _topics(runtime, topic):
            built = build(runtime.index, each, when or _last_day(runtime, each))
            if out is None:
                click.echo(rendered(built, shape, outlet_names(runtime)), nl=False)
            else:
                click.echo(write(built, shape, out, outlet_names(runtime)))


def rendered(built: Digest, shape: str, names: Mapping[str, str]) -> str:
    """Return a digest as html, text or json; `names` are the outlets', for people."""
    if shape == "json":
        return render_json(built)
    return render_html(built, names) if shape == "html" else render_text(built, names)


def write(built: Digest, shape: str, folder: Path, names: Mapping[str, str]) -> Path:
    """Write a digest into a folder and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{built.topic}-{built.day.isoformat()}.{SUFFIX[shape]}"
    path.write_text(rendered(built, shape, names), "utf-8")
    return path


def _last_day(runtime: Runtime, topic: Topic) -> date:
    if topic.digest is None:
        return runtime.clock().astimezone(ZoneInfo(runtime.settings.timezone)).date()
    return digest_day(runtime.clock(), topic.digest.time, topic.digest.timezone)


def _topics(runtime: Runtime, named: tuple[str, ...]) -> list[Topic]:
    known = runtime.catalogue.topics
    for name in named:
        if name not in known:
            raise unknown("topic", name, known)
    return [known[name] for name in named] or [topic for topic in known.values() if topic.enabled]


def _found(runtime: Runtime, node: Node, window: DateRange) -> list[Document]:
    return _newest(list(runtime.index.scan(both(node, window))))


def _matched(runtime: Runtime, topic: Topic, window: DateRange) -> list[Document]:
    """Match a topic as its file is now on everything of the window that passes its gate."""
    compiled, found = compile_topics([topic]), list[Document]()
    for document in runtime.index.scan(both(topic.node, window)):
        article = tag_topics(replace(document.article, topics=()), compiled)
        if article.topics:
            found.append(replace(document, article=article))
    return _newest(found)


def _newest(documents: list[Document]) -> list[Document]:
    return sorted(
        documents, key=lambda d: (d.article.published or d.article.fetched, d.article.id), reverse=True
    )


def _differences(runtime: Runtime, topic: Topic, found: list[Document], window: DateRange) -> None:
    tagged = {d.article.id for d in runtime.index.scan(both(runtime.parse(f"topic:{topic.id}"), window))}
    anew = {d.article.id for d in found}
    if tagged != anew:
        gained, lost = len(anew - tagged), len(tagged - anew)
        click.echo(
            f"khabar: as it is now the topic gains {gained} and loses {lost} article(s): `khabar topics retag {topic.id}`",
            err=True,
        )
        sys.exit(1)
