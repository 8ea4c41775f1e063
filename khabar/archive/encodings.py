"""The codings of HTTP undone: chunks joined, gzip, deflate, br and zstd unpacked, up to a limit."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from io import BytesIO

from fastwarc.stream_io import BrotliReader, ZstdReader

_CHUNK = re.compile(rb"([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?\r?\n")
_GZIP = b"\x1f\x8b"


def joined(body: bytes) -> bytes | None:
    """Return a chunked body in one piece; None where it breaks off.

    A body that is not chunked is returned as it is: many crawlers join the chunks and leave the header.
    """
    chunks: list[bytes] = []
    position = 0
    while chunk := _CHUNK.match(body, position):
        size = int(chunk[1], 16)
        if size == 0:
            return b"".join(chunks)
        position = chunk.end() + size
        chunks.append(body[chunk.end() : position])
        position += len(body[position : position + 2]) - len(body[position : position + 2].lstrip(b"\r\n"))
    if not chunks:
        return body
    return b"".join(chunks) if position == len(body) else None


def unpacked(body: bytes, encodings: str, largest: int) -> bytes | str:
    """Return a body without its content encodings, or say why that cannot be done.

    Text under an encoding that it does not have is returned as it is: many crawlers unpack and leave the header.
    """
    for name in reversed([name.strip().lower() for name in encodings.split(",")]):
        if not body or name in {"", "identity", "none"}:
            continue
        unpack = _UNPACK.get(name)
        found = unpack(body, largest + 1) if unpack else None
        if found is None and not _is_text(body):
            return (
                f"a body that is not {name}, or broken" if unpack else f"content encoding {name} is not known"
            )
        body = body if found is None else found
        if len(body) > largest:
            return too_large(largest)
    return body


def too_large(largest: int) -> str:
    """Say that a payload is over the limit."""
    return f"too large: over {largest} bytes"


def _is_text(body: bytes) -> bool:
    if body.lstrip()[:1] == b"<":
        return True
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def _gunzip(body: bytes, limit: int) -> bytes | None:
    return _inflate(body, limit, 31) if body.startswith(_GZIP) else None


def _deflate(body: bytes, limit: int) -> bytes | None:
    """Unpack what is called deflate: by the book with zlib's head, from many servers without it."""
    found = _inflate(body, limit, 15)
    return _inflate(body, limit, -15) if found is None else found


def _inflate(body: bytes, limit: int, window: int) -> bytes | None:
    pieces: list[bytes] = []
    while body and limit > 0:
        stream = zlib.decompressobj(window)
        try:
            pieces.append(stream.decompress(body, limit))
        except zlib.error:
            return None
        limit -= len(pieces[-1])
        if not stream.eof and limit > 0:
            return None
        body = stream.unused_data if stream.unused_data.startswith(_GZIP) else b""
    return b"".join(pieces)


def _brotli(body: bytes, limit: int) -> bytes | None:
    return _read(BrotliReader(BytesIO(body)), limit)


def _zstd(body: bytes, limit: int) -> bytes | None:
    return _read(ZstdReader(BytesIO(body)), limit)


def _read(reader: BrotliReader | ZstdReader, limit: int) -> bytes | None:
    try:
        return reader.read(limit)
    except OSError:
        return None


_UNPACK: dict[str, Callable[[bytes, int], bytes | None]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
