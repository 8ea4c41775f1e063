"""The lock of a home's index: one writer at a time, and a message that says who it is."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from khabar.errors import KhabarError

POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: its process, the command, and since when (ISO 8601, UTC)."""

    pid: int
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command}) since {self.since}"


class LockError(KhabarError):
    """The lock's file cannot be made or opened."""


class LockHeld(LockError):  # noqa: N818  # says what happened, not that something is broken
    """Someone else holds the lock; `holder` is None in the instant before they have written their name."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        self.path, self.holder = path, holder
        who = str(holder) if holder else "another process"
        end = f" or end it (kill {holder.pid})" if holder else ""
        super().__init__(f"{path} is held by {who}: wait until it is done{end}, then try again")


class Lock:
    """An exclusive lock on a file, which the kernel releases when its holder dies.

    Each `held` opens the file anew, so threads of one process exclude each other too, and a nested `held` waits
    for itself. Spawned children do not inherit it; forked ones would.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path, self._clock = path, clock

    @contextmanager
    def held(self, by: str, wait: float | None = None) -> Generator[None]:
        """Hold the lock for the block, named `by`; waits `wait` seconds, None without end, then LockHeld."""
        handle = self._open()
        try:
            self._lock(handle, wait)
            _write(handle, Holder(os.getpid(), by, self._clock().isoformat(timespec="seconds")))
            try:
                yield
            finally:
                # Emptied while still held: whoever is next must not find our name under their lock. Unlocked
                # outright, since a child has a copy of the handle for the instant between its start and its exec.
                with suppress(OSError):
                    os.ftruncate(handle, 0)
                    fcntl.flock(handle, fcntl.LOCK_UN)
        finally:
            os.close(handle)

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            how = "make the home folder writable, or name another with --home"
            raise LockError(f"{self.path}: cannot be locked: {error.strerror} — {how}") from error

    def _lock(self, handle: int, wait: float | None) -> None:
        deadline = None if wait is None else time.monotonic() + wait
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if deadline is not None and time.monotonic() >= deadline:
                raise LockHeld(self.path, _read(handle))
            time.sleep(POLL_SECONDS)


def _write(handle: int, holder: Holder) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(asdict(holder)).encode(), 0)


def _read(handle: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(handle, 4096, 0)))
    except (ValueError, TypeError):
        return None
