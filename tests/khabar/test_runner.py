"""The crawler and the pool beside a command: what they say is heard, and both end with it, whatever way it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from khabar import runner
from khabar.lock import LockError
from khabar.runner import CrawlerProcess
from khabar.runtime import Runtime
from search.tree import Everything
from workers.ingester import Ingester
from workers.pool import Pool

SealArticles = Callable[..., str]
BODY = "The gate at the border was shut for nine days, and nobody knew whom to ask about it."


@pytest.fixture
def pool(runtime: Runtime) -> Iterator[Pool]:
    with runner.pool(runtime, 1) as made:
        yield made


def quiet(*_: object) -> None:
    pass


def process(code: str, tmp_path: Path) -> CrawlerProcess:
    """Start something in a crawler's place that says on stdout what the test wants heard."""
    started = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return CrawlerProcess(started, tmp_path / "crawl.log")


def ended(crawling: CrawlerProcess) -> CrawlerProcess:
    deadline = time.monotonic() + 20
    while crawling.status is None and time.monotonic() < deadline:
        crawling.listen()
        time.sleep(0.02)
    stdin = crawling._process.stdin
    assert stdin is not None
    stdin.close()
    return crawling


# --- what a crawler says ------------------------------------------------------------------------------------


def test_the_last_word_of_a_crawler_is_heard(tmp_path: Path) -> None:
    code = 'print(\'{"event": "progress", "fetched": 1}\'); print(\'{"event": "done", "fetched": 7, "endpoints": 2}\')'
    state = ended(process(code, tmp_path)).state
    assert (state.status, state.told) == (0, {"event": "done", "fetched": 7, "endpoints": 2})


def test_what_is_no_message_is_passed_over_however_much_it_is(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.stdout.buffer.write(b'\\xff\\xfe a warning\\n[1]\\n' + b'x' * 200_000 + b'\\n{\"fetched\": 3}\\n')"
    )
    state = ended(process(code, tmp_path)).state
    assert (state.status, state.told) == (0, {"fetched": 3})


def test_how_a_crawler_ended_is_known(tmp_path: Path) -> None:
    assert ended(process("raise SystemExit(3)", tmp_path)).status == 3
    assert ended(process("import os; os.kill(os.getpid(), 9)", tmp_path)).status == -9


def test_a_crawler_that_is_stopped_has_its_say(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('{\"fetched\": 5}'), sys.exit(0)))\n"
        "print('{\"fetched\": 1}'); time.sleep(60)"
    )
    crawling = process(code, tmp_path)
    deadline = time.monotonic() + 20
    while not crawling.state.told and time.monotonic() < deadline:
        crawling.listen()
    crawling.stop()
    assert (ended(crawling).status, crawling.state.told) == (0, {"fetched": 5})


# --- a real crawler -----------------------------------------------------------------------------------------


def test_a_crawler_that_dies_at_once_ends_the_crawl_and_what_is_pending_is_read(
    runtime: Runtime, pool: Pool, seal_articles: SealArticles
) -> None:
    seal_articles(("A gate", BODY))
    with runner.ingester(runtime, pool) as ingester:
        crawling = runner.crawl(runtime, ingester, ["no such source"], None, quiet)
    assert crawling.status == 2
    assert crawling.log is not None and "unknown source" in crawling.log.read_text()
    assert runtime.index.search(Everything()).total == 1
    assert list(runtime.store.keys("pending/")) == []


def test_a_crawler_does_not_outlast_its_block(runtime: Runtime) -> None:
    folder = runtime.settings.catalogue / "sources" / "xx"
    folder.mkdir(parents=True)
    (folder / "press.yaml").write_text(
        "id: press\nname: Press\ncountry: PK\nlanguages: [en]\ntimezone: UTC\n"
        "endpoints:\n  - {kind: feed, url: 'http://press.example:9/feed', scope: opinion}\n"
        "addresses: {press.example: 127.0.0.1}\n"
    )
    with pytest.raises(KeyError), runner.crawler(runtime, ["press"], 1) as crawling:
        pid = crawling._process.pid
        raise KeyError("something went wrong beside it")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


# --- the ingester's leases ----------------------------------------------------------------------------------


def begun(runtime: Runtime, pool: Pool, name: str, error: BaseException | None = None) -> Ingester:
    with runner.ingester(runtime, pool) as ingester:
        ingester.step(0)
        assert [lease.name for lease in runtime.ledger.leases(runtime.clock())] == [name]
        if error is not None:
            raise error
    return ingester


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (None, 0),
        (KeyboardInterrupt(), 0),
        (SystemExit(1), 0),
        (LockError("held"), 0),
        (AssertionError("ours"), 1),
    ],
    ids=["nothing", "ctrl-c", "exit", "machine", "ours"],
)
def test_only_what_is_the_works_own_fault_counts_against_it(
    runtime: Runtime, pool: Pool, seal_articles: SealArticles, error: BaseException | None, tries: int
) -> None:
    name = f"ingest:{seal_articles(('A gate', BODY))}"
    if error is None:
        begun(runtime, pool, name)
    else:
        with pytest.raises(type(error)):
            begun(runtime, pool, name, error)
    assert runtime.ledger.leases(runtime.clock()) == []
    assert runtime.ledger.tries(name) == tries


def test_all_that_is_pending_is_brought_in(runtime: Runtime, pool: Pool, seal_articles: SealArticles) -> None:
    for number in range(4):
        seal_articles((f"Gate {number}", f"{number} {BODY}"))
    told: list[int] = []
    with runner.ingester(runtime, pool) as ingester:
        progress = runner.drain(ingester, lambda _, so_far: told.append(so_far.attempts))
    assert (progress.attempts, told[-1]) == (4, 4)
    assert runtime.index.search(Everything()).total == 4


def test_a_pool_has_as_many_processes_as_the_setting_says(runtime: Runtime) -> None:
    with runner.pool(replace(runtime, settings=replace(runtime.settings, jobs=3))) as made:
        for number in range(4):
            made.submit(f"segments/{number}")
        assert len(made.pids) == 3
