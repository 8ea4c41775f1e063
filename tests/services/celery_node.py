"""Real Celery processes for tests, under a supervisor as docker-compose.yml has one: what ends is started again."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PAUSE = 0.5  # seconds until what ended is started again, as Docker's restart policy waits
_GRACE = 60.0  # seconds for an end in good order


class Service:
    """One process and its supervisor; `pid` is the process of the moment, `ended` how often it had to be started."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.command, self.log = command, log
        self.starts = 0
        self._environment = dict(environment)
        self._wanted = True
        self._process = self._start()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._supervisor.start()

    @property
    def pid(self) -> int:
        """The process as it is now."""
        return self._process.pid

    def children(self) -> list[int]:
        """Return the processes that it started."""
        try:
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        except OSError:
            return []
        return [int(each) for each in text.split()]

    def stop(self) -> int:
        """End it in good order, and leave it ended; returns its exit status."""
        self._wanted = False
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def told(self) -> str:
        """Return what it has logged."""
        return self.log.read_text("utf-8", "replace")

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one call of the C library
            )  # fmt: skip

    def _supervise(self) -> None:
        while self._wanted:
            self._process.wait()
            time.sleep(_PAUSE)
            if self._wanted:
                self._process = self._start()


def environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a service of this home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KHABAR_")}
    return {**kept, "KHABAR_HOME": str(home), "C_FORCE_ROOT": "1", **settings}


def worker(name: str, queues: str, processes: int = 2, application: str = "workers") -> list[str]:
    """Return the command of a worker."""
    return [
        *(sys.executable, "-m", "celery", "-A", application, "worker", "--loglevel", "info"),
        *("-Q", queues, "--concurrency", str(processes), "--hostname", f"{name}@%h"),
    ]


def beat() -> list[str]:
    """Return the command of beat."""
    return [sys.executable, "-m", "celery", "-A", "workers", "beat", "--loglevel", "info"]


@contextmanager
def running(
    commands: Mapping[str, list[str]], told: Mapping[str, str], logs: Path
) -> Generator[dict[str, Service]]:
    """Run these services until the block ends, each with a log of its name."""
    services = {name: Service(command, told, logs / f"{name}.log") for name, command in commands.items()}
    try:
        yield services
    finally:
        for service in services.values():
            service.stop()


def until(is_true: Callable[[], bool], patience: float, told: Callable[[], str] = str) -> None:
    """Wait until something is true, and fail with what is told where it takes too long."""
    deadline = time.monotonic() + patience
    while not is_true():
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)


def _end_with_parent() -> None:
    if sys.platform == "linux":  # a test run that is killed leaves no service behind
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
