"""The archive read again into another generation: the same articles, whatever was there and where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from khabar.archive.segments import outcome_key
from khabar.archive.store import Store
from khabar.codec import dump, load
from khabar.models import OutcomeFile
from khabar.ports import Index
from search.tantivy import TantivyIndex, create_index, open_index
from search.tree import Everything
from workers.pool import Pool
from workers.reader import SegmentReader
from workers.reindex import cluster_all, fill, segments

Seal = Callable[..., str]
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def reader(pools: tuple[Pool, Pool], store: Store) -> SegmentReader:
    return SegmentReader(pools[0], store)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[TantivyIndex]:
    """Give a second index, as a new generation is."""
    create_index(tmp_path / "other" / "1")
    made = open_index(tmp_path / "other", generation=1)
    yield made
    made.close()


@pytest.fixture
def sealed(seal: Seal, make_page: Callable[..., str], prose: str) -> list[str]:
    """Three segments: an article, its edited version with a copy elsewhere, and an older version of it, come late."""
    edited = prose.replace("Monday", "Tuesday")
    return [
        seal(("https://a.example/1", make_page()), at=NOON),
        seal(
            ("https://a.example/1", make_page(prose=edited)),
            ("https://b.example/1", make_page()),
            at=NOON + timedelta(hours=1),
        ),
        seal(("https://a.example/1", make_page(title="An old gate")), at=NOON - timedelta(hours=1)),
    ]


def state(index: Index) -> list[bytes]:
    documents = sorted(dump(each) for each in index.scan(Everything()))
    return documents + sorted(dump(each) for each in index.rows())


def test_every_segment_is_read_and_told_of(
    store: Store, index: TantivyIndex, reader: SegmentReader, sealed: list[str]
) -> None:
    told: list[tuple[int, int]] = []
    done: set[str] = set()
    fill(store, index, reader, done, lambda *so_far: told.append(so_far))
    assert done == set(sealed) == set(segments(store))
    assert told[-1][0] == 3 and all(seen <= known for seen, known in told)
    found = {document.article.url: document for document in index.scan(Everything())}
    assert found["https://a.example/1"].article.revisions == 3
    assert "Tuesday" in found["https://a.example/1"].article.body
    assert {load(store.get(outcome_key(each)) or b"", OutcomeFile).segment for each in sealed} == done


def test_where_it_stopped_it_goes_on(
    store: Store, index: TantivyIndex, other: TantivyIndex, reader: SegmentReader, sealed: list[str]
) -> None:
    fill(store, index, reader, set(), lambda *_: None)
    done = set(sealed[1:])
    fill(store, other, reader, done, lambda *_: None)
    assert len(next(other.scan(Everything())).references) == 1
    done.discard(sealed[1])
    done.discard(sealed[2])
    fill(store, other, reader, done, lambda *_: None)
    assert state(other) == state(index)
    fill(store, other, reader, done, lambda *_: pytest.fail("nothing was left to read"))


def test_outcome_files_tell_of_todays_code(
    store: Store, index: TantivyIndex, reader: SegmentReader, sealed: list[str]
) -> None:
    stale = OutcomeFile(sealed[0], ("of an older release",), {"failed": 1})
    store.replace(outcome_key(sealed[0]), dump(stale))
    fill(store, index, reader, set(), lambda *_: None)
    [article] = load(store.get(outcome_key(sealed[0])) or b"", OutcomeFile).articles
    assert article in index.get([article])


def test_copies_are_found_over_all_articles(
    store: Store, index: TantivyIndex, reader: SegmentReader, sealed: list[str]
) -> None:
    fill(store, index, reader, set(), lambda *_: None)
    assert len({document.article.cluster for document in index.scan(Everything())}) == 2
    assert cluster_all(index) == 0
    assert len({document.article.cluster for document in index.scan(Everything())}) == 1


def test_an_empty_archive_gives_an_empty_index(
    store: Store, index: TantivyIndex, reader: SegmentReader
) -> None:
    fill(store, index, reader, set(), lambda *_: pytest.fail("there is nothing to read"))
    assert (cluster_all(index), state(index)) == (0, [])
