"""Crash rounds: whatever is killed at whatever moment, nothing is lost, doubled, left locked or left running."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import processes
import pytest
from replay import replayed

from khabar import audit, rebuild, runner
from khabar.archive.records import read_segment
from khabar.codec import dump
from khabar.config import load_settings
from khabar.lock import Lock
from khabar.models import Damage, Document
from khabar.runtime import Runtime, working
from search.tree import Everything
from workers.reindex import segments

SEED = 20250131
ARTICLES = 40  # of each of three hosts


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_crash_rounds(
    rounds: int,
    press: Callable[..., Any],
    home: Path,
    khabar: Callable[..., subprocess.CompletedProcess[str]],
    start: Callable[..., subprocess.Popen[bytes]],
) -> None:
    rng = random.Random(SEED)
    site = press(hosts=3, articles=ARTICLES, delay=0.02)
    sources = site.install(home)
    killed = 0
    for _ in range(rounds):
        site.edits.update((rng.choice(site.names()), rng.randrange(ARTICLES)) for _ in range(20))
        who, after = rng.choice(["crawler", "worker", "parent"]), rng.uniform(0.4, 3.0)
        killed += _crash(start("crawl", *sources), who, after, home)
    assert killed > rounds / 2
    done = khabar("crawl", *sources)
    assert done.returncode == 0, done.stdout + done.stderr
    assert processes.of_home(home) == []
    with working(load_settings(home)) as runtime:
        _everything_agrees(runtime)
        assert len(_articles(runtime)) == 3 * ARTICLES
        _reindex_gives_the_same(runtime)
        _another_order_gives_the_same(runtime, home / "other")


def _crash(process: subprocess.Popen[bytes], who: str, after: float, home: Path) -> bool:
    """Kill the crawler, a worker or the parent of a running crawl after a while; wait until all of it is gone."""
    deadline = time.monotonic() + after
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    victims = {
        pid for pid, line in processes.children(process.pid) if ("crawler.run" in line) == (who == "crawler")
    }
    killed = False
    for pid in [process.pid] * (process.poll() is None) if who == "parent" else sorted(victims)[:1]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed = True
    process.wait(90)
    deadline = time.monotonic() + 30
    while processes.of_home(home) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes.of_home(home) == [], f"orphans after the {who} was killed"
    return killed


def _everything_agrees(runtime: Runtime) -> None:
    assert list(audit.findings(runtime.store, runtime.ledger, runtime.index)) == []
    balances = audit.balances(runtime.store, runtime.ledger, runtime.index)
    assert all(balance.in_flight == 0 for balance in balances.values())
    assert list(runtime.store.keys("pending/")) == []
    assert runtime.ledger.leases(runtime.clock()) == []
    assert list(runtime.ledger.frontier()) == []
    assert not any(runtime.settings.spool.iterdir())
    with Lock(runtime.settings.index_lock).held("test", wait=0):
        pass
    archived = {
        record.url
        for segment in segments(runtime.store)
        for record in read_segment(runtime.store, segment)
        if not isinstance(record, Damage) and record.kind == "page"
    }
    referred = {ref.url for document in _articles(runtime) for ref in document.references}
    assert archived == referred
    ids = [document.article.id for document in _articles(runtime)]
    assert len(ids) == len(set(ids))


def _reindex_gives_the_same(runtime: Runtime) -> None:
    before = _dumped(_articles(runtime)), _rows(runtime)
    with runner.pool(runtime) as pool:
        rebuild.reindex(runtime, pool, lambda _, __: None)
    assert (_dumped(_articles(runtime)), _rows(runtime)) == before


def _another_order_gives_the_same(runtime: Runtime, folder: Path) -> None:
    with replayed(runtime, folder) as index:
        assert _dumped(index.scan(Everything())) == _dumped(_articles(runtime))
        assert sorted(dump(row) for row in index.rows()) == _rows(runtime)


def _articles(runtime: Runtime) -> list[Document]:
    return list(runtime.index.scan(Everything()))


def _rows(runtime: Runtime) -> list[bytes]:
    return sorted(dump(row) for row in runtime.index.rows())


def _dumped(documents: Any) -> list[bytes]:
    return sorted(dump(replace(document)) for document in documents)
