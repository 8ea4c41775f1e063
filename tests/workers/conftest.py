"""What the tests of the stages share: records as the archive would give them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from khabar.archive.segments import Sealed, Writer
from khabar.archive.store import Store, open_store
from khabar.ledger.sqlite import open_ledger
from khabar.models import Capture, Discovery, Entry, Record, RecordKind, Source, attempt_name
from khabar.ports import Ledger
from search.tantivy import TantivyIndex, open_index
from workers.pool import Pool

FETCHED = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
PROSE = (
    "The bridge at Torkham was closed again on Monday, and the lorries stood in a line that reached the bazaar. "
    "Drivers said that nobody had told them why, and that the fruit would not wait for an explanation.\n\n"
    "It is easy to close a gate and hard to open one. Each side has found that the other side's patience is a kind of "
    "currency, and that it loses value every time that it is spent on something so small as a stamp.\n\n"
    "There is a better way, and it is dull. A joint office with two clerks, a telephone and a published list of fees "
    "would do more for the border than any summit with flags has done in the twenty years behind us."
)


class MakeRecord(Protocol):
    """Makes a record of a payload; everything else has a plain default."""

    def __call__(
        self,
        payload: str | bytes,
        url: str = ...,
        kind: RecordKind = ...,
        *,
        entry: Entry | None = ...,
        scope: str | None = ...,
        source: str = ...,
        status: int | None = ...,
        content_type: str | None = ...,
        charset: str | None = ...,
    ) -> Record: ...


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    def make(
        payload: str | bytes,
        url: str = "https://review.example/opinion/a-gate-and-a-stamp",
        kind: RecordKind = "page",
        *,
        entry: Entry | None = None,
        scope: str | None = None,
        source: str = "review",
        status: int | None = 200,
        content_type: str | None = "text/html",
        charset: str | None = None,
    ) -> Record:
        discovery = Discovery(
            attempt_name(FETCHED, url), url, FETCHED, source, "new", scope=scope, entry=entry
        )
        data = payload.encode() if isinstance(payload, str) else payload
        return Record(
            "segments/2025/03/01/a.warc.gz",
            "urn:uuid:7",
            FETCHED,
            url,
            kind,
            discovery,
            status,
            content_type,
            charset,
            data,
        )

    return make


@pytest.fixture(scope="session")
def make_page() -> Callable[..., str]:
    """Return a maker of pages of our own prose: what the head says, what stands before and after the text."""

    def make(
        head: str = "",
        before: str = "",
        after: str = "",
        prose: str = PROSE,
        title: str = "A gate and a stamp",
    ) -> str:
        text = "".join(f"<p>{paragraph}</p>\n" for paragraph in prose.split("\n\n"))
        return (
            f"<!doctype html><html lang=en><head><meta charset=utf-8>{head}</head><body>{before}"
            f"<article><h1>{title}</h1>{text}</article>{after}</body></html>"
        )

    return make


@pytest.fixture(scope="session")
def prose() -> str:
    return PROSE


@pytest.fixture(scope="session")
def karachi() -> Source:
    return Source("review", "The Review", "PK", ("en", "ur"), "Asia/Karachi")


@pytest.fixture(scope="session")
def kabul() -> Source:
    return Source("sada", "Sada", "AF", ("prs", "ps"), "Asia/Kabul")


# --- segments in an archive, and processes that read them ---------------------------------------------------

WORK = """
import os, signal
from pathlib import Path
from khabar.archive.records import read_segment
from khabar.archive.store import open_store
from khabar.codec import dump
from khabar.models import Batch, Damage, Reading

def whole(where):
    from khabar.catalogue import load
    from workers.pipeline import prepare
    from workers.read import read_task
    knowledge = prepare(load([]))
    return lambda task: dump(read_task(task, open_store(Path(where).read_text()), knowledge))

def fragile(where):
    return lambda task: dump(_read(task, open_store(Path(where).read_text())))

def _read(task, store):
    segment, _, only = task.partition("#")
    found = list(read_segment(store, segment))
    records = [r for r in found if not isinstance(r, Damage) and only in ("", r.id)]
    if any(b"POISON" in r.payload for r in records):
        os.kill(os.getpid(), signal.SIGKILL)
    readings = [Reading(segment, r.id, r.date, r.discovery, outcome="unchanged") for r in records]
    return Batch(segment, tuple(readings), tuple(d for d in found if isinstance(d, Damage)))
"""


class Work(NamedTuple):
    """What pool processes do: `whole` reads with the real stages, `fragile` dies of a page that says POISON.

    Both read the archive that `where` names at the time, so that one pool serves many tests.
    """

    where: Path
    whole: Callable[[], Callable[[str], bytes]]
    fragile: Callable[[], Callable[[str], bytes]]


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    folder = tmp_path_factory.mktemp("work")
    (folder / "segment_work.py").write_text(WORK)
    sys.path.insert(0, str(folder))
    import segment_work  # noqa: PLC0415 - it exists only now

    where = folder / "where"
    yield Work(where, partial(segment_work.whole, str(where)), partial(segment_work.fragile, str(where)))
    sys.path.remove(str(folder))
    del sys.modules["segment_work"]


@pytest.fixture(scope="session")
def pools(work: Work) -> Iterator[tuple[Pool, Pool]]:
    """Two pools of one process each, with the real stages."""
    made = Pool(work.whole, 1), Pool(work.whole, 1)
    yield made
    for pool in made:
        pool.close()


@pytest.fixture
def store(tmp_path: Path, work: Work) -> Store:
    url = (tmp_path / "archive").as_uri()
    work.where.write_text(url)
    return open_store(url)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = open_ledger(tmp_path / "ledger.sqlite")
    yield made
    made.close()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[TantivyIndex]:
    made = open_index(tmp_path / "index")
    yield made
    made.close()


class Seal(Protocol):
    """Seals one segment of pages, imported one second apart from `at` on; returns its key."""

    def __call__(self, *pages: tuple[str, str], at: datetime = ...) -> str: ...


@pytest.fixture
def seal(store: Store, ledger: Ledger, tmp_path: Path) -> Seal:
    def settle(sealed: Sealed) -> None:
        ledger.count_import(sealed.key, sealed.imports)

    def make(*pages: tuple[str, str], at: datetime = FETCHED) -> str:
        writer = Writer(store, tmp_path / "spool", settle, lambda: at)
        for number, (url, payload) in enumerate(pages):
            moment = at + timedelta(seconds=number)
            discovery = Discovery(attempt_name(moment, url), url, moment, "review", "import")
            writer.append(Capture(url, moment, "page", payload.encode()), discovery)
        sealed = writer.seal()
        assert sealed is not None
        return sealed.key

    return make
