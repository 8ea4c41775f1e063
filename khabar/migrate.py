"""Moving over: a home to the distributed runtime and back. The archive goes along, all else is made from it.

What only the old ledger knows is carried over too: the claims that wait to be fetched, under their own names, the
endpoints' states, and when each source was last crawled. The old side is left as it is. Every step may be killed and
is then done again by the same command.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Set
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Literal

from khabar import audit, rebuild, runner
from khabar.archive.segments import recover
from khabar.archive.store import Store, open_store
from khabar.archive.transfer import transfer
from khabar.config import Settings
from khabar.errors import KhabarError
from khabar.ledger.database import LedgerError
from khabar.lock import Lock
from khabar.ports import Ledger
from khabar.runtime import (
    Clock,
    Runtime,
    bury_the_dead,
    command_name,
    holder_name,
    now,
    open_ledger,
    reading,
    settle,
    working,
)
from khabar.settings import BY_NAME
from search.tree import Everything
from workers.reindex import segments

Say = Callable[[str], None]

SAMPLE = 1000  # articles of the new side that are looked at: ids are hashes, so the first are as good as any


class MigrationError(KhabarError):
    """Why nothing is moved, and what to do about it."""

    status = 2


class UnrestError(MigrationError):
    """Somebody is at work on one of the sides."""

    status = 3


@dataclass(frozen=True, slots=True)
class Move:
    """From where to where. `remembers`: the old ledger is read; `replaces`: the new side may hold something else."""

    old: Settings
    new: Settings
    remembers: bool = True
    replaces: bool = False

    @property
    def copies(self) -> bool:
        """True where the two sides keep their archives in different places."""
        return open_store(self.old.archive_url).url != open_store(self.new.archive_url).url


@dataclass(frozen=True, slots=True)
class Moved:
    """What is on the new side now, and what an audit of it found, which should be nothing."""

    copied: int
    attempts: int
    waiting: int
    articles: int
    capped: int
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Old:
    """The side that is left: its archive, and its ledger where that is read."""

    store: Store
    ledger: Ledger | None

    def trace(self) -> tuple[Set[str], Set[str]]:
        """Return the segments and the waiting claims, by which it is seen whether somebody was at work."""
        waiting = self.ledger.frontier() if self.ledger else ()
        return set(segments(self.store)), {each.attempt for each in waiting}


def plan(
    settings: Settings,
    to: Literal["distributed", "embedded"],
    archive: str | None = None,
    *,
    remembers: bool = True,
    replaces: bool = False,
) -> Move:
    """Return the two sides: the servers' is what the settings say, the embedded one the same home without servers.

    `archive` is where the embedded side's archive lies: else where the settings say, if that is a folder, else in the
    home. Raises MigrationError.
    """
    if not settings.distributed and (to == "distributed" or remembers):
        which = "move to" if to == "distributed" else "come from"
        raise MigrationError(
            f"the settings name no servers to {which}: set KHABAR_REDIS_URL and KHABAR_ELASTICSEARCH_URL, or"
            f" redis_url and elasticsearch_url in {settings.home / 'khabar.toml'}"
        )
    url = _checked(archive) if archive else _embedded_archive(settings)
    embedded = replace(settings, redis_url=None, elasticsearch_url=None, archive_url=url)
    sides = (embedded, settings) if to == "distributed" else (settings, embedded)
    move = Move(*sides, remembers, replaces)
    if not settings.distributed and not move.copies:
        raise MigrationError(
            f"{settings.home} is embedded and its archive is in place:"
            " `khabar ledger rebuild` and `khabar reindex` make all else from it"
        )
    return move


def migrate(move: Move, say: Say, clock: Clock = now) -> Moved:
    """Move over; `say` is told how far it has come. Raises MigrationError, with both sides as they were or to go on."""
    with _old_side(move, clock) as old:
        before = old.trace()
        rebuild.set_aside_broken(move.new, clock)  # what cannot be read is made anew anyway
        if not move.replaces and (strange := list(_strangers(move, old, before[0], clock))):
            raise MigrationError(
                f"the new side holds what this archive does not tell of: {'; '.join(strange)}."
                " See that the settings name the right one; --replace makes its index and ledger anew all the same"
            )
        copied = 0
        if move.copies:
            target = open_store(move.new.archive_url)
            copied = transfer(old.store, target, lambda n, all_: say(f"{n} of {all_} objects copied"))
        with working(move.new, clock) as runtime, _held(runtime.ledger, clock):
            moved = _rebuilt(old, runtime, say)
        if old.trace() != before:
            raise UnrestError(
                "the old side was written to meanwhile: end what crawls or ingests there, then run this again"
            )
    return replace(moved, copied=copied)


def _rebuilt(old: _Old, runtime: Runtime, say: Say) -> Moved:
    ledger = runtime.ledger
    attempts = _carry(old, runtime, say)
    with runner.pool(runtime) as pool:
        index = rebuild.reindex(runtime, pool, lambda n, all_: say(f"{n} of {all_} segments indexed"))
        with runner.ingester(runtime, pool) as ingester:
            runner.drain(ingester, lambda _, __: None)
    waiting = sum(1 for _ in ledger.frontier())
    found = tuple(audit.findings(runtime.store, ledger, runtime.index))
    return Moved(0, attempts, waiting, index.articles, index.capped, found)


def _carry(old: _Old, runtime: Runtime, say: Say) -> int:
    """Fill the new ledger: what waits and the endpoints from the old one, all else from the archive.

    Without an old one the endpoints are forgotten too: an ETag would hide what was found and never fetched.
    """
    ledger = runtime.ledger
    if old.ledger is None:
        ledger.restore((), (), runtime.clock())
    else:
        ledger.restore(old.ledger.frontier(), old.ledger.endpoints(), runtime.clock())
    attempts = rebuild.rebuild_ledger(runtime, lambda n: say(f"{n} segments counted"))
    for name, at in old.ledger.runs("crawl:").items() if old.ledger else ():
        ledger.mark_run(name, at)
    return attempts


# --- before anything is moved -------------------------------------------------------------------------------


@contextmanager
def _old_side(move: Move, clock: Clock) -> Generator[_Old]:
    """Open the side that is left and keep others from writing it, as far as locks and leases can."""
    settings, store = move.old, open_store(move.old.archive_url)
    with ExitStack() as stack:
        ledger = None
        if move.remembers:
            ledger = stack.enter_context(closing(_opened(settings)))
            stack.enter_context(_held(ledger, clock))
            recover(store, settings.spool, partial(settle, ledger))
        if move.remembers and not settings.distributed:
            lock = Lock(settings.index_lock)
            stack.enter_context(lock.held(command_name(), settings.lock_wait))
        old = _Old(store, ledger)
        _demand_something(old)
        yield old


def _opened(settings: Settings) -> Ledger:
    try:
        return open_ledger(settings)
    except LedgerError as error:
        raise _lost(str(error)) from error


def _demand_something(old: _Old) -> None:
    archived, waiting = old.trace()
    if not archived and not waiting:
        raise MigrationError(
            f"there is nothing to move: {old.store.url} holds no segment. --archive or --home names another"
        )
    if archived and old.ledger and not old.ledger.discovered():
        raise _lost("the old ledger knows of no claim, but the archive does")


def _lost(what: str) -> MigrationError:
    how = "its feeds will list again what was waiting to be fetched, as far as they still have it"
    return UnrestError(f"{what}; or add --from-archive to go on without the old ledger: {how}")


@contextmanager
def _held(ledger: Ledger, clock: Clock) -> Generator[None]:
    """Refuse to begin while somebody works on this side, and let nobody reindex it for the block."""
    me = holder_name()
    bury_the_dead(ledger, clock())
    busy = [lease for lease in ledger.leases(clock()) if lease.holder not in {"", me}]
    lease = ledger.acquire("reindex", me, rebuild.LONGEST, clock()) if not busy else None
    if lease is None:
        who = ", ".join(f"{each.name} by {each.holder}" for each in busy[:3]) or "reindex by another"
        raise UnrestError(
            f"work is under way ({who}): stop crawls, workers and beat on both sides, then try again"
        )
    try:
        yield
    finally:
        ledger.release(lease, done=True)


def _strangers(move: Move, old: _Old, known: Set[str], clock: Clock) -> Iterator[str]:
    """Yield what the new side holds that is not this archive's."""
    url = open_store(move.new.archive_url).url
    if more := len(set(segments(open_store(url))) - known):
        yield f"{url} has {more} segment(s) that {old.store.url} has not"
    with reading(move.new, clock) as there:
        seen = islice(there.index.scan(Everything()), SAMPLE)
        if any(each.segment not in known for document in seen for each in document.references):
            yield f"the index {index_place(move.new)} has other articles"
        ours = old.ledger.discovered() if old.ledger else rebuild.counts(old.store)
        if more := (Counter(there.ledger.discovered()) - Counter(ours)).total():
            yield f"the ledger {ledger_place(move.new)} has {more} other claim(s)"


def index_place(settings: Settings) -> str:
    """Return where a side keeps its index, fit to be shown: without user and password."""
    url, prefix = settings.elasticsearch_url, settings.elasticsearch_prefix
    return f"{_shown(url)} ({prefix}-*)" if url else str(settings.index)


def ledger_place(settings: Settings) -> str:
    """Return where a side keeps its ledger, fit to be shown."""
    return f"{_shown(settings.redis_url)} (khabar:*)" if settings.redis_url else str(settings.ledger)


def _shown(url: str) -> str:
    return re.sub(r"//[^/,]*@", "//", url)


def _embedded_archive(settings: Settings) -> str:
    local = settings.archive_url.startswith("file:")
    return settings.archive_url if local else (settings.home / "archive").as_uri()


def _checked(archive: str) -> str:
    try:
        return str(BY_NAME["archive_url"].read(archive))
    except ValueError:
        accepts = BY_NAME["archive_url"].accepts
        raise MigrationError(f"--archive cannot be {archive!r}: accepted are {accepts}") from None
