"""A server that the processes of a test run share: the first that asks starts it, and ends it when the last is done."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def shared(folder: Path, name: str, running: Callable[[], AbstractContextManager[str]]) -> Generator[str]:
    """Give the address of the one server of this name among all that name this folder; who comes after its end starts another."""
    lock, told = folder / f"{name}.lock", folder / f"{name}.address"
    with (folder / f"{name}.users").open("a") as users, ExitStack() as stack:
        with _locked(lock):
            if _is_alone(users):  # also where whoever started it was killed: the server ended with it
                told.write_text(stack.enter_context(running()))
                stack.callback(_await_the_others, lock, users)
            fcntl.flock(users, fcntl.LOCK_SH)  # the kernel takes it back from a process that is killed, too
            address = told.read_text()
        yield address


def _await_the_others(lock: Path, users: IO[str]) -> None:
    """Return once nobody else uses it; until then others may still join."""
    while True:
        with _locked(lock):
            if _is_alone(users):
                fcntl.flock(users, fcntl.LOCK_UN)  # who comes now finds nobody, and starts another
                return
        time.sleep(0.1)


def _is_alone(users: IO[str]) -> bool:
    """Tell whether nobody else uses it, and keep others from doing so as long as this holds."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _locked(lock: Path) -> Generator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
