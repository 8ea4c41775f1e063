"""The server: one process that listens, answers in threads, and ends in good order when it is told to."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import FrameType

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from khabar import access
from khabar.errors import KhabarError
from khabar.runtime import Runtime, reading
from khabar.settings import Settings
from khabar.web.app import create_app

_HEAD = 256 << 10  # bytes of a request's line and headers: a query of the longest kind, escaped
_BACKLOG = 2048  # connections that wait to be taken
_PATIENCE = 20  # seconds that what is under way gets when the server is told to end
_WAITING = 32  # threads where answers are waited for; more would not make a server answer sooner


class ListenError(KhabarError):
    """The server cannot listen where it was told to."""

    status = 2


def run(settings: Settings, host: str, port: int, require_keys: bool, say: Callable[[str], object]) -> None:
    """Serve until interrupted. Keys are asked for unless all who can reach the address are on this machine."""
    listening = _listen(host, port)
    keys = require_keys or not is_loopback(host)
    with listening, reading(settings) as runtime:
        _warm(runtime)
        app = create_app(runtime, keys)
        app.router.lifespan_context = _threads(runtime.settings.distributed)
        listening.listen(_BACKLOG)  # from here on whoever connects is answered, at the latest in a moment
        name = f"[{host}]" if ":" in host else host
        say(
            f"http://{name}:{listening.getsockname()[1]}/api/v1/ ({'a key is needed' if keys else 'no key is needed'})"
        )
        if keys and not any(key.revoked is None for key in access.keys(runtime.store).values()):
            say("there is no key yet, so nobody is let in: `khabar keys add NAME` makes one")
        for each in (signal.SIGINT, signal.SIGTERM):
            # uvicorn ends in good order and then raises the signal again: that must not keep us from closing ours.
            signal.signal(each, _heard)
        uvicorn.Server(_configured(app, settings)).run(sockets=[listening])


def _heard(_number: int, _frame: FrameType | None) -> None:
    pass


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address; a name is believed only if it is `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _configured(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        log_level=settings.log_level if settings.log_level != "info" else "warning",
        access_log=False,  # it would keep what each analyst asked
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_HEAD,
        timeout_graceful_shutdown=_PATIENCE,
        timeout_keep_alive=15,
        ws="none",
        http="h11",
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        how = "choose another --host or --port"
        raise ListenError(
            f"cannot listen at {host} port {port} ({error.strerror or error}): {how}"
        ) from error
    return listening


def _warm(runtime: Runtime) -> None:
    """Open what requests share before there are any; without a ledger searches are answered all the same."""
    _ = runtime.index
    try:
        _ = runtime.ledger
    except KhabarError as error:
        logging.getLogger(__name__).warning("%s", error)
    runtime.parse("*")  # the grammar is made at the first query


def _threads(distributed: bool) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        # Embedded all work is this process's own: more threads than cores only take turns.
        cores = os.cpu_count() or 1
        current_default_thread_limiter().total_tokens = _WAITING if distributed else 2 * cores + 2
        yield

    return lifespan
