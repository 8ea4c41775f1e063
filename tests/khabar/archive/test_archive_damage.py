from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isal import igzip

from khabar.archive.members import LARGEST, MAGIC, Member, split
from khabar.archive.records import discoveries, members, read, read_segment
from khabar.archive.store import Store
from khabar.models import Capture, Damage, Discovery, Record

Make = Callable[..., tuple[Capture, Discovery]]
Read = tuple[list[Record], list[Damage]]


@pytest.fixture(scope="module")
def few(attempt: Make) -> bytes:
    return b"".join(members(*attempt(number, size=300), f"urn:uuid:page-{number}") for number in range(12))


def broken(data: bytes) -> Read:
    found = [found for _, found in read(data, "segments/broken")]
    return [one for one in found if isinstance(one, Record)], [
        one for one in found if isinstance(one, Damage)
    ]


def member(data: bytes, number: int) -> Member:
    """Return a member: the main record of a page is an even one, its metadata record the odd one behind it."""
    found = [one for one in split(data) if isinstance(one, Member)]
    assert len(found) == 80
    return found[number]


def pages(records: list[Record]) -> list[int]:
    return [int(record.id.rpartition("-")[2]) for record in records if record.kind == "page"]


def test_a_whole_segment_has_no_damage(forty: bytes) -> None:
    records, damages = broken(forty)
    assert pages(records) == list(range(40))
    assert damages == []


@pytest.mark.parametrize("cut", [1, 8, 100, 1500])
def test_of_a_truncated_segment_all_but_the_last_page_is_read(forty: bytes, cut: int) -> None:
    records, damages = broken(forty[:-cut])
    assert pages(records) == list(range(39))
    assert any("the file ends inside a member" in one.reason for one in damages)
    assert {one.segment for one in damages} == {"segments/broken"}
    assert damages[0].offset == member(forty, 78).start


