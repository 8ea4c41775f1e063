"""What stands in Khabar's way, found without reading the archive: the disk, and every server it needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from khabar.catalogue import exchange
from khabar.errors import KhabarError
from khabar.runtime import Runtime

LOW_DISK = 1 << 30  # bytes free, below which this warns: a day of crawling fills as much


def disk(home: Path) -> Iterator[str]:
    """Yield what is wrong with the room on the home's disk."""
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < LOW_DISK:
        yield f"{free / 1e6:.0f} MB are free at {home}: free some space before the next crawl"


def servers(runtime: Runtime) -> Iterator[tuple[str, bool]]:
    """Yield what the servers say is wrong, each with whether that server answered at all."""
    for check in runtime.checks():
        try:
            for finding in check():
                yield finding, True
        except KhabarError as error:
            yield str(error), False


def catalogue(runtime: Runtime) -> Iterator[str]:
    """Yield how this machine's catalogue differs from the one that all machines share; embedded there is one alone."""
    if runtime.settings.distributed:
        yield from exchange.apart(runtime.store, runtime.settings.catalogue)
