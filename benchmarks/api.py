"""The API under load: many users at once on an index of generated articles, with articles coming in if wanted.

    .venv/bin/python benchmarks/api.py [--articles 50000] [--users 50] [--seconds 60] [--incoming 0] [--home DIR]
                                       [--corpus FILE]

Articles and questions are made of the words of real texts. Each user asks, reads the answer, and asks
again at once. With --incoming N, N articles a second are written meanwhile. A home that is kept is filled once.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
from generated import CORPUS, ENTITIES, Press, write

from khabar.config import load_settings
from khabar.runtime import working
from khabar.settings import Settings
from search.tree import Everything


def questions(
    ranked: Sequence[str], dice: random.Random, ids: Sequence[str]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield what users ask, for ever: its kind, path and parameters; `ranked` are words by falling frequency."""

    def some(low: int, high: int) -> str:
        return ranked[int(low * (high / low) ** dice.random())]

    while True:
        common, rare = some(20, 300), some(300, 20_000)
        kinds = {
            "term": {"query": rare},
            "and": {"query": f"{common} {rare}"},
            "or": {"query": " OR ".join(some(50, 5_000) for _ in range(8))},
            "phrase": {"query": f'"{some(1, 40)} {some(1, 40)}"'},
            "near": {"query": f"{rare} NEAR/8 {common}"},
            "entity": {"query": f"entity:{dice.choice(ENTITIES)} {rare}"},
            "newest": {"query": f"{common} published:>=2024-06", "sort": "newest"},
            "facets": {"query": f"entity:{dice.choice(ENTITIES)} {common}", "facets": "true"},
            "timeline": {"query": common, "timeline": "week"},
        }
        kind = dice.choice([*kinds, "article", "why", "related"])
        if kind in kinds:
            yield kind, "/search", kinds[kind]
        else:
            path = f"/articles/{dice.choice(ids)}" + f"/{kind}" * (kind != "article")
            yield kind, path, {"query": common} if kind == "why" else {}


async def users(
    address: str, ranked: Sequence[str], ids: Sequence[str], count: int, seconds: float
) -> dict[str, list[float]]:
    """Have so many users ask for so long; return the seconds of each answer by kind, and print what went wrong."""
    gc.collect()  # to look through the corpus for rubbish took this process a second, in the middle of fifty answers
    gc.freeze()
    gc.disable()
    times: dict[str, list[float]] = {}
    wrong: Counter[str] = Counter()
    until = time.perf_counter() + seconds
    limits = httpx.Limits(max_connections=count, max_keepalive_connections=count)

    async def user(client: httpx.AsyncClient, number: int) -> None:
        for kind, path, parameters in questions(ranked, random.Random(number), ids):
            began = time.perf_counter()
            if began > until:
                return
            try:
                answered = await client.get(path, params=parameters)
                if answered.status_code != 200:
                    wrong[f"{answered.status_code} {kind}: {answered.text[:200]}"] += 1
            except httpx.HTTPError as error:
                wrong[f"{type(error).__name__} {kind}"] += 1
            times.setdefault(kind, []).append(time.perf_counter() - began)

    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=30) as client:
        await asyncio.gather(*(user(client, number) for number in range(count)))
    for what, often in wrong.most_common():
        print(f"ERROR {often} × {what}")
    print(f"{sum(wrong.values())} errors")
    return times


def report(times: dict[str, list[float]], seconds: float) -> None:
    """Print how long answers took."""
    everything = sorted(each for some in times.values() for each in some)
    print(f"{len(everything) / seconds:.0f} answers a second")
    for kind, some in [*sorted(times.items()), ("all", everything)]:
        ranked = sorted(some)
        at = [ranked[min(int(share * len(ranked)), len(ranked) - 1)] * 1000 for share in (0.5, 0.95, 0.99)]
        print(f"{kind:<9}{len(ranked):>7}   p50 {at[0]:6.0f} ms   p95 {at[1]:6.0f} ms   p99 {at[2]:6.0f} ms")


def serve(home: Path, *more: str) -> tuple[subprocess.Popen[str], str]:
    """Start a server on a home; return it and its address."""
    command = [sys.executable, "-m", "khabar", "serve", "--port", "0", "--home", str(home), *more]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    line = server.stderr.readline()
    found = re.search(r"http://\S+?(?=/ )", line)
    assert found, line
    threading.Thread(target=server.stderr.read, daemon=True).start()
    return server, found[0]


def main() -> None:
    """Fill a home if it is empty, serve it, ask, and print."""
    told = argparse.ArgumentParser()
    told.add_argument("--articles", type=int, default=50_000)
    told.add_argument("--users", type=int, default=50)
    told.add_argument("--seconds", type=float, default=60)
    told.add_argument("--incoming", type=int, default=0)
    told.add_argument("--home", type=Path)
    told.add_argument("--corpus", type=Path, default=CORPUS)
    options = told.parse_args()
    press = Press(options.corpus)
    with tempfile.TemporaryDirectory() as place:
        home = options.home or Path(place)
        settings = load_settings(home, {})
        with working(settings) as runtime:
            there = runtime.index.search(Everything(), limit=0).total
            for documents in press.documents(options.articles - there, there):
                write(runtime.index, documents)
        ids = [press.article(number).id for number in range(0, options.articles, 97)]
        server, address = serve(home)
        done = threading.Event()
        writer = threading.Thread(target=_write, args=(settings, press, options, done))
        try:
            writer.start()
            print(
                f"{options.articles} articles, {options.users} users, {options.incoming} a second coming in, {os.cpu_count()} cores"
            )
            report(
                asyncio.run(users(address, press.ranked("en"), ids, options.users, options.seconds)),
                options.seconds,
            )
            for pid in (server.pid, *_children(server.pid)):
                print(_used(pid))
        finally:
            done.set()
            writer.join()
            server.terminate()
            server.wait()


def _children(pid: int) -> list[int]:
    """Return the processes that a process has started, where /proc tells it."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def _used(pid: int) -> str:
    """Return what a process has used so far, where /proc tells it."""
    status, stat = Path(f"/proc/{pid}/status"), Path(f"/proc/{pid}/stat")
    if not status.exists():
        return ""
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    ticks = sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13]))
    memory = int(peak[1]) // 1024 if peak else 0
    return f"process {pid}: {ticks / os.sysconf('SC_CLK_TCK'):.1f} s of processor time, {memory} MB at most"


def _write(settings: Settings, press: Press, options: argparse.Namespace, done: threading.Event) -> None:
    number, began = 10_000_000, time.monotonic()
    with working(settings) as runtime:
        while options.incoming and not done.wait(0.2):
            wanted = 10_000_000 + int((time.monotonic() - began) * options.incoming)
            made = [press.document(each) for each in range(number, wanted)]
            write(runtime.index, made)
            number = wanted
    if options.incoming:
        print(f"{(number - 10_000_000) / (time.monotonic() - began):.0f} articles a second came in")


if __name__ == "__main__":
    main()
