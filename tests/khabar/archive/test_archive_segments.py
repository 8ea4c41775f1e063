from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.archive.files import ArchiveError
from khabar.archive.members import Member, split
from khabar.archive.records import read_segment
from khabar.archive.segments import (
    Sealed,
    Writer,
    outcome_key,
    pending_key,
    recover,
    segment_key,
    segment_of,
)
from khabar.archive.store import Store
from khabar.models import Capture, Discovery, Record

Make = Callable[..., tuple[Capture, Discovery]]
NOON = datetime(2025, 10, 14, 12, 0, 0, 123456, tzinfo=UTC)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sealed() -> list[Sealed]:
    return []


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def writer(store: Store, spool: Path, sealed: list[Sealed], clock: Clock) -> Iterator[Writer]:
    made = Writer(store, spool, sealed.append, clock, pages=4, size=60_000, seconds=5.0)
    yield made
    made.close()


def attempts(store: Store, segment: str) -> list[str]:
    return [found.discovery.attempt for found in read_segment(store, segment) if isinstance(found, Record)]


# --- keys ---------------------------------------------------------------------------------------------------


@given(moments=st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))))  # noqa: DTZ001 - Hypothesis adds the zone
def test_segment_keys_sort_as_their_times_do(moments: list[datetime]) -> None:
    keys = [segment_key(moment) for moment in sorted(set(moments))]
    assert keys == sorted(keys)


def test_a_segment_key_names_the_day_and_no_two_are_the_same() -> None:
    key = segment_key(NOON.astimezone())
    assert key.startswith("segments/2025/10/14/20251014T120000.123456Z-")
    assert len({segment_key(NOON) for _ in range(100)}) == 100
    assert segment_of(pending_key(key)) == key
    assert pending_key(key).count("/") == 1
    assert outcome_key(key) == key.replace(".warc.gz", ".outcomes.json")


# --- sealing ------------------------------------------------------------------------------------------------


def test_an_empty_segment_is_not_sealed(store: Store, writer: Writer) -> None:
    assert writer.seal() is None
    assert writer.seal_if_due() is None
    assert list(store.keys("")) == []


def test_a_sealed_segment_is_in_the_store_and_pending_and_its_spool_is_gone(
    store: Store, writer: Writer, spool: Path, sealed: list[Sealed], attempt: Make
) -> None:
    ids = [writer.append(*attempt(number)) for number in range(3)]
    assert len(list(spool.iterdir())) == 1
    done = writer.seal()
    assert done is not None
    assert sealed == [done]
    assert done.attempts == tuple(attempt(number)[1].attempt for number in range(3))
    assert list(store.keys("pending/")) == [pending_key(done.key)]
    assert list(spool.iterdir()) == []
    records = [found for found in read_segment(store, done.key) if isinstance(found, Record)]
    assert [record.id for record in records] == ids
    assert [record.payload for record in records] == [attempt(number)[0].payload for number in range(3)]


def test_a_segment_is_sealed_at_its_number_of_pages(
    writer: Writer, sealed: list[Sealed], attempt: Make
) -> None:
    for number in range(9):
        writer.append(*attempt(number))
    assert [len(one.attempts) for one in sealed] == [4, 4]


def test_a_segment_is_sealed_at_its_size(writer: Writer, sealed: list[Sealed], attempt: Make) -> None:
    writer.append(*attempt(1, size=50_000))
    assert sealed == []
    writer.append(*attempt(2, size=100_000))
    assert len(sealed) == 1


def test_a_segment_is_sealed_at_its_age(
    writer: Writer, clock: Clock, sealed: list[Sealed], attempt: Make
) -> None:
    writer.append(*attempt(1))
    clock.now += timedelta(seconds=4.9)
    assert writer.seal_if_due() is None
    clock.now += timedelta(seconds=0.1)
    assert writer.seal_if_due() is not None
    writer.append(*attempt(2))
    clock.now += timedelta(seconds=6)
    writer.append(*attempt(3))
    assert [len(one.attempts) for one in sealed] == [1, 2]


