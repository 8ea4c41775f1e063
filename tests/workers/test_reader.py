"""Segments whose pages kill the process that reads them: who is to blame, and that the others are read."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from khabar.archive.store import Store
from khabar.models import Batch
from workers.pool import Pool
from workers.reader import CEILING, ISOLATE_AFTER, SegmentReader

Seal = Callable[..., str]
GOOD = [(f"https://a.example/{n}", "<p>good</p>") for n in range(3)]
POISON = ("https://a.example/poison", "<p>POISON</p>")


@pytest.fixture(scope="module")
def pool(work: Any) -> Iterator[Pool]:
    made = Pool(work.fragile, 2)
    yield made
    made.close()


@pytest.fixture
def reader(pool: Pool, store: Store) -> SegmentReader:
    return SegmentReader(pool, store)


def read(reader: SegmentReader) -> list[Batch]:
    found: list[Batch] = []
    while not reader.idle:
        found += reader.batches()
    return found


def outcomes(batch: Batch) -> dict[str, str | None]:
    return {reading.discovery.url.rsplit("/", 1)[1]: reading.reason for reading in batch.readings}


def test_every_segment_comes_back_as_one_batch(reader: SegmentReader, seal: Seal) -> None:
    segments = [seal(*GOOD) for _ in range(4)]
    for segment in segments:
        reader.submit(segment)
    assert all(segment in reader for segment in segments)
    found = read(reader)
    assert sorted(batch.segment for batch in found) == sorted(segments)
    assert all(len(batch.readings) == 3 for batch in found)
    assert not any(segment in reader for segment in segments)


def test_it_is_full_while_every_process_has_its_next_task(reader: SegmentReader, seal: Seal) -> None:
    for _ in range(4):
        assert not reader.full
        reader.submit(seal(*GOOD))
    assert reader.full
    read(reader)
    assert not reader.full and reader.idle


def test_the_page_that_kills_is_crashed_and_the_others_are_read(reader: SegmentReader, seal: Seal) -> None:
    segment, other = seal(GOOD[0], POISON, *GOOD[1:]), seal(*GOOD)
    reader.submit(segment)
    reader.submit(other)
    found = {batch.segment: batch for batch in read(reader)}
    assert outcomes(found[segment]) == {"0": None, "poison": "crashed", "1": None, "2": None}
    assert outcomes(found[other]) == {"0": None, "1": None, "2": None}
    crashed = [reading for reading in found[segment].readings if reading.reason == "crashed"]
    assert [(each.outcome, each.article) for each in crashed] == [("failed", None)]


def test_what_went_wrong_before_counts(pool: Pool, reader: SegmentReader, seal: Seal) -> None:
    for _ in range(2):  # both processes are there
        reader.submit(seal(*GOOD))
    read(reader)
    segment = seal(POISON, *GOOD)
    before = pool.pids
    reader.submit(segment, ISOLATE_AFTER + 1)
    [batch] = read(reader)
    assert outcomes(batch)["poison"] == "crashed"
    assert len(set(pool.pids) - set(before)) == 1, "only the record read alone has killed"


def test_after_the_ceiling_nothing_of_a_segment_is_touched(
    pool: Pool, reader: SegmentReader, seal: Seal
) -> None:
    segment, before = seal(POISON, *GOOD), pool.pids
    reader.submit(segment, CEILING + 1)
    assert not reader.idle
    [batch] = reader.batches(0)
    assert set(outcomes(batch).values()) == {"crashed"} and len(batch.readings) == 4
    assert pool.pids == before and reader.idle and segment not in reader


def test_a_process_that_somebody_killed_costs_nothing(pool: Pool, reader: SegmentReader, seal: Seal) -> None:
    segment = seal(*GOOD)
    reader.submit(segment)
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    assert [outcomes(batch) for batch in read(reader)] == [{"0": None, "1": None, "2": None}]


def damaged(store: Store, root: Path, segment: str) -> None:
    data = bytearray(store.get(segment) or b"")
    second = data.index(b"\x1f\x8b\x08", 10)
    data[second + 20 : second + 40] = b"\0" * 20  # the metadata record of the first page
    (root / "archive" / segment).write_bytes(data)


@pytest.mark.parametrize("tries", [1, ISOLATE_AFTER + 1, CEILING + 1])
def test_damage_is_kept_however_a_segment_is_read(
    reader: SegmentReader, store: Store, seal: Seal, tmp_path: Path, tries: int
) -> None:
    segment = seal(GOOD[0], POISON, GOOD[1])
    damaged(store, tmp_path, segment)
    reader.submit(segment, tries)
    [batch] = read(reader)
    assert set(outcomes(batch)) == {"poison", "1"}
    assert batch.damage and {damage.segment for damage in batch.damage} == {segment}
    assert len(batch.damage) == len(set(batch.damage))


@pytest.mark.parametrize("tries", [1, ISOLATE_AFTER + 1, CEILING + 1])
def test_a_segment_without_a_readable_record_is_still_answered(
    reader: SegmentReader, store: Store, tries: int
) -> None:
    store.put("segments/2025/03/01/empty.warc.gz", b"")
    reader.submit("segments/2025/03/01/empty.warc.gz", tries)
    assert read(reader) == [Batch("segments/2025/03/01/empty.warc.gz", ())]


def test_a_segment_that_the_archive_has_lost_is_a_damage(reader: SegmentReader, seal: Seal) -> None:
    lost, good = "segments/2025/03/01/lost.warc.gz", seal(*GOOD)
    reader.submit(lost)
    reader.submit(good)
    found = {batch.segment: batch for batch in read(reader)}
    assert len(found[good].readings) == 3
    assert [damage.reason for damage in found[lost].damage] == ["the archive has lost this segment"]
