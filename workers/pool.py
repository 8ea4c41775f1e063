"""Processes for the pure stages: spawned, one pipe each, so that a death is blamed on the right task.

Spawned, never forked: a forked child inherits the index lock and holds it when its parent is killed. A child
ends itself when its parent is gone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from khabar.errors import KhabarError

Work = Callable[[str], bytes]
Start = Callable[[], Work]

MAX_FALSE_STARTS = 10  # processes killed before they were ready, in a row
PATIENCE = 600.0  # seconds a task may take before its process is ended: 50 slow pages take a tenth of it


@dataclass(frozen=True, slots=True)
class Done:
    """A task's answer."""

    task: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class Died:
    """A task whose process died, or was ended for taking too long."""

    task: str
    reason: str


class PoolError(KhabarError):
    """The processes cannot start: no task is to blame."""


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    task: str | None = None
    since: float = field(default=0.0)


class Pool:
    """Up to `size` child processes that each answer one task (a string) at a time; more are started as tasks wait for them.

    `start` runs once in each child and returns the function that answers tasks; it must be importable by name
    (a module's function, or a functools.partial of one). Not thread-safe.
    """

    def __init__(self, start: Start, processes: int, patience: float = PATIENCE) -> None:
        self.size = max(1, processes)
        self._start = start
        self._patience = patience
        self._context = multiprocessing.get_context("spawn")
        self._waiting: deque[str] = deque()
        self._false_starts = 0
        # One at once: it loads what it has to know while the first task is being made. Many a command has no second.
        self._workers = [self._spawn()]

    @property
    def pids(self) -> list[int]:
        """The process ids of the children that were started so far."""
        return [worker.process.pid or 0 for worker in self._workers]

    @property
    def busy(self) -> int:
        """How many tasks are not yet answered."""
        return len(self._waiting) + sum(worker.task is not None for worker in self._workers)

    def submit(self, task: str) -> None:
        """Queue a task."""
        self._waiting.append(task)
        self._hand_out()

    def results(self, timeout: float | None = None) -> list[Done | Died]:
        """Return the answers that are there, waiting up to `timeout` seconds for the first."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.busy:
            ready = self._ready(_left(deadline))
            found = [answer for worker in ready if (answer := self._collect(worker))]
            self._hand_out()
            if found:
                return found
            if deadline is not None and time.monotonic() >= deadline:
                break
        return []

    def map(self, tasks: Iterable[str]) -> Iterator[Done | Died]:
        """Yield the answers to all tasks, in the order in which they come."""
        for task in tasks:
            self.submit(task)
        while self.busy:
            yield from self.results()

    def close(self) -> None:
        """End the children: closing their pipe is the sign; those in the middle of a task, or not heard of yet, are terminated."""
        for worker in self._workers:
            worker.pipe.close()
            if worker.task is not None or not worker.ready:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self._workers = []

    def _spawn(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._start, os.getpid()), daemon=True)
        with _undisturbed():
            process.start()
        theirs.close()
        return _Worker(process, ours)  # pyright: ignore[reportArgumentType] - the stub means Windows' pipes

    def _hand_out(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.task is not None or not self._waiting:
                continue
            if not worker.process.is_alive():
                self._workers[place] = self._replace(worker)
            self._give(self._workers[place], self._waiting.popleft())
        while self._waiting and len(self._workers) < self.size:
            self._workers.append(self._spawn())
            self._give(self._workers[-1], self._waiting.popleft())

    @staticmethod
    def _give(worker: _Worker, task: str) -> None:
        worker.task, worker.since = task, time.monotonic()
        # A process that died just now refuses it: its sentinel tells, and the blame falls on this task.
        with contextlib.suppress(OSError):
            worker.pipe.send(task)

    def _replace(self, worker: _Worker) -> _Worker:
        worker.pipe.close()
        worker.process.join(1)
        worker.process.close()
        return self._spawn()

    def _ready(self, timeout: float | None) -> list[_Worker]:
        working = [worker for worker in self._workers if worker.task is not None]
        objects = [thing for worker in working for thing in (worker.pipe, worker.process.sentinel)]
        slice_ = 1.0 if timeout is None else min(timeout, 1.0)
        signs = set(map(id, wait(objects, slice_)))
        found = [w for w in working if id(w.pipe) in signs or not w.process.is_alive()]
        return found + [w for w in working if w not in found and time.monotonic() - w.since > self._patience]

    def _collect(self, worker: _Worker) -> Done | Died | None:
        task = worker.task
        assert task is not None
        reason = f"took more than {self._patience:.0f} s"
        try:
            if worker.pipe.poll() and not worker.ready:
                worker.pipe.recv_bytes()
                worker.ready, self._false_starts = True, 0
            if worker.pipe.poll():
                answer = worker.pipe.recv_bytes()
                worker.task = None
                return Done(task, answer)
        except (EOFError, OSError):
            worker.process.join(5)
        if not worker.process.is_alive():
            reason = _cause(worker.process.exitcode)
        elif time.monotonic() - worker.since <= self._patience:
            return None
        worker.process.kill()
        worker.process.join()
        exitcode = worker.process.exitcode
        self._workers[self._workers.index(worker)] = self._replace(worker)
        if worker.ready:
            return Died(task, reason)
        self._false_start(task, exitcode)
        return None

    def _false_start(self, task: str, exitcode: int | None) -> None:
        """Give back the task of a process that died before it took one: it is not to blame."""
        self._false_starts += 1
        if (exitcode or 0) > 0 or self._false_starts > MAX_FALSE_STARTS:
            raise PoolError(f"a reading process cannot start ({_cause(exitcode)}): see its message above")
        self._waiting.appendleft(task)


@contextlib.contextmanager
def _undisturbed() -> Generator[None]:
    """Put a Ctrl-C off while a child is started: it must have all it is told, and is itself none of its business.

    The child inherits the mask. In this process another thread may take the signal, so it is caught as well.
    """
    resource_tracker.ensure_running()  # the first child would bring it along, and it takes the mask off
    pressed: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number)) if is_main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if is_main:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _cause(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"killed by {signal.Signals(-exitcode).name}"
    return f"ended with status {exitcode}"


def _serve(pipe: Connection, start: Start, parent: int) -> None:
    """Answer tasks until the pipe closes or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes the pipe
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    work = start()
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(b"ready")
        while True:
            task: str = pipe.recv()
            pipe.send_bytes(work(task))


def end_with(parent: int) -> None:
    """End this process once it is no longer that one's child; runs in a thread of its own."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)  # only this leaves at once, whatever the main thread is doing
