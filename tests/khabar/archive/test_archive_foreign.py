from __future__ import annotations

import gzip
import random
import re
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from khabar.archive.files import ArchiveError
from khabar.archive.foreign import read_warc
from khabar.archive.records import members
from khabar.models import Capture, Damage, Discovery

Make = Callable[..., tuple[Capture, Discovery]]
PAGE = "<html><title>اداریہ</title><p>Border talks.</p></html>".encode()


def record(
    number: int = 1,
    body: bytes = PAGE,
    kind: str = "response",
    headers: Iterable[tuple[str, str]] = (("Content-Type", "text/html; charset=utf-8"),),
    url: str = "https://paper.example/{}",
    content_type: str = "",
    status: str = "200 OK",
    **more: str,
) -> bytes:
    """One record as another crawler writes it, not compressed."""
    written = BytesIO()
    writer = WARCWriter(written, gzip=False, warc_version="WARC/1.0")
    named = {"WARC-Record-ID": f"<urn:uuid:{number}>", "WARC-Date": "2025-10-14T12:00:00Z"}
    named |= {name.replace("_", "-"): value for name, value in more.items()}
    is_http = kind != "resource" and not content_type
    http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1") if is_http else None
    made = writer.create_warc_record(
        url.format(number),
        kind,
        BytesIO(body),
        len(body),
        warc_content_type=content_type,
        warc_headers_dict=named,
        http_headers=http,
    )
    writer.write_record(made)
    return written.getvalue()


WARCINFO = b"WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Date: 2025-10-14T12:00:00Z\r\nContent-Length: 6\r\n\r\na: b\r\n\r\n\r\n"
RECORDS = [WARCINFO, *(record(number) for number in range(30))]
SKIPPED = b"\x53\x2a\x4d\x18\x04\x00\x00\x00note"  # a zstd frame that says nothing


def with_dictionary(records: list[bytes], *, is_packed: bool) -> bytes:
    """As .warc.zst files are made: the dictionary in a frame to be skipped, then a frame for each record."""
    words = b" ".join(RECORDS[1:4])
    held = zstandard.compress(words) if is_packed else words
    packer = zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(words))
    frames = [packer.compress(one) for one in records]
    return b"\x5d\x2a\x4d\x18" + len(held).to_bytes(4, "little") + held + b"".join(frames)


CONTAINERS: dict[str, Callable[[list[bytes]], bytes]] = {
    "plain.warc": b"".join,
    "members.warc.gz": lambda records: b"".join(map(gzip.compress, records)),
    "whole.warc.gz": lambda records: gzip.compress(b"".join(records)),
    "blocks.warc.gz": lambda records: b"".join(
        gzip.compress(b"".join(records)[at : at + 700]) for at in range(0, len(b"".join(records)), 700)
    ),
    "frames.warc.zst": lambda records: b"".join(
        map(zstandard.ZstdCompressor(write_checksum=True).compress, records)
    ),
    "whole.warc.zst": lambda records: zstandard.compress(b"".join(records)),
    "skipped.warc.zst": lambda records: SKIPPED + SKIPPED.join(map(zstandard.compress, records)),
    "dictionary.warc.zst": lambda records: with_dictionary(records, is_packed=False),
    "packed-dictionary.warc.zst": lambda records: with_dictionary(records, is_packed=True),
    "misnamed.warc.gz": b"".join,
    "padded.warc.gz": lambda records: b"".join(map(gzip.compress, records)) + bytes(10_000),
}


