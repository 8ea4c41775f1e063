"""The commands that see to sources."""

from __future__ import annotations

import sys

import click

from khabar.catalogue.shadow import enable
from khabar.cli.options import Console, console, unknown
from khabar.models import Source
from khabar.runtime import Runtime, reading, working


@click.group()
def sources() -> None:
    """See to the sources that are crawled.

    \b
    Example: khabar sources list
    """


@sources.command("list")
@console
def sources_list(to: Console) -> None:
    """List the sources, when each was last crawled, and its articles.

    \b
    Example: khabar sources list
    """
    with reading(to.settings) as runtime:
        for source in runtime.catalogue.sources.values():
            last = runtime.ledger.last_run(f"crawl:{source.id}")
            found = runtime.index.search(runtime.parse(f'source:"{source.id}"'), limit=0).total
            when = f"{last:%Y-%m-%d %H:%M}Z" if last else "never crawled"
            click.echo(f"{source.id:<20} {when:<18} {found:>7} articles  {source.name}{_state(source)}")


@sources.command("check")
@click.argument("source", nargs=-1)
@console
def sources_check(to: Console, source: tuple[str, ...]) -> None:
    """Check the source files, and what the last look at each endpoint found. Nothing is fetched.

    \b
    Example: khabar sources check dawn
    """
    with reading(to.settings) as runtime:
        known = runtime.catalogue.sources
        for name in source:
            _demand(runtime, name)
        troubles = 0
        for each in (known[name] for name in source or known):
            for endpoint in each.endpoints:
                state = runtime.ledger.endpoint(endpoint.url)
                checked = f"{state.checked:%Y-%m-%d %H:%M}Z" if state.checked else "never"
                newest = f"newest item {state.newest:%Y-%m-%d}" if state.newest else "no dated item seen"
                trouble = f"{state.error} ({state.failures} times)" if state.error else newest
                troubles += bool(state.error)
                click.echo(
                    f"{each.id:<20} {endpoint.kind:<8} looked at {checked:<18} {trouble}  {endpoint.url}"
                )
        sys.exit(int(troubles > 0))


@sources.command("enable")
@click.argument("source")
@console
def sources_enable(to: Console, source: str) -> None:
    """Put a source on the schedule of `khabar run`, by a copy of its file in the home.

    \b
    Example: khabar sources enable dawn
    """
    _switch(to, source, True)


@sources.command("disable")
@click.argument("source")
@console
def sources_disable(to: Console, source: str) -> None:
    """Take a source off the schedule; it can still be crawled by name.

    \b
    Example: khabar sources disable dawn
    """
    _switch(to, source, False)


def _switch(to: Console, source: str, enabled: bool) -> None:
    with working(to.settings) as runtime:
        _demand(runtime, source)
        path = enable(runtime.folders, source, enabled)
        click.echo(f"{source} is {'enabled' if enabled else 'disabled'} in {path}")


def _demand(runtime: Runtime, source: str) -> None:
    if source not in runtime.catalogue.sources:
        raise unknown("source", source, runtime.catalogue.sources)


def _state(source: Source) -> str:
    marks = [] if source.enabled else ["disabled"]
    marks += [] if source.verified else ["unverified"]
    return f"  ({', '.join(marks)})" if marks else ""
