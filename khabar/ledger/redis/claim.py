"""A claim as the frontier keeps it: small, and named by its claim time, which no two claims share."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import datetime

from khabar import codec
from khabar.ledger.database import maybe_moment, micros, moment
from khabar.ledger.redis.record import EPOCH
from khabar.models import Discovery, attempt_name
from khabar.urls import registrable_domain

# What most claims have in common: a stored one is compressed against it, so it may only change with the schema.
_COMMON = (
    b'{"attempt":"","url":"https://www.","claimed":"1970-01-01T00:00:00Z","source":"","why":"back-fill","endpoint":'
    b'"https://www.","scope":"opinion","entry":{"url":"https://www.","title":"","authors":[""],"published":"2026-'
    b'01-01T00:00:00+05:00","updated":null,"guid":"https://www.","text":"<p>"},"robots":null,"delay":null,"failure"'
    b':null,"refused":false}'
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claim of the frontier, how often it was postponed and until when."""

    discovery: Discovery
    postponed: int = 0
    until: datetime | None = None

    @property
    def due(self) -> datetime:
        """When it was to be fetched."""
        return max(self.discovery.claimed, self.until) if self.until else self.discovery.claimed


def pack(discovery: Discovery) -> bytes:
    """Return a claim without its time, which is the name it is kept under."""
    packer = zlib.compressobj(9, wbits=-15, zdict=_COMMON)
    return packer.compress(codec.dump(replace(discovery, attempt="", claimed=EPOCH))) + packer.flush()


def unpack(name: int, packed: bytes) -> Discovery:
    """Return the claim kept under this name. Raises ValueError where it cannot be read."""
    try:
        timeless = codec.load(zlib.decompressobj(wbits=-15, zdict=_COMMON).decompress(packed), Discovery)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    return at(timeless, name)


def at(discovery: Discovery, name: int) -> Discovery:
    """Return a claim with its time, and so with the name of its attempt."""
    claimed = moment(name)
    return replace(discovery, attempt=attempt_name(claimed, discovery.url), claimed=claimed)


def postponement(stored: bytes | None) -> tuple[int, datetime | None]:
    """Return how often a claim was postponed, and until when."""
    times, until, *_ = stored.split(b" ", 2) if stored else (b"0", None)
    return int(times), maybe_moment(int(until) if until else None)


def name_of(attempt: str) -> int | None:
    """Return the name under which an attempt is kept, None for what is no attempt's name."""
    try:
        return micros(datetime.fromisoformat(attempt.split(" ", 1)[0]))
    except (ValueError, TypeError):
        return None


def turn(discovery: Discovery) -> tuple[str, str, int]:
    """Return where a claim queues up: the registrable domain, the source, 1 for after everything live."""
    return registrable_domain(discovery.url), discovery.source, int(discovery.why == "back-fill")
