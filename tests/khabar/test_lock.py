"""The lock of a home: who has it, who is told, and what a death does to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from khabar.lock import Holder, Lock, LockError, LockHeld

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "index.lock"


HOLD = """
import sys, time
from pathlib import Path
from khabar.lock import Lock
with Lock(Path(sys.argv[1])).held("khabar reindex"):
    print("held", flush=True)
    time.sleep(60)
"""


def _hold(path: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def _end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate(timeout=30)


def test_whoever_comes_second_is_told_who_holds_it_and_what_to_do(path: Path) -> None:
    with (
        Lock(path, clock).held("khabar ingest"),
        pytest.raises(LockHeld) as caught,
        Lock(path).held("b", wait=0),
    ):
        pass
    assert caught.value.holder == Holder(os.getpid(), "khabar ingest", "2026-03-14T09:30:00+00:00")
    assert str(caught.value) == (
        f"{path} is held by process {os.getpid()} (khabar ingest) since 2026-03-14T09:30:00+00:00:"
        f" wait until it is done or end it (kill {os.getpid()}), then try again"
    )


def test_it_is_free_again_afterwards_also_after_an_exception(path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), Lock(path).held("a", wait=0):
            raise KeyError
    assert path.read_bytes() == b""


def test_another_process_is_named(path: Path) -> None:
    child = _hold(path)
    try:
        with (
            pytest.raises(LockHeld, match="khabar reindex") as caught,
            Lock(path).held("khabar ingest", wait=0),
        ):
            pass
        assert caught.value.holder is not None
        assert caught.value.holder.pid == child.pid
    finally:
        _end(child)


def test_a_killed_holder_holds_nothing_and_its_name_is_written_over(path: Path) -> None:
    _end(_hold(path))
    assert b"khabar reindex" in path.read_bytes()
    with Lock(path).held("khabar ingest", wait=0):
        assert b"khabar reindex" not in path.read_bytes()
        assert b"khabar ingest" in path.read_bytes()


def test_a_shorter_name_over_a_longer_one_is_read_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("a name that a killed process left behind " * 20)
    with Lock(path).held("b"), pytest.raises(LockHeld) as caught, Lock(path).held("c", wait=0):
        pass
    assert caught.value.holder is not None
    assert caught.value.holder.command == "b"


def test_waiting_ends_when_the_holder_does(path: Path) -> None:
    child = _hold(path)
    threading.Timer(0.3, child.kill).start()
    began = time.monotonic()
    with Lock(path).held("khabar ingest", wait=30):
        assert 0.2 < time.monotonic() - began < 10
    child.communicate(timeout=30)


def test_waiting_ends_by_itself(path: Path) -> None:
    with Lock(path).held("a"):
        began = time.monotonic()
        with pytest.raises(LockHeld), Lock(path).held("b", wait=0.2):
            pass
        assert 0.2 <= time.monotonic() - began < 5


def test_threads_exclude_each_other(path: Path) -> None:
    inside, most = 0, 0
    lock = Lock(path)

    def work() -> None:
        nonlocal inside, most
        for _ in range(5):
            with lock.held("thread"):
                inside += 1
                most = max(most, inside)
                time.sleep(0.002)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_child_does_not_hold_what_its_parent_gave_back(path: Path) -> None:
    with Lock(path).held("parent"):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        with Lock(path).held("next", wait=0):
            pass
    finally:
        child.kill()
        child.communicate(timeout=30)


SPAWN = """
import subprocess, sys, time
from pathlib import Path
from khabar.lock import Lock
with Lock(Path(sys.argv[1])).held("khabar crawl"):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
    print(child.pid, flush=True)
    time.sleep(60)
"""


def test_a_child_does_not_hold_what_its_killed_parent_held(path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", SPAWN, str(path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        with pytest.raises(LockHeld), Lock(path).held("next", wait=0):
            pass
        parent.kill()
        parent.wait(timeout=30)
        with Lock(path).held("next", wait=5):
            os.kill(child, 0)
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"7", b'{"pid": 1}', b"\xff"])
def test_a_holder_that_has_not_written_its_name_is_another_process(path: Path, text: bytes) -> None:
    with Lock(path).held("a"):
        path.write_bytes(text)
        told = "held by another process: wait until it is done, then"
        with pytest.raises(LockHeld, match=told) as caught, Lock(path).held("b", wait=0):
            pass
    assert caught.value.holder is None


def test_a_home_that_is_a_file_is_told(path: Path) -> None:
    path.parent.write_text("a file")
    told = r"index\.lock: cannot be locked: .* — make the home folder writable"
    with pytest.raises(LockError, match=told), Lock(path).held("a"):
        pass


READ_ONLY = """
import os, sys
from pathlib import Path
from khabar.lock import Lock, LockError
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    with Lock(Path(sys.argv[1])).held("a", wait=0):
        print("held")
except LockError as error:
    print(error)
"""


def test_a_read_only_home_is_told() -> None:
    # Not in tmp_path, whose parents nobody else may enter: root must become someone for whom read-only counts.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        path = Path(folder) / "index.lock"
        command = [sys.executable, "-c", READ_ONLY, str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        Path(folder).chmod(0o755)
    assert said.startswith(f"{path}: cannot be locked: Permission denied")
