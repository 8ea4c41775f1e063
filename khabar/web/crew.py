"""`khabar serve`: the address, and the processes that answer at it. One core's worth of Python is one process."""

from __future__ import annotations

import ipaddress
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Semaphore
from types import FrameType

from khabar import access
from khabar.errors import KhabarError
from khabar.runtime import reading
from khabar.settings import Settings
from khabar.web.serving import PATIENCE, serve, warm

log = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds before a process that died is started again
_LOOK = 0.2  # seconds between two looks at the processes
_spawn = multiprocessing.get_context("spawn")


class ListenError(KhabarError):
    """The server cannot listen where it was told to."""

    status = 2


def run(
    settings: Settings,
    host: str,
    port: int,
    require_keys: bool,
    processes: int,
    say: Callable[[str], object],
) -> None:
    """Serve until interrupted. Keys are asked for unless all who can reach the address are on this machine."""
    keys = require_keys or not is_loopback(host)
    with listening(
        host, port, shared=False
    ) as probe:  # also where another server shares its address with its own
        port = probe.getsockname()[1]
    with listening(host, port, shared=processes > 1) as place:
        with reading(settings) as runtime:
            warm(runtime)  # what stands in the way is said once, here
            usable = any(key.revoked is None for key in access.keys(runtime.store).values())
        name = f"[{host}]" if ":" in host else host
        needed = "a key is needed" if keys else "no key is needed"
        if keys and not usable:
            say("there is no key yet, so nobody is let in: `khabar keys add NAME` makes one")

        def ready() -> None:
            say(f"http://{name}:{port}/api/v1/ ({needed})")

        if processes == 1:
            serve(settings, place, keys, ready)
        else:
            # The place is only held, so that it stays ours while no process listens there.
            _Crew(settings, host, port, keys, processes).lead(ready)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address; a name is believed only if it is `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening(host: str, port: int, shared: bool) -> socket.socket:
    """Return a socket at an address, which does not listen yet; the system shares connections out where it is shared."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        reason, how = error.strerror or str(error), "choose another --host or --port"
        raise ListenError(f"cannot listen at {host} port {port} ({reason}): {how}") from error
    return made


class _Crew:
    """Processes that answer at one address: one that dies is started again, and all end with the one that leads."""

    def __init__(self, settings: Settings, host: str, port: int, keys: bool, size: int) -> None:
        self._order = (settings, host, port, keys, size)
        self._listening = _spawn.Semaphore(0)
        self._processes = [self._start() for _ in range(size)]
        self._ending = False

    def lead(self, ready: Callable[[], object]) -> None:
        """See to the processes until told to end; `ready` is called when all of them listen."""
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._end)
        waiting = len(self._processes)
        while not self._ending:
            if waiting and self._listening.acquire(timeout=_LOOK):
                waiting -= 1
                if not waiting:
                    ready()
            elif not waiting:
                time.sleep(_LOOK)
            self._mend()
        for process in self._processes:
            process.terminate()
        until = time.monotonic() + PATIENCE + 5
        for process in self._processes:
            process.join(max(0.1, until - time.monotonic()))
            process.kill()

    def _mend(self) -> None:
        for place, process in enumerate(self._processes):
            if not process.is_alive() and not self._ending:
                log.error("a process that answered has ended (%s): it is started again", process.exitcode)
                time.sleep(_PAUSE)
                self._processes[place] = self._start()

    def _start(self) -> SpawnProcess:
        process = _spawn.Process(
            target=_answer, args=(*self._order, self._listening, os.getpid()), daemon=True
        )
        process.start()
        return process

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True


def _answer(
    settings: Settings, host: str, port: int, keys: bool, size: int, ready: Semaphore, parent: int
) -> None:
    """Be one of the processes."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    with suppress(KeyboardInterrupt), listening(host, port, shared=True) as place:
        serve(settings, place, keys, ready.release, size)


def _watch(parent: int) -> None:
    """End with the process that leads, however it ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
