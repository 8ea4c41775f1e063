"""What a worker does for each kind of job: take its lease, do it, then give the lease back or let the job rest."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

from khabar.apart import read_apart
from khabar.errors import KhabarError
from khabar.jobs import Ingest, Job, Retag
from khabar.models import Batch
from khabar.ports import Lease
from khabar.runtime import Runtime
from khabar.schedule import names
from khabar.tick import keep_digest, retag_topic, tick, topic_plan
from workers.holding import Holding, holding
from workers.ingest import LEASE
from workers.patience import kind, rest
from workers.pipeline import Knowledge
from workers.read import read_task
from workers.reader import ISOLATE_AFTER
from workers.segment import Desk, cluster_left, ingest_segment

CROWD = 1000  # messages for segments in the queue, above which a tick adds none: the first ones must be heard first
SLICE = 240.0  # seconds of one job in one go: leases are short, and a redeploy waits no longer
log = logging.getLogger(__name__)
_KINDS = {
    "crawl": ("crawl",),
    "ingest": ("ingest", "cluster"),
    "digest": ("digest",),
    "maintenance": ("retag",),
}


def look(runtime: Runtime, waiting: Mapping[str, int]) -> list[Job]:
    """Send what is due, and remember that it was sent; `waiting` tells how many messages each queue holds."""
    try:
        runtime.take_over()
    except KhabarError as error:  # one spool that cannot be read must not stop all other jobs
        log.error("what the dead left behind is not taken over: %s", error)

    def send(job: Job, later: bool = False) -> None:
        if isinstance(job, Ingest):
            # It was sent when it was sealed: what is live goes before it. While nobody comes to read, messages that
            # say the same again would fill Redis.
            later = True
            if waiting.get("ingest", 0) >= CROWD:
                return
        if runtime.submit(job, later):
            for name in names(job):
                runtime.ledger.mark_run(f"sent:{name}", runtime.clock())

    return tick(runtime, send, [kind for queue, count in waiting.items() if count for kind in _KINDS[queue]])


def ingest(
    runtime: Runtime,
    knowledge: Callable[[], Knowledge],
    segment: str,
    is_current: Callable[[], bool] = lambda: True,
) -> None:
    """Bring a segment into the index, unless another is at it; once more if the catalogue has changed meanwhile."""

    def read(segment: str, tries: int) -> Batch:
        # A segment that two processes died of is read where a death costs one page.
        if tries > ISOLATE_AFTER:
            return read_apart(runtime, segment, tries)
        return read_task(segment, runtime.store, knowledge())

    with leased(runtime, f"ingest:{segment}") as lease:
        is_done = lease is None or ingest_segment(_desk(runtime, read, is_current), lease, segment)
    if not is_done:
        runtime.submit(Ingest(segment))


def cluster(runtime: Runtime) -> None:
    """Cluster what was indexed and left."""
    cluster_left(_desk(runtime, lambda segment, _: Batch(segment, ())))


def make_digests(runtime: Runtime, topics: Sequence[str], day: date) -> None:
    """Build and keep the digests of these topics for a day; one that another is at is left to it."""
    for topic in topics:
        with kept(runtime, f"digest:{topic}:{day.isoformat()}") as held:
            if held is not None and topic in runtime.catalogue.topics:
                keep_digest(runtime, runtime.catalogue.topics[topic], day)


def retag(runtime: Runtime, topic: str, version: int, cursor: str, seconds: float = SLICE) -> None:
    """Match a topic on what is there for a while; what is left then is sent on. A message may be old, or come twice."""
    found, ends = runtime.catalogue.topics.get(topic), time.monotonic() + seconds
    with kept(runtime, f"retag:{topic}:{version}") as held:
        if held is None or found is None or found.version != version:
            return
        plan = topic_plan(runtime.store, found)
        if plan.retagged:
            return
        for reached in retag_topic(runtime, found, max(cursor, plan.cursor)):
            cursor = reached
            if held.lost or time.monotonic() > ends:
                break
        else:
            return
    runtime.submit(Retag(topic, version, cursor), later=True)


@contextmanager
def leased(runtime: Runtime, name: str) -> Generator[Lease | None]:
    """Hold the lease of a job, None where another does; a job that fails rests as long as its error deserves."""
    ledger = runtime.ledger
    lease = ledger.acquire(name, runtime.holder, LEASE, runtime.clock())
    if lease is None:
        yield None
        return
    try:
        yield lease
    except Exception as error:
        patience = kind(error)
        until = runtime.clock() + rest(patience, lease.tries)
        ledger.rest(lease, until, blame=patience.counts)
        raise
    ledger.release(lease, done=True)


@contextmanager
def kept(runtime: Runtime, name: str) -> Generator[Holding | None]:
    """Hold the lease of a job however long it takes, None where another does."""
    with leased(runtime, name) as lease:
        if lease is None:
            yield None
            return
        with holding(runtime.ledger, lease, LEASE, runtime.clock) as held:
            yield held


def _desk(
    runtime: Runtime, read: Callable[[str, int], Batch], is_current: Callable[[], bool] = lambda: True
) -> Desk:
    return Desk(runtime.store, runtime.index, runtime.ledger, read, runtime.holder, runtime.clock, is_current)
