"""What a process has read of its catalogues, kept as long as the files stay as they are: reading takes .15 s each time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from khabar.catalogue.marks import MAX_BYTES
from khabar.catalogue.problems import Problems

MOST = 8  # readings that are kept, the last ones: a process seldom knows more than one catalogue

T = TypeVar("T")
_kept: dict[bytes, Any] = {}


def kept(look: Callable[[], bytes], read: Callable[[], T], problems: Problems) -> T:
    """Return what was read when the files looked as they do now, or what `read` gives; with problems it is not kept.

    Whatever is returned is shared: nobody may change it.
    """
    seen = look()
    if seen in _kept:
        return _kept[seen]
    before = len(problems)
    found = read()
    if len(problems) == before and look() == seen:  # else somebody was writing, and which of both was read?
        if len(_kept) >= MOST:
            del _kept[next(iter(_kept))]
        _kept[seen] = found
    return found


def contents(folders: Sequence[Path], *patterns: str) -> bytes:
    """Return a hash of all that these patterns find in the folders: names and contents, and which folder has them."""
    told = hashlib.sha256(repr(patterns).encode())
    for place, folder in enumerate(folders):
        for path in sorted(found for pattern in patterns for found in folder.glob(pattern)):
            held = _held(path)
            told.update(repr((place, str(path.relative_to(folder)), len(held))).encode())
            told.update(held)
    return told.digest()


def _held(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:  # whoever reads it says so
        return f"cannot be read: {error.errno}".encode()
