"""Topics tried and drafted: the commands `topics test` and `topics draft`, which store nothing."""

from __future__ import annotations

import difflib
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from khabar.catalogue import Topic, load_topic
from khabar.catalogue.shadow import write
from khabar.cli import page
from khabar.cli.options import Console, console, web_address
from khabar.models import Article, Document
from khabar.runtime import Runtime, reading
from khabar.urls import article_id
from search.tree import DateRange
from workers.background import Rarity, rarity, rarity_in, shipped
from workers.draft import RARE, Draft, Rarities, draft, render
from workers.topics import compile_topics, tag_topics
from workers.trial import Trial, try_query, try_topic

SAMPLES, CHANGED = 8, 5  # titles shown of what is found; of what a change gains, and of what it loses
BAR = 60  # marks of the longest day


@click.command("test")
@click.argument("topic", metavar="TOPIC|FILE|QUERY")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True)
@console
def topics_test(to: Console, topic: str, days: int) -> None:
    """Show what a topic, a topic's file or a query finds in the past days; nothing is stored.

    Hits of each day, samples, what other topics find too, and what a change gains and loses against the stored tags.
    What can hardly be a subject, since it finds too much, is said.

    \b
    Example: khabar topics test pak-taliban --days 14
             khabar topics test drafted.yaml
             khabar topics test 'entity:ttp AND peace'
    """
    with reading(to.settings) as runtime:
        asked = _asked(runtime, topic)
        if asked is None:
            near = difflib.get_close_matches(topic, runtime.catalogue.topics, 1)
            if near:
                to.say(
                    f"note: no topic is called {topic!r}, so it was read as a query; did you mean {near[0]}?"
                )
        trial = _tried(runtime, asked or topic, days)
        _report(runtime, trial, asked)
        if trial.too_broad:
            click.echo(f"khabar: too broad: {trial.too_broad}: {_narrower(asked)}", err=True)
        if asked and (trial.gained or trial.lost):
            click.echo(f"khabar: {_change(trial, asked)}: {_apply(runtime, asked)}", err=True)
        sys.exit(int(bool(trial.too_broad or (asked and (trial.gained or trial.lost)))))


def _asked(runtime: Runtime, name: str) -> Topic | None:
    """Return the topic of this id, or of this file; None for a query."""
    if name in runtime.catalogue.topics:
        return runtime.catalogue.topics[name]
    return (
        load_topic(topic_file(name), runtime.catalogue.gazetteer)
        if name.endswith((".yaml", ".yml"))
        else None
    )


def topic_file(name: str | Path) -> Path:
    """Return the path of a topic's file that a person named; raises UsageError where there is none."""
    if not Path(name).is_file():
        raise click.UsageError(f"{name}: no such file: give a topic's file, or an id of `khabar topics list`")
    return Path(name)


def _tried(runtime: Runtime, asked: Topic | str, days: int) -> Trial:
    now, others = runtime.clock(), runtime.catalogue.topics
    window = DateRange(now - timedelta(days=days), now + timedelta(days=2), field="when")
    if isinstance(asked, str):
        return try_query(runtime.index, runtime.parse(asked), window, days, others)
    return try_topic(runtime.index, asked, window, days, others)


def _report(runtime: Runtime, trial: Trial, topic: Topic | None) -> None:
    gate = f"; its gate lets in {trial.let_in}" if topic else ""
    click.echo(
        f"{len(trial.found)} article(s) in {trial.days} days, {trial.a_day:.1f} a day, of {trial.total} in all{gate}"
    )
    for day, count in trial.by_day(runtime.clock().date()).items():
        click.echo(f"{day}  {'▇' * min(count, BAR)} {count}")
    _titles("", trial.found[:SAMPLES], topic)
    for name, (shared, total) in trial.shared.items():
        click.echo(f"shared with {name}: {shared} of these {len(trial.found)}, and of its {total}")
    if topic and (trial.gained or trial.lost):
        click.echo(_change(trial, topic))
        _titles("+ ", trial.gained[:CHANGED], topic)
        _titles("- ", trial.lost[:CHANGED], topic)


