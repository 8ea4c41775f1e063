"""A home opened to read or to change: what the dead left is taken over, what the living hold is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from khabar.archive.segments import Writer
from khabar.archive.store import open_store
from khabar.ledger.sqlite import open_ledger
from khabar.models import Capture, Discovery, attempt_name
from khabar.runtime import HomeError, Runtime, bury_the_dead, holder_name, machine_name, reading, working
from khabar.settings import Settings

HOST = machine_name()


def test_a_holder_is_named_by_machine_process_and_start() -> None:
    assert holder_name() == holder_name()
    host, pid, started = holder_name().rsplit(":", 2)
    assert (host, pid) == (HOST, str(os.getpid())) and started


def test_the_leases_of_the_dead_are_given_back_and_their_tries_stay(runtime: Runtime, clock: Any) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    dead = {f"{HOST}:{child.pid}:12345", f"{HOST}:{os.getpid()}:1"}
    alive = {
        holder_name(),
        "elsewhere:1:12345",
        "elsewhere.example:1:1",
        "a name of another kind",
        f"{HOST}:x:y",
    }
    for number, holder in enumerate(sorted(dead | alive)):
        assert runtime.ledger.acquire(f"ingest:{number}", holder, 600, clock())
    bury_the_dead(runtime.ledger, clock())
    assert {lease.holder for lease in runtime.ledger.leases(clock())} == alive
    assert all(runtime.ledger.tries(f"ingest:{number}") == 1 for number in range(len(dead | alive)))


def test_a_zombie_is_dead(runtime: Runtime, clock: Any) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    stat = Path(f"/proc/{child.pid}/stat")
    started = stat.read_text().rsplit(")", 1)[1].split()[19] if stat.exists() else "alive"
    assert runtime.ledger.acquire("crawl:dawn", f"{HOST}:{child.pid}:{started}", 600, clock())
    bury_the_dead(runtime.ledger, clock())
    assert runtime.ledger.leases(clock()) == []
    child.wait()


def test_opening_to_change_takes_over_what_the_dead_left(settings: Settings, clock: Any) -> None:
    url, at = "https://paper.example/1", clock()
    told = Discovery(attempt_name(at, url), url, at, "paper", "import")
    writer = Writer(open_store(settings.archive_url), settings.spool, lambda _: None, clock)
    writer.append(Capture(url, at, "page", b"<html></html>"), told)
    writer.close()  # its process died before it sealed
    ledger = open_ledger(settings.ledger)
    assert ledger.acquire("crawl:dawn", f"{HOST}:{os.getpid()}:1", 600, at)
    ledger.close()
    with working(settings, clock) as runtime:
        assert runtime.ledger.leases(at) == []
        assert len(list(runtime.store.keys("pending/"))) == 1
        assert runtime.ledger.discovered() == {("paper", at.date()): 1}
        assert list(settings.spool.iterdir()) == []


def test_opening_to_read_changes_nothing(settings: Settings, clock: Any) -> None:
    with working(settings, clock):
        pass
    before = {path: path.stat().st_mtime_ns for path in settings.home.rglob("*") if path.is_file()}
    with reading(settings, clock) as runtime:
        assert runtime.index.search(runtime.parse("gate")).total == 0
        assert runtime.catalogue.topics["pak-taliban"].version == 1
    after = {path: path.stat().st_mtime_ns for path in settings.home.rglob("*") if path.is_file()}
    assert after == before


def test_a_search_opens_no_ledger(settings: Settings, clock: Any) -> None:
    with reading(settings, clock) as runtime:
        runtime.index.search(runtime.parse("gate"))
    assert not settings.ledger.exists()


def test_a_home_that_cannot_be_made_is_said_in_one_line(
    tmp_path: Path, settings: Settings, clock: Any
) -> None:
    settings.home.parent.mkdir(exist_ok=True)
    settings.home.write_text("a file")
    with pytest.raises(HomeError, match=r"--home"), working(settings, clock):
        pass


def test_topics_keep_their_versions_from_one_opening_to_the_next(settings: Settings, clock: Any) -> None:
    folder = settings.catalogue / "topics"
    folder.mkdir(parents=True)
    for version, query in enumerate(["river", "bridge"], 1):
        text = f"id: water\ntitle: W\nquery: {query}\nsignals:\n  - {{query: {query}, weight: 2}}\nthreshold: 1\n"
        (folder / "water.yaml").write_text(text)
        with reading(settings, clock) as runtime:
            assert runtime.catalogue.topics["water"].version == version
        with working(settings, clock) as runtime:
            assert runtime.catalogue.topics["water"].version == version
