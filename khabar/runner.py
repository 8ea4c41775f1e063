"""The embedded runtime at work: the crawler as a process beside the command, pages in a pool, writes in between."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from json import JSONDecodeError
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, Protocol, cast

from khabar.awaiting import Awaiting
from khabar.catalogue import Compiled
from khabar.config import environment
from khabar.errors import KhabarError
from khabar.runtime import Runtime
from workers.ingester import Ingester, Progress
from workers.pool import Pool
from workers.read import start
from workers.reader import SegmentReader

Report = Callable[["Crawling | None", Progress], None]


class Bringer(Protocol):
    """Brings segments into the index, one step after the other; `progress` tells what came of them."""

    progress: Progress

    def expect(self, segment: str) -> None:
        """Bring this one in, too."""
        ...

    def step(self, timeout: float = 0.2) -> bool:
        """Do what can be done within about `timeout` seconds; False when there is nothing left."""
        ...


PAUSE = 0.2  # seconds between two looks at a crawler while there is nothing to read


@dataclass(slots=True)
class Crawling:
    """How a crawl is getting on, as the crawler tells it; `status` is its exit status once it has ended."""

    told: dict[str, Any] = field(default_factory=dict[str, Any])
    status: int | None = None
    log: Path | None = None


@contextmanager
def pool(runtime: Runtime, processes: int | None = None) -> Generator[Pool]:
    """Run a pool of processes that read segments with this home's catalogue."""
    versions = {topic.id: topic.version for topic in runtime.catalogue.topics.values()}
    where = Compiled(runtime.settings.compiled)
    work = partial(start, runtime.settings.archive_url, tuple(runtime.folders), versions, where)
    made = Pool(work, processes or runtime.settings.jobs)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def ingester(runtime: Runtime, made: Pool) -> Generator[Ingester]:
    """Give an ingester on a pool; its leases are given back at the end.

    What breaks it counts as a try of the segments it is at; what is the machine's fault or a person's wish does not.
    """
    reader = SegmentReader(made, runtime.store)
    each = Ingester(runtime.store, runtime.index, runtime.ledger, reader, runtime.holder, runtime.clock)
    try:
        yield each
    except KhabarError:
        raise
    except Exception:
        each.close(blame=True)
        raise
    finally:
        each.close()


@contextmanager
def bringer(runtime: Runtime, say: Callable[[str], None]) -> Generator[Bringer]:
    """Give what brings segments into the index: a pool beside the command, or workers elsewhere that are waited for."""
    if runtime.settings.distributed:
        yield Awaiting(runtime, say)
        return
    with pool(runtime) as made, ingester(runtime, made) as each:
        yield each


def drain(each: Bringer, report: Report) -> Progress:
    """Bring all that is expected into the index; embedded that is all that is pending."""
    while each.step():
        report(None, each.progress)
    report(None, each.progress)
    return each.progress


def crawl(
    runtime: Runtime, each: Bringer, sources: Sequence[str], limit: int | None, report: Report
) -> Crawling:
    """Run one crawl of these sources beside what brings it in, until both have nothing left to do."""
    with crawler(runtime, sources, limit) as crawling:
        while (busy := each.step()) or crawling.status is None:
            if not busy:
                time.sleep(PAUSE)
            for segment in crawling.listen():
                each.expect(segment)
            report(crawling.state, each.progress)
    report(crawling.state, each.progress)
    return crawling.state


class CrawlerProcess:
    """A crawler started by this process: what it says on stdout, and how it ended."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._said: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._listener = threading.Thread(target=self._hear, daemon=True)
        self._listener.start()
        self.state = Crawling(log=log)

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self.state.status

    def listen(self) -> list[str]:
        """Take in what the crawler has said since the last time, and whether it has ended; return what it sealed."""
        ended, sealed = self._process.poll(), list[str]()
        if ended is not None:
            self._listener.join(5)
        while True:
            try:
                said = self._said.get_nowait()
            except Empty:
                break
            if said.get("event") == "sealed":
                sealed.append(str(said["segment"]))
            else:
                self.state.told |= said
        self.state.status = ended
        return sealed

    def stop(self) -> None:
        """Ask the crawler to finish what is in flight, seal and go; after 30 s it is ended."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(5)
        self.listen()

    def _hear(self) -> None:
        stdout = cast("IO[bytes]", self._process.stdout)
        with stdout:
            for line in stdout:
                # A library may print; whatever it is, it must be read, or the crawler stands still.
                with suppress(JSONDecodeError, UnicodeDecodeError):
                    told = json.loads(line)
                    if isinstance(told, dict):
                        self._said.put(cast("dict[str, Any]", told))


@contextmanager
def crawler(
    runtime: Runtime,
    sources: Sequence[str],
    limit: int | None,
    *,
    seconds: float | None = None,
    looked_since: datetime | None = None,
) -> Generator[CrawlerProcess]:
    """Start a crawler of these sources; when the block ends early, so does the crawler, in good order.

    `seconds` ends it by itself; endpoints looked at since `looked_since` are not looked at again.
    """
    runtime.settings.logs.mkdir(parents=True, exist_ok=True)
    log = runtime.settings.logs / f"crawl-{runtime.clock():%Y-%m-%d}.log"
    command = [sys.executable, "-m", "crawler.run", "--home", str(runtime.settings.home)]
    command += ["--max", str(limit)] if limit is not None else []
    command += ["--seconds", str(seconds)] if seconds is not None else []
    command += ["--looked-since", looked_since.isoformat()] if looked_since is not None else []
    with log.open("ab") as stderr:
        # A pipe on stdin tells the crawler when this process is gone: it reads the end of the file.
        process = subprocess.Popen(
            [*command, *sources],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(runtime.settings),
        )
    crawling = CrawlerProcess(process, log)
    try:
        yield crawling
    finally:
        if crawling.status is None:
            crawling.stop()
        if process.stdin:
            process.stdin.close()
