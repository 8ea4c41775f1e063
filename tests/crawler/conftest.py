"""A real site on loopback, and a home whose crawler is a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from khabar.archive.records import read_segment
from khabar.archive.store import open_store
from khabar.ledger.redis import open_ledger as redis_ledger
from khabar.ledger.sqlite import SqliteLedger, open_ledger
from khabar.models import Record
from khabar.ports import Ledger

# The crawler with its clock put forward, so that a wait of minutes is over.
LATER = (
    "import sys; from datetime import timedelta; from crawler.run import main; from khabar.runtime import now;"
    "sys.exit(main(sys.argv[2:], lambda: now() + timedelta(seconds=float(sys.argv[1]))))"
)


@dataclass
class Reply:
    """What the site answers."""

    body: bytes = b""
    status: int = 200
    kind: str | None = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    length: bool = True


@dataclass
class Asked:
    """One request as the site saw it."""

    time: float
    host: str
    path: str
    headers: dict[str, str]


Route = Reply | Callable[[BaseHTTPRequestHandler], Reply | None]


class Site:
    """A server on loopback for any number of host names; a route may also answer by its own hand (None)."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[Asked] = []
        self.running: dict[str, int] = {}
        self.crowd = 0  # most requests at once from one host name
        self._lock = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None: ...  # a killed crawler breaks its connections

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def url(self, path: str, host: str = "alpha.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def paths(self, host: str = "alpha.example") -> list[str]:
        """Return what was asked of a host, robots.txt left out."""
        return [
            each.path
            for each in self.asked
            if each.host.startswith(f"{host}:") and each.path != "/robots.txt"
        ]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        host = handler.headers["Host"]
        with self._lock:
            self.asked.append(Asked(time.monotonic(), host, handler.path, dict(handler.headers)))
            self.running[host] = self.running.get(host, 0) + 1
            self.crowd = max(self.crowd, self.running[host])
        try:
            path = handler.path
            name = host.split(":")[0]
            route = self.routes.get(f"{name}{path}", self.routes.get(path, Reply(b"nothing here", 404)))
            reply = route(handler) if callable(route) else route
            if reply is not None:
                self._write(handler, reply)
        finally:
            with self._lock:
                self.running[host] -= 1

    def _write(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.send_response(reply.status)
        if reply.kind:
            handler.send_header("Content-Type", reply.kind)
        if reply.length:
            handler.send_header("Content-Length", str(len(reply.body)))
        else:
            handler.send_header("Connection", "close")
            handler.close_connection = True
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply.body)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # --- what a press has ---

    def feed(self, path: str, *links: str | tuple[str, str], host: str = "alpha.example") -> None:
        """Serve an Atom feed with an ETag; a link may come with its `updated`."""
        items = ""
        for link in links:
            where, updated = link if isinstance(link, tuple) else (link, "2026-01-01T00:00:00Z")
            url = where if "//" in where else self.url(where, host)
            url = url.replace("&", "&amp;")
            items += f"<entry><title>On {where[-40:]}</title><id>{url}</id><link href='{url}'/><updated>{updated}</updated></entry>"
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title>{items}</feed>".encode()
        tag = f'"{abs(hash(body))}"'

        def serve(handler: BaseHTTPRequestHandler) -> Reply:
            if handler.headers.get("If-None-Match") == tag:
                return Reply(status=304, kind=None, headers={"ETag": tag})
            return Reply(body, kind="application/atom+xml", headers={"ETag": tag})

        self.routes[path] = serve

    def pages(self, *paths: str) -> None:
        for path in paths:
            self.routes[path] = Reply(f"<html><body><p>{path} is a page.</p></body></html>".encode())


class Home:
    """A home folder, and what its crawler left in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("KHABAR_")
        } | {"KHABAR_DELAY": "0", "KHABAR_TIMEOUT": "2"}

    def source(self, name: str, *endpoints: str | dict[str, str], **more: Any) -> None:
        """Write a source file; its hosts are pinned to loopback unless `addresses` says otherwise."""
        listed = [each if isinstance(each, dict) else {"kind": "feed", "url": each} for each in endpoints]
        hosts = {each["url"].split("/")[2].split(":")[0]: "127.0.0.1" for each in listed}
        described = {
            "id": name,
            "name": name.title(),
            "country": "PK",
            "languages": ["en"],
            "timezone": "Asia/Karachi",
            "endpoints": listed,
            "addresses": hosts,
        } | more
        folder = self.folder / "catalogue" / "sources"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(described))

    def command(self, *arguments: str, later: float | None = None) -> list[str]:
        run = ["-m", "crawler.run"] if later is None else ["-c", LATER, str(later)]
        return [sys.executable, *run, "--home", str(self.folder), *arguments]

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*arguments),
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
            env=self.environment,
        )

    def crawl(self, *arguments: str, later: float | None = None) -> dict[str, Any]:
        """Run one crawl to its end and return its last word."""
        done = subprocess.run(
            self.command(*arguments, later=later),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self.environment,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert lines[-1]["event"] == "done"
        return lines[-1] | {"log": done.stderr.decode()}

    def records(self) -> list[Record]:
        """Return all that is archived; nothing of it may be damaged."""
        store = open_store((self.folder / "archive").as_uri())
        segments = [key for key in store.keys("segments/") if key.endswith(".warc.gz")]
        read = [record for segment in segments for record in read_segment(store, segment)]
        assert all(isinstance(record, Record) for record in read)
        return [record for record in read if isinstance(record, Record)]

    def failures(self) -> dict[str, str]:
        """Return why there is no page, by the path of the URL."""
        return {
            "/" + record.discovery.url.split("/", 3)[3]: record.discovery.failure
            for record in self.records()
            if record.discovery.failure
        }

    def on_redis(self, url: str) -> None:
        """Let the crawler keep its ledger in this Redis; of Elasticsearch it asks nothing."""
        self.environment |= {"KHABAR_REDIS_URL": url, "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:9"}

    def ledger(self) -> Ledger:
        url = self.environment.get("KHABAR_REDIS_URL")
        return redis_ledger(url) if url else open_ledger(self.folder / "ledger.sqlite")

    def frontier(self) -> list[str]:
        ledger = self.ledger()
        try:
            return [claim.url for claim in ledger.frontier()]
        finally:
            ledger.close()

    def discovered(self) -> int:
        ledger = self.ledger()
        try:
            return sum(ledger.discovered().values())
        finally:
            ledger.close()


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    yield served
    served.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    opened = open_ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply
