"""What stands before the API: who asks, with which key, how much and how long; and the headers on every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from khabar.access import Ring
from khabar.web.limits import Limit
from khabar.web.problems import AGAIN, ProblemError, busy, respond

MAX_BODY = 64 << 10  # bytes of a request: nothing that is asked needs more
MAX_AT_ONCE = 256  # requests under way; more are told to come again
OPEN = frozenset({"/health/live", "/health/ready", "/openapi.json"})
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A digest's page is somebody's text: it may show itself, and load and run nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a key's id, or nobody in particular on loopback, who may ask for any amount."""

    id: str | None


class Gate:
    """An ASGI application before another. It lets through who may, and nobody else; what it refuses costs nothing."""

    def __init__(self, app: ASGIApp, ring: Ring, requests: Limit, require_keys: bool) -> None:
        self._app, self._ring, self._requests, self._require_keys = app, ring, requests, require_keys
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have the application answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _with_headers(send)
        if scope["path"] in OPEN:
            await self._app(scope, receive, answer)
            return
        self._under_way += 1
        try:
            if self._under_way > MAX_AT_ONCE:
                raise busy("too many requests are under way; ask again", AGAIN, 503, "busy")
            headers = Headers(scope=scope)
            scope["khabar.caller"] = await self._admit(scope["method"], headers)
            _demand_short(headers)
            await self._app(scope, _short(receive), answer)
        except ProblemError as error:
            await respond(error)(scope, receive, answer)
        finally:
            self._under_way -= 1

    async def _admit(self, method: str, headers: Headers) -> Caller:
        given = headers.get("authorization")
        if given is None and not self._require_keys:
            _demand_local(headers)
            return Caller(None)
        scheme, _, text = (given or "").partition(" ")
        # In a thread: the archive may be a bucket far away.
        key = await asyncio.to_thread(self._ring.opens, text.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            detail = (
                "send a key that is in use as `Authorization: Bearer KEY`; `khabar keys add NAME` makes one"
            )
            raise ProblemError(401, "no-key", detail, headers={"WWW-Authenticate": 'Bearer realm="khabar"'})
        if method not in _READS and key.role != "write":
            raise ProblemError(
                403, "read-only-key", "this key may only read; ask for one whose role is write"
            )
        wait = self._requests.take(key.id)
        if wait:
            raise busy("this key has asked as often as it may in a minute", wait)
        return Caller(key.id)


def _demand_local(headers: Headers) -> None:
    """Refuse who only seems to be on this machine: a page of another site in a browser, or whoever comes by a proxy."""
    host = headers.get("host", "")
    name = host[1 : host.find("]")] if host.startswith("[") else host.rpartition(":")[0] or host
    proxied = any(name in headers for name in _FORWARDED)
    if name.lower() not in LOCAL or proxied or "origin" in headers:
        detail = "without a key only programs on this machine itself are answered; send a key"
        raise ProblemError(401, "no-key", detail, headers={"WWW-Authenticate": 'Bearer realm="khabar"'})


def _demand_short(headers: Headers) -> None:
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise _too_long()


def _short(receive: Receive) -> Receive:
    """Return `receive` for a body that says no length: it ends where it becomes too long."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY:
            raise _too_long()
        return message

    return limited


def _too_long() -> ProblemError:
    detail = f"a request may hold {MAX_BODY >> 10} KiB"
    return ProblemError(413, "too-long", detail, headers={"Connection": "close"})


def _with_headers(send: Send) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "private, no-cache")
        await send(message)

    return told
