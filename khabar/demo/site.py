"""The demo's site: one loopback server that is four outlets by their Host headers, and remembers what was asked."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from socketserver import BaseServer
from threading import Thread
from urllib.parse import urlsplit

from khabar.demo.pages import Answer, Edition, answer
from khabar.demo.press import HERE


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the site saw it; the host is without its port."""

    host: str
    path: str
    status: int


class Site:
    """The running site: where it listens, what it was asked, and the switch for the edited article."""

    def __init__(self, now: datetime) -> None:
        self.edition = Edition(now.astimezone(UTC))
        self.requests: list[Request] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return self.server.server_port

    def edit(self) -> None:
        """Let the publisher change its one article; its page and its feed say so from the next request on."""
        self.edition = replace(self.edition, edited=True)

    def install(self, catalogue: Path) -> list[Path]:
        """Write the outlets' source files, with this site's port, into `catalogue`/sources; return them."""
        return [self._install(file, catalogue) for file in sorted((HERE / "sources").rglob("*.yaml"))]

    def _install(self, file: Path, catalogue: Path) -> Path:
        target = catalogue / file.relative_to(HERE)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8").replace(":PORT/", f":{self.port}/")
        target.write_text(text, encoding="utf-8")
        return target


@contextmanager
def serve(now: datetime) -> Generator[Site]:
    """Serve the demo's outlets on a free loopback port for as long as the block runs.

    All that is served follows from `now` and Site.edit(): the same `now` and port give the same bytes.
    """
    site = Site(now)
    thread = Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        thread.join()
        site.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection, which the asker may keep."""

    protocol_version = "HTTP/1.1"
    server_version = "KhabarDemo"
    sys_version = ""
    timeout = 20  # of an idle connection

    def __init__(self, site: Site, asking: socket, address: tuple[str, int], server: BaseServer) -> None:
        self.site = site
        super().__init__(asking, address, server)  # it serves the connection before it returns

    def do_GET(self) -> None:
        """Answer from the edition of this moment, and remember the request."""
        host = self.headers.get("Host", "")
        path = urlsplit(self.path).path
        found = answer(self.site.edition, host, path)
        status = _status(found, self.headers)
        self.site.requests.append(Request(host.partition(":")[0].lower(), path, int(status)))
        body = found.body if found and status == HTTPStatus.OK else b""
        self.send_response(status)
        if found:
            self.send_header("ETag", found.etag)
            self.send_header("Last-Modified", format_datetime(found.modified.astimezone(UTC), usegmt=True))
            self.send_header("Content-Type", found.content_type)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the parent's name for it
        """Say nothing: the site's list of requests is the log."""


def _status(found: Answer | None, asked: Message) -> HTTPStatus:
    if found is None:
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.NOT_MODIFIED if _has_it(found, asked) else HTTPStatus.OK


def _has_it(found: Answer, asked: Message) -> bool:
    """Tell whether the asker has this already: by its entity tag, and only without one by its date."""
    tags = asked.get("If-None-Match")
    since = asked.get("If-Modified-Since")
    if tags is not None:
        return found.etag in tags
    try:
        return since is not None and found.modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):  # a date nobody can read is no condition
        return False
