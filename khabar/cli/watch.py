"""Commands that look after a home: trace, missed, stats, doctor."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date

import click

from khabar import accounts, audit, soundness
from khabar.cli.options import Console, console, day, web_address
from khabar.codec import dump
from khabar.errors import KhabarError
from khabar.runtime import Runtime, reading
from khabar.statistics import gather
from khabar.tick import snapshot


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
        steps = list(accounts.steps(runtime, name))
        for step in steps:
            click.echo(f"{step.at:%Y-%m-%d %H:%M:%S}Z  {step.what}")
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
        for each in accounts.rejected(runtime, source, when, when):
            how = f"{each.state}({each.reason})"
            click.echo(f"{each.day}  {each.source:<20} {how}  {each.url}  {each.title or ''}".rstrip())
        for each in accounts.waiting(runtime, source, when, when):
            click.echo(f"{each.day}  {each.source:<20} {each.state}  {each.url}")


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
    yield from soundness.disk(runtime.settings.home)
    answered = True
    for finding, said in soundness.servers(runtime):
        answered &= said
        yield finding
    if not answered:
        return
    try:
        yield from soundness.catalogue(runtime)
        yield from _left(runtime)
        yield from audit.findings(runtime.store, runtime.ledger, runtime.index)
    except KhabarError as error:
        yield str(error)


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
