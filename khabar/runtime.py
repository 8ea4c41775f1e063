"""The composition root: the one place that chooses adapters and ties them to a home."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from khabar.archive.segments import Announce, Sealed, Writer, recover
from khabar.archive.store import Store, open_store
from khabar.catalogue import SHIPPED, Catalogue, Compiled, exchange, load
from khabar.catalogue.versions import known, numbered, register
from khabar.config import Settings
from khabar.errors import KhabarError
from khabar.jobs import Ingest, Job
from khabar.ledger import sqlite
from khabar.lock import Lock
from khabar.ports import Index, Ledger, Submit
from khabar.schedule import names
from search import tantivy
from search.generations import drop_generation, generations, swap
from search.grammar import parse
from search.tree import Node

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


class HomeError(KhabarError):
    """A home that cannot be written."""


@dataclass(frozen=True)
class Runtime:
    """Everything a command works with."""

    settings: Settings
    clock: Clock
    holder: str  # names this process in leases: host:pid:start
    store: Store
    catalogue: Catalogue
    lock: Lock

    @cached_property
    def ledger(self) -> Ledger:
        """The memory of the crawl, opened when it is first asked: a search needs none, nor a home it may write."""
        return open_ledger(self.settings)

    @cached_property
    def index(self) -> Index:
        """The index in use; on a server opened when it is first asked: a crawl goes on while that is away."""
        return open_index(self.settings, self.lock)

    def checks(self) -> Sequence[Callable[[], Iterator[str]]]:
        """Return what asks each server what is wrong with it, and how to mend that; embedded there are none."""
        return _checks(self) if self.settings.distributed else ()

    def settle(self, sealed: Sealed) -> None:
        """Take a segment's attempts out of the frontier and count those of an import; idempotent."""
        settle(self.ledger, sealed)

    @cached_property
    def submit(self) -> Submit:
        """Send a job to whoever does it: a queue; embedded to nobody, since the command itself looks what is due."""
        if not self.settings.distributed:
            return _nobody
        from workers import celery  # noqa: PLC0415 - the embedded runtime does not import it

        return celery.sender(self.settings)

    def announce(self, sealed: Sealed) -> None:
        """Wake somebody up for a segment that is durable and marked pending; what was imported may wait."""
        job = Ingest(sealed.key)
        if self.submit(job, later=bool(sealed.imports)):
            # Unless that is remembered, the next tick sends it once more, before what was crawled meanwhile.
            with suppress(KhabarError):
                self.ledger.mark_run(f"sent:{names(job)[0]}", self.clock())

    def take_over(self) -> None:
        """Take over what the dead left behind on this machine: leases, and segments they did not seal."""
        bury_the_dead(self.ledger, self.clock())
        recover(self.store, self.settings.spool, self.settle, self.announce)

    def writer(self, announce: Announce | None = None) -> Writer:
        """Return a writer of segments into this archive; `announce` is told of each beside the queue."""

        def tell(sealed: Sealed) -> None:
            self.announce(sealed)
            if announce:
                announce(sealed)

        return Writer(self.store, self.settings.spool, self.settle, self.clock, announce=tell)

    def parse(self, query: str) -> Node:
        """Return the tree of a query, read now, in the configured time zone, with this gazetteer."""
        resolve = self.catalogue.gazetteer.resolve
        return parse(query, now=self.clock(), resolve=resolve, timezone=self.settings.timezone)

    def generations(self) -> Generations:
        """Return what a reindex needs: generations of the index, made, opened, swapped and dropped."""
        return _served(self.settings) if self.settings.distributed else _local(self.settings, self.lock)

    @property
    def folders(self) -> Sequence[Path]:
        """The catalogue's folders, shipped first."""
        return catalogue_folders(self.settings)


def catalogue_folders(settings: Settings) -> Sequence[Path]:
    """Return the shipped catalogue's folder and the home's, which shadows it."""
    return (SHIPPED, settings.catalogue)


