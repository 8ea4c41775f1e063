"""A press of generated articles on loopback, and Khabar's commands as a person types them."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from search import elastic
from search.elastic import generations

WORDS = [
    "border",
    "river",
    "council",
    "trade",
    "peace",
    "market",
    "school",
    "winter",
    "road",
    "truck",
    "minister",
    "village",
    "harvest",
    "talks",
    "envoy",
    "customs",
    "ceasefire",
    "teacher",
    "refugee",
    "valley",
    "budget",
    "treaty",
    "caravan",
    "bridge",
    "protest",
    "tribe",
    "police",
    "letter",
    "electricity",
    "wheat",
    "visa",
    "court",
    "province",
    "district",
    "commander",
    "deputy",
    "mosque",
    "poet",
    "newspaper",
    "radio",
    "camp",
    "Pakistan",
    "Afghanistan",
    "Taliban",
    "Kabul",
    "Peshawar",
    "Torkham",
]

PAGE = """<!DOCTYPE html><html lang="en"><head><title>{title} - {host}</title>
<link rel="canonical" href="https://{host}/opinion/{number}">
<script type="application/ld+json">{{"@type": "OpinionNewsArticle", "headline": "{title}",
"author": {{"@type": "Person", "name": "Desk of {host}"}}, "datePublished": "2025-01-{day:02d}T08:00:00+05:00"}}</script>
</head><body><nav><a href="/">Home</a></nav><article><h1>{title}</h1>{paragraphs}</article></body></html>"""


@dataclass
class Press:
    """Some hosts with numbered articles each; a number in `edits` has another text and a later `updated`.

    The first `reprints` articles of every second host are those of the host before it.
    """

    hosts: int
    articles: int
    delay: float = 0.0
    every: str = "1h"
    reprints: int = 0
    edits: set[tuple[str, int]] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    port: int = 0

    def names(self) -> list[str]:
        return [f"press{number}.example" for number in range(self.hosts)]

    def install(self, home: Path, hosts: Sequence[str] = ()) -> list[str]:
        """Write a source file for each of these hosts, or of all, into a home's catalogue; returns the ids."""
        folder = home / "catalogue" / "sources" / "xx"
        folder.mkdir(parents=True, exist_ok=True)
        chosen = hosts or self.names()
        for host in chosen:
            id_ = host.split(".")[0]
            (folder / f"{id_}.new").write_text(
                f"id: {id_}\nname: Press {id_}\ncountry: PK\nlanguages: [en]\ntimezone: Asia/Karachi\n"
                f"endpoints:\n  - {{kind: feed, url: 'http://{host}:{self.port}/feed', scope: opinion}}\n"
                f"delay: {self.delay}\nevery: {self.every}\naddresses: {{{host}: 127.0.0.1}}\n"
            )
            (folder / f"{id_}.new").rename(folder / f"{id_}.yaml")  # somebody may be reading the folder
        return [host.split(".")[0] for host in chosen]

    def answer(self, host: str, path: str) -> tuple[str, str] | None:
        if path == "/robots.txt":
            return "text/plain", "User-agent: *\nDisallow: /private/\n"
        if path == "/feed":
            return "application/atom+xml", self._feed(host)
        if path.startswith("/opinion/"):
            return "text/html; charset=utf-8", self._page(host, int(path.rsplit("/", 1)[1]))
        return None

    def _first(self, host: str, number: int) -> str:
        """Return the host where an article was printed first."""
        place = self.names().index(host)
        return self.names()[place - 1] if place % 2 and number < self.reprints else host

    def _feed(self, host: str) -> str:
        entries = "".join(
            f"<entry><id>{host}/{n}</id><title>{_title(self._first(host, n), n)}</title>"
            f"<link href='http://{host}:{self.port}/opinion/{n}'/>"
            f"<updated>2025-01-{(n % 28) + 1:02d}T{'10' if (host, n) in self.edits else '08'}:00:00Z</updated></entry>"
            for n in range(self.articles)
        )
        return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{host}</title>{entries}</feed>"

    def _page(self, host: str, number: int) -> str:
        first = self._first(host, number)
        rng = random.Random(f"{first} {number}")
        paragraphs = "".join(f"<p>{_sentence(rng, 70)}</p>" for _ in range(4))
        if first != host:
            paragraphs += f"<p>This article was first published by the desk of {first}.</p>"
        if (host, number) in self.edits:
            paragraphs += (
                "<p>This paragraph was added to the page after its first publication by the desk.</p>"
            )
        title, day = _title(first, number), number % 28 + 1
        return PAGE.format(title=title, host=host, number=number, day=day, paragraphs=paragraphs)


def _title(host: str, number: int) -> str:
    return _sentence(random.Random(f"title {host} {number}"), 6)


def _sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words)).capitalize() + "."


@pytest.fixture
def press() -> Iterator[Callable[..., Press]]:
    """Make a press and serve it until the end of the test."""
    servers: list[ThreadingHTTPServer] = []

    def serve(hosts: int, articles: int, delay: float = 0.0, every: str = "1h", reprints: int = 0) -> Press:
        made = Press(hosts, articles, delay, every, reprints)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host = self.headers.get("Host", "").split(":")[0]
                made.requests.append(f"{host}{self.path}")
                found = made.answer(host, self.path)
                body = (found[1] if found else "nothing here").encode()
                etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                unchanged = found is not None and self.headers.get("If-None-Match") == etag
                self.send_response(304 if unchanged else 200 if found else 404)
                self.send_header("ETag", etag)
                self.send_header("Content-Type", found[0] if found else "text/plain")
                self.send_header("Content-Length", "0" if unchanged else str(len(body)))
                self.end_headers()
                if not unchanged:
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name for it
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        made.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return made

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KHABAR_")}
    return {**kept, "KHABAR_HOME": str(home), "KHABAR_JOBS": "2"}


def _command(words: tuple[str | Path, ...]) -> list[str]:
    return [sys.executable, "-m", "khabar", *map(str, words)]


@pytest.fixture
def khabar(home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to its end."""

    def run(*words: str | Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            _command(words),
            env=_environment(home),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a command and leave it running; it is ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*words: str | Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            _command(words), env=_environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def servers(empty_redis: str, elasticsearch_url: str) -> Iterator[dict[str, str]]:
    """Return the settings that select the distributed runtime, on empty servers, with a quick tick."""
    prefix = f"e2e-{uuid.uuid4().hex}"
    server = elastic.open_index(elasticsearch_url, prefix).server
    generations.drop_all(server, prefix)
    yield {
        "KHABAR_REDIS_URL": empty_redis,
        "KHABAR_ELASTICSEARCH_URL": elasticsearch_url,
        "KHABAR_ELASTICSEARCH_PREFIX": prefix,
        "KHABAR_TICK": "1",
    }
    with suppress(Exception):
        generations.drop_all(server, prefix)
