"""The demo's press, crawled by beat's tick alone: beat → Celery → Elasticsearch gives what one machine gives alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import celery_node
import pytest

from khabar.demo.site import Site, serve

PATIENCE = 90.0  # seconds


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(datetime.now(UTC)) as made:
        yield made


def khabar(home: Path, told: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "khabar", *words],
        env=celery_node.environment(home, {"KHABAR_DELAY": "0.05", **told}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def digests(home: Path) -> dict[str, bytes]:
    """Return the digests that were kept, by their names."""
    folder = home / "archive" / "digests"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def articles(home: Path, told: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = map(json.loads, khabar(home, told, "search", "*", "--format", "jsonl").splitlines())
    return [{k: v for k, v in row.items() if k not in {"fetched", "archive"}} for row in rows]


def until(condition: Callable[[], object], services: Mapping[str, celery_node.Service]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        told = "\n".join(f"--- {name}\n{service.told()[-3000:]}" for name, service in services.items())
        assert time.monotonic() < deadline, told
        time.sleep(0.2)


def test_the_tick_alone_brings_the_demo_to_the_same_digest(
    site: Site, servers: dict[str, str], tmp_path: Path
) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    for home in (alone, shared):
        site.install(home / "catalogue")
    khabar(alone, {}, "run", "--once")
    before = digests(alone)
    assert len(before) >= 3 and sum(map(len, before.values())) > 3000
    told = celery_node.environment(shared, {"KHABAR_DELAY": "0.05", **servers})
    commands = {
        "crawler": celery_node.worker("crawler", "crawl", 1),
        "worker": celery_node.worker("worker", "ingest,digest,maintenance"),
        "beat": celery_node.beat(),
    }
    with celery_node.running(commands, told, tmp_path) as services:
        until(lambda: len(digests(shared)) == len(before), services)
        assert digests(shared) == before
        assert articles(shared, servers) == articles(alone, {})
        counted = [khabar(home, env, "stats", "--json") for home, env in ((alone, {}), (shared, servers))]
        one, other = (json.loads(each)["days"] for each in counted)
        assert one == other
        assert khabar(shared, servers, "doctor") == "all is well\n"
        assert not list((shared / "archive" / "pending").rglob("*.gz"))
