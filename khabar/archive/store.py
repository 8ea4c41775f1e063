"""Objects by key, created once and durable, in a folder or at S3."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from khabar.archive.files import (
    ArchiveError,
    create_owned,
    explained,
    make_folder,
    sync_folder,
    take_over,
    write_all,
)
from khabar.archive.keys import UNFINISHED, checked


class Store(Protocol):
    """Objects by key. A key is a relative path of plain names; what has been put is durable."""

    @property
    def url(self) -> str:
        """Return where the objects lie."""
        ...

    def put(self, key: str, data: bytes) -> bool:
        """Create an object once; False where it existed already, which is success: it is left as it is."""
        ...

    def replace(self, key: str, data: bytes) -> None:
        """Write an object whole, whether it existed or not; readers see the old or the new one."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return an object, None where there is none."""
        ...

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; an absent one is fine."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix, sorted."""
        ...


def open_store(url: str) -> Store:
    """Return the store at a file:// or s3:// URL, or at a bare path; it is created by the first write.

    obstore finds the credentials of s3:// as every S3 client does. `memory://` is for tests.
    """
    parts = urlsplit(url)
    if parts.scheme in {"", "file"}:
        return FolderStore(Path(unquote(parts.path) if parts.scheme else url).absolute())
    if parts.scheme not in {"s3", "memory"}:
        raise ArchiveError(url, f"unknown kind of archive, {parts.scheme}://", "use file:// or s3://")
    from khabar.archive.s3 import open_bucket  # noqa: PLC0415 - a local archive need not load obstore

    return open_bucket(url)


# --- folder -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Objects as files in a folder; durable once a call has returned."""

    root: Path

    @property
    def url(self) -> str:
        """Return where the objects lie."""
        return self.root.as_uri()

    def put(self, key: str, data: bytes) -> bool:
        """Create an object once: link() fails where the name is taken, rename() would replace it in silence."""
        target = self._path(key)
        with explained(target):
            if target.is_dir():  # not "existed already": nobody would miss the object
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if target.exists():
                return False
            with self._written(data) as unfinished:
                make_folder(target.parent)
                try:
                    target.hardlink_to(unfinished)
                except FileExistsError:
                    return False
            sync_folder(target.parent)
            return True

    def replace(self, key: str, data: bytes) -> None:
        """Write an object whole, whether it existed or not."""
        target = self._path(key)
        with explained(target), self._written(data) as unfinished:
            make_folder(target.parent)
            unfinished.replace(target)
            sync_folder(target.parent)

    def get(self, key: str) -> bytes | None:
        """Return an object, None where there is none."""
        target = self._path(key)
        with explained(target):
            try:
                return target.read_bytes()
            except FileNotFoundError:
                return None

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove an object; an absent one is fine."""
        target = self._path(key)
        with explained(target):
            if target.exists():
                target.unlink(missing_ok=True)
                sync_folder(target.parent)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix, sorted."""
        return _walk(self.root, "", prefix)

    def _path(self, key: str) -> Path:
        return self.root.joinpath(*checked(key).split("/"))

    @contextmanager
    def _written(self, data: bytes) -> Generator[Path]:
        """Give a durable file without a key yet; it is gone at the end, whatever happens."""
        folder = (
            self.root / UNFINISHED
        )  # inside the root: link() cannot cross from one file system to another
        make_folder(folder)
        _sweep(folder)
        path, handle = create_owned(folder, lambda: secrets.token_hex(8))
        try:
            write_all(handle, data)
            os.fsync(handle)
            yield path
        finally:
            path.unlink(missing_ok=True)
            os.close(handle)


def _walk(folder: Path, above: str, prefix: str) -> Iterator[str]:
    """Yield keys in the order of the whole key, in which a folder is `name/`, not `name`."""
    try:
        names = [above + entry.name + "/" * entry.is_dir() for entry in os.scandir(folder)]
    except (FileNotFoundError, NotADirectoryError):
        return
    for key in sorted(names):
        if not key.endswith("/"):
            if key.startswith(prefix):
                yield key
        elif key != f"{UNFINISHED}/" and (key.startswith(prefix) or prefix.startswith(key)):
            yield from _walk(folder / key[len(above) : -1], key, prefix)


def _sweep(folder: Path) -> None:
    """Remove what writers left behind that died before they had finished."""
    for path in folder.iterdir():
        handle = take_over(path)
        if handle is not None:
            path.unlink(missing_ok=True)
            os.close(handle)
