"""A real Redis for tests: started in a folder of its own, killed, paused and started again at will."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

PASSWORD = "test-password"
_START = 20.0  # seconds


class Redis:
    """One server in `folder`, configured as docker-compose.yml does it: AOF, a password, no eviction."""

    def __init__(self, folder: Path, *options: str, fsync: str = "everysec") -> None:
        self.folder, self.port = folder, _free_port()
        self.address = f"redis://:{PASSWORD}@127.0.0.1:{self.port}"
        self._options = (
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""),
            *("--requirepass", PASSWORD, "--appendonly", "yes", "--appendfsync", fsync),
            *("--maxmemory-policy", "noeviction", "--databases", "64", *options),
        )
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, number: int = 0) -> str:
        """Return the address of one of its databases."""
        return f"{self.address}/{number}"

    def start(self) -> None:
        """Start it and wait until it has loaded its data."""
        command = [_binary(), *self._options]
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one call of the C library
            )  # fmt: skip
        deadline = time.monotonic() + _START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "redis.log").read_text("utf-8", "replace")
                raise RuntimeError(f"redis-server did not start:\n{said[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a machine that runs out of memory does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Let it stand still; `resume` lets it go on."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._signal(signal.SIGCONT)

    def admin(self, number: int = 0) -> redis.Redis:
        """Return a client that may do anything."""
        return redis.Redis.from_url(self.url(number), decode_responses=True)

    def _answers(self) -> bool:
        try:
            with self.admin() as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def _end(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(_START)


def missing() -> str | None:
    """Return what is missing for a server to run here, None where nothing is."""
    if shutil.which("redis-server"):
        return None
    return (
        "no redis-server on PATH (Debian: apt-get install redis-server), and KHABAR_TEST_REDIS_URL is not set"
    )


@contextmanager
def running(folder: Path, *options: str, fsync: str = "everysec") -> Iterator[Redis]:
    """Have a server for the block."""
    server = Redis(folder, *options, fsync=fsync)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _end_with_parent() -> None:
    if sys.platform == "linux":  # a test run that is killed leaves no server behind
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _binary() -> str:
    return shutil.which("redis-server") or "redis-server"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