def outlet_names(runtime: Runtime) -> dict[str, str]:
    """Return the names by which people know the sources, by id."""
    return {source.id: source.name for source in runtime.catalogue.sources.values()}


def _nobody(job: Job, later: bool = False) -> None:
    """Embedded a command looks for itself what is due."""


@contextmanager
def reading(settings: Settings, clock: Clock = now) -> Generator[Runtime]:
    """Open a home to read: nothing of it is changed, except that a missing one is made."""
    store = open_store(settings.archive_url)
    catalogue = load(catalogue_folders(settings), Compiled(settings.compiled))
    with _opened(settings, clock, store, numbered(catalogue, known(store, catalogue))) as runtime:
        yield runtime


@contextmanager
def working(settings: Settings, clock: Clock = now) -> Generator[Runtime]:
    """Open a home to change it: what the dead left behind (leases, unsealed segments) is taken over first."""
    _demand_writable(settings.home)
    store = open_store(settings.archive_url)
    take_catalogue(settings, store)
    catalogue = load(catalogue_folders(settings), Compiled(settings.compiled, may_write=True))
    if settings.distributed:
        exchange.offer(store, settings.catalogue)
    with _opened(settings, clock, store, numbered(catalogue, register(store, catalogue))) as runtime:
        runtime.take_over()
        yield runtime


def take_catalogue(settings: Settings, store: Store) -> None:
    """Take over what other machines have changed of the catalogue; embedded there are none."""
    if not settings.distributed:
        return
    try:
        for path in exchange.take(store, settings.catalogue):
            log.warning("%s: changed here and on another machine, whose file is taken: see this one", path)
    except OSError as error:  # mounted to be read, say: it serves as it is, and doctor says that it lags
        log.warning("%s: the catalogue is left as it is: %s", settings.catalogue, error.strerror)


@contextmanager
def _opened(settings: Settings, clock: Clock, store: Store, catalogue: Catalogue) -> Generator[Runtime]:
    runtime = Runtime(settings, clock, holder_name(), store, catalogue, Lock(settings.index_lock))
    try:
        if not settings.distributed:
            _ = runtime.index  # whoever only reads later finds it made
        yield runtime
    finally:
        if "index" in runtime.__dict__:
            runtime.index.close()
        if "ledger" in runtime.__dict__:
            runtime.ledger.close()


def open_ledger(settings: Settings) -> Ledger:
    """Open the memory of the crawl: on Redis where the settings name one, else in the home."""
    if settings.redis_url is None:
        return sqlite.open_ledger(settings.ledger)
    from khabar.ledger import redis  # noqa: PLC0415 - the embedded runtime does not import it

    return redis.open_ledger(settings.redis_url)


def settle(ledger: Ledger, sealed: Sealed) -> None:
    """Take a segment's attempts out of a ledger's frontier and count those of an import; idempotent."""
    if sealed.imports:
        ledger.count_import(sealed.key, sealed.imports)
    ledger.finish(sealed.attempts, sealed.failed)


def open_index(settings: Settings, lock: Lock) -> Index:
    """Open the index in use: on Elasticsearch where the settings name one, else in the home, written under its lock."""
    if not settings.distributed:
        return tantivy.open_index(settings.index, _held(settings, lock))
    from search import elastic  # noqa: PLC0415 - the embedded runtime does not import it

    return elastic.open_index(str(settings.elasticsearch_url), **_elastic(settings))


def _elastic(settings: Settings) -> dict[str, Any]:
    return {
        "prefix": settings.elasticsearch_prefix,
        "shards": settings.elasticsearch_shards,
        **_elastic_access(settings),
    }


def _elastic_access(settings: Settings) -> dict[str, Any]:
    return {
        "user": settings.elasticsearch_username,
        "password": settings.elasticsearch_password,
        "api_key": settings.elasticsearch_api_key,
        "authority": settings.elasticsearch_ca,
    }


