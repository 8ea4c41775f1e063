"""What the tests of the core share: a home of its own, with articles in it that came the real way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from khabar.archive.segments import pending_key, segment_of
from khabar.catalogue import load
from khabar.config import load_settings
from khabar.models import Capture, Discovery, attempt_name
from khabar.runtime import Runtime, working
from khabar.settings import Settings
from workers.cluster import cluster
from workers.ingest import conclude, write
from workers.pipeline import Knowledge, prepare
from workers.read import read_task

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that the test puts on."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home", {})


@pytest.fixture
def runtime(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    with working(settings, clock) as made:
        yield made


class SealArticles(Protocol):
    """Seals imported articles (title, body) into one segment, which stays pending; returns its key."""

    def __call__(self, *articles: tuple[str, str], source: str = ...) -> str: ...


@pytest.fixture
def seal_articles(runtime: Runtime) -> SealArticles:
    def make(*articles: tuple[str, str], source: str = "paper") -> str:
        writer = runtime.writer()
        for number, (title, body) in enumerate(articles):
            at = runtime.clock() + timedelta(microseconds=number)
            url = f"https://paper.example/{title.replace(' ', '-')}"
            payload = f'{{"title": "{title}", "body": "{body}"}}'.encode()
            told = Discovery(attempt_name(at, url), url, at, source, "import")
            writer.append(Capture(url, at, "article", payload, content_type="application/json"), told)
        sealed = writer.seal()
        assert sealed is not None
        return sealed.key

    return make


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return prepare(load([]))


@pytest.fixture
def bring_in(runtime: Runtime, knowledge: Knowledge) -> Callable[[], None]:
    """Bring all that is pending into the index, as the ingester does, in this process."""

    def bring() -> None:
        for segment in map(segment_of, list(runtime.store.keys("pending/"))):
            batch = read_task(segment, runtime.store, knowledge)
            written = write(runtime.index, [batch])
            file = conclude(runtime.store, *written.batches, written.rows.values())
            cluster(runtime.index, file.articles)
            runtime.store.delete(pending_key(segment))

    return bring
