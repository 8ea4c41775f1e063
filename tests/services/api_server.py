"""A real `khabar serve`, in a process of its own, on a port of loopback that was free; and a home to serve."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from khabar.models import (
    Article,
    Document,
    Entity,
    Entry,
    Folded,
    Mention,
    Outcome,
    Reference,
    TopicMatch,
    attempt_name,
)
from khabar.ports import EndpointState, Found
from khabar.runtime import Runtime, working
from khabar.settings import Settings
from khabar.urls import article_id


@dataclass
class Api:
    """A server that runs: its address, its process, and what it has said so far."""

    address: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def client(self, key: str | None = None) -> httpx.Client:
        """Return a client of the API, with a key or without."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=headers, timeout=60)


@contextmanager
def serving(
    home: Path, *options: str, env: Mapping[str, str] | None = None, processes: int = 1
) -> Generator[Api]:
    """Serve a home until the end of the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KHABAR_")}
    command = [sys.executable, "-m", "khabar", "serve", "--port", "0", "--home", str(home)]
    command += ["--processes", str(processes), *options]
    process = subprocess.Popen(command, env=kept | dict(env or {}), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said: list[str] = []
    address = None
    while address is None and (line := process.stderr.readline()):
        said.append(line)
        found = re.search(r"http://\S+:\d+", line)
        address = found and found[0]
    assert address, f"it did not start: {''.join(said)}"
    reader = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        yield Api(address, process, said)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        process.stderr.close()


# --- a home ---

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
PAPER = """id: paper
name: The Paper
country: PK
languages: [en]
timezone: Asia/Karachi
endpoints:
  - {kind: feed, url: "https://paper.example/feed", scope: opinion}
enabled: false
"""
TITLES = ("A gate at the border", "Peace talks", "گیٹ کی بندش", "Wheat and water")


def article(number: int) -> Article:
    """Return an article; every third one speaks of the TTP, every fifth is dated to no day."""
    url = f"https://paper.example/{number}"
    body = f"The gate was shut for {number} days, and nobody knew whom to ask about it."
    spoken = Mention("body", len(body) + 1, len(body) + 4, "TTP")
    body += " TTP men had passed. Peace is far." if number % 3 == 0 else " Nothing passed."
    at = NOON - timedelta(hours=7 * number)
    return Article(
        id=article_id(url),
        url=url,
        source="paper" if number % 2 else "weekly",
        title=TITLES[number % 4],
        body=body,
        fetched=at,
        published=None if number % 5 == 4 else at,
        published_precision=None if number % 5 == 4 else "second",
        authors=(f"Writer {number % 7}",),
        lang="en",
        genre="opinion",
        country="PK",
        words=len(body.split()),
        entities=(Entity("ttp", "TTP", "organization", 0.8, (spoken,)),) if number % 3 == 0 else (),
        topics=(TopicMatch("pak-taliban", 9.5, 1, (spoken,)),) if number % 6 == 0 else (),
        cluster=article_id(url),
    )


def document(number: int) -> Document:
    """Return an article as an index takes it."""
    made = article(number)
    at = made.fetched
    reference = Reference(
        at, f"urn:uuid:{number}", "segments/a", made.url, attempt_name(at, made.url), made.source, at, "t"
    )
    return Document(made, (reference,))


def put(runtime: Runtime, *numbers: int) -> None:
    """Write articles into an index."""
    made = [document(number) for number in numbers]
    runtime.index.update({each.article.id: (lambda _, each=each: Folded(each, ())) for each in made})


def fill(settings: Settings) -> None:
    folder = settings.catalogue / "sources" / "pk"
    folder.mkdir(parents=True)
    (folder / "paper.yaml").write_text(PAPER)
    with working(settings, lambda: NOON) as runtime:
        put(runtime, *range(60))
        runtime.index.update({}, [_rejected(number) for number in range(5)])
        entry = Entry("https://paper.example/waits", title="Waits")
        found = Found(entry.url, "paper", "https://paper.example/feed", "opinion", entry)
        seen = EndpointState("https://paper.example/feed", checked=NOON, newest=NOON)
        runtime.ledger.discover(seen, [found], NOON)
        for suffix in ("html", "txt", "json"):
            runtime.store.put(f"digests/pak-taliban/2025-02-20.{suffix}", f"kept as {suffix}".encode())
        runtime.store.put("digests/gone/2025-02-19.json", b'{"kept": true}')


def _rejected(number: int) -> Outcome:
    url, at = f"https://paper.example/members/{number}", NOON - timedelta(days=1, seconds=number)
    return Outcome(
        attempt_name(at, url), "paper", at.date(), url, "rejected", "robots", "segments/a", f"r{number}", at
    )


@dataclass(frozen=True)
class House:
    """A home that is served: its settings, the server, and keys of both roles."""

    settings: Settings
    api: Api
    reader: str
    writer: str

    def client(self) -> httpx.Client:
        """Return a client that may read."""
        return self.api.client(self.reader)
