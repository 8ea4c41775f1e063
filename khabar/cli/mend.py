"""Commands that rebuild: ledger, reindex, quarantine."""

from __future__ import annotations

import sys

import click

from khabar import rebuild, runner
from khabar.archive.segments import outcome_key, pending_key
from khabar.cli.options import Console, console
from khabar.codec import load
from khabar.jobs import Ingest
from khabar.models import Reading
from khabar.runtime import now, working


@click.group()
def ledger() -> None:
    """See to the memory of the crawl: what to fetch next, and what was claimed.

    \b
    Example: khabar ledger rebuild
    """


@ledger.command("rebuild")
@console
def ledger_rebuild(to: Console) -> None:
    """Count the claims and learn the seen URLs again from the archive, after the ledger was lost.

    \b
    Example: khabar ledger rebuild
    """
    _set_aside(to)
    for what in rebuild.empty_damaged(to.settings):
        click.echo(f"khabar: {what}", err=True)
    with working(to.settings) as runtime:
        attempts = rebuild.rebuild_ledger(runtime, lambda done: to.progress(f"{done} segments read"))
        to.progress_done()
        click.echo(f"recounted from the archive: {attempts} attempts")


@click.command()
@console
def reindex(to: Console) -> None:
    """Rebuild the index from the archive with today's code, gazetteer and topics, then swap it in.

    Searches see the old index until the new one is complete; no publisher is asked for anything.

    \b
    Example: khabar reindex
    """
    _set_aside(to)
    with working(to.settings) as runtime, runner.pool(runtime) as pool:
        result = rebuild.reindex(
            runtime, pool, lambda done, known: to.progress(f"{done} of {known} segments")
        )
        to.progress_done()
        click.echo(f"index {result.generation}: {result.articles} articles from {result.segments} segments")
        if result.capped:
            click.echo(
                f"khabar: {result.capped} articles had more likely copies than were compared", err=True
            )
            sys.exit(1)


@click.group()
def quarantine() -> None:
    """See to pages that broke a stage, kept aside with the reason.

    \b
    Example: khabar quarantine list
    """


@quarantine.command("list")
@console
def quarantine_list(to: Console) -> None:
    """List what is in quarantine: its id, its reason, its URL.

    \b
    Example: khabar quarantine list
    """
    with working(to.settings) as runtime:
        for key in runtime.store.keys("quarantine/"):
            reading = load(runtime.store.get(key) or b"", Reading)
            click.echo(f"{_name(key)}  {reading.reason}  {reading.discovery.url}")


@quarantine.command("show")
@click.argument("name", metavar="ID")
@console
def quarantine_show(to: Console, name: str) -> None:
    """Show why one page is in quarantine.

    \b
    Example: khabar quarantine show 5f2b7c1e-…
    """
    with working(to.settings) as runtime:
        for key in runtime.store.keys("quarantine/"):
            if _name(key) == name:
                reading = load(runtime.store.get(key) or b"", Reading)
                click.echo(f"{reading.discovery.url}\n{reading.segment} {reading.record}\n{reading.reason}")
                click.echo(reading.trace or "its process died on it")
                return
    raise click.UsageError(f"nothing {name!r} in quarantine (`khabar quarantine list`)")


@quarantine.command("retry")
@click.argument("names", metavar="[ID]...", nargs=-1)
@console
def quarantine_retry(to: Console, names: tuple[str, ...]) -> None:
    """Read these pages (or all) again, with today's code.

    \b
    Example: khabar quarantine retry
    """
    with working(to.settings) as runtime, runner.bringer(runtime, to.say) as each:
        chosen = [key for key in runtime.store.keys("quarantine/") if not names or _name(key) in names]
        for key in chosen:
            reading = load(runtime.store.get(key) or b"", Reading)
            # In this order: a segment with neither would be forgotten. The page leaves quarantine when it is read.
            runtime.store.put(pending_key(reading.segment), b"")
            runtime.store.delete(outcome_key(reading.segment))
            runtime.store.put(pending_key(reading.segment), b"")
            runtime.submit(Ingest(reading.segment))
            each.expect(reading.segment)
        progress = runner.drain(each, lambda _, __: None)
        left = sum(1 for _ in runtime.store.keys("quarantine/"))
        click.echo(f"{len(chosen)} read again in {progress.segments} segments; {left} in quarantine")
        sys.exit(int(left > 0))


def _name(key: str) -> str:
    return key.rsplit("~", 1)[-1].removesuffix(".json")


def _set_aside(to: Console) -> None:
    for what in rebuild.set_aside_broken(to.settings, now):
        click.echo(f"khabar: {what}", err=True)