class Reader:
    """Writes bytes to a file of this name and reads it as a WARC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, data: bytes, name: str = "a.warc", **limits: int
    ) -> tuple[list[Capture], list[Damage]]:
        path = self.folder / name
        path.write_bytes(data)
        found = list(read_warc(path, **limits))
        captures = [one for one in found if isinstance(one, Capture)]
        damages = [one for one in found if isinstance(one, Damage)]
        assert {one.segment for one in damages} <= {str(path)}
        return captures, damages


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tmp_path_factory.mktemp("foreign"))


def numbers(captures: list[Capture]) -> list[int]:
    return [int(one.url.rpartition("/")[2]) for one in captures]


# --- containers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_pages(read: Reader, name: str) -> None:
    captures, damages = read(CONTAINERS[name](RECORDS), name)
    assert damages == []
    assert numbers(captures) == list(range(30))
    assert captures[7] == Capture(
        "https://paper.example/7",
        datetime(2025, 10, 14, 12, tzinfo=UTC),
        "page",
        PAGE,
        200,
        (("Content-Type", "text/html; charset=utf-8"),),
        "text/html; charset=utf-8",
        "urn:uuid:7",
    )


@pytest.mark.parametrize("name", ["plain.warc", "members.warc.gz", "frames.warc.zst"])
def test_of_a_truncated_file_all_that_is_whole_is_read(read: Reader, name: str) -> None:
    data = CONTAINERS[name](RECORDS)
    captures, damages = read(data[:-40], name)
    assert numbers(captures) == list(range(29))
    assert len(damages) == 1
    assert "the file ends inside" in damages[0].reason


@pytest.mark.parametrize("name", ["whole.warc.gz", "whole.warc.zst"])
def test_of_a_truncated_whole_all_up_to_the_cut_is_read(read: Reader, name: str) -> None:
    records = [record(number, PAGE + random.Random(number).randbytes(20_000)) for number in range(30)]
    data = CONTAINERS[name](records)
    captures, damages = read(data[: len(data) // 2], name)
    assert len(captures) > 10
    assert numbers(captures) == list(range(len(captures)))
    assert len(damages) == 1


@pytest.mark.parametrize("name", ["members.warc.gz", "frames.warc.zst"])
@pytest.mark.parametrize("damage", [b"\xff", bytes(60), b"garbage" * 20])
def test_a_broken_member_costs_one_page_and_says_where(read: Reader, name: str, damage: bytes) -> None:
    packed = [CONTAINERS[name]([one]) for one in RECORDS]
    start = sum(map(len, packed[:11]))
    at = start + 90
    data = b"".join(packed)
    captures, damages = read(data[:at] + damage + data[at + len(damage) :], name)
    assert set(numbers(captures)) >= set(range(30)) - {10, 11}
    assert 10 not in numbers(captures)
    assert [one.offset for one in damages] == [start]


@pytest.mark.parametrize("name", ["members.warc.gz", "frames.warc.zst"])
def test_what_came_out_of_a_member_before_it_broke_costs_no_other(read: Reader, name: str) -> None:
    large = record(1, PAGE + random.Random(1).randbytes(900_000))
    packed = bytearray(CONTAINERS[name]([large]))
    packed[-100_000:-99_900] = bytes(100)
    captures, damages = read(CONTAINERS[name]([record(0)]) + packed + CONTAINERS[name]([record(2)]), name)
    assert numbers(captures) == [0, 2]
    assert len(damages) == 1


@pytest.mark.parametrize("name", ["plain.warc", "members.warc.gz", "frames.warc.zst"])
def test_garbage_between_two_records_costs_none(read: Reader, name: str) -> None:
    packed = [CONTAINERS[name]([one]) for one in RECORDS]
    captures, damages = read(b"".join(packed[:11]) + b"garbage\r\n" + b"".join(packed[11:]), name)
    assert numbers(captures) == list(range(30))
    assert [one.offset for one in damages] == [sum(map(len, packed[:11]))]


@pytest.mark.parametrize("name", ["plain.warc", "members.warc.gz", "whole.warc.zst"])
@pytest.mark.parametrize("length", ["1", "99999", "-1", "many", ""])
def test_a_record_with_a_wrong_length_costs_no_other(read: Reader, name: str, length: str) -> None:
    wrong = re.sub(rb"Content-Length: \d+", b"Content-Length: " + length.encode(), RECORDS[11], count=1)
    captures, damages = read(CONTAINERS[name]([*RECORDS[:11], wrong, *RECORDS[12:]]), name)
    assert numbers(captures) == [number for number in range(30) if number != 10]
    assert len(damages) == 1


def test_a_flipped_byte_in_a_plain_file_is_found_by_its_digest(read: Reader) -> None:
    flipped = RECORDS[11].replace(b"Border", b"Bordes")
    captures, damages = read(b"".join([*RECORDS[:11], flipped, *RECORDS[12:]]))
    assert numbers(captures) == [number for number in range(30) if number != 10]
    assert [(one.offset, one.reason) for one in damages] == [
        (sum(map(len, RECORDS[:11])), "a record with a wrong digest")
    ]


def test_missing_and_many_empty_lines_between_records_are_no_damage(read: Reader) -> None:
    data = b"\r\n\n".join([RECORDS[1].rstrip(b"\r\n"), RECORDS[2] + b"\r\n" * 50, RECORDS[3].rstrip(b"\r\n")])
    captures, damages = read(data)
    assert (numbers(captures), damages) == ([0, 1, 2], [])


@settings(max_examples=60)
@given(
    data=st.binary(max_size=400),
    start=st.sampled_from([b"", b"WARC/1.0\r\n", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18"]),
)
def test_whatever_a_file_holds_reading_ends_without_an_exception(
    read: Reader, data: bytes, start: bytes
) -> None:
    captures, damages = read(start + data)
    assert captures == []
    assert damages or set(start + data) <= set(b"\r\n\0")


def test_an_empty_file_is_said_to_be(read: Reader) -> None:
    assert [one.reason for one in read(b"")[1]] == ["the file is empty"]


def test_a_file_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no such file or directory — check the path"):
        list(read_warc(tmp_path / "none.warc.gz"))
    with pytest.raises(ArchiveError, match="name a file, not a folder"):
        list(read_warc(tmp_path))


# --- records ------------------------------------------------------------------------------------------------


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


@pytest.mark.parametrize(
    ("encoding", "transfer", "pack"),
    [
        ("gzip", "", gzip.compress),
        ("deflate", "", zlib.compress),
        ("br", "", brotli.compress),
        ("zstd", "", zstandard.compress),
        ("", "chunked", chunked),
        ("gzip", "chunked", lambda body: chunked(gzip.compress(body))),
        ("gzip", "chunked", bytes),  # undone by the crawler, the headers left
    ],
)
def test_the_payload_is_what_a_browser_would_show(
    read: Reader, encoding: str, transfer: str, pack: Callable[[bytes], bytes]
) -> None:
    headers = [("Content-Type", "text/html"), ("Content-Encoding", encoding), ("Transfer-Encoding", transfer)]
    [capture], damages = read(record(body=pack(PAGE), headers=[one for one in headers if one[1]]))
    assert (capture.payload, damages) == (PAGE, [])


@pytest.mark.parametrize(
    ("content_type", "body", "is_page"),
    [
        ("text/html", PAGE, True),
        ("TEXT/HTML;charset=x", PAGE, True),
        ("application/xhtml+xml", PAGE, True),
        ("text/plain", b"plain", True),
        ("image/png", b"\x89PNG", False),
        ("application/json", b"{}", False),
        ("text/css", b"p {}", False),
        (None, PAGE, True),
        (None, b"<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE html><html>", True),
        (None, b"\x89PNG", False),
        ("application/octet-stream", PAGE, True),
    ],
)
@pytest.mark.parametrize("kind", ["response", "resource"])
def test_pages_are_html_and_plain_text(
    read: Reader, kind: str, content_type: str | None, body: bytes, is_page: bool
) -> None:
    headers = [("Content-Type", content_type)] if content_type else []
    data = record(1, body, kind, headers, content_type=content_type or "" if kind == "resource" else "")
    if kind == "resource" and content_type is None:
        data = data.replace(b"Content-Type: application/warc-record\r\n", b"")
    captures, damages = read(data)
    assert damages == []
    assert [one.payload for one in captures] == ([body] if is_page else [])


def test_records_of_other_types_are_passed_over(read: Reader) -> None:
    data = [
        record(1, b"GET / HTTP/1.1\r\n\r\n", "request", content_type="application/http; msgtype=request"),
        record(2, b"k: v", "metadata", content_type="application/warc-fields"),
        record(3, b"text", "conversion", content_type="text/plain"),
        record(4, b"1.2.3.4", "response", url="dns:paper.example", content_type="text/dns"),
        record(5),
    ]
    captures, damages = read(b"".join(data))
    assert (numbers(captures), damages) == ([5], [])


def test_a_revisit_has_no_payload(read: Reader) -> None:
    [capture], damages = read(record(1, b"", "revisit", status="304 Not Modified", headers=[("ETag", "x")]))
    assert (capture.kind, capture.status, capture.payload, damages) == ("revisit", 304, b"", [])
    assert capture.headers[0] == ("ETag", "x")


def test_an_answer_that_is_no_success_keeps_its_status(read: Reader) -> None:
    [capture], _ = read(record(status="404 Not Found"))
    assert (capture.kind, capture.status) == ("page", 404)


def test_the_url_may_stand_in_angle_brackets(read: Reader) -> None:
    data = record().replace(
        b"WARC-Target-URI: https://paper.example/1", b"WARC-Target-URI: <https://paper.example/1>"
    )
    assert [one.url for one in read(data)[0]] == ["https://paper.example/1"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"2025-10-14T12:00:00Z", b"yesterday", "without a readable WARC-Date"),
        (b"WARC-Target-URI: https://paper.example/1\r\n", b"", "without its URL"),
    ],
)
def test_a_record_without_its_url_or_date_is_damage(
    read: Reader, old: bytes, new: bytes, reason: str
) -> None:
    assert old in record()
    captures, damages = read(record().replace(old, new) + record(2))
    assert numbers(captures) == [2]
    assert [reason in one.reason for one in damages] == [True]


def test_a_response_that_is_not_http_is_damage(read: Reader) -> None:
    data = re.sub(rb"WARC-Block-Digest: .*\r\n", b"", record()).replace(
        b"HTTP/1.1 200 OK", b"not HTTP at all"
    )
    assert "without an HTTP status" in read(data)[1][0].reason


# --- limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_inside_a_page_is_damage(read: Reader, encoding: str) -> None:
    pack = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }
    headers = [("Content-Type", "text/html"), ("Content-Encoding", encoding)]
    bomb = record(1, pack[encoding](bytes(20 << 20)), headers=headers)
    captures, damages = read(bomb + record(2), largest=1 << 20)
    assert numbers(captures) == [2]
    assert [one.reason for one in damages] == ["too large: over 1048576 bytes"]


@pytest.mark.parametrize("name", ["members.warc.gz", "whole.warc.gz", "frames.warc.zst", "whole.warc.zst"])
def test_a_bomb_of_a_record_is_never_held_in_memory(read: Reader, name: str) -> None:
    image = record(2, bytes(80 << 20), headers=[("Content-Type", "image/png")])
    data = CONTAINERS[name]([record(0), record(1, bytes(80 << 20)), image, record(3)])
    tracemalloc.start()
    captures, damages = read(data, name, largest=1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert numbers(captures) == [0, 3]
    assert [one.reason for one in damages] == ["too large: over 1048576 bytes"]
    assert peak < 70 << 20


# --- our own ------------------------------------------------------------------------------------------------


def test_our_own_segment_is_read_as_a_foreign_one(read: Reader, attempt: Make, forty: bytes) -> None:
    captures, damages = read(forty, "own.warc.gz")
    assert damages == []
    assert [one.payload for one in captures] == [attempt(number)[0].payload for number in range(40)]


def test_our_own_texts_and_articles_are_known_again(read: Reader, attempt: Make) -> None:
    page, found = attempt(1)
    own = [
        Capture(page.url, page.date, "text", b"<p>From the feed.</p>"),
        Capture(page.url, page.date, "article", b'{"title":"Imported"}'),
        Capture(page.url, page.date, "page", b"<html></html>", content_type="text/html"),
        Capture(page.url, page.date, "attempt"),
    ]
    data = b"".join(members(one, found, f"urn:uuid:{number}") for number, one in enumerate(own))
    captures, damages = read(data, "own.warc.gz")
    assert [(one.kind, one.payload) for one in captures] == [(one.kind, one.payload) for one in own[:3]]
    assert damages == []
