"""A process of the server: it answers in threads, and ends in good order when it is told to."""

from __future__ import annotations

import gc
import logging
import signal
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import FrameType

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from khabar.errors import KhabarError
from khabar.runtime import Runtime, reading
from khabar.settings import Settings
from khabar.web.app import create_app

_BACKLOG = 2048  # connections that wait to be taken
_HEAD = 256 << 10  # bytes of a request's line and headers: a query of the longest kind, escaped
PATIENCE = 20  # seconds that what is under way gets when the server is told to end
# Threads that answer: many where they wait for a server, few where the work is this process's own and they take turns.
_WAITING, _WORKING = 32, 4


def serve(
    settings: Settings,
    place: socket.socket,
    require_keys: bool,
    ready: Callable[[], object],
    share: int = 1,
) -> None:
    """Listen at a socket and answer until told to end; `ready` is called when whoever connects is answered.

    `share` processes have a caller's minute between them.
    """
    with reading(settings) as runtime:
        warm(runtime)
        app = create_app(runtime, require_keys, share)
        app.router.lifespan_context = _threads(settings.distributed, ready)
        _settle()
        place.listen(_BACKLOG)
        for each in (signal.SIGINT, signal.SIGTERM):
            # uvicorn ends in good order and then raises the signal again: that must not keep us from closing ours.
            signal.signal(each, _heard)
        uvicorn.Server(_configured(app, settings)).run(sockets=[place])


def warm(runtime: Runtime) -> None:
    """Open what requests share before there are any; without a ledger searches are answered all the same."""
    _ = runtime.index
    try:
        _ = runtime.ledger
    except KhabarError as error:
        logging.getLogger(__name__).warning("%s", error)
    runtime.parse("*")  # the grammar is made at the first query


def _settle() -> None:
    """Keep the catalogue, which stays, from being looked through again and again for what may go."""
    # Each time took some 75 ms, in the middle of somebody's answer.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _heard(_number: int, _frame: FrameType | None) -> None:
    pass


def _configured(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        log_level=settings.log_level if settings.log_level != "info" else "warning",
        access_log=False,  # it would keep what each analyst asked
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_HEAD,
        timeout_graceful_shutdown=PATIENCE,
        timeout_keep_alive=15,
        ws="none",
        http="h11",
    )


def _threads(
    distributed: bool, ready: Callable[[], object]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        current_default_thread_limiter().total_tokens = _WAITING if distributed else _WORKING
        ready()
        yield

    return lifespan