def _checks(runtime: Runtime) -> Sequence[Callable[[], Iterator[str]]]:
    from khabar.ledger import redis  # noqa: PLC0415 - the embedded runtime does not import it
    from search import elastic  # noqa: PLC0415 - as above
    from workers import celery  # noqa: PLC0415 - as above

    settings, now = runtime.settings, runtime.clock()
    url, prefix = str(settings.elasticsearch_url), settings.elasticsearch_prefix

    def of_redis() -> Iterator[str]:
        assert isinstance(runtime.ledger, redis.RedisLedger)
        yield from runtime.ledger.findings(now)
        yield from celery.findings(settings)  # its messages lie there too
        runtime.ledger.demand_whole()

    return (of_redis, lambda: elastic.findings(url, prefix, now, **_elastic_access(settings)))


def _held(settings: Settings, lock: Lock) -> Callable[[], AbstractContextManager[None]]:
    return partial(lock.held, command_name(), settings.lock_wait)


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations of an index: `drop_others` keeps the one named."""

    create: Callable[[], int]
    open: Callable[[int], Index]
    swap: Callable[[int], None]
    drop_others: Callable[[int], None]


def _local(settings: Settings, lock: Lock) -> Generations:
    home, held = settings.index, _held(settings, lock)

    def create() -> int:
        with held():
            return tantivy.create_generation(home)

    def swap_in(generation: int) -> None:
        with held():
            swap(home, generation)

    def drop_others(keep: int) -> None:
        with held():
            for other in generations(home):
                if other != keep:
                    drop_generation(home, other)

    return Generations(
        create, lambda generation: tantivy.open_index(home, held, generation), swap_in, drop_others
    )


def _served(settings: Settings) -> Generations:
    from search import elastic  # noqa: PLC0415 - the embedded runtime does not import it
    from search.elastic import generations as elastic_generations  # noqa: PLC0415 - as above

    url, prefix, shards = (
        str(settings.elasticsearch_url),
        settings.elasticsearch_prefix,
        settings.elasticsearch_shards,
    )
    # Not by opening the index in use: that may be gone, or another release's, which a new generation mends.
    server = elastic.connect(url, **_elastic_access(settings))

    def drop_others(keep: int) -> None:
        for other in elastic_generations.generations(server, prefix):
            if other != keep:
                elastic_generations.drop_generation(server, prefix, other)

    return Generations(
        lambda: elastic_generations.create_generation(server, prefix, shards),
        lambda generation: elastic.open_index(url, **_elastic(settings), generation=generation),
        lambda generation: elastic_generations.swap(server, prefix, generation),
        drop_others,
    )


def _demand_writable(home: Path) -> None:
    how = "make it writable for this user, or choose another with --home"
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeError(f"{home}: the home cannot be made ({error.strerror}): {how}") from error
    if not os.access(home, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise HomeError(f"{home}: the home is not writable: {how}")


def command_name() -> str:
    """Return what this process was called to do, for those who wait for it: `khabar ingest`."""
    words = [Path(sys.argv[0]).name.replace("__main__.py", "khabar"), *sys.argv[1:2]]
    return " ".join(words)


def holder_name() -> str:
    """Return the name of this process in leases; a later process with the same id has another."""
    pid = os.getpid()
    return f"{machine_name()}:{pid}:{_started(pid)}"


@cache
def machine_name() -> str:
    """Return the name of this machine as it runs now: two may have been cloned with one host name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        boot = ""
    return f"{socket.gethostname()}/{boot}"


def bury_the_dead(ledger: Ledger, moment: datetime) -> None:
    """Give back the leases of processes of this machine that are no more; their tries stay counted."""
    for lease in ledger.leases(moment):
        host, _, process = lease.holder.partition(":")
        pid, _, started = process.partition(":")
        if host == machine_name() and pid.isdecimal() and _started(int(pid)) != started:
            ledger.release(lease)


def _started(pid: int) -> str:
    """Return when a process began, in the kernel's ticks; empty where there is no such process or no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return "" if fields[0] in "ZX" else fields[19]  # a zombie does no more work
    except (OSError, IndexError):
        return "" if Path("/proc").is_dir() else _alive(pid)


def _alive(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
