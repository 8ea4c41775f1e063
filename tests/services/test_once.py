"""A server is started once for all processes that share it, and ends when the last of them is done."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from once import shared

# Says which server it was given and stays until it is told to go; "started" and "ended" are noted by the server.
USER = """
import os, sys
from contextlib import contextmanager
from pathlib import Path
from once import shared

notes = Path(sys.argv[1]) / "notes"

def note(what):
    with notes.open("a") as file:
        file.write(f"{what} {os.getpid()}\\n")

@contextmanager
def running():
    note("started")
    yield f"server of {os.getpid()}"
    note("ended")

with shared(Path(sys.argv[1]), "it", running) as address:
    print(address, flush=True)
    sys.stdin.readline()
"""

User = subprocess.Popen[str]


@pytest.fixture
def join(tmp_path: Path) -> Iterator[Callable[[], User]]:
    """Start a process that uses the server; it is ended with the test."""
    users: list[User] = []

    def another() -> User:
        users.append(
            subprocess.Popen(
                [sys.executable, "-c", USER, tmp_path], cwd=Path(__file__).parent, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
        )  # fmt: skip
        return users[-1]

    yield another
    for user in users:
        user.kill()
        user.communicate()


def given(user: User) -> str:
    assert user.stdout
    return user.stdout.readline().rstrip("\n")


def leave(user: User) -> None:
    assert user.stdin
    with suppress(BrokenPipeError):
        user.stdin.write("\n")
        user.stdin.flush()


def noted(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "notes").read_text().splitlines()]


def test_those_who_ask_at_once_are_given_one_server(join: Callable[[], User], tmp_path: Path) -> None:
    users = [join() for _ in range(5)]
    assert len({given(each) for each in users}) == 1
    for each in users:
        leave(each)
    assert [each.wait(20) for each in users] == [0] * 5
    assert noted(tmp_path) == ["started", "ended"]


def test_who_started_it_keeps_it_until_the_last_is_done(join: Callable[[], User], tmp_path: Path) -> None:
    first = join()
    address = given(first)
    second = join()
    assert given(second) == address
    leave(first)
    time.sleep(0.5)
    assert first.poll() is None and noted(tmp_path) == ["started"]
    third = join()  # it may still be joined
    assert given(third) == address
    for each in (second, third):
        leave(each)
    assert first.wait(20) == 0 and noted(tmp_path) == ["started", "ended"]


def test_who_comes_after_its_end_is_given_another(join: Callable[[], User], tmp_path: Path) -> None:
    addresses = set[str]()
    for _ in range(2):
        user = join()
        addresses.add(given(user))
        leave(user)
        assert user.wait(20) == 0
    assert len(addresses) == 2 and noted(tmp_path) == ["started", "ended"] * 2


def test_a_process_that_is_killed_holds_up_nobody(join: Callable[[], User], tmp_path: Path) -> None:
    first = join()
    given(first)
    second = join()
    given(second)
    second.send_signal(signal.SIGKILL)
    leave(first)
    assert first.wait(20) == 0
    third = join()
    given(third)
    third.send_signal(signal.SIGKILL)
    third.wait()
    fourth = join()
    assert str(fourth.pid) in given(fourth), (
        "the address of a server whose starter was killed is good no more"
    )


def test_a_server_that_does_not_start_is_tried_again(tmp_path: Path) -> None:
    class BrokenError(Exception):
        pass

    def broken() -> Generator[str]:
        raise BrokenError
        yield ""

    for _ in range(2):
        with pytest.raises(BrokenError), shared(tmp_path, "it", contextmanager(broken)):
            pass
