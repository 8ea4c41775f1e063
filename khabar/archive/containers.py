"""What a .warc, .warc.gz or .warc.zst holds, as one stream of pieces that goes on behind a broken place."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import zstandard
from isal import igzip_lib

_STEP = 256 << 10
_ZSTD_STEP = 512  # zstandard knows no limit on output: so many bytes may become 16 MiB, but not more
_GZIP = re.compile(rb"\x1f\x8b\x08")
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")  # a frame, or one to be skipped
_DICTIONARY = b"\x5d\x2a\x4d\x18"  # the skippable frame in which .warc.zst files keep their dictionary


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of the stream, and where in the file they begin, or the compressed member they are from."""

    offset: int
    data: bytes
    plain: bool = False  # not compressed: an offset inside the piece is an offset in the file


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where the stream is broken off: what follows is not what came next."""

    offset: int
    reason: str


Pieces = Iterator[Piece | Gap]
_Reader = Callable[[BinaryIO, int], Generator[Piece | Gap, None, int | None]]


def pieces(file: BinaryIO, name: str) -> Pieces:
    """Yield what a file holds. Its first bytes say how it is compressed; where they are broken, its name does."""
    start = file.read(4)
    if start.startswith(b"WARC"):
        return _plain(file)
    if _GZIP.match(start) or (name.endswith(".gz") and not _ZSTD.match(start)):
        return _members(file, _GZIP, _gzip_member)
    if _ZSTD.match(start) or name.endswith(".zst"):
        return _members(file, _ZSTD, _zstd_reader(_dictionary(file)))
    return _plain(file)


def _plain(file: BinaryIO) -> Pieces:
    file.seek(0)
    offset = 0
    while data := file.read(_STEP):
        yield Piece(offset, data, plain=True)
        offset += len(data)


def _members(file: BinaryIO, magic: re.Pattern[bytes], read: _Reader) -> Pieces:
    """Yield member after member; behind a broken one go on at the next place that looks like the start of one."""
    offset = 0
    while (start := _find(file, magic, offset)) is not None:
        if start > offset and not _is_padding(file, offset, start):
            yield Gap(offset, "no compressed member begins here")
        end = yield from read(file, start)
        offset = start + 1 if end is None else end
    size = file.seek(0, 2)
    if offset < size and not _is_padding(file, offset, size):
        yield Gap(offset, "nothing readable follows")


def _find(file: BinaryIO, magic: re.Pattern[bytes], offset: int) -> int | None:
    file.seek(offset)
    tail = b""
    while data := file.read(_STEP):
        window = tail + data
        if found := magic.search(window):
            return offset - len(tail) + found.start()
        offset += len(data)
        tail = window[-3:]
    return None


def _is_padding(file: BinaryIO, start: int, end: int) -> bool:
    """Tell whether there are only zeros: tapes and preallocated files end in them."""
    file.seek(start)
    while start < end:
        data = file.read(min(_STEP, end - start))
        if data.strip(b"\0"):
            return False
        start += len(data)
    return True


def _gzip_member(file: BinaryIO, start: int) -> Generator[Piece | Gap, None, int | None]:
    """Yield the pieces of one member, return where it ends; None where it is broken."""
    file.seek(start)
    position = start
    member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    try:
        while not member.eof:
            fed = file.read(_STEP) if member.needs_input else b""
            if member.needs_input and not fed:
                yield Gap(start, "the file ends inside a gzip member")
                return None
            position += len(fed)
            yield Piece(start, member.decompress(fed, 4 * _STEP))
    except igzip_lib.IsalError as error:  # pyright: ignore[reportGeneralTypeIssues] - the stub names an instance
        yield Gap(start, f"broken gzip member ({error})")
        return None
    return position - len(member.unused_data)


def _zstd_reader(dictionary: zstandard.ZstdCompressionDict | None) -> _Reader:
    decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)

    def read(file: BinaryIO, start: int) -> Generator[Piece | Gap, None, int | None]:
        """Yield the pieces of one frame, return where it ends; None where it is broken."""
        file.seek(start)
        if (skipped := _skippable(file)) is not None:
            return start + 8 + len(skipped)
        file.seek(start)
        position = start
        frame = decompressor.decompressobj()
        try:
            while not frame.eof:
                fed = file.read(_ZSTD_STEP)
                if not fed:
                    yield Gap(start, "the file ends inside a zstd frame")
                    return None
                position += len(fed)
                yield Piece(start, frame.decompress(fed))
        except zstandard.ZstdError as error:
            yield Gap(start, f"broken zstd frame ({error})")
            return None
        return position - len(frame.unused_data)

    return read


def _skippable(file: BinaryIO) -> bytes | None:
    """Return what a skippable frame holds, None where another frame begins."""
    head = file.read(8)
    if len(head) < 8 or head[1:4] != _DICTIONARY[1:]:
        return None
    return file.read(int.from_bytes(head[4:], "little"))


def _dictionary(file: BinaryIO) -> zstandard.ZstdCompressionDict | None:
    file.seek(0)
    if file.read(4) != _DICTIONARY:
        return None
    file.seek(0)
    held = _skippable(file) or b""
    if _ZSTD.match(held):
        held = zstandard.ZstdDecompressor().decompressobj().decompress(held)
    return zstandard.ZstdCompressionDict(held)
