"""Commands that bring articles in: crawl and ingest."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from crawler.imports import Importer, Problem, check, files
from khabar import runner
from khabar.cli.options import Console, console, outcome_table, unknown
from khabar.jobs import Crawl
from khabar.runtime import Runtime, working
from khabar.schedule import due
from khabar.tick import snapshot
from workers.ingester import Progress

no_wait = click.option(
    "--no-wait", is_flag=True, help="Return once all is sealed; workers, or `khabar run`, read it."
)


@click.command()
@click.argument("source", nargs=-1)
@click.option("--max", "limit", type=click.IntRange(1), help="Fetch at most this many pages.")
@no_wait
@console
def crawl(to: Console, source: tuple[str, ...], limit: int | None, no_wait: bool) -> None:
    """Crawl these sources (or all that are due) once and bring what is found into the index.

    \b
    Example: khabar crawl dawn thenews --max 50
    """
    with working(to.settings) as runtime:
        sources = _sources(runtime, source)
        if not sources:
            to.say("no source is due: name one to crawl it now (`khabar sources list`)")
            return
        with _bringer(runtime, to, no_wait) as each:
            crawling = runner.crawl(runtime, each, sources, limit, watch(to))
            to.progress_done()
        for name in sources if crawling.status == 0 else ():
            runtime.ledger.mark_run(f"crawl:{name}", runtime.clock())
        told = crawling.told
        click.echo(
            f"crawled {len(sources)} source(s): {told.get('endpoints', 0)} endpoints, "
            f"{told.get('unchanged', 0)} unchanged, {told.get('claimed', 0)} discovered, {told.get('fetched', 0)} fetched"
        )
        click.echo(_sum(each))
        if crawling.status:
            click.echo(
                f"khabar: the crawler ended with status {crawling.status}: see {crawling.log}", err=True
            )
            sys.exit(1)
        sys.exit(_attention(each.progress))


@click.command()
@click.argument("path", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--url", help="The URL of the one page that is given.")
@no_wait
@console
def ingest(to: Console, path: tuple[Path, ...], url: str | None, no_wait: bool) -> None:
    """Bring saved pages, WARC files and JSON Lines of articles into the archive and the index.

    \b
    Example: khabar ingest saved-pages/ crawl.warc.gz articles.jsonl
    """
    if problem := check(path, url):
        raise click.UsageError(str(problem))
    with working(to.settings) as runtime, _bringer(runtime, to, no_wait) as each:
        problems = archived = 0
        for step, what in enumerate(_import(runtime, path, url, each)):
            if what is not None:
                problems += 1
                click.echo(f"khabar: {what}", err=True)
            archived += what is None
            if step % 20 == 0:
                each.step(0)
                watch(to)(None, each.progress)
        progress = runner.drain(each, watch(to))
        to.progress_done()
        click.echo(_sum(each))
        sys.exit(2 if problems and not archived else max(_attention(progress), min(problems, 1)))


class _Sealed:
    """Counts what was sealed, for a command that does not wait for more."""

    def __init__(self) -> None:
        self.progress = Progress()

    def expect(self, segment: str) -> None:
        """Count a segment."""
        self.progress.segments += bool(segment)

    def step(self, timeout: float = 0.2) -> bool:  # noqa: ARG002 - as a Bringer has it
        """Nothing is waited for."""
        return False


def _bringer(runtime: Runtime, to: Console, no_wait: bool) -> AbstractContextManager[runner.Bringer]:
    return nullcontext(_Sealed()) if no_wait else runner.bringer(runtime, to.say)


def _sum(each: runner.Bringer) -> str:
    if isinstance(each, _Sealed):
        return f"sealed {each.progress.segments} segment(s): `khabar stats` tells when they are read"
    return outcome_table(each.progress.outcomes)


def _import(
    runtime: Runtime, paths: Sequence[Path], url: str | None, each: runner.Bringer
) -> Iterator[Problem | None]:
    """Archive what the files hold; yields each problem, and None for each item archived."""
    importer = Importer(runtime.catalogue.sources, runtime.clock, runtime.settings.max_bytes)
    writer = runtime.writer(lambda sealed: each.expect(sealed.key))
    for file in files(paths):
        for item in importer.read(file, url):
            if isinstance(item, Problem):
                yield item
            else:
                writer.append(*item)
                yield None
    writer.seal()
    if importer.left_out:
        click.echo(
            f"khabar: left out, as no article has them: {', '.join(sorted(importer.left_out))}", err=True
        )


def _sources(runtime: Runtime, named: Sequence[str]) -> list[str]:
    known = runtime.catalogue.sources
    for each in named:
        if each not in known:
            raise unknown("source", each, known)
    if named:
        return list(dict.fromkeys(named))
    crawls = [job for job in due(snapshot(runtime), runtime.clock()) if isinstance(job, Crawl)]
    return [id_ for job in crawls for id_ in job.sources]


def watch(to: Console) -> runner.Report:
    """Return a report that shows on the terminal how far a crawl or an import has come."""

    def report(crawling: runner.Crawling | None, progress: Progress) -> None:
        fetched = f"{crawling.told.get('fetched', 0)} fetched, " if crawling else ""
        to.progress(
            f"{fetched}{progress.attempts} read: " + ", ".join(f"{k} {n}" for k, n in progress.counts.items())
        )

    return report


def _attention(progress: Progress) -> int:
    for damage in progress.damage:
        click.echo(
            f"khabar: {damage.segment}, byte {damage.offset}: {damage.reason}: the rest was read", err=True
        )
    if progress.broken:
        click.echo(
            f"khabar: {progress.broken} page(s) broke a stage or the index refused: `khabar quarantine list`",
            err=True,
        )
    return int(bool(progress.broken or progress.damage))
