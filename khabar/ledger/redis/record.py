"""What is remembered of a URL, in 14 bytes where all went well: pure packing, shared by reads and writes.

A bucket is the records of all URLs whose hash begins alike, one after the other in one Redis string: a key of their
own, or a field of a hash, would cost each URL more than its memory does. A record is

    key 5 · head 1 · listed 2 · [failures and why 1 · retry 8] · words 6 each

head: waiting 128, failed 64, number of words 0-63. scripts/records.lua walks the same layout.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from struct import pack as binary
from struct import unpack_from
from typing import get_args

from khabar.ledger.database import maybe_moment, micros
from khabar.ledger.memory import Seen, endpoint_key, mark
from khabar.models import Why
from khabar.ports import Found

BUCKETS = 1 << 14  # 61 records each at a million URLs: the bucket's own 80 bytes hardly count
WORDS = 63  # endpoints whose word on one URL is kept
DAY = 86_400_000_000  # microseconds

_KEY, _WORD = 5, 6
_WAITING, _FAILED = 128, 64
_NO_RETRY = -(1 << 63)
_WHYS: tuple[Why, ...] = get_args(Why)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trace:
    """The memory of one URL, whether it waits in the frontier, and the day on which an endpoint last listed it."""

    seen: Seen
    waiting: bool
    listed: int  # days since 1970


def place(url: str) -> tuple[int, bytes]:
    """Return the bucket of a URL and its key in it; 54 bits, so that two of a million share one in 1 of 36,000 cases."""
    digest = hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=7).digest()
    return int.from_bytes(digest[:2]) >> 2, digest[2:]


def day(now: datetime) -> int:
    """Return the UTC day of a moment as a record keeps it."""
    return min(max(micros(now) // DAY, 0), 0xFFFF)


def pack(key: bytes, trace: Trace) -> bytes:
    """Return the record of a URL."""
    seen = trace.seen
    words = list(seen.marks.items())[-WORDS:]
    failed = bool(seen.failures) or seen.retry is not None
    head = trace.waiting * _WAITING | failed * _FAILED | len(words)
    parts = [key, binary(">BH", head, trace.listed)]
    if failed:
        state = min(seen.failures, 15) << 4 | _WHYS.index(seen.why)
        parts.append(binary(">Bq", state, _NO_RETRY if seen.retry is None else micros(seen.retry)))
    parts += [_short_endpoint(endpoint) + _short_word(word) for endpoint, word in words]
    return b"".join(parts)


def unpack(record: bytes, found: Found | None = None) -> Trace | None:
    """Return the memory that a record holds, None for an empty one.

    Records keep words shortened to digests. The word of the endpoint that `found` names is given in full where its
    digest is that of `found`, so that khabar.ledger.memory compares it as any other ledger's.
    """
    if not record:
        return None
    head, listed = unpack_from(">BH", record, _KEY)
    at = _KEY + 3
    failures, why, retry = 0, _WHYS[0], None
    if head & _FAILED:
        state, moment = unpack_from(">Bq", record, at)
        failures, why = state >> 4, _WHYS[state & 15]
        retry = maybe_moment(None if moment == _NO_RETRY else moment)
        at += 9
    words = (record[start : start + _WORD] for start in range(at, len(record), _WORD))
    marks = {word[:3].hex(): word[3:].hex() for word in words}
    if found is not None:
        _spell_out(marks, found)
    # The time of the last claim is the archive's to tell: no verdict asks for it.
    return Trace(Seen(why, EPOCH, failures, retry, marks), bool(head & _WAITING), listed)


def _spell_out(marks: dict[str, str], found: Found) -> None:
    short = _short_endpoint(endpoint_key(found.endpoint)).hex()
    if short in marks:
        word, said = marks.pop(short), mark(found.entry)
        marks[endpoint_key(found.endpoint)] = said if _short_word(said).hex() == word else word


def _short_endpoint(key: str) -> bytes:
    return bytes.fromhex(key[:6])


def _short_word(word: str) -> bytes:
    # Six characters are a digest already: a mark is a time or sixteen characters.
    return bytes.fromhex(word) if len(word) == 6 else hashlib.blake2b(word.encode(), digest_size=3).digest()
