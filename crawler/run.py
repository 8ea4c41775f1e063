"""`python -m crawler.run`: one crawl in a process of its own; results on stdout as JSON lines, the log on stderr."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.crawl import crawl
from khabar import codec
from khabar.archive.segments import Sealed
from khabar.config import load_settings
from khabar.errors import KhabarError
from khabar.models import Source
from khabar.runtime import Clock, Runtime, now, working


def main(arguments: Sequence[str] | None = None, clock: Clock = now) -> int:
    """Crawl the sources that are named; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings(options.home)
        _log_to_stderr(settings.log_level)
        with working(settings, clock) as runtime:
            return _crawl(runtime, options)
    except KhabarError as error:
        print(f"crawler: {error}", file=sys.stderr)  # noqa: T201 - before logging is set up there is nothing else
        return error.status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="crawler.run", description="Crawl these sources once.")
    parser.add_argument("--home", type=Path, help="the home folder")
    parser.add_argument("--max", type=int, dest="limit", metavar="N", help="fetch at most N pages")
    parser.add_argument("--seconds", type=float, metavar="N", help="end in good order after N seconds")
    parser.add_argument(
        "--looked-since", metavar="TIME", help="leave endpoints out that were looked at since"
    )
    parser.add_argument("--since", metavar="DATE", help="back-fill from this day on (not in this release)")
    parser.add_argument("--until", metavar="DATE", help="back-fill up to this day (not in this release)")
    parser.add_argument("source", nargs="+", help="a source's id")
    return parser


def _crawl(runtime: Runtime, options: argparse.Namespace) -> int:
    if options.since or options.until:
        raise UsageError("--since and --until need sitemaps and listings, which are not read yet")
    looked_since = _moment(options.looked_since) if options.looked_since else None
    sources = _sources(runtime, options.source)
    writer = runtime.writer(_tell_sealed)
    try:
        summary = crawl(
            sources,
            runtime.ledger,
            writer,
            runtime.settings,
            runtime.clock,
            options.limit,
            holder=runtime.holder,
            seconds=options.seconds,
            looked_since=looked_since,
            tell=lambda so_far: _say("progress", asdict(so_far)),
            watch=_stop_with_parent,
        )
    finally:
        writer.close()
    _say("done", asdict(summary))
    return 0


class UsageError(KhabarError):
    """A crawl that was asked for in words we do not understand."""

    status = 2


def _sources(runtime: Runtime, names: Sequence[str]) -> list[Source]:
    unknown = [name for name in names if name not in runtime.catalogue.sources]
    if unknown:
        raise UsageError(f"unknown source {', '.join(unknown)}: `khabar sources list` names them all")
    return [runtime.catalogue.sources[name] for name in dict.fromkeys(names)]


def _moment(printed: str) -> datetime:
    try:
        moment = datetime.fromisoformat(printed)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(f"--looked-since {printed}: write a time with its zone, like 2026-03-14T09:30:00Z")
    return moment


def _tell_sealed(sealed: Sealed) -> None:
    _say("sealed", {"segment": sealed.key, "attempts": len(sealed.attempts)})


def _say(event: str, what: dict[str, Any]) -> None:
    with suppress(OSError):  # whoever listened is gone: the crawl ends in good order all the same
        os.write(sys.stdout.fileno(), codec.dump({"event": event, **what}) + b"\n")


def _log_to_stderr(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(_is_news)
    logging.basicConfig(level=level.upper(), handlers=[handler])


def _is_news(record: logging.LogRecord) -> bool:
    """Keep out what Scrapy and Twisted tell of every connection; what matters of it we say ourselves."""
    is_foreign = record.name.split(".", 1)[0] in {"scrapy", "twisted", "asyncio", "urllib3", "filelock"}
    return record.levelno >= logging.WARNING or not is_foreign


def _stop_with_parent(stop: asyncio.Event) -> None:
    """End the crawl when whoever started it is gone: the pipe on stdin is at its end then."""
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), lambda: os.read(sys.stdin.fileno(), 4096) or _end(loop, stop))


def _end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    loop.remove_reader(sys.stdin.fileno())
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
