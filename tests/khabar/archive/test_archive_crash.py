"""A process that archives is killed at any moment; another one finds everything that was whole."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from khabar.archive.records import discoveries, read_segment
from khabar.archive.segments import Sealed, pending_key, recover
from khabar.archive.store import Store
from khabar.models import Damage

WRITE = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from khabar.archive.segments import Writer
from khabar.archive.store import open_store
from khabar.models import Capture, Discovery

def tell(word, name):
    sys.stdout.write(f"{word} {name}\\n")
    sys.stdout.flush()

def settle(sealed):
    for name in sealed.attempts:
        tell("sealed", name)

clock = lambda: datetime.now(UTC)
writer = Writer(open_store(sys.argv[1]), Path(sys.argv[2]), settle, clock, pages=5)
for number in itertools.count():
    url = f"https://outlet.example/{sys.argv[3]}/{number}"
    body = bytes(range(256)) * 400 + url.encode()
    tell("begun", url)
    writer.append(Capture(url, clock(), "page", body, 200), Discovery(url, url, clock(), "outlet", "new"))
    tell("appended", url)
"""


def killed(store: Store, spool: Path, name: str, after: float) -> dict[str, set[str]]:
    """Let a process write, kill it, return what it had said before."""
    command = [sys.executable, "-c", WRITE, store.url, str(spool), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        time.sleep(after)
        process.kill()
        said += process.stdout.read()
    found: dict[str, set[str]] = {"begun": set(), "appended": set(), "sealed": set()}
    for word, url in (line.split() for line in said.splitlines() if line.count(" ") == 1):
        found[word].add(url)
    return found


def rounds(store: Store, spool: Path, number: int) -> None:
    choice = random.Random(number)
    begun: set[str] = set()
    kept: set[str] = set()
    settled: list[Sealed] = []
    for turn in range(number):
        said = killed(store, spool, str(turn), choice.uniform(0, 0.25))
        begun |= said["begun"]
        kept |= said["appended"] | said["sealed"]
        recover(store, spool, settled.append)
        assert list(spool.iterdir()) == []
    archived: list[str] = []
    for segment in store.keys("segments/"):
        assert not [found for found in read_segment(store, segment) if isinstance(found, Damage)]
        archived += [found.attempt for found in discoveries(store, segment)]
        assert store.exists(pending_key(segment))
    assert len(archived) == len(set(archived))
    assert kept <= set(archived) <= begun


def test_every_append_that_returned_is_archived_once(store: Store, tmp_path: Path) -> None:
    rounds(store, tmp_path / "spool", 6)


@pytest.mark.soak
def test_every_append_that_returned_is_archived_once_over_many_kills(store: Store, tmp_path: Path) -> None:
    rounds(store, tmp_path / "spool", 60)


RECOVER = """
import sys
from pathlib import Path
from khabar.archive.segments import recover
from khabar.archive.store import open_store
print("ready", flush=True)
sys.stdin.readline()
for sealed in recover(open_store(sys.argv[1]), Path(sys.argv[2]), lambda _: None):
    print(sealed.key)
"""


def test_processes_that_recover_at_once_do_each_spool_once(store: Store, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    for turn in range(3):
        killed(store, spool, str(turn), 0.05)
    left = {path.name.replace("~", "/") for path in spool.iterdir()}
    command = [sys.executable, "-c", RECOVER, store.url, str(spool)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    done = [line for racer in racers for line in racer.communicate()[0].split()]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert len(done) == len(set(done))
    assert set(done) <= left
    assert list(spool.iterdir()) == []
