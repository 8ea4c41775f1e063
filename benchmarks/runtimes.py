"""From archive to searchable on both runtimes, on one machine, and what Celery itself costs of it.

    .venv/bin/python benchmarks/runtimes.py [FOLDER]

FOLDER holds .html.gz pages; by default the real pages of ../shared/data/extraction. Needs redis-server and what
`make services` fetches. Both runtimes get two reading processes and the same sealed segments. Celery's cost is the
processor time of its worker, less that of two plain processes that do the same duties on the same servers.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.queues import SimpleQueue
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "services")]

import celery_node  # noqa: E402 - found by the line above
import elasticsearch_node  # noqa: E402
import redis_node  # noqa: E402

from khabar import duties, runner  # noqa: E402
from khabar.archive.segments import segment_of  # noqa: E402
from khabar.config import load_settings  # noqa: E402
from khabar.jobs import Ingest  # noqa: E402
from khabar.runtime import Runtime, working  # noqa: E402
from khabar.standing import Standing  # noqa: E402

PROCESSES = 2


def main() -> None:
    """Time the runtimes in turn and print pages a second, their ratio, and Celery's share."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT.parent / "shared" / "data" / "extraction"
    pages = len(list(folder.rglob("*.html.gz")))
    if not pages:
        sys.exit(f"{folder}: no .html.gz pages there: name a folder that has some")
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        sealed = here / "sealed"
        _khabar(sealed, "ingest", "--no-wait", str(folder))
        alone = pages / _alone(_home(here / "alone", sealed))
        with redis_node.running(_made(here / "redis")) as redis, elasticsearch_node.running() as node:
            servers = {"KHABAR_REDIS_URL": redis.url(0), "KHABAR_ELASTICSEARCH_URL": node.url}
            home = _home(here / "celery", sealed)
            seconds, worker = _on_celery(home, {**servers, "KHABAR_ELASTICSEARCH_PREFIX": "celery"}, here)
            servers["KHABAR_REDIS_URL"] = redis.url(1)
            plain = _plainly(
                _home(here / "plain", sealed), {**servers, "KHABAR_ELASTICSEARCH_PREFIX": "plain"}
            )
    shared = pages / seconds
    print(f"{pages} pages, {os.cpu_count()} cores, all servers on the same machine")
    print(f"embedded (SQLite, Tantivy):                   {alone:.1f} pages/s")
    print(f"distributed (Celery, Redis, Elasticsearch):   {shared:.1f} pages/s, ratio {shared / alone:.2f}")
    print(
        f"processor time of the Celery worker {worker:.1f} s, of plain processes at the same work {plain:.1f} s:"
    )
    print(f"Celery's own cost {(worker - plain) / worker:.1%}")


def _alone(home: Path) -> float:
    with working(load_settings(home, {"KHABAR_JOBS": str(PROCESSES)})) as runtime:
        began = time.perf_counter()
        with runner.pool(runtime) as pool, runner.ingester(runtime, pool) as each:
            runner.drain(each, lambda _, __: None)
        return time.perf_counter() - began


def _on_celery(home: Path, servers: Mapping[str, str], logs: Path) -> tuple[float, float]:
    """Return the seconds until all is searchable and clustered, and the worker's processor time."""
    told = celery_node.environment(home, servers)
    with (
        working(load_settings(home, servers)) as runtime,
        celery_node.running(
            {"worker": celery_node.worker("bench", "ingest,maintenance", PROCESSES)}, told, logs
        ) as services,
    ):
        worker = services["worker"]
        while "ready." not in worker.told():
            time.sleep(0.1)
        before, began = _processor_time(worker.pid), time.perf_counter()
        for segment in _pending(runtime):
            runtime.submit(Ingest(segment))
        while _pending(runtime):
            time.sleep(0.1)
        return time.perf_counter() - began, _processor_time(worker.pid) - before


def _plainly(home: Path, servers: Mapping[str, str]) -> float:
    """Return the processor time of two processes that do the same without Celery."""
    with working(load_settings(home, servers)) as runtime:
        segments = _pending(runtime)
    context = multiprocessing.get_context("spawn")
    took = context.SimpleQueue()
    began = [
        context.Process(target=_duties, args=(home, dict(servers), segments[part::PROCESSES], took))
        for part in range(PROCESSES)
    ]
    for process in began:
        process.start()
    for process in began:
        process.join()
    return sum(took.get() for _ in began)


def _duties(home: Path, servers: dict[str, str], segments: list[str], took: SimpleQueue[float]) -> None:
    before = (
        time.process_time()
    )  # its imports are done by now, as Celery's children have theirs from their parent
    standing = Standing(lambda: load_settings(home, servers))
    for segment in segments:
        duties.ingest(standing.runtime(), standing.knowledge, segment)
    took.put(time.process_time() - before)
    standing.close()


def _pending(runtime: Runtime) -> list[str]:
    return [segment_of(key) for key in runtime.store.keys("pending/")]


def _processor_time(pid: int) -> float:
    """Return the processor time in seconds of a process and of its children, as the kernel counts it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = 0
    for each in [str(pid), *children]:
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _khabar(home: Path, *words: str) -> None:
    command = [sys.executable, "-m", "khabar", *words, "--home", str(home), "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=celery_node.environment(home, {}))


def _home(home: Path, sealed: Path) -> Path:
    shutil.copytree(sealed / "archive", home / "archive")
    return home


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
