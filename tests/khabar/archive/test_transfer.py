"""An archive is copied whole, once, and is no wrong archive at any moment of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from khabar.archive.files import ArchiveError
from khabar.archive.segments import outcome_key, pending_key, segment_of
from khabar.archive.store import Store, open_store
from khabar.archive.transfer import transfer

SEGMENTS = [f"segments/2025/01/31/20250131T10000{n}.000000Z-0000000{n}.warc.gz" for n in range(6)]
OTHERS = ["catalogue/topics/peace/000001.json", "digests/peace/2025-01-31.json", "retagged/peace/000001"]


@pytest.fixture
def old(tmp_path: Path) -> Store:
    """Return an archive of six segments, the last two of which are pending: one unread, one with its outcomes."""
    store = open_store(str(tmp_path / "old"))
    for key in [*SEGMENTS, *OTHERS, *map(outcome_key, SEGMENTS[:5])]:
        store.put(key, key.encode() * 100)
    for segment in SEGMENTS[4:]:
        store.put(pending_key(segment), b"")
    return store


@pytest.fixture
def new(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "new"))


def held(store: Store) -> dict[str, bytes | None]:
    return {key: store.get(key) for key in store.keys("")}


def quiet(_done: int, _all: int) -> None:
    pass


def test_every_object_is_copied_and_none_taken_away(old: Store, new: Store) -> None:
    before, told = held(old), list[tuple[int, int]]()
    assert transfer(old, new, lambda done, all_: told.append((done, all_))) == 16
    assert held(new) == before == held(old)
    assert told == [(n, 16) for n in range(1, 17)]


def test_a_second_time_copies_what_is_new_and_overwrites_nothing(old: Store, new: Store) -> None:
    transfer(old, new, quiet)
    new.replace(outcome_key(SEGMENTS[0]), b"as today's code tells")
    old.put("digests/peace/2025-02-01.json", b"{}")
    assert transfer(old, new, quiet) == 1
    assert new.get(outcome_key(SEGMENTS[0])) == b"as today's code tells"
    assert transfer(old, new, quiet) == 0


def test_a_segment_that_was_read_on_the_new_side_is_not_pending_again(old: Store, new: Store) -> None:
    transfer(old, new, quiet)
    for segment in SEGMENTS[4:]:
        new.put(outcome_key(segment), b"read")
        new.delete(pending_key(segment))
    assert transfer(old, new, quiet) == 0
    assert list(new.keys("pending/")) == []


@pytest.mark.parametrize("after", [1, 6, 7, 13, 15])
def test_one_that_was_interrupted_is_no_wrong_archive_and_goes_on(old: Store, new: Store, after: int) -> None:
    def stop(done: int, _all: int) -> None:
        if done == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer(old, new, stop)
    there = set(new.keys(""))
    assert after <= len(there)
    told = {key for key in there if key.endswith(".outcomes.json")}
    assert told <= {outcome_key(key) for key in there if key.endswith(".warc.gz")}
    if markers := {segment_of(key) for key in there if key.startswith("pending/")}:
        assert set(SEGMENTS) | set(OTHERS) | markers <= there
    transfer(old, new, quiet)
    missing = {pending_key(SEGMENTS[4])}  # it has its outcomes: the reindex that follows clusters it
    assert held(old).keys() - held(new).keys() <= missing


def test_what_cannot_be_written_is_said(old: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ArchiveError, match="file"):
        transfer(old, open_store(str(tmp_path / "file")), quiet)


def test_a_folder_and_a_bucket_take_each_others_objects(old: Store, new: Store, s3_url: str) -> None:
    bucket = open_store(f"{s3_url}/news")
    assert transfer(old, bucket, quiet) == transfer(bucket, new, quiet) == 16
    assert held(old) == held(bucket) == held(new)