def test_a_flipped_byte_costs_one_page_and_says_where(forty: bytes) -> None:
    hit = member(forty, 20)
    data = bytearray(forty)
    data[(hit.start + hit.end) // 2] ^= 0x55
    records, damages = broken(bytes(data))
    assert pages(records) == [number for number in range(40) if number != 10]
    assert [(one.segment, one.offset) for one in damages] == [("segments/broken", hit.start)]
    assert "broken gzip member" in damages[0].reason


def test_the_attempt_of_a_broken_page_keeps_an_outcome(forty: bytes, attempt: Make) -> None:
    hit = member(forty, 20)
    data = forty[: hit.start + 30] + bytes(40) + forty[hit.start + 70 :]
    records, _ = broken(data)
    assert len(records) == 40
    lost = records[10]
    assert (lost.kind, lost.id, lost.payload) == ("attempt", "urn:uuid:page-10", b"")
    assert lost.discovery == replace(attempt(10)[1], failure="damaged", refused=False)


def test_a_page_whose_metadata_is_broken_is_damage_at_the_page(forty: bytes) -> None:
    hit = member(forty, 21)
    data = bytearray(forty)
    data[hit.end - 6] ^= 0xFF  # in the checksum
    records, damages = broken(bytes(data))
    assert pages(records) == [number for number in range(40) if number != 10]
    assert {one.offset for one in damages} == {member(forty, 20).start, hit.start}
    assert "without its metadata record" in damages[0].reason


@pytest.mark.parametrize("size", [512, 4096, 10000])
def test_a_zeroed_block_costs_the_pages_that_it_touches(forty: bytes, size: int) -> None:
    start = len(forty) // 3
    touched = {
        n // 2 for n in range(80) if member(forty, n).start < start + size and member(forty, n).end > start
    }
    records, damages = broken(forty[:start] + bytes(size) + forty[start + size :])
    assert set(pages(records)) == set(range(40)) - touched
    assert any(one.offset <= start for one in damages)


@pytest.mark.parametrize("garbage", [b"garbage", MAGIC, MAGIC * 50, bytes(1000), b"WARC/1.1\r\n\r\n"])
def test_garbage_between_two_pages_costs_none(forty: bytes, garbage: bytes) -> None:
    gap = member(forty, 20).start
    records, damages = broken(forty[:gap] + garbage + forty[gap:])
    assert pages(records) == list(range(40))
    assert [one.offset for one in damages] == [gap]
    assert f"{len(garbage)} bytes passed over" in damages[0].reason


def test_garbage_between_a_page_and_its_metadata_costs_that_page_alone(forty: bytes) -> None:
    gap = member(forty, 21).start
    records, damages = broken(forty[:gap] + b"garbage" + forty[gap:])
    assert pages(records) == [number for number in range(40) if number != 10]
    assert len(damages) == 2


def test_a_missing_page_in_the_middle_is_not_taken_for_its_neighbour(forty: bytes) -> None:
    gap, end = member(forty, 21).start, member(forty, 23).start
    records, damages = broken(forty[:gap] + forty[end:])  # page 10, and then the metadata of page 11
    assert pages(records) == [number for number in range(40) if number not in {10, 11}]
    assert [one.kind for one in records].count("attempt") == 1
    assert len(damages) == 1


@pytest.mark.parametrize("text", [b"", b"no WARC record", b"WARC/1.1\r\nWARC-Type: resource\r\n\r\n"])
def test_a_member_without_a_record_is_damage(forty: bytes, text: bytes) -> None:
    records, damages = broken(igzip.compress(text, 2) + forty)
    assert len(records) == 40
    assert damages[0].offset == 0


def test_a_member_that_grows_without_end_is_not_uncompressed_to_its_end(forty: bytes) -> None:
    records, damages = broken(igzip.compress(bytes(LARGEST + 1), 2) + forty)
    assert pages(records) == list(range(40))
    assert "a record of more than" in damages[0].reason


def test_metadata_that_is_no_discovery_is_damage(attempt: Make) -> None:
    data = members(*attempt(1), "urn:uuid:page-1")
    [main, beside] = [one for one in split(data) if isinstance(one, Member)]
    content = beside.content.replace(b'"why":"new"', b'"why":"???"')
    records, damages = broken(data[: main.end] + igzip.compress(content, 2))
    assert records == []
    assert "digest" in damages[-1].reason  # the checksum of gzip is right, the digest of WARC is not


def test_the_discoveries_of_a_broken_segment_are_those_of_its_records(store: Store, segment: str) -> None:
    data = bytearray(store.get(segment) or b"")
    for place in random.Random(7).sample(range(len(data)), 15):
        data[place] ^= 0xFF
    store.replace(segment, bytes(data))
    records = [found for found in read_segment(store, segment) if isinstance(found, Record)]
    assert [one.attempt for one in discoveries(store, segment)] == [one.discovery.attempt for one in records]


@settings(max_examples=80)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 10**5), st.integers(0, 900), st.binary(max_size=30)), min_size=1)
)
def test_whatever_is_done_to_a_segment_what_was_not_touched_is_read(
    few: bytes, cuts: list[tuple[int, int, bytes]]
) -> None:
    """Cut out pieces and put others in: no exception, no page that was not written, no untouched page lost."""
    spans = [(one.start, one.end) for one in split(few) if isinstance(one, Member)]
    data, touched, behind = few, set[int](), len(few)
    for start, size, put in sorted(((place % len(few), *rest) for place, *rest in cuts), reverse=True):
        end = min(
            start + size, behind
        )  # from behind and never over each other, so that the places in front stay
        data, behind = data[:start] + put + data[end:], start
        touched |= {n // 2 for n, (a, b) in enumerate(spans) if a <= end and b >= start}
    records, damages = broken(data)
    assert set(range(12)) - touched <= set(pages(records)) <= set(range(12))
    assert damages or len(data) == len(few) or len(pages(records)) < 12
