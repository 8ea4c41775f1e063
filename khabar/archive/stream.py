"""WARC records cut out of a stream of pieces, past whatever is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from khabar.archive.containers import Gap, Piece, Pieces

_BEGIN = re.compile(rb"WARC/[01]\.\d+[ \t]*\r?\n")
_AGAIN = re.compile(rb"(?:\A|\n)(?=WARC/[01]\.\d+[ \t]*\r?\n)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_LONGEST_HEAD = 1 << 20
_STEP = 64 << 10
_KEPT = 64 << 10  # of a block that is too large: enough to see what it was


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as its bytes."""

    offset: int
    head: bytes  # with the empty line that ends it
    block: bytes
    length: int  # of the block; more than there is of it where it was too large to keep


def cut(source: Pieces, largest: int) -> Iterator[Raw | Gap]:
    """Yield the records of a stream; each broken place is one Gap, behind which the next record follows.

    Of a block over `largest` bytes only the beginning is kept; the rest is never held in memory.
    """
    stream = _Stream(source)
    while found := _next(stream, largest):
        yield found
        if isinstance(found, Gap):
            stream.go_on()


def _next(stream: _Stream, largest: int) -> Raw | Gap | None:
    """Take one record off the stream, or say why that cannot be done; None at its end."""
    if not stream.skip_lines():
        return stream.take_gap()
    offset = stream.offset()
    end = stream.find_head()
    if end is None:
        return stream.lost(offset, "no WARC record begins here")
    length = _LENGTH.search(stream.buffer, 0, end)
    if length is None:
        return stream.lost(offset, "a WARC record without its length")
    return _take(stream, offset, end, int(length[1]), largest)


def _take(stream: _Stream, offset: int, end: int, length: int, largest: int) -> Raw | Gap:
    is_whole = stream.fill(end + (length if length <= largest else _KEPT))
    head = bytes(stream.buffer[:end])
    if length > largest:
        raw = Raw(offset, head, bytes(stream.buffer[end : end + _KEPT]), length)
        stream.skip(end + length)
        return raw
    if not is_whole:
        return stream.lost(offset, "the file ends inside a record")
    if not stream.is_boundary(end + length):
        return stream.lost(offset, "a WARC record with a wrong length")  # the next may begin inside it
    raw = Raw(offset, head, bytes(stream.buffer[end : end + length]), length)
    stream.skip(end + length)
    return raw


class _Stream:
    """The part of the stream that is in memory, and where in the file it is from."""

    def __init__(self, source: Pieces) -> None:
        self._source = source
        self._at = 0  # position in the stream of the first byte of the buffer
        self._marks: list[tuple[int, Piece]] = []  # by the position in the stream where a piece begins
        self._gap: Gap | None = None  # behind the last byte of the buffer
        self.buffer = bytearray()

    def fill(self, size: int) -> bool:
        """Have this many bytes in the buffer; False where the stream ends or breaks off before."""
        while len(self.buffer) < size and self._gap is None:
            piece = next(self._source, None)
            if piece is None:
                return False
            if isinstance(piece, Gap):
                self._gap = piece
            elif piece.data:
                self._marks.append((self._at + len(self.buffer), piece))
                self.buffer += piece.data
        return len(self.buffer) >= size

    def skip(self, size: int) -> None:
        """Let go of this many bytes, a buffer at a time."""
        while size and self.fill(1):
            step = min(size, len(self.buffer))
            del self.buffer[:step]
            self._at += step
            size -= step
            while len(self._marks) > 1 and self._marks[1][0] <= self._at:
                del self._marks[0]

    def skip_lines(self) -> bool:
        """Let go of empty lines; tell whether anything follows."""
        while self.fill(1):
            if self.buffer[0] not in b"\r\n":
                return True
            self.skip(len(self.buffer) - len(self.buffer.lstrip(b"\r\n")))
        return False

    def offset(self) -> int:
        """Return the offset in the file of the first byte, or of the compressed member that it is from."""
        position, piece = self._marks[0]
        return piece.offset + (self._at - position if piece.plain else 0)

    def find_head(self) -> int | None:
        """Return where the head of the record ends that begins here, if one does."""
        self.fill(_STEP)
        if not _BEGIN.match(self.buffer):
            return None
        while not (found := _HEAD_END.search(self.buffer)):
            size = len(self.buffer)
            if size > _LONGEST_HEAD or not self.fill(size + 1):
                return None
        return found.end()

    def is_boundary(self, position: int) -> bool:
        """Tell whether a record may end here: the two line ends that must follow do, or nothing, or a record."""
        self.fill(position + 64)
        tail = bytes(self.buffer[position : position + 64])
        return tail.startswith(b"\r\n\r\n") or b"WARC/".startswith(tail.lstrip(b"\r\n")[:5])

    def take_gap(self) -> Gap | None:
        """Return the gap behind the buffer, and be past it."""
        gap, self._gap = self._gap, None
        return gap

    def lost(self, offset: int, reason: str) -> Gap:
        """Return the gap that begins at a record; a break in the file that follows explains more than `reason`."""
        return Gap(offset, self._gap.reason if self._gap else reason)

    def go_on(self) -> None:
        """Be at the next record, past any gap."""
        self.skip(min(1, len(self.buffer)))
        while True:
            if found := _AGAIN.search(self.buffer):
                return self.skip(found.end())
            if self._gap:
                self.skip(len(self.buffer))
                self._gap = None
            else:
                self.skip(max(0, len(self.buffer) - 64))  # the line that begins a record may be cut in two
            if not self.fill(len(self.buffer) + 1) and not self._gap:
                return self.skip(len(self.buffer))
