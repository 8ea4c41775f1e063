"""Make again from the archive what can be lost: the index, and the memory of the crawl."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial

from khabar.archive.records import discoveries
from khabar.archive.store import Store
from khabar.config import Settings
from khabar.errors import KhabarError
from khabar.ledger.database import LedgerError
from khabar.ledger.recount import set_aside
from khabar.ledger.sqlite import open_ledger
from khabar.lock import Lock
from khabar.models import Discovery, utc
from khabar.runtime import Clock, Runtime, command_name
from search import generations
from search.generations import DamagedIndexError
from search.tantivy import create_generation, open_index
from search.tree import Everything
from workers.holding import Holding, holding
from workers.ingest import LEASE
from workers.pool import Pool
from workers.reader import SegmentReader
from workers.reindex import Report, cluster_all, fill, segments


class ReindexingError(KhabarError):
    """Somebody else is at it."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """The new generation, what it holds, and how many articles had more likely copies than were compared."""

    generation: int
    segments: int
    articles: int
    capped: int


def reindex(runtime: Runtime, pool: Pool, report: Report) -> Reindexed:
    """Build a generation beside the one in use, swap, and bring in what was sealed or ingested meanwhile.

    One at a time: a second one would take the first one's generation for what a dead one left.
    """
    with Lock(runtime.settings.home / "reindex.lock").held(command_name(), 0):
        lease = runtime.ledger.acquire("reindex", runtime.holder, LEASE, runtime.clock())
        if lease is None:
            raise ReindexingError("another machine is at a reindex: wait until it is done, then try again")
        try:
            with holding(runtime.ledger, lease, LEASE, runtime.clock) as held:
                return _reindex(runtime, pool, report, held)
        finally:
            runtime.ledger.release(lease, done=True)


def _reindex(runtime: Runtime, pool: Pool, report: Report, held: Holding) -> Reindexed:
    store, of_index = runtime.store, runtime.generations()
    generation = of_index.create()
    index = of_index.open(generation)
    reader, done = SegmentReader(pool, store), set[str]()
    fill(store, index, reader, done, report)
    capped = cluster_all(index)
    before = len(done)
    if runtime.ledger.renew(held.lease, LEASE, runtime.clock()) is None:
        raise ReindexingError(
            "this took a pause so long that another machine began a reindex: leave it to it"
        )
    of_index.swap(generation)
    # Whatever another command brought into the old generation up to the swap is not in `done`.
    fill(store, index, reader, done, report)
    if len(done) > before:
        capped = cluster_all(index)
    of_index.drop_others(generation)
    for topic in runtime.catalogue.topics.values():
        store.put(f"retagged/{topic.id}/{topic.version:06d}", b"")
    articles = index.search(Everything(), limit=0).total
    index.close()
    return Reindexed(generation, len(done), articles, capped)


def rebuild_ledger(runtime: Runtime, report: Callable[[int], None]) -> int:
    """Count the claims and learn the seen URLs again from the archive; returns the number of attempts."""
    counted = counts(runtime.store, report)
    runtime.ledger.recount(counted, _fetched(runtime.store), runtime.clock())
    return counted.total()


def counts(store: Store, report: Callable[[int], None] = lambda _: None) -> Counter[tuple[str, date]]:
    """Count the attempts of an archive by source and UTC day; `report` gets the number of segments read."""
    counted: Counter[tuple[str, date]] = Counter()
    attempts: set[str] = set()
    for number, segment in enumerate(segments(store), 1):
        for each in discoveries(store, segment):
            if each.attempt not in attempts:
                attempts.add(each.attempt)
                counted[each.source, utc(each.claimed).date()] += 1
        report(number)
    return counted


def set_aside_broken(settings: Settings, clock: Clock) -> list[str]:
    """Move a ledger and leave an index that cannot be opened, so that they can be made again; returns what was done."""
    done: list[str] = []
    if settings.distributed:
        return done
    try:
        open_ledger(settings.ledger).close()
    except LedgerError as error:
        if not error.damaged:
            raise
        aside = set_aside(settings.ledger, clock())
        name = aside.name if aside else settings.ledger.name
        done.append(f"the unreadable ledger was moved to {name}: `khabar ledger rebuild` fills the new one")
    held = partial(Lock(settings.index_lock).held, command_name(), settings.lock_wait)
    try:
        open_index(settings.index, held).close()
    except DamagedIndexError as error:
        with held():
            generations.swap(settings.index, create_generation(settings.index))
        done.append(f"the unreadable index was left ({error.reason}): `khabar reindex` fills the new one")
    return done


def empty_damaged(settings: Settings) -> list[str]:
    """Empty a ledger on Redis that is damaged, so that the archive can tell it again; returns what was done.

    What waited there to be fetched is found again by its feeds, as with any lost ledger.
    """
    if not settings.distributed:
        return []
    from khabar.ledger import redis  # noqa: PLC0415 - the embedded runtime does not import it

    with closing(redis.open_ledger(str(settings.redis_url))) as ledger:
        try:
            ledger.demand_whole()
        except LedgerError as error:
            if not error.damaged:
                raise
            ledger.empty()
            return [f"{error.place}: {error.what}: it was emptied, to be filled from the archive"]
    return []


def _fetched(store: Store) -> Iterator[Discovery]:
    return (
        each for segment in segments(store) for each in discoveries(store, segment) if each.why != "import"
    )