def test_a_clock_that_is_set_back_does_not_keep_a_segment_open(
    writer: Writer, clock: Clock, attempt: Make
) -> None:
    writer.append(*attempt(1))
    clock.now -= timedelta(hours=1)
    assert writer.seal_if_due() is not None


def test_errors_may_be_tried_again_and_refusals_not(writer: Writer, attempt: Make) -> None:
    page, found = attempt(1)
    nothing = replace(page, kind="attempt", payload=b"", status=None)
    writer.append(page, found)
    writer.append(nothing, replace(found, attempt="error", failure="timeout"))
    writer.append(nothing, replace(found, attempt="refusal", failure="robots", refused=True))
    done = writer.seal()
    assert done is not None
    assert done.attempts == (found.attempt, "error", "refusal")
    assert done.failed == ("error",)


def test_imports_are_counted_by_source_and_utc_day_of_the_claim(writer: Writer, attempt: Make) -> None:
    page, found = attempt(1, why="import")
    late = NOON.replace(hour=23).astimezone(UTC)
    for number, (source, claimed) in enumerate([("a", NOON), ("a", late), ("b", late + timedelta(hours=1))]):
        writer.append(page, replace(found, attempt=str(number), source=source, claimed=claimed))
    done = writer.seal()
    assert done is not None
    assert done.imports == {("a", date(2025, 10, 14)): 2, ("b", date(2025, 10, 15)): 1}
    writer.append(*attempt(2))
    crawled = writer.seal()
    assert crawled is not None
    assert crawled.imports == {}


def test_settling_comes_after_the_segment_and_before_the_marker(
    store: Store, spool: Path, clock: Clock, attempt: Make
) -> None:
    seen: list[tuple[bool, bool, bool]] = []

    def settle(one: Sealed) -> None:
        seen.append((store.exists(one.key), store.exists(pending_key(one.key)), bool(list(spool.iterdir()))))

    writer = Writer(store, spool, settle, clock)
    writer.append(*attempt(1))
    writer.seal()
    assert seen == [(True, False, True)]


def test_two_writers_share_a_spool_folder(
    store: Store, spool: Path, sealed: list[Sealed], clock: Clock, attempt: Make
) -> None:
    first, second = (Writer(store, spool, sealed.append, clock) for _ in range(2))
    for number in range(10):
        (first if number % 2 else second).append(*attempt(number))
    assert len(list(spool.iterdir())) == 2
    first.seal()
    second.seal()
    assert len({one.key for one in sealed}) == 2
    assert sorted(name for one in sealed for name in attempts(store, one.key)) == [
        attempt(number)[1].attempt for number in range(10)
    ]


# --- when sealing fails -------------------------------------------------------------------------------------


