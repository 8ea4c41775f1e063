"""Segments: filled in a spool file, sealed into the store, recovered where their owner died.

Sealing goes fsync of the spool, segment, settle, pending marker, removal of the spool. It may die after any step and is
then done again from the first: each step succeeds where it was done before.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

from khabar.archive import records
from khabar.archive.files import create_owned, explained, make_folder, take_over, write_all
from khabar.archive.store import Store
from khabar.models import Capture, Discovery, Record, utc

SEGMENTS = "segments/"
PENDING = "pending/"


# --- keys ---------------------------------------------------------------------------------------------------


def segment_key(opened: datetime) -> str:
    """Make the key of a segment; keys sort by the time their segment was opened."""
    moment = utc(opened)
    return f"{SEGMENTS}{moment:%Y/%m/%d/%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}.warc.gz"


def pending_key(segment: str) -> str:
    """Return the key of the marker that says: this segment is still to be processed."""
    return PENDING + segment.replace("/", "~")


def segment_of(pending: str) -> str:
    """Return the segment that a pending marker stands for."""
    return pending.removeprefix(PENDING).replace("~", "/")


def _spool_name(segment: str) -> str:
    return segment.replace("/", "~")


def _key_of(spool: Path) -> str:
    return spool.name.replace("~", "/")


def outcome_key(segment: str) -> str:
    """Return the key of the outcome file beside a segment."""
    return segment.removesuffix(".warc.gz") + ".outcomes.json"


# --- writing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment that is in the store, and what the ledger has to know of it."""

    key: str
    attempts: tuple[str, ...]
    failed: tuple[str, ...]  # those that may be tried again: an error, not a refusal
    imports: Mapping[tuple[str, date], int] = field(
        default_factory=dict
    )  # by source and UTC day of the claim


Settle = Callable[[Sealed], None]
Announce = Callable[[Sealed], None]  # told of what is durable and marked pending; must not raise


@dataclass(slots=True)
class _Open:
    """The spool file that is being filled."""

    key: str
    path: Path
    handle: int
    opened: datetime
    size: int = 0
    discoveries: list[Discovery] = field(default_factory=list)
    frozen: bool = False  # sealing has begun: the store may hold it already, so nothing may be added


class Writer:
    """The open segment of one process; not for several threads at once.

    What `append` returned for survives the death of the process, what is sealed survives the death of the machine.
    After an ArchiveError (disk full, store not reachable) the spool holds every whole record: go on, `seal` again, or
    `close` and leave it to `recover`.
    """

    def __init__(
        self,
        store: Store,
        spool: Path,
        settle: Settle,
        clock: Callable[[], datetime],
        pages: int = 50,
        size: int = 8 << 20,
        seconds: float = 5.0,
        announce: Announce = lambda _: None,
    ) -> None:
        self._store = store
        self._spool = spool
        self._settle = settle
        self._announce = announce
        self._clock = clock
        self._limits = (pages, size, seconds)
        self._open: _Open | None = None

    def append(self, capture: Capture, discovery: Discovery) -> str:
        """Add an attempt, return its record id; seals by itself when the segment is full or old."""
        record_id = f"urn:uuid:{uuid4()}"
        data = records.members(capture, discovery, record_id)
        if self._open and self._open.frozen:
            self.seal()
        if self._open is None:
            self._open = self._begin()
        _add(self._open, data)
        self._open.discoveries.append(discovery)
        if self._full(self._open):
            self.seal()
        return record_id

    def seal(self) -> Sealed | None:
        """Make the open segment durable and hand it over; None when there is none."""
        spool = self._open
        if spool is None:
            return None
        sealed = _summary(spool.key, spool.discoveries)
        if sealed.attempts:
            spool.frozen = True
            _hand_over(self._store, self._settle, spool.path, spool.handle, sealed)
        self._open = None
        _remove(spool.path, spool.handle)
        if not sealed.attempts:
            return None
        self._announce(sealed)
        return sealed

    def seal_if_due(self) -> Sealed | None:
        """Seal the open segment when it is old enough."""
        return self.seal() if self._open and self._full(self._open) else None

    def close(self) -> None:
        """Let go of the spool without sealing it; `recover` will."""
        if self._open:
            os.close(self._open.handle)
            self._open = None

    def _begin(self) -> _Open:
        opened = self._clock()
        with explained(self._spool):
            make_folder(self._spool)
            path, handle = create_owned(self._spool, lambda: _spool_name(segment_key(opened)))
        return _Open(_key_of(path), path, handle, opened)

    def _full(self, spool: _Open) -> bool:
        pages, size, seconds = self._limits
        age = (self._clock() - spool.opened).total_seconds()
        is_old = not 0 <= age < seconds  # a clock set back must not keep a segment open for hours
        return len(spool.discoveries) >= pages or spool.size >= size or is_old


def _add(spool: _Open, data: bytes) -> None:
    """Write whole members or nothing: what went through of a failed write is cut off again."""
    with explained(spool.path):
        try:
            write_all(spool.handle, data)
        except OSError:
            os.ftruncate(spool.handle, spool.size)
            os.lseek(spool.handle, spool.size, os.SEEK_SET)
            raise
    spool.size += len(data)


def _summary(key: str, found: Iterable[Discovery]) -> Sealed:
    found = tuple(found)
    return Sealed(
        key,
        tuple(discovery.attempt for discovery in found),
        tuple(discovery.attempt for discovery in found if discovery.failure and not discovery.refused),
        Counter(
            (discovery.source, discovery.claimed.astimezone(UTC).date())
            for discovery in found
            if discovery.why == "import"
        ),
    )


def _hand_over(store: Store, settle: Settle, path: Path, handle: int, sealed: Sealed) -> None:
    """Everything of sealing but the removal of the spool; may be repeated."""
    with explained(path):
        os.fsync(handle)
        data = path.read_bytes()
    store.put(sealed.key, data)
    settle(sealed)
    store.put(pending_key(sealed.key), b"")


def _remove(path: Path, handle: int) -> None:
    with explained(path):
        path.unlink(missing_ok=True)
        os.close(handle)


# --- recovery -----------------------------------------------------------------------------------------------


def recover(store: Store, spool: Path, settle: Settle, announce: Announce = lambda _: None) -> list[Sealed]:
    """Seal the spools that dead processes left, oldest first: whole records are kept, a broken tail is cut.

    Spools whose owner lives are left alone. Several processes may recover at once.
    """
    sealed: list[Sealed] = []
    for path in sorted(spool.glob("segments~*.warc.gz")):
        with explained(path):
            handle = take_over(path)
        if handle is not None:
            try:
                found = _recover(store, path, handle, settle)
                sealed += [found] if found else []
            finally:
                os.close(handle)
            if found:
                announce(found)
    return sealed


def _recover(store: Store, path: Path, handle: int, settle: Settle) -> Sealed | None:
    key = _key_of(path)
    with explained(path):
        read = records.read(path.read_bytes(), key)
    kept = [(end, found.discovery) for end, found in read if isinstance(found, Record)]
    if not kept:
        path.unlink(missing_ok=True)
        return None
    with explained(path):
        os.ftruncate(handle, kept[-1][0])
    sealed = _summary(key, (discovery for _, discovery in kept))
    _hand_over(store, settle, path, handle, sealed)
    with explained(path):
        path.unlink(missing_ok=True)
    return sealed
