"""The command that shows Khabar at work on a press of its own."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from khabar import finding, runner
from khabar.cli import page
from khabar.cli.collect import watch
from khabar.cli.follow import write
from khabar.cli.options import Console, console, outcome_table
from khabar.config import Settings
from khabar.digest import build
from khabar.runtime import Runtime, outlet_names, working
from search.schema import FACETS
from workers.ingester import Ingester

if TYPE_CHECKING:
    from khabar.demo.site import Site

TOPIC = "pak-taliban"
QUERY = "entity:ttp AND entity:pakistan"


@click.command()
@console
def demo(to: Console) -> None:
    """Crawl a small press of Khabar's own, over real HTTP on loopback; show a search and the digest of a day.

    It works in a folder `demo` of the home, made anew each time, and asks nothing of any other machine.

    \b
    Example: khabar demo
    """
    from khabar.demo.site import serve  # noqa: PLC0415 - the help of all commands imports this module

    began = time.monotonic()
    settings = _fresh(to.settings)
    with working(settings) as empty:
        now = empty.clock()
    with serve(now) as site:
        sources = [path.stem for path in site.install(settings.catalogue)]
        with working(settings) as runtime, runner.pool(runtime) as pool:
            _crawls(to, runtime, pool, site, sources)
            _show(to, runtime)
    click.echo(f"\nAll of it took {time.monotonic() - began:.0f} s. Look further, for example:")
    click.echo(f"  khabar search --home {settings.home} 'torkham NEAR/10 (border OR trade)'")
    click.echo(f"  khabar show --home {settings.home} --revisions ID")


def _fresh(settings: Settings) -> Settings:
    home = settings.home / "demo"
    if home.exists():
        shutil.rmtree(home)
    home.mkdir(parents=True)
    # Without any server, also where the home is otherwise on servers: the demo must not touch what others share.
    alone = replace(settings, redis_url=None, elasticsearch_url=None)
    return replace(alone, home=home, archive_url=(home / "archive").as_uri(), delay=0.05)


def _crawls(to: Console, runtime: Runtime, pool: runner.Pool, site: Site, sources: Sequence[str]) -> None:
    click.echo(f"1 · Four outlets in five languages are served at 127.0.0.1:{site.port}. The first crawl:")
    with runner.ingester(runtime, pool) as ingester:
        _crawl(to, runtime, ingester, sources)
    before = len(site.requests)
    click.echo("\n2 · Nothing has changed since. The second crawl:")
    with runner.ingester(runtime, pool) as ingester:
        _crawl(to, runtime, ingester, sources)
    asked = [request.path for request in site.requests[before:]]
    click.echo(f"asked for {', '.join(sorted(set(asked)))} alone")
    site.edit()
    click.echo("\n3 · One outlet has edited an article. The third crawl:")
    with runner.ingester(runtime, pool) as ingester:
        _crawl(to, runtime, ingester, sources)


def _crawl(to: Console, runtime: Runtime, ingester: Ingester, sources: Sequence[str]) -> None:
    crawling = runner.crawl(runtime, ingester, sources, None, watch(to))
    to.progress_done()
    if crawling.status:
        click.echo(f"khabar: the crawler ended with status {crawling.status}: see {crawling.log}", err=True)
        sys.exit(1)
    told = crawling.told
    click.echo(f"{told.get('endpoints', 0)} feeds asked, {told.get('unchanged', 0)} of them unchanged")
    click.echo(outcome_table(ingester.progress.outcomes))


def _show(to: Console, runtime: Runtime) -> None:
    click.echo(f"\n4 · khabar search '{QUERY}' (in every script, copies marked):\n")
    found, _ = finding.find(runtime, runtime.parse(QUERY), finding.Page(limit=8, facets=FACETS))
    click.echo(page.results(found, sys.stdout.isatty()))
    topic = runtime.catalogue.topics[TOPIC]
    zone = ZoneInfo(topic.digest.timezone if topic.digest else "UTC")
    day = runtime.clock().astimezone(zone).date() - timedelta(days=1)
    built = build(runtime.index, topic, day)
    names = outlet_names(runtime)
    files: list[Path] = [
        write(built, shape, runtime.settings.digests, names) for shape in ("html", "text", "json")
    ]
    click.echo(
        f"\n5 · The digest of {topic.title} for {day}: {len(built.lines)} line(s), {built.outlets} outlet(s):"
    )
    for line in built.lines:
        copies = f" · {line.copies} copies" if line.copies > 1 else ""
        click.echo(
            f"  {line.article.lang:<4}{line.article.title}  ({', '.join(names.get(each, each) for each in line.outlets)}{copies})"
        )
    click.echo(f"  {files[0]}")
    to.say("")