def _titles(mark: str, documents: Iterable[Document], topic: Topic | None) -> None:
    for article in (document.article for document in documents):
        score = next((f"{match.score:g}  " for match in article.topics if topic and match.id == topic.id), "")
        title = page.heading(article.title, article.body)
        click.echo(f"  {mark}{page.day(article)}  {score}{article.source}  {title}")


def _change(trial: Trial, topic: Topic) -> str:
    used = ", ".join(map(str, sorted(trial.in_use)))
    against = f" against version {used}, in use," if used else ""
    return (
        f"as it is now {topic.id}{against} gains {len(trial.gained)} and loses {len(trial.lost)} article(s)"
    )


def _apply(runtime: Runtime, topic: Topic) -> str:
    known = runtime.catalogue.topics.get(topic.id)
    is_known = known is not None and known.digest_of == topic.digest_of
    return f"`khabar topics retag {topic.id}`" if is_known else "`khabar topics add FILE` puts it to use"


def _narrower(topic: Topic | None) -> str:
    if topic is None:
        return "a mention is not a subject; ask for about:, for nearness, or for more words"
    if not topic.signals:
        return "its gate alone decides; give it signals and a threshold"
    return "raise its threshold, or let its signals ask for about: and nearness"


# --- drafting -------------------------------------------------------------------------------------------------


@click.command("draft")
@click.argument("example", nargs=-1, required=True, metavar="FILE|ID|URL…")
@click.option("--id", "name", help="The topic's id (else made from the first example's title).")
@console
def topics_draft(to: Console, example: tuple[str, ...], name: str | None) -> None:
    """Write a topic from example articles, each line with its reason, ready for `khabar topics test`.

    A file is a page, a WARC, JSON Lines or a plain text (.txt, its title on a line of its own); it is not stored.
    Words that tell the examples from others are looked for in the index, or while that is small in what is shipped.

    \b
    Example: khabar topics draft op-ed.txt > drafted.yaml
             khabar topics draft https://news.example/opinion/a 3f2a9c --id border-trade
    """
    with reading(to.settings) as runtime:
        examples = [article for each in example for article in _examples(runtime, each)]
        drafted = draft(examples, _rarities(runtime), name)
        click.echo(render(drafted, _scores(runtime, drafted, examples)), nl=False)


def _examples(runtime: Runtime, name: str) -> Sequence[Article]:
    if Path(name).is_file():
        from khabar.examples import read_examples  # noqa: PLC0415 - only a file needs what reads pages

        settings = runtime.settings
        return read_examples(Path(name), runtime.catalogue, runtime.clock, settings.max_bytes)
    key = article_id(web_address(name)) if "://" in name else name
    found = runtime.index.get([key])
    if key not in found:
        raise click.UsageError(
            f"{name}: neither a file nor an article of the index: `khabar search` shows ids"
        )
    return [found[key].article]


def _rarities(runtime: Runtime) -> Rarities:
    known: dict[str, Rarity] = {}

    def of(lang: str) -> Rarity:
        if lang not in known:
            counted = shipped(lang)
            known[lang] = rarity_in(runtime.index, lang) or (
                rarity(counted, lang) if counted else lambda _: RARE
            )
        return known[lang]

    return of


def _scores(runtime: Runtime, drafted: Draft, examples: Sequence[Article]) -> list[float]:
    """Return what each example scores by the draft, which is read as any topic file: that proves it, too."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / f"{drafted.id}.yaml", render(drafted, [0.0] * len(examples)))
        topic = replace(load_topic(path, runtime.catalogue.gazetteer), threshold=-10_000.0)
    compiled = compile_topics([topic])
    matched = (tag_topics(replace(article, topics=()), compiled).topics for article in examples)
    return [match.score for (match,) in filter(None, matched)] or [0.0]
