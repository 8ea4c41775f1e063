"""A home moves to real servers and back: the same articles, tags, clusters and outcomes, and nothing that waits is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from khabar.archive.store import open_store
from khabar.config import load_settings
from khabar.ledger.redis import open_ledger
from khabar.models import Capture, Discovery, Document, attempt_name
from khabar.runtime import reading, working
from khabar.statistics import Day, gather
from search import elastic
from search.elastic import generations as elastic_generations
from search.tree import Everything

Khabar = Callable[..., subprocess.CompletedProcess[str]]


def environment(home: Path, told: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KHABAR_")}
    return {**kept, "KHABAR_HOME": str(home), "KHABAR_JOBS": "2", **told}


def line(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "khabar", *map(str, words)]


def command(home: Path, told: dict[str, str]) -> Khabar:
    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line(*words),
            env=environment(home, told),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    return run


def said(khabar: Khabar, *words: str | Path) -> str:
    done = khabar(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shown(home: Path, told: dict[str, str]) -> tuple[dict[str, Document], tuple[Day, ...]]:
    """Return the articles by id, with their tags, clusters and revisions, and what became of every day's attempts."""
    with reading(load_settings(home, told)) as runtime:
        return {each.article.id: each for each in runtime.index.scan(Everything())}, gather(runtime).days


def leave_pending(home: Path) -> str:
    """Seal an imported article that nobody has read into the index yet; returns its URL."""
    with working(load_settings(home, {})) as runtime:
        at, url = datetime.now(UTC), "https://paper.example/op-ed/a-gate"
        body = "The gate at Torkham was shut for nine days, and nobody knew whom to ask about it. " * 3
        page = json.dumps({"title": "A gate", "body": body}).encode()
        told = Discovery(attempt_name(at, url), url, at, "paper", "import")
        writer = runtime.writer()
        writer.append(Capture(url, at, "article", page, content_type="application/json"), told)
        assert writer.seal() is not None
    return url


def test_a_home_moves_to_the_servers_and_back(
    press: Callable[..., Any], home: Path, servers: dict[str, str], s3_url: str
) -> None:
    there = {**servers, "KHABAR_ARCHIVE_URL": f"{s3_url}/news"}
    alone, shared = command(home, {}), command(home, there)
    site = press(hosts=2, articles=7)
    sources = site.install(home)
    said(alone, "crawl", *sources)
    site.edits.add((site.names()[1], 3))
    site.articles = 9
    said(alone, "crawl", *sources, "--max", "2")
    waiting = said(alone, "missed")
    left = waiting.count("in the frontier")
    assert 0 < left < 5, "of four new ones and one edited some are to be fetched"
    before = shown(home, {})
    pending = leave_pending(home)

    assert f"{left} waiting pages" in said(shared, "migrate", "--to", "distributed")
    after = shown(home, there)
    [new] = after[0].keys() - before[0].keys()
    assert after[0][new].article.url == pending
    assert {id_: each for id_, each in after[0].items() if id_ != new} == before[0]
    assert tuple(day for day in after[1] if day.source != "paper") == before[1]
    assert said(shared, "doctor") == "all is well\n"
    assert said(shared, "missed") == said(alone, "missed") == waiting

    said(shared, "migrate", "--to", "embedded")
    assert shown(home, {}) == after
    assert said(alone, "doctor") == "all is well\n"
    requests = len(site.requests)
    told = said(alone, "crawl", *sources)
    assert (
        f"2 unchanged, 0 discovered, {left} fetched" in told
    )  # it goes on where it was, with the feeds' ETags
    assert sum("/opinion/" in path for path in site.requests[requests:]) == left
    assert said(alone, "doctor") == "all is well\n"


def write_articles(folder: Path, count: int) -> Path:
    """Write so many articles as JSON Lines."""
    rows = (
        {
            "title": f"Gate {n}",
            "body": " ".join(f"w{random.Random(n * 1000 + word).getrandbits(24):x}" for word in range(80)),
            "published": f"2025-01-{n % 28 + 1:02d}",
        }
        for n in range(count)
    )
    file = folder / "articles.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def test_a_move_that_is_killed_is_made_by_the_next(
    home: Path, servers: dict[str, str], s3_url: str, tmp_path: Path
) -> None:
    archive = f"{s3_url}/news"
    there = {**servers, "KHABAR_ARCHIVE_URL": archive}
    said(command(home, {}), "ingest", write_articles(tmp_path, 300))
    before = shown(home, {})
    server = elastic.open_index(
        servers["KHABAR_ELASTICSEARCH_URL"], servers["KHABAR_ELASTICSEARCH_PREFIX"]
    ).server

    def counted() -> bool:
        with closing(open_ledger(servers["KHABAR_REDIS_URL"])) as ledger:
            return ledger.recounted() is not None

    moments: list[Callable[[], bool]] = [
        lambda: any(open_store(archive).keys("segments/")),
        counted,
        lambda: max(elastic_generations.generations(server, servers["KHABAR_ELASTICSEARCH_PREFIX"])) > 1,
    ]
    killed = 0
    for has_come in moments:
        moving = subprocess.Popen(
            line("migrate", "--to", "distributed"), env=environment(home, there), stderr=subprocess.DEVNULL
        )
        while moving.poll() is None and not has_come():
            time.sleep(0.01)
        killed += moving.poll() is None
        moving.kill()
        moving.wait()
        assert shown(home, {}) == before
    assert killed == len(moments)
    said(command(home, there), "migrate", "--to", "distributed")
    assert shown(home, there) == before
    assert said(command(home, there), "doctor") == "all is well\n"


def test_servers_that_are_lost_cost_what_was_waiting_and_no_more(home: Path, tmp_path: Path) -> None:
    away = {"KHABAR_REDIS_URL": "redis://127.0.0.1:1", "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:1"}
    alone, shared = command(home, {}), command(home, away)
    said(alone, "ingest", write_articles(tmp_path, 3))
    before = shown(home, {})
    done = alone("migrate", "--to", "distributed")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1) and "KHABAR_REDIS_URL" in done.stderr
    done = shared("migrate", "--to", "embedded")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1) and "--from-archive" in done.stderr
    shutil.rmtree(home / "index")
    (home / "ledger.sqlite").unlink()
    assert "3 articles" in said(shared, "migrate", "--to", "embedded", "--from-archive")
    assert shown(home, {}) == before
