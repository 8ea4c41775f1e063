"""The command that follows topics day by day: digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from khabar.catalogue import Topic
from khabar.cli.options import Console, console, day, unknown
from khabar.digest import build, render_html, render_json, render_text
from khabar.models import Digest
from khabar.runtime import Runtime, outlet_names, reading
from khabar.schedule import digest_day

SUFFIX = {"html": "html", "text": "txt", "json": "json"}


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
