"""Files that survive a crash: durable writes, files that have an owner, and errors in plain words."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from khabar.errors import KhabarError


class ArchiveError(KhabarError):
    """Something of the archive cannot be read or written: where, what is wrong, and how to mend it."""

    def __init__(self, path: str, what: str, how: str) -> None:
        super().__init__(f"{path}: {what} — {how}")
        self.path = path
        self.what = what
        self.how = how


_REMEDIES = {
    errno.ENOSPC: "free some space and run the command again; nothing archived so far is lost",
    errno.EDQUOT: "raise the quota or free some space and run the command again; nothing archived so far is lost",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f) and run the command again",
    errno.EROFS: "mount it for writing, or choose another folder",
    errno.EACCES: "give this user the right to it, or choose another path",
    errno.EPERM: "give this user the right to it, or choose another path, on a file system with hard links",
    errno.ENOENT: "check the path",
    errno.EISDIR: "name a file, not a folder",
    errno.EEXIST: "a file stands where a folder should; choose another path",
    errno.ENOTDIR: "a part of the path is a file; choose another path",
}


@contextmanager
def explained(path: Path | str) -> Generator[None]:
    """Turn an OSError of the block into an ArchiveError about this path."""
    try:
        yield
    except OSError as error:
        what = (error.strerror or str(error)).lower()
        how = _REMEDIES.get(error.errno or 0, "see that the disk is well and run the command again")
        raise ArchiveError(str(path), what, how) from error


def write_all(handle: int, data: bytes) -> None:
    """Write every byte: os.write may take fewer when the disk fills up, and fails only the next time."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, each durable in the one that holds it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def create_owned(folder: Path, name: Callable[[], str]) -> tuple[Path, int]:
    """Create a file that this process owns (flock) until it closes the handle or dies."""
    while True:
        path = folder / name()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return path, handle
        os.close(handle)  # between open and flock somebody took it for a dead owner's and removed it


def take_over(path: Path) -> int | None:
    """Return a handle that owns a dead owner's file; None while the owner lives, or where the file is gone."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    if os.fstat(handle).st_nlink:
        return handle
    os.close(handle)  # whoever held it before has finished and removed it
    return None
