"""What is due, found in a home and done beside the command: crawls, pending segments, digests, retags."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date

from khabar import runner
from khabar.archive.segments import outcome_key, segment_of
from khabar.archive.store import Store
from khabar.catalogue import Topic
from khabar.digest import build, render_html, render_json, render_text
from khabar.jobs import Cluster, Crawl, Digest, Ingest, Job, Retag
from khabar.ports import Lease, Submit
from khabar.runner import CrawlerProcess
from khabar.runtime import Runtime
from khabar.schedule import SourcePlan, State, TopicPlan, due, names
from workers.ingest import LEASE, Ingester
from workers.retag import retag
from workers.topics import compile_topics

Say = Callable[[str], None]


def snapshot(runtime: Runtime, waiting: Iterable[str] = ()) -> State:
    """Return everything that decides what is due in this home, as it is now."""
    store, ledger = runtime.store, runtime.ledger
    pending = {segment_of(key): store.exists(outcome_key(segment_of(key))) for key in store.keys("pending/")}
    sources = tuple(
        SourcePlan(source.id, source.every, ledger.last_run(f"crawl:{source.id}"))
        for source in runtime.catalogue.sources.values()
        if source.enabled
    )
    topics = tuple(_plan(store, topic) for topic in runtime.catalogue.topics.values() if topic.enabled)
    leased = frozenset(lease.name for lease in ledger.leases(runtime.clock()))
    return State(pending, sources, topics, leased, waiting=frozenset(waiting))


def tick(runtime: Runtime, submit: Submit, waiting: Iterable[str] = ()) -> list[Job]:
    """Submit what is due now and return it; a second tick at once, or a lost one, changes no result."""
    jobs = due(snapshot(runtime, waiting), runtime.clock())
    for job in jobs:
        submit(job)
    return jobs


def keep_digest(runtime: Runtime, topic: Topic, day: date) -> str:
    """Build the digest of a topic's day, keep it in the archive's store as it is, once; return its key."""
    digest = build(runtime.index, topic, day)
    key = f"digests/{topic.id}/{day.isoformat()}"
    runtime.store.put(f"{key}.html", render_html(digest, outlet_names(runtime)).encode())
    runtime.store.put(f"{key}.txt", render_text(digest, outlet_names(runtime)).encode())
    # The JSON comes last: it is what marks the digest as made.
    runtime.store.put(f"{key}.json", render_json(digest).encode())
    return f"{key}.html"


def outlet_names(runtime: Runtime) -> dict[str, str]:
    """Return the names by which people know the sources, by id."""
    return {source.id: source.name for source in runtime.catalogue.sources.values()}


def retag_topic(runtime: Runtime, topic: Topic, cursor: str = "") -> None:
    """Match a topic on every article that is there, and remember that this version is through."""
    for _ in retag(runtime.index, topic.id, compile_topics([topic]), cursor):
        pass
    runtime.store.put(f"retagged/{topic.id}/{topic.version:06d}", b"")


def _plan(store: Store, topic: Topic) -> TopicPlan:
    made = frozenset(
        date.fromisoformat(key.rsplit("/", 1)[1].removesuffix(".json"))
        for key in store.keys(f"digests/{topic.id}/")
        if key.endswith(".json")
    )
    return TopicPlan(
        topic.id,
        topic.version,
        retagged=store.exists(f"retagged/{topic.id}/{topic.version:06d}"),
        time=topic.digest.time if topic.digest else None,
        timezone=topic.digest.timezone if topic.digest else "UTC",
        digests=made,
    )


@dataclass(slots=True)
class Bench:
    """The embedded `submit`: what was submitted lies here until the loop gets to it."""

    jobs: list[Job] = field(default_factory=list[Job])

    def __call__(self, job: Job) -> None:
        """Put a job on the bench."""
        self.jobs.append(job)

    def take(self) -> list[Job]:
        """Take everything off."""
        taken, self.jobs = self.jobs, []
        return taken


class Loop:
    """`khabar run`: one process that does what is due, with a crawler and a pool beside it."""

    def __init__(self, runtime: Runtime, ingester: Ingester, say: Say) -> None:
        self._runtime = runtime
        self._ingester = ingester
        self._say = say
        self._bench = Bench()
        self._stack = ExitStack()
        self._crawler: CrawlerProcess | None = None
        self._leases: list[Lease] = []
        self._renewed = time.monotonic()

    def turn(self) -> bool:
        """Do what is due now; True while something is under way or still due."""
        busy = self._ingester.step()
        self._watch_crawl()
        jobs = tick(self._runtime, self._bench)
        for job in self._bench.take():
            self._do(job, busy)
        return busy or self._crawler is not None or bool(jobs)

    def close(self) -> None:
        """End the crawl in good order and give the leases back."""
        self._stack.close()
        for lease in self._leases:
            self._runtime.ledger.release(lease)

    def _do(self, job: Job, busy: bool) -> None:
        match job:
            case Ingest() | Cluster():
                pass  # the ingester takes all that is pending at each turn
            case Crawl() if self._crawler is None:
                self._begin_crawl(job)
            case Digest(topics, day) if not busy and self._crawler is None:
                for topic in topics:
                    key = keep_digest(self._runtime, self._runtime.catalogue.topics[topic], day)
                    self._say(f"digest of {topic} for {day}: {key}")
            case Retag(topic, _, cursor) if not busy:
                retag_topic(self._runtime, self._runtime.catalogue.topics[topic], cursor)
            case _:
                pass  # due again at the next turn, when what stands before it is done

    def _begin_crawl(self, job: Crawl) -> None:
        now, ledger = self._runtime.clock(), self._runtime.ledger
        leases = [ledger.acquire(name, self._runtime.holder, LEASE, now) for name in names(job)]
        self._leases = [lease for lease in leases if lease is not None]
        mine = [lease.name.removeprefix("crawl:") for lease in self._leases]
        if mine:
            self._say(f"crawling {', '.join(mine)}")
            self._crawler = self._stack.enter_context(runner.crawler(self._runtime, mine, None))

    def _watch_crawl(self) -> None:
        if self._crawler is None:
            return
        self._crawler.listen()
        now, ledger = self._runtime.clock(), self._runtime.ledger
        if self._crawler.status is None:
            if time.monotonic() - self._renewed > LEASE / 3:
                self._renewed = time.monotonic()
                self._leases = [ledger.renew(lease, LEASE, now) or lease for lease in self._leases]
            return
        for lease in self._leases:
            # Also after a crawl that failed: the next one comes in its time, not at once and for ever.
            ledger.mark_run(lease.name, now)
            ledger.release(lease, done=True)
        self._say(f"crawled: {self._crawler.state.told.get('fetched', 0)} pages fetched")
        self._leases, self._crawler = [], None
        self._stack.close()
