"""Generations of an index: `<n>/` folders beside a file CURRENT that names the one in use.

A reindex builds a new generation beside the old one and swaps. CURRENT is replaced atomically and read before each
reload, since a reader of a renamed folder would stay on the old articles in silence.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from khabar.errors import KhabarError


class DamagedIndexError(KhabarError):
    """The index cannot be read; the archive can rebuild it."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"the index in {folder} is unusable ({reason}); `khabar reindex` rebuilds it from the archive"
        )
        self.folder = folder
        self.reason = reason


def current(folder: Path) -> int | None:
    """Return the number of the generation in use; None before there is one."""
    try:
        text = (folder / "CURRENT").read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedIndexError(folder, str(error)) from error
    if not text.isdigit():
        raise DamagedIndexError(folder, f"CURRENT says {text!r}")
    return int(text)


def generations(folder: Path) -> list[int]:
    """Return the numbers of the generations that exist, in use or not."""
    if not folder.is_dir():
        return []
    return sorted(int(child.name) for child in folder.iterdir() if child.name.isdigit() and child.is_dir())


def path(folder: Path, generation: int) -> Path:
    """Return where a generation lies."""
    return folder / str(generation)


def swap(folder: Path, generation: int) -> None:
    """Make a generation the one in use, durably and at once for everybody."""
    if not path(folder, generation).is_dir():
        raise FileNotFoundError(path(folder, generation))
    fresh = folder / f"CURRENT.{os.getpid()}"
    with fresh.open("w", encoding="ascii") as file:
        file.write(str(generation))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / "CURRENT")
    sync(folder)


def drop_generation(folder: Path, generation: int) -> None:
    """Remove a generation that is not in use; readers that still have it open keep what they opened."""
    if generation == current(folder):
        raise ValueError(f"generation {generation} is in use")
    shutil.rmtree(path(folder, generation), ignore_errors=True)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
