"""Tasks have explicit names, take keys alone, and pass over what a newer version sends beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import json
import workers.tasks
from workers.celery import app

ours = {name: task for name, task in app.tasks.items() if name.startswith("khabar.")}
limits = {name: [task.soft_time_limit, task.time_limit] for name, task in ours.items()}
ours["khabar.crawl"](sources=["no-such-paper"], of_a_newer_version=True)
ours["khabar.digest"](topics=["no-such-topic"], day="2025-03-01", of_a_newer_version=[1])
ours["khabar.retag"](topic="no-such-topic", version=1)
print(json.dumps(limits))
"""


def probe(home: Path, redis_url: str) -> subprocess.CompletedProcess[str]:
    told = {
        "KHABAR_HOME": str(home),
        "KHABAR_REDIS_URL": redis_url,
        "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:9",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KHABAR_")}
    return subprocess.run(
        [sys.executable, "-c", PROBE],
        env=kept | told,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_each_task_ends_in_time_and_leaves_what_it_does_not_know(empty_redis: str, tmp_path: Path) -> None:
    done = probe(tmp_path / "home", empty_redis)
    assert done.returncode == 0, done.stderr
    limits: dict[str, list[float]] = json.loads(done.stdout)
    assert set(limits) == {
        f"khabar.{name}" for name in ("tick", "ingest", "cluster", "crawl", "digest", "retag")
    }
    for soft, hard in limits.values():
        assert 60 <= soft < hard <= 1_000


@pytest.mark.parametrize("what", ["a broken catalogue", "a Redis that is away"])
def test_what_the_machine_stands_in_the_way_of_is_a_line_in_the_log(
    empty_redis: str, tmp_path: Path, what: str
) -> None:
    home = tmp_path / "home"
    (home / "catalogue" / "sources" / "xx").mkdir(parents=True)
    if what == "a broken catalogue":
        (home / "catalogue" / "sources" / "xx" / "paper.yaml").write_text("id: paper\n")
        done = probe(home, empty_redis)
        assert "khabar.crawl: " in done.stderr and "paper.yaml" in done.stderr
    else:
        done = probe(home, "redis://127.0.0.1:9/0")
        assert "khabar.crawl: " in done.stderr and "Redis cannot be reached" in done.stderr
    assert done.returncode == 0 and "Traceback" not in done.stderr
