"""What a worker does for each job: under a lease, once, and a job that fails rests as its error deserves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest

from khabar import duties
from khabar.archive.segments import outcome_key, pending_key
from khabar.archive.store import FolderStore
from khabar.catalogue import load
from khabar.codec import load as decode
from khabar.duties import CROWD
from khabar.errors import KhabarError
from khabar.jobs import Cluster, Digest, Ingest, Job, Retag
from khabar.models import OutcomeFile
from khabar.runtime import Runtime, working
from khabar.schedule import SENT_FOR
from khabar.settings import Settings
from khabar.standing import Standing
from search.tree import Everything
from workers.pipeline import Knowledge
from workers.reader import CEILING

SealArticles = Callable[..., str]
GATE = "The gate at the border was shut for nine days, and nobody knew whom to ask."
TOPIC = """id: gates
title: Gates
query: gate
signals:
  - {query: gate, weight: 2}
threshold: 1
digest: {time: "06:30", timezone: Asia/Karachi, readers: [desk@paper.example]}
"""
DAY = date(2025, 2, 28)


@dataclass
class Post:
    """What was sent, as a queue would have it; closed, it takes nothing."""

    sent: list[tuple[Job, bool]] = field(default_factory=list[tuple[Job, bool]])
    closed: bool = False

    def __call__(self, job: Job, later: bool = False) -> bool:
        if not self.closed:
            self.sent.append((job, later))
        return not self.closed

    def take(self, *kinds: type[Job]) -> list[tuple[Job, bool]]:
        taken, self.sent = self.sent, []
        return [(job, later) for job, later in taken if not kinds or isinstance(job, kinds)]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def runtime(settings: Settings, clock: Any, post: Post) -> Iterator[Runtime]:
    """Make a home that follows a topic, whose jobs go by a post of ours."""
    (settings.catalogue / "topics").mkdir(parents=True)
    (settings.catalogue / "topics" / "gates.yaml").write_text(TOPIC)
    with working(settings, clock) as made:
        made.__dict__["submit"] = post
        yield made


def state(runtime: Runtime, segment: str) -> tuple[bool, bool]:
    """Return whether a segment is pending, and whether it has an outcome."""
    return runtime.store.exists(pending_key(segment)), runtime.store.exists(outcome_key(segment))


# --- looking ------------------------------------------------------------------------------------------------


def test_what_is_due_is_sent_and_remembered(
    runtime: Runtime, post: Post, seal_articles: SealArticles
) -> None:
    segment, half = seal_articles(("A gate", GATE)), seal_articles(("B gate", GATE))
    runtime.store.put(outcome_key(half), b"{}")
    post.take()
    duties.look(runtime, {})
    sent = post.take(Ingest, Cluster)
    assert sent == [(Ingest(segment), True), (Cluster(), False)], (
        "what is live goes before what was sent before"
    )
    assert f"sent:ingest:{segment}" in runtime.ledger.runs("sent:")
    assert "sent:cluster" in runtime.ledger.runs("sent:")


def test_what_was_sealed_was_sent_and_is_not_sent_again_while_it_may_be_on_its_way(
    runtime: Runtime, post: Post, clock: Any, seal_articles: SealArticles
) -> None:
    segment = seal_articles(("A gate", GATE))
    assert post.take() == [(Ingest(segment), True)]
    duties.look(runtime, {"ingest": 1})
    assert post.take(Ingest) == []
    clock.later(seconds=SENT_FOR.total_seconds())
    duties.look(runtime, {"ingest": 1})
    assert post.take(Ingest) == [(Ingest(segment), True)], "after a while it is thought lost"
    duties.look(runtime, {"ingest": 0})
    assert post.take(Ingest) == [(Ingest(segment), True)], "an empty queue shows that it is lost"


def test_what_could_not_be_sent_is_due_at_once(
    runtime: Runtime, post: Post, seal_articles: SealArticles
) -> None:
    post.closed = True
    segment = seal_articles(("A gate", GATE))
    duties.look(runtime, {"ingest": 5})
    assert runtime.ledger.runs("sent:") == {}
    post.closed = False
    duties.look(runtime, {"ingest": 5})
    assert (Ingest(segment), True) in post.take(Ingest)


def test_a_queue_that_nobody_reads_does_not_grow_with_every_look(
    runtime: Runtime, post: Post, clock: Any, seal_articles: SealArticles
) -> None:
    segment, half = seal_articles(("A gate", GATE)), seal_articles(("B gate", GATE))
    runtime.store.put(outcome_key(half), b"{}")
    post.take()
    for _ in range(3):
        clock.later(hours=1)
        duties.look(runtime, {"ingest": CROWD})
    assert post.take(Ingest, Cluster) == [(Cluster(), False)] * 3, "what is one message goes on"
    duties.look(runtime, {"ingest": CROWD - 1})
    assert post.take(Ingest) == [(Ingest(segment), True)]


def test_a_spool_that_cannot_be_taken_over_stops_no_other_job(
    runtime: Runtime, post: Post, seal_articles: SealArticles, caplog: pytest.LogCaptureFixture
) -> None:
    segment = seal_articles(("A gate", GATE))
    post.take()
    (runtime.settings.spool / "segments~a.warc.gz").mkdir(parents=True)
    duties.look(runtime, {})
    assert (Ingest(segment), True) in post.take(Ingest)
    assert "segments~a.warc.gz" in caplog.text


def test_what_a_dead_process_of_this_machine_held_is_due_at_once(
    runtime: Runtime, post: Post, seal_articles: SealArticles
) -> None:
    segment = seal_articles(("A gate", GATE))
    host = runtime.holder.split(":")[0]
    assert runtime.ledger.acquire(f"ingest:{segment}", f"{host}:999999999:7", 60, runtime.clock())
    post.take()
    duties.look(runtime, {})
    assert post.take(Ingest) == [(Ingest(segment), True)]
    assert runtime.ledger.tries(f"ingest:{segment}") == 1, "its death counts"


# --- ingest -------------------------------------------------------------------------------------------------


def test_a_segment_is_brought_in_under_its_lease(
    runtime: Runtime, seal_articles: SealArticles, knowledge: Knowledge
) -> None:
    segment = seal_articles(("A gate", GATE))
    other = runtime.ledger.acquire(f"ingest:{segment}", "other:1:1", 60, runtime.clock())
    assert other is not None
    duties.ingest(runtime, lambda: knowledge, segment)
    assert state(runtime, segment) == (True, False), "another is at it"
    runtime.ledger.release(other)
    duties.ingest(runtime, lambda: knowledge, segment)
    assert state(runtime, segment) == (False, True)
    assert runtime.ledger.leases(runtime.clock()) == []
    assert len(list(runtime.index.scan(Everything()))) == 1


def test_two_workers_that_hear_of_one_segment_do_it_once(
    runtime: Runtime, seal_articles: SealArticles, knowledge: Knowledge
) -> None:
    segment = seal_articles(("A gate", GATE), ("A river", "Water under a bridge. " * 8))
    workers = [replace(runtime, holder=f"other:{number}:1") for number in range(3)]
    together = threading.Barrier(len(workers))
    asked: list[str] = []

    def work(at: Runtime) -> None:
        together.wait(30)
        duties.ingest(at, lambda: asked.append(at.holder) or knowledge, segment)

    threads = [threading.Thread(target=work, args=(at,)) for at in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(asked) == 1
    assert state(runtime, segment) == (False, True)
    assert len(list(runtime.index.rows())) == len(list(runtime.index.scan(Everything()))) == 2
    assert runtime.ledger.leases(runtime.clock()) == []
    for at in workers:
        at.ledger.close()
        at.index.close()


def test_an_error_of_the_machine_rests_and_counts_against_no_segment(
    runtime: Runtime, clock: Any, seal_articles: SealArticles, knowledge: Knowledge
) -> None:
    segment = seal_articles(("A gate", GATE))
    assert isinstance(runtime.store, FolderStore)
    in_the_way = runtime.store.root / outcome_key(segment)
    in_the_way.mkdir()
    with pytest.raises(KhabarError, match="directory"):
        duties.ingest(runtime, lambda: knowledge, segment)
    [lease] = runtime.ledger.leases(clock())
    assert (lease.name, lease.holder, lease.tries) == (f"ingest:{segment}", "", 0)
    assert timedelta(seconds=2) < lease.until - clock() <= timedelta(seconds=60)
    in_the_way.rmdir()
    duties.ingest(runtime, lambda: knowledge, segment)
    assert state(runtime, segment) == (True, False), "it rests"
    clock.later(minutes=1)
    duties.ingest(runtime, lambda: knowledge, segment)
    assert state(runtime, segment) == (False, True)


def broken() -> Knowledge:
    raise ZeroDivisionError


def test_an_error_of_ours_counts_and_in_the_end_all_records_are_crashed(
    runtime: Runtime, clock: Any, seal_articles: SealArticles
) -> None:
    segment, name = seal_articles(("A gate", GATE), ("B gate", GATE)), "ingest:"
    name += segment
    for tries in (1, 2):
        with pytest.raises(ZeroDivisionError):
            duties.ingest(runtime, broken, segment)
        [lease] = runtime.ledger.leases(clock())
        assert (lease.holder, lease.tries) == ("", tries)
        assert lease.until - clock() >= timedelta(seconds=5 * 2 ** (tries - 1))
        clock.later(minutes=10)
    for _ in range(CEILING - 2):  # of workers that died of it
        lease = runtime.ledger.acquire(name, "other:1:1", 60, clock())
        assert lease is not None
        runtime.ledger.release(lease)
    duties.ingest(runtime, broken, segment)
    assert state(runtime, segment) == (False, True)
    outcome = decode(runtime.store.get(outcome_key(segment)) or b"", OutcomeFile)
    assert outcome.reasons == {"failed": {"crashed": 2}}
    assert len(list(runtime.store.keys("quarantine/"))) == 2
    assert runtime.ledger.tries(name) == 0


def test_after_two_failures_a_segment_is_read_by_a_process_of_its_own(
    runtime: Runtime, clock: Any, seal_articles: SealArticles
) -> None:
    segment = seal_articles(("A gate", GATE))
    for _ in range(2):
        lease = runtime.ledger.acquire(f"ingest:{segment}", "other:1:1", 60, clock())
        assert lease is not None
        runtime.ledger.release(lease)
    duties.ingest(runtime, broken, segment)
    assert state(runtime, segment) == (False, True)
    [document] = runtime.index.scan(Everything())
    assert [match.id for match in document.article.topics] == ["gates"], "it knows this home's catalogue"


def test_a_topic_that_changes_while_a_segment_is_read_misses_nothing_of_it(
    runtime: Runtime, settings: Settings, clock: Any, post: Post, seal_articles: SealArticles
) -> None:
    segment = seal_articles(
        ("A river", "Water ran under the bridge for nine days, and nobody knew why. " * 3)
    )
    post.take()
    standing = Standing(lambda: settings, clock)
    try:
        at_work = standing.runtime()
        at_work.__dict__["submit"] = post

        def change_and_retag() -> Knowledge:
            known = standing.knowledge()
            topic = settings.catalogue / "topics" / "gates.yaml"
            topic.write_text(TOPIC.replace("query: gate", "query: bridge"))
            with working(settings, clock) as beside:
                duties.retag(beside, "gates", 2, "")
            assert runtime.store.exists("retagged/gates/000002"), "it is through before the article is there"
            return known

        duties.ingest(at_work, change_and_retag, segment, standing.is_current)
        assert post.take() == [(Ingest(segment), False)]
        assert state(runtime, segment) == (True, False)
        assert runtime.ledger.leases(clock()) == []
        duties.ingest(standing.runtime(), standing.knowledge, segment, standing.is_current)
    finally:
        standing.close()
    assert state(runtime, segment) == (False, True)
    [document] = runtime.index.scan(Everything())
    assert [(match.id, match.version) for match in document.article.topics] == [("gates", 2)]


def test_what_was_left_unclustered_is_clustered(
    runtime: Runtime, seal_articles: SealArticles, knowledge: Knowledge
) -> None:
    segment = seal_articles(("A gate", GATE))
    duties.ingest(runtime, lambda: knowledge, segment)
    runtime.store.put(pending_key(segment), b"")
    duties.cluster(runtime)
    assert state(runtime, segment) == (False, True)


# --- digests and retags -------------------------------------------------------------------------------------


def test_a_digest_is_made_once_by_one_and_an_unknown_topic_is_left(runtime: Runtime) -> None:
    lease = runtime.ledger.acquire("digest:gates:2025-02-28", "other:1:1", 60, runtime.clock())
    assert lease is not None
    duties.make_digests(runtime, ["gates", "gone"], DAY)
    assert list(runtime.store.keys("digests/")) == []
    runtime.ledger.release(lease)
    duties.make_digests(runtime, ["gone", "gates"], DAY)
    kept = sorted(runtime.store.keys("digests/"))
    assert kept == [f"digests/gates/2025-02-28.{end}" for end in ("html", "json", "txt")]
    assert runtime.ledger.leases(runtime.clock()) == []
    duties.look(runtime, {})
    post: Any = runtime.submit
    assert Digest(("gates",), DAY) not in [job for job, _ in post.take(Digest)]


def test_a_retag_goes_on_in_slices_and_an_old_message_begins_nothing_anew(
    runtime: Runtime, post: Post, seal_articles: SealArticles
) -> None:
    segment = seal_articles(("A gate", GATE), ("A river", "Water under a bridge. " * 8))
    duties.ingest(runtime, _knowing_nothing, segment)
    post.take()
    duties.retag(runtime, "gates", 1, "", seconds=0)
    [(job, later)] = post.take()
    assert isinstance(job, Retag) and job.cursor and later
    assert (job, False) in [(each, False) for each in duties.look(runtime, {}) if isinstance(each, Retag)]
    post.take()
    duties.retag(
        runtime, "gates", 1, "", seconds=0
    )  # the first message once more: nothing is left from its place on
    assert post.take() == [] and runtime.store.exists("retagged/gates/000001")
    tagged = [document.article.title for document in runtime.index.scan(runtime.parse("topic:gates"))]
    assert tagged == ["A gate"]
    duties.retag(runtime, "gates", 1, job.cursor, seconds=0)
    assert post.take() == [] and not list(runtime.store.keys("retagging/"))
    assert "gates" not in [each.topic for each in duties.look(runtime, {}) if isinstance(each, Retag)]


def _knowing_nothing() -> Knowledge:
    from workers.pipeline import prepare  # noqa: PLC0415 - beside its use

    return prepare(load([]))


@pytest.mark.parametrize(("topic", "version"), [("gone", 1), ("gates", 7)])
def test_a_retag_of_another_version_is_left(
    runtime: Runtime, post: Post, seal_articles: SealArticles, topic: str, version: int
) -> None:
    seal_articles(("A gate", GATE))
    post.take()
    duties.retag(runtime, topic, version, "", seconds=0)
    assert post.take() == [] and not list(runtime.store.keys("retagged/"))
    assert runtime.ledger.leases(runtime.clock()) == []
