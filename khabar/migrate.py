"""Moving over: a home to the distributed runtime and back. The archive goes along, all else is made from it.

What only the old ledger knows is carried over too: the claims that wait to be fetched, under their own names, the
endpoints' states, and when each source was last crawled. The old side is left as it is. Every step may be killed and
is then done again by the same command.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Set
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from khabar import audit, rebuild, runner
from khabar.archive.segments import recover
from khabar.archive.store import Store, open_store
from khabar.archive.transfer import transfer
from khabar.config import Settings
from khabar.ledger.database import LedgerError
from khabar.lock import Lock
from khabar.move import MigrationError, Move, UnrestError, index_place, ledger_place
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
from search.tree import Everything
from workers.holding import holding
from workers.ingest import LEASE
from workers.reindex import segments

Say = Callable[[str], None]

SAMPLE = 1000  # articles of the new side that are looked at: ids are hashes, so the first are as good as any


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
        with working(move.new, clock) as runtime:
            moved = _rebuilt(old, runtime, say)
        if old.trace() != before:
            raise UnrestError(
                "somebody crawled or ingested meanwhile: end that on both sides, then run this again"
            )
    return replace(moved, copied=copied)


def _rebuilt(old: _Old, runtime: Runtime, say: Say) -> Moved:
    ledger = runtime.ledger
    with _held(ledger, runtime.clock):
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
    """Refuse to begin while somebody works on a side, and let nobody reindex or move it for the block."""
    me = holder_name()
    bury_the_dead(ledger, clock())
    busy = [lease for lease in ledger.leases(clock()) if lease.holder not in {"", me}]
    lease = ledger.acquire("reindex", me, LEASE, clock()) if not busy else None
    if lease is None:
        who = ", ".join(f"{each.name} by {each.holder}" for each in busy[:3]) or "reindex by another"
        raise UnrestError(
            f"work is under way ({who}): stop crawls, workers and beat on both sides, then try again"
        )
    try:
        with holding(ledger, lease, LEASE, clock):
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
