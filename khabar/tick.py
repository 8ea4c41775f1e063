"""What is due, found in a home and done beside the command: crawls, pending segments, digests, retags."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice

from khabar import runner
from khabar.archive.segments import outcome_key, segment_of
from khabar.archive.store import Store
from khabar.catalogue import Topic
from khabar.digest import build, render_html, render_json, render_text
from khabar.errors import KhabarError
from khabar.jobs import Cluster, Crawl, Digest, Ingest, Job, Retag
from khabar.ports import Lease, Submit
from khabar.runner import CrawlerProcess
from khabar.runtime import Runtime, outlet_names
from khabar.schedule import SourcePlan, State, TopicPlan, due, held, names
from workers.ingest import LEASE
from workers.ingester import Ingester
from workers.reader import CEILING
from workers.retag import retag
from workers.topics import compile_topics

Say = Callable[[str], None]

RESTING = ("digest", "retag")  # kinds of which a job is marked as sent where it failed: it rests for a while
LOOK = 1000  # pending segments looked at in one tick: each is a question to the store
log = logging.getLogger(__name__)


def snapshot(runtime: Runtime, waiting: Iterable[str] = RESTING) -> State:
    """Return everything that decides what is due in this home, as it is now; of a long backlog the oldest part."""
    store, ledger = runtime.store, runtime.ledger
    segments = [segment_of(key) for key in islice(store.keys("pending/"), LOOK)]
    runs = ledger.runs("crawl:")
    sources = tuple(
        SourcePlan(source.id, source.every, runs.get(f"crawl:{source.id}"))
        for source in runtime.catalogue.sources.values()
        if source.enabled
    )
    topics = tuple(topic_plan(store, topic) for topic in runtime.catalogue.topics.values() if topic.enabled)
    state = State(
        pending={segment: store.exists(outcome_key(segment)) for segment in segments},
        sources=sources,
        topics=topics,
        leased=frozenset(lease.name for lease in ledger.leases(runtime.clock())),
        sent={name.removeprefix("sent:"): at for name, at in ledger.runs("sent:").items()},
        waiting=frozenset(waiting),
        wanted={name.removeprefix("wanted:"): at for name, at in ledger.runs("wanted:").items()},
    )
    wanted = (job for job in due(state, runtime.clock()) if isinstance(job, Digest | Retag))
    spent = (name for job in wanted for name in names(job) if ledger.tries(name) >= CEILING)
    return replace(state, quarantined=frozenset(spent))


def tick(runtime: Runtime, submit: Submit, waiting: Iterable[str] = RESTING) -> list[Job]:
    """Submit what is due now and return it; a second tick at once, or a lost one, changes no result."""
    state, now = snapshot(runtime, waiting), runtime.clock()
    for digest in held(state, now):
        for name in names(digest):
            if name not in state.wanted:
                runtime.ledger.mark_run(f"wanted:{name}", now)
    jobs = due(state, now)
    for job in jobs:
        submit(job)
    return jobs


def keep_digest(runtime: Runtime, topic: Topic, day: date) -> str:
    """Build the digest of a topic's day, keep it in the archive's store as it is, once; return its key."""
    key = f"digests/{topic.id}/{day.isoformat()}"
    if runtime.store.exists(f"{key}.json"):  # articles may have come since: it stays as it was sent
        return f"{key}.html"
    digest, names = build(runtime.index, topic, day), outlet_names(runtime)
    # What a killed process left is written again, so that all three tell the same; the JSON comes last, since it is
    # what marks the digest as made.
    runtime.store.replace(f"{key}.html", render_html(digest, names).encode())
    runtime.store.replace(f"{key}.txt", render_text(digest, names).encode())
    runtime.store.put(f"{key}.json", render_json(digest).encode())
    return f"{key}.html"


def retag_topic(runtime: Runtime, topic: Topic, cursor: str = "") -> Iterator[str]:
    """Match a topic on every article that is there, and remember how far that came; yields its cursor."""
    done, under_way = (f"{state}/{topic.id}/{topic.version:06d}" for state in ("retagged", "retagging"))
    for reached in retag(runtime.index, topic.id, compile_topics([topic]), cursor):
        runtime.store.replace(under_way, reached.encode())
        yield reached
    runtime.store.put(done, b"")
    runtime.store.delete(under_way)


def match_anew(runtime: Runtime, topics: Iterable[Topic]) -> None:
    """Let topics be matched on all there is, whether their versions were or not."""
    for topic in topics:
        for state in ("retagged", "retagging"):
            runtime.store.delete(f"{state}/{topic.id}/{topic.version:06d}")


def topic_plan(store: Store, topic: Topic) -> TopicPlan:
    """Return what is there of a topic: its digests, and how far its version has been matched."""
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
        cursor=(store.get(f"retagging/{topic.id}/{topic.version:06d}") or b"").decode(),
    )


@dataclass(slots=True)
class Bench:
    """The embedded `submit`: what was submitted lies here until the loop gets to it."""

    jobs: list[Job] = field(default_factory=list[Job])

    def __call__(self, job: Job, later: bool = False) -> None:  # noqa: ARG002 - a bench has one end
        """Put a job on the bench."""
        self.jobs.append(job)

    def take(self) -> list[Job]:
        """Take everything off."""
        taken, self.jobs = self.jobs, []
        return taken


@dataclass(slots=True)
class _Work:
    """A job that this process is at: a step of it at each turn, so that what is pending need not wait for it."""

    lease: Lease
    steps: Iterator[str]


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
        self._work: _Work | None = None

    def turn(self) -> bool:
        """Do what is due now; True while something is under way or still due."""
        busy = self._ingester.step()
        self._watch_crawl()
        jobs = tick(self._runtime, self._bench)
        for job in self._bench.take():
            self._do(job, busy)
        self._advance()
        if not busy and self._work is None and self._crawler is not None:
            time.sleep(runner.PAUSE)
        return busy or self._crawler is not None or self._work is not None or bool(jobs)

    @property
    def is_crawling(self) -> bool:
        """Whether a crawl is under way."""
        return self._crawler is not None

    def close(self) -> None:
        """End the crawl in good order and give the leases back."""
        self._stack.close()
        for lease in [*self._leases, *([self._work.lease] if self._work else [])]:
            self._runtime.ledger.release(lease, done=True)

    def _do(self, job: Job, busy: bool) -> None:
        match job:
            case Ingest() | Cluster():
                pass  # the ingester takes all that is pending at each turn
            case Crawl() if self._crawler is None:
                self._begin_crawl(job)
            case Digest(topics, day) if not busy and self._work is None and self._crawler is None:
                self._begin(job, self._make_digests(topics, day))
            case Retag(topic, _, cursor) if not busy and self._work is None:
                self._begin(job, retag_topic(self._runtime, self._runtime.catalogue.topics[topic], cursor))
            case _:
                pass  # due again at the next turn, when what stands before it is done

    def _make_digests(self, topics: Iterable[str], day: date) -> Iterator[str]:
        for topic in topics:
            key = keep_digest(self._runtime, self._runtime.catalogue.topics[topic], day)
            self._say(f"digest of {topic} for {day}: {self._runtime.store.url}/{key}")
            yield key

    def _begin(self, job: Job, steps: Iterator[str]) -> None:
        runtime = self._runtime
        lease = runtime.ledger.acquire(names(job)[0], runtime.holder, LEASE, runtime.clock())
        self._work = _Work(lease, steps) if lease else None

    def _advance(self) -> None:
        """Do the next step of the job; one that fails is said, rests for a while, and is left alone in the end."""
        if self._work is None:
            return
        lease, ledger = self._work.lease, self._runtime.ledger
        try:
            if next(self._work.steps, None) is None:
                ledger.release(lease, done=True)
            elif ledger.renew(lease, LEASE, self._runtime.clock()):
                return
        except Exception as error:
            is_ours = not isinstance(error, KhabarError)  # the machine's fault is no reason to give a job up
            log.log(logging.ERROR if is_ours else logging.DEBUG, "%s failed", lease.name, exc_info=error)
            self._say(f"{lease.name} failed ({error}): tried again in a while")
            ledger.mark_run(f"sent:{lease.name}", self._runtime.clock())
            ledger.release(lease, done=not is_ours)
        self._work = None

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
                renewed = [ledger.renew(lease, LEASE, now) for lease in self._leases]
                self._leases = [lease for lease in renewed if lease is not None]
            return
        for lease in self._leases:
            # Also after a crawl that failed: the next one comes in its time, not at once and for ever.
            ledger.mark_run(lease.name, now)
            ledger.release(lease, done=True)
        state = self._crawler.state
        ended = f", but the crawler ended with status {state.status}: see {state.log}" if state.status else ""
        self._say(f"crawled: {state.told.get('fetched', 0)} pages fetched{ended}")
        self._leases, self._crawler = [], None
        self._stack.close()