class Fragile:
    """A settle that fails as often as it is told to."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.settled: list[Sealed] = []

    def __call__(self, sealed: Sealed) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the ledger is away")
        self.settled.append(sealed)


def test_a_seal_that_failed_is_done_again_and_nothing_is_added_to_what_the_store_may_hold(
    store: Store, spool: Path, clock: Clock, attempt: Make
) -> None:
    settle = Fragile(2)
    writer = Writer(store, spool, settle, clock)
    writer.append(*attempt(1))
    with pytest.raises(ConnectionError):
        writer.seal()
    with pytest.raises(ConnectionError):
        writer.append(*attempt(2))
    writer.append(*attempt(3))
    writer.seal()
    assert [one.attempts for one in settle.settled] == [(attempt(1)[1].attempt,), (attempt(3)[1].attempt,)]
    assert [attempts(store, one.key) for one in settle.settled] == [
        list(one.attempts) for one in settle.settled
    ]
    assert list(spool.iterdir()) == []


def test_a_seal_that_failed_is_finished_by_recovery(
    store: Store, spool: Path, clock: Clock, attempt: Make
) -> None:
    settle = Fragile(1)
    writer = Writer(store, spool, settle, clock)
    writer.append(*attempt(1))
    with pytest.raises(ConnectionError):
        writer.seal()
    writer.close()
    [done] = recover(store, spool, settle)
    assert settle.settled == [done]
    assert list(store.keys("segments/")) == [done.key]
    assert list(store.keys("pending/")) == [pending_key(done.key)]
    assert recover(store, spool, settle) == []


# --- recovery -----------------------------------------------------------------------------------------------


def test_a_spool_without_its_owner_is_sealed(
    store: Store, writer: Writer, spool: Path, sealed: list[Sealed], attempt: Make
) -> None:
    writer.append(*attempt(1))
    writer.append(*attempt(2, why="import"))
    writer.close()
    done = recover(store, spool, sealed.append)
    assert done == sealed
    assert done[0].attempts == (attempt(1)[1].attempt, attempt(2)[1].attempt)
    assert done[0].imports == {("outlet", date(2025, 10, 14)): 1}
    assert attempts(store, done[0].key) == list(done[0].attempts)
    assert list(store.keys("pending/")) == [pending_key(done[0].key)]
    assert list(spool.iterdir()) == []


def test_a_living_owners_spool_is_left_alone(
    store: Store, writer: Writer, spool: Path, sealed: list[Sealed], attempt: Make
) -> None:
    writer.append(*attempt(1))
    assert recover(store, spool, sealed.append) == []
    writer.append(*attempt(2))
    done = writer.seal()
    assert done is not None
    assert len(attempts(store, done.key)) == 2


def test_where_there_never_was_a_spool_there_is_nothing_to_recover(store: Store, spool: Path) -> None:
    assert recover(store, spool, lambda _: None) == []


@pytest.mark.parametrize("left", range(0, 100, 7))
def test_a_broken_tail_is_cut_at_the_last_whole_pair(
    store: Store, writer: Writer, spool: Path, attempt: Make, left: int
) -> None:
    for number in range(3):
        writer.append(*attempt(number))
    writer.close()
    [path] = spool.iterdir()
    data = path.read_bytes()
    members = [one for one in split(data) if isinstance(one, Member)]
    begin = members[4].start
    path.write_bytes(data[: begin + (len(data) - begin) * left // 100])
    [done] = recover(store, spool, lambda _: None)
    assert done.attempts == (attempt(0)[1].attempt, attempt(1)[1].attempt)
    assert store.get(done.key) == data[:begin]


@pytest.mark.parametrize("left", [0, 1, 40, 600])
def test_a_spool_without_a_whole_record_is_removed(
    store: Store, writer: Writer, spool: Path, attempt: Make, left: int
) -> None:
    writer.append(*attempt(1))
    writer.close()
    [path] = spool.iterdir()
    path.write_bytes(path.read_bytes()[:left])
    assert recover(store, spool, lambda _: None) == []
    assert list(spool.iterdir()) == []
    assert list(store.keys("")) == []


def test_a_page_that_broke_in_the_spool_may_be_fetched_again(
    store: Store, writer: Writer, spool: Path, attempt: Make
) -> None:
    for number in range(3):
        writer.append(*attempt(number))
    writer.close()
    [path] = spool.iterdir()
    data = bytearray(path.read_bytes())
    data[100:140] = bytes(40)
    path.write_bytes(data)
    [done] = recover(store, spool, lambda _: None)
    assert len(done.attempts) == 3
    assert done.failed == (attempt(0)[1].attempt,)


def test_a_store_that_cannot_be_written_leaves_the_spool_whole(
    store: Store, writer: Writer, spool: Path, tmp_path: Path, attempt: Make
) -> None:
    writer.append(*attempt(1))
    writer.close()
    (tmp_path / "archive").write_bytes(b"a file where the archive should be")
    with pytest.raises(ArchiveError):
        recover(store, spool, lambda _: None)
    (tmp_path / "archive").unlink()
    [done] = recover(store, spool, lambda _: None)
    assert attempts(store, done.key) == [attempt(1)[1].attempt]
