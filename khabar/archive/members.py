"""The gzip members of a segment, past whatever is broken between and inside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isal import igzip_lib

from khabar.models import Damage

MAGIC = b"\x1f\x8b\x08"
LARGEST = 128 << 20  # bytes of one record uncompressed; more is damage or a bomb

_STEP = 64 << 10


@dataclass(frozen=True, slots=True)
class Member:
    """A gzip member between two offsets of a segment, uncompressed."""

    start: int
    end: int
    content: bytes


def split(data: bytes) -> Iterator[Member | Damage]:
    """Yield the members of a segment; what cannot be read up to the next readable member is one Damage.

    Damage has no segment name yet.
    """
    offset = 0
    while offset < len(data):
        found = _inflate(data, offset)
        if isinstance(found, str):
            reason, broken = found, offset
            found = _readable(data, offset + 1)
            offset = found.start if found else len(data)
            yield Damage("", broken, f"{reason}; {offset - broken} bytes passed over")
        if found:
            yield found
            offset = found.end


def _readable(data: bytes, offset: int) -> Member | None:
    """Return the first member that can be read from here on: most that look like the start of one are chance."""
    while (offset := data.find(MAGIC, offset)) >= 0:
        found = _inflate(data, offset)
        if isinstance(found, Member):
            return found
        offset += 1
    return None


def _inflate(data: bytes, start: int) -> Member | str:
    """Uncompress one member, or say why not. In small steps: `unused_data` is a copy of all that follows."""
    if not data.startswith(MAGIC, start):
        return "no gzip member begins here"
    member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    view, position, size = memoryview(data), start, 0
    pieces: list[bytes] = []
    try:
        while not member.eof:
            if member.needs_input:
                fed = view[position : position + _STEP]
                if not fed:
                    return "the file ends inside a member"
                position += len(fed)
            else:
                fed = b""
            pieces.append(member.decompress(fed, 4 * _STEP))
            size += len(pieces[-1])
            if size > LARGEST:
                return f"a record of more than {LARGEST} bytes"
    except igzip_lib.IsalError as error:  # pyright: ignore[reportGeneralTypeIssues] - the stub names an instance
        return f"broken gzip member ({str(error).partition(' ')[2]})"
    return Member(start, position - len(member.unused_data), b"".join(pieces))
