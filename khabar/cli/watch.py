"""Commands that look after a home: trace, missed, stats, doctor."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from khabar import audit
from khabar.archive.records import read_segment
from khabar.archive.segments import segment_of
from khabar.cli.options import Console, console, day, web_address
from khabar.codec import dump
from khabar.errors import KhabarError
from khabar.models import Damage, Outcome
from khabar.runtime import Runtime, reading
from khabar.statistics import gather
from khabar.tick import snapshot

LOW_DISK = 1 << 30  # bytes free, below which doctor warns: a day of crawling fills as much


@click.command()
@click.argument("url")
@console
def trace(to: Console, url: str) -> None:
    """Tell every step a URL went through, with times and reasons.

    \b
    Example: khabar trace https://www.dawn.com/news/1234567
    """
    with reading(to.settings) as runtime:
        name = web_address(url)
        steps = [
            *_waiting(runtime, name),
            *(step for row in runtime.index.rows(url=name) for step in _steps(runtime, row)),
        ]
        for step in steps:
            click.echo(step)
        if not steps:
            click.echo(f"khabar: {name} was never discovered", err=True)
            sys.exit(1)


@click.command()
@click.argument("source", required=False)
@click.option(
    "--date", "when", callback=day, metavar="YYYY-MM-DD", help="UTC day of the claim (default: all)."
)
@console
def missed(to: Console, source: str | None, when: date | None) -> None:
    """List what was discovered and is not in the index, with reasons.

    \b
    Example: khabar missed dawn --date 2025-01-31
    """
    with reading(to.settings) as runtime:
        outcomes = ("rejected", "failed")
        for row in runtime.index.rows(source=source, since=when, until=when, outcomes=outcomes):
            click.echo(
                f"{row.day}  {row.source:<20} {row.outcome}({row.reason})  {row.url}  {row.title or ''}".rstrip()
            )
        for claim in runtime.ledger.frontier():
            if source in {None, claim.source} and when in {None, claim.claimed.date()}:
                click.echo(f"{claim.claimed.date()}  {claim.source:<20} in the frontier  {claim.url}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@console
def stats(to: Console, as_json: bool) -> None:
    """Count articles, outcomes by source and day, and the size of everything.

    \b
    Example: khabar stats --json
    """
    with reading(to.settings) as runtime:
        found = gather(runtime)
    if as_json:
        click.echo(dump(found))
        return
    span = f", {found.oldest:%Y-%m-%d} to {found.newest:%Y-%m-%d}" if found.oldest and found.newest else ""
    click.echo(f"{found.articles} articles in {found.clusters} clusters{span}")
    for name, size in found.bytes.items():
        click.echo(f"{name:<8}{size / 1e6:>10.1f} MB")
    if found.recounted:
        click.echo(f"claims were recounted from the archive at {found.recounted}")
    for row in found.days:
        shown = ", ".join(f"{kind} {count}" for kind, count in row.outcomes.items()) or "no outcomes"
        click.echo(
            f"{row.day}  {row.source:<20} discovered {row.discovered}: {shown}, in flight {row.in_flight}"
        )


@click.command()
@console
def doctor(to: Console) -> None:
    """Check the servers, and that archive, ledger and index agree; say how to mend what is wrong.

    \b
    Example: khabar doctor
    """
    to.say(f"home {to.settings.home}")
    with reading(to.settings) as runtime:
        found = False
        for finding in _found(runtime):
            click.echo(finding)
            found = True
        if not found:
            click.echo("all is well")
        sys.exit(int(found))


def _found(runtime: Runtime) -> Iterator[str]:
    """Yield what is wrong; a server that cannot be asked is a finding, and what needs it is not looked at."""
    yield from _disk(runtime.settings.home)
    answered = True
    for check in runtime.checks():
        try:
            yield from check()
        except KhabarError as error:
            answered = False
            yield str(error)
    if not answered:
        return
    try:
        yield from _left(runtime)
        yield from audit.findings(runtime.store, runtime.ledger, runtime.index)
    except KhabarError as error:
        yield str(error)


def _waiting(runtime: Runtime, url: str) -> Iterator[str]:
    for claim in runtime.ledger.frontier():
        if claim.url == url:
            yield f"{claim.claimed:%Y-%m-%d %H:%M:%S}Z  claimed ({claim.why}) from {claim.endpoint}: in the frontier"
    for key in runtime.store.keys("pending/"):
        for record in read_segment(runtime.store, segment_of(key)):
            if not isinstance(record, Damage) and record.discovery.url == url:
                yield f"{record.date:%Y-%m-%d %H:%M:%S}Z  archived in {record.segment}: waits to be read"


def _steps(runtime: Runtime, row: Outcome) -> Iterator[str]:
    for record in read_segment(runtime.store, row.segment):
        if not isinstance(record, Damage) and record.id == row.record:
            told = record.discovery
            place = f" at {told.endpoint}" if told.endpoint else ""
            yield f"{told.claimed:%Y-%m-%d %H:%M:%S}Z  claimed as {told.why}{place} for {told.source}"
            robots = f", robots {told.robots}" if told.robots else ""
            yield f"{record.date:%Y-%m-%d %H:%M:%S}Z  {record.kind} {record.status or ''} archived{robots}: {row.segment} {row.record}"
    reason = f"({row.reason})" if row.reason else ""
    article = f" → article {row.article}" if row.article else ""
    yield f"{row.date:%Y-%m-%d %H:%M:%S}Z  {row.outcome}{reason}{article}"


def _disk(home: Path) -> Iterator[str]:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < LOW_DISK:
        yield f"{free / 1e6:.0f} MB are free at {home}: free some space before the next crawl"


def _left(runtime: Runtime) -> Iterator[str]:
    waiting = sum(1 for _ in runtime.store.keys("pending/"))
    if waiting:
        yield f"{waiting} segment(s) are pending: `khabar run --once` reads them"
    broken = sum(1 for _ in runtime.store.keys("quarantine/"))
    if broken:
        yield f"{broken} page(s) are in quarantine: `khabar quarantine list`"
    for name in sorted(snapshot(runtime).quarantined):
        how = "`khabar run` says why when it is tried; a new version of the topic, or the next day, is tried afresh"
        yield f"{name} failed {runtime.ledger.tries(name)} times and is left alone: {how}"
    if runtime.settings.spool.is_dir() and any(runtime.settings.spool.iterdir()):
        yield "a segment is open or was left unsealed: a crawl is under way, or `khabar run --once` seals it"
