"""What the archive's tests share: attempts of every kind, stores, and segments to be broken."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from khabar.archive.records import members
from khabar.archive.segments import Sealed, Writer
from khabar.archive.store import Store, open_store
from khabar.models import Capture, Discovery, Entry, Why, attempt_name

NOON = datetime(2025, 10, 14, 12, 0, 0, 123456, tzinfo=UTC)
Attempt = tuple[Capture, Discovery]


def make_attempt(number: int, why: Why = "new", size: int = 3000) -> Attempt:
    """Make a page of its own words: what does not repeat does not vanish in compression."""
    moment = NOON + timedelta(seconds=number)
    url = f"https://outlet.example/opinion/{number}"
    words = " ".join(f"{random.Random(number * 7919 + i).getrandbits(40):x}" for i in range(size // 11))
    capture = Capture(
        url,
        moment,
        "page",
        f"<html><title>Column {number}</title><p>{words}</p></html>".encode(),
        200,
        (("Content-Type", "text/html; charset=UTF-8"), ("Server", "press")),
    )
    entry = Entry(url, title=f"کالم {number}", authors=("Amina Gul",), published=moment)
    discovery = Discovery(attempt_name(moment, url), url, moment, "outlet", why, scope="opinion", entry=entry)
    return capture, discovery


@pytest.fixture(scope="session")
def attempt() -> Callable[..., Attempt]:
    return make_attempt


@pytest.fixture(scope="session")
def forty() -> bytes:
    """Give what a segment of 40 pages consists of; their record ids end in 0 to 39."""
    return b"".join(members(*make_attempt(number), f"urn:uuid:page-{number}") for number in range(40))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store((tmp_path / "archive").as_uri())


@pytest.fixture
def segment(store: Store, tmp_path: Path) -> str:
    """Seal 40 pages, give the key of their segment."""
    sealed: list[Sealed] = []
    writer = Writer(store, tmp_path / "spool", sealed.append, lambda: NOON)
    for number in range(40):
        writer.append(*make_attempt(number))
    writer.seal()
    return sealed[0].key
