from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from khabar.archive.encodings import joined, unpacked

LIMIT = 100_000
PAGE = "<html><p>سرحد پر بات چیت</p></html>".encode() * 50


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACK = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("name", PACK)
@given(body=st.binary(min_size=1, max_size=3000))
def test_every_encoding_is_undone(name: str, body: bytes) -> None:
    assert unpacked(PACK[name](body), name.upper(), LIMIT) == body


def test_deflate_without_its_head_is_undone_too() -> None:
    assert unpacked(raw_deflate(PAGE), "deflate", LIMIT) == PAGE


def test_a_gzip_body_of_several_members_is_read_to_its_end() -> None:
    assert (
        unpacked(gzip.compress(PAGE) + gzip.compress(b"<!-- end -->"), "gzip", LIMIT)
        == PAGE + b"<!-- end -->"
    )


def test_encodings_are_undone_in_the_reverse_of_their_order() -> None:
    assert unpacked(gzip.compress(brotli.compress(PAGE)), "br, gzip", LIMIT) == PAGE


@pytest.mark.parametrize("name", ["", "identity", "none", *PACK])
def test_an_empty_body_is_empty_under_any_name(name: str) -> None:
    assert unpacked(b"", name, LIMIT) == b""


@pytest.mark.parametrize("name", [*PACK, "utf-8", "aws-chunked"])
def test_text_under_an_encoding_that_it_does_not_have_is_left_as_it_is(name: str) -> None:
    assert unpacked(PAGE, name, LIMIT) == PAGE
    assert unpacked("نثر".encode(), name, LIMIT) == "نثر".encode()
    assert unpacked(b"<p>caf\xe9</p>", name, LIMIT) == b"<p>caf\xe9</p>"


@pytest.mark.parametrize("name", PACK)
def test_a_body_that_breaks_off_is_said_to(name: str) -> None:
    packed = PACK[name](bytes(range(256)) * 20)
    assert "broken" in str(unpacked(packed[: len(packed) // 2], name, LIMIT))


def test_bytes_under_an_unknown_encoding_are_not_guessed_at() -> None:
    assert unpacked(b"\xff\xfe\x00\x01", "compress", LIMIT) == "content encoding compress is not known"


@pytest.mark.parametrize("name", PACK)
def test_a_bomb_is_not_unpacked(name: str) -> None:
    bomb = PACK[name](bytes(30 << 20))
    assert len(bomb) < LIMIT
    assert "too large" in str(unpacked(bomb, name, LIMIT))


def test_a_body_of_just_the_limit_is_not_too_large() -> None:
    body = b"a" * LIMIT
    assert unpacked(gzip.compress(body), "gzip", LIMIT) == body
    assert "too large" in str(unpacked(gzip.compress(body + b"a"), "gzip", LIMIT))


@given(chunks=st.lists(st.binary(min_size=1, max_size=300), min_size=1))
def test_chunks_are_joined(chunks: list[bytes]) -> None:
    body = b"".join(b"%x;q=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    assert joined(body + b"0\r\nTrailer: x\r\n\r\n") == b"".join(chunks)
    assert joined(body) == b"".join(chunks)


def test_a_body_that_was_joined_already_is_left_as_it_is() -> None:
    assert joined(PAGE) == PAGE
    assert joined(b"") == b""


@pytest.mark.parametrize("body", [b"5\r\nhello\r\n9\r\nwo", b"5\r\nhello\r\nxyz", b"20\r\nhello"])
def test_chunks_that_break_off_are_said_to(body: bytes) -> None:
    assert joined(body) is None
