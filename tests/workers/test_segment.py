"""One segment at a time, by the process that was told of it: done once, by one, and done again from wherever it broke."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from khabar.archive.segments import outcome_key, pending_key
from khabar.archive.store import Store
from khabar.catalogue import load
from khabar.ledger.sqlite import open_ledger
from khabar.lock import Lock
from khabar.models import Batch
from khabar.ports import Index, Ledger
from search import elastic
from search.elastic import generations as elastic_generations
from search.tantivy import TantivyIndex, open_index
from search.tree import Everything
from workers.ingest import LEASE
from workers.pipeline import Knowledge, prepare
from workers.read import read_task
from workers.segment import Desk, cluster_in_turn, cluster_left, ingest_segment

Seal = Callable[..., str]
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return prepare(load([]))


class Worker:
    """A process that brings segments in, as far as a desk shows: what it read, and a clock that the test puts on."""

    def __init__(
        self, store: Store, index: Index, ledger: Ledger, knowledge: Knowledge, holder: str = "one:1:1"
    ) -> None:
        self.now, self.read_so_far = NOW, list[str]()
        self.before_it_answers: Callable[[], object] = lambda: None
        self._store, self._knowledge = store, knowledge
        self.desk = Desk(store, index, ledger, self._read, holder, lambda: self.now)

    def ingest(self, segment: str) -> bool:
        """Take the lease and do the job; False where another has it."""
        name = f"ingest:{segment}"
        lease = self.desk.ledger.acquire(name, self.desk.holder, LEASE, self.now)
        if lease is None:
            return False
        ingest_segment(self.desk, lease, segment)
        return True

    def _read(self, segment: str, tries: int) -> Batch:
        assert tries >= 1
        self.read_so_far.append(segment)
        batch = read_task(segment, self._store, self._knowledge)
        self.before_it_answers()
        return batch


@pytest.fixture
def worker(store: Store, index: TantivyIndex, ledger: Ledger, knowledge: Knowledge) -> Worker:
    return Worker(store, index, ledger, knowledge)


def titles(index: Index) -> list[str]:
    return sorted(document.article.title for document in index.scan(Everything()))


def at_rest(worker: Worker) -> bool:
    """Tell whether nothing is pending and nobody holds anything."""
    desk = worker.desk
    return not list(desk.store.keys("pending/")) and not desk.ledger.leases(worker.now)


# --- one segment, one worker --------------------------------------------------------------------------------


def test_a_segment_is_read_written_clustered_and_given_back(
    worker: Worker, seal: Seal, make_page: Callable[..., str]
) -> None:
    segment = seal(("https://review.example/a", make_page()))
    assert worker.ingest(segment)
    assert titles(worker.desk.index) == ["A gate and a stamp"]
    assert worker.desk.store.exists(outcome_key(segment)) and at_rest(worker)
    assert worker.desk.ledger.tries(f"ingest:{segment}") == 0


def test_a_finished_segment_sent_twice_does_nothing(
    worker: Worker, seal: Seal, make_page: Callable[..., str]
) -> None:
    segment = seal(("https://review.example/a", make_page()))
    assert worker.ingest(segment) and worker.ingest(segment)
    assert worker.read_so_far == [segment]
    assert at_rest(worker) and len(list(worker.desk.index.rows())) == 1


def test_one_that_was_written_and_not_clustered_is_not_read_again(
    worker: Worker, seal: Seal, make_page: Callable[..., str]
) -> None:
    segment = seal(("https://review.example/a", make_page()))
    assert worker.ingest(segment)
    worker.desk.store.put(pending_key(segment), b"")  # as it lies after a kill between the two
    assert worker.ingest(segment)
    assert worker.read_so_far == [segment] and at_rest(worker)


def test_a_segment_that_the_archive_has_lost_ends_with_a_damage(worker: Worker) -> None:
    lost = "segments/2025/03/01/20250301T120000.000000Z-00000000.warc.gz"
    worker.desk.store.put(pending_key(lost), b"")
    assert worker.ingest(lost) and at_rest(worker)
    assert b"the archive has lost this segment" in (worker.desk.store.get(outcome_key(lost)) or b"")


def test_whoever_lost_the_lease_while_reading_leaves_the_writing_to_the_other(
    worker: Worker, store: Store, ledger: Ledger, seal: Seal, make_page: Callable[..., str]
) -> None:
    segment = seal(("https://review.example/a", make_page()))

    def stand_still() -> None:
        worker.now += timedelta(seconds=LEASE + 1)
        assert ledger.acquire(f"ingest:{segment}", "other:2:2", LEASE, worker.now)

    worker.before_it_answers = stand_still
    assert worker.ingest(segment)
    assert titles(worker.desk.index) == [] and not store.exists(outcome_key(segment))
    assert store.exists(pending_key(segment))
    assert [lease.holder for lease in ledger.leases(worker.now)] == ["other:2:2"]


def test_what_breaks_before_the_outcome_file_leaves_the_segment_to_be_done_again(
    worker: Worker, store: Store, seal: Seal, make_page: Callable[..., str]
) -> None:
    segment = seal(("https://review.example/a", make_page()))

    def fall() -> None:
        raise ZeroDivisionError

    worker.before_it_answers = fall
    with pytest.raises(ZeroDivisionError):
        worker.ingest(segment)
    assert store.exists(pending_key(segment)) and not store.exists(outcome_key(segment))
    worker.before_it_answers = lambda: None
    assert worker.ingest(segment) and at_rest(worker)
    assert titles(worker.desk.index) == ["A gate and a stamp"]


# --- clusters -----------------------------------------------------------------------------------------------


def test_what_was_left_is_clustered_and_what_was_not_read_stays(
    worker: Worker, store: Store, ledger: Ledger, seal: Seal, make_page: Callable[..., str]
) -> None:
    left = [seal((f"https://review.example/{n}", make_page())) for n in range(3)]
    unread = seal(("https://review.example/unread", make_page()))
    for segment in left:
        worker.ingest(segment)
        store.put(pending_key(segment), b"")
    assert cluster_left(worker.desk) == 3
    assert list(store.keys("pending/")) == [pending_key(unread)]
    assert ledger.leases(worker.now) == []
    assert cluster_left(worker.desk) == 0


def test_clusters_have_one_owner_and_whoever_waits_too_long_leaves_the_markers(
    worker: Worker, store: Store, ledger: Ledger, seal: Seal, make_page: Callable[..., str]
) -> None:
    segment = seal(("https://review.example/a", make_page()))
    worker.ingest(segment)
    store.put(pending_key(segment), b"")
    lease = ledger.acquire("cluster", "other:2:2", LEASE, worker.now)
    assert lease is not None
    assert not cluster_in_turn(worker.desk, [segment], turn=0.3)
    assert store.exists(pending_key(segment))
    threading.Timer(0.3, lambda: ledger.release(lease, done=True)).start()
    assert cluster_in_turn(worker.desk, [segment])
    assert at_rest(worker)


# --- two workers --------------------------------------------------------------------------------------------


def _tantivy(folder: Path, made: ExitStack) -> Callable[[], Index]:
    lock = Lock(folder / "index.lock")
    return lambda: made.enter_context(closing(open_index(folder / "index", partial(lock.held, "a test"))))


def _elasticsearch(url: str, made: ExitStack) -> Callable[[], Index]:
    prefix = f"segment-{uuid.uuid4().hex}"
    first = made.enter_context(closing(elastic.open_index(url, prefix)))
    made.callback(elastic_generations.drop_all, first.server, prefix)
    return lambda: made.enter_context(closing(elastic.open_index(url, prefix)))


@pytest.fixture(params=["tantivy", "elasticsearch"])
def two_workers(
    request: pytest.FixtureRequest, store: Store, ledger: Ledger, tmp_path: Path, knowledge: Knowledge
) -> Iterator[tuple[Worker, Worker]]:
    """Make two workers with handles of their own on one index, one ledger and one archive."""
    with ExitStack() as made:
        if request.param == "tantivy":
            index = _tantivy(tmp_path / "shared", made)
        else:
            index = _elasticsearch(request.getfixturevalue("elasticsearch_url"), made)
        beside = made.enter_context(closing(open_ledger(tmp_path / "ledger.sqlite")))
        one = Worker(store, index(), ledger, knowledge, "one:1:1")
        yield one, Worker(store, index(), beside, knowledge, "other:2:2")


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Do jobs in threads of their own; returns what they return, and raises what they raise."""
    answers: dict[int, object] = {}
    faults: list[BaseException] = []

    def run(number: int, job: Callable[[], object]) -> None:
        try:
            answers[number] = job()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(n, job)) for n, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if faults:
        raise faults[0]
    return [answers[number] for number in range(len(jobs))]


def test_two_copies_that_arrive_at_the_same_second_form_one_cluster(
    two_workers: tuple[Worker, Worker], seal: Seal, prose: str, make_page: Callable[..., str]
) -> None:
    one, other = two_workers
    together = threading.Barrier(2)
    for (
        worker
    ) in two_workers:  # both have read, and neither sees anything of the other's, when they begin to write
        worker.before_it_answers = lambda: together.wait(30)
    for number in range(4):
        text = (
            f"Letter {number} of a series, on the {number * 7}th day. {prose}\n\nSigned by reader {number}."
        )
        title = f"A gate and a stamp, part {number}"
        page = make_page(prose=" ".join(word + "x" * number for word in text.split(" ")), title=title)
        first = seal((f"https://review.example/{number}", page))
        second = seal((f"https://mirror.example/{number}", page))
        assert at_once(lambda s=first: one.ingest(s), lambda s=second: other.ingest(s)) == [True, True]
        found = [d.article for d in one.desk.index.scan(Everything()) if d.article.title == title]
        assert len(found) == 2
        assert len({article.cluster for article in found}) == 1, number
    assert len({document.article.cluster for document in one.desk.index.scan(Everything())}) == 4
    assert at_rest(one)


def test_two_workers_with_the_same_segment_give_one_result(
    two_workers: tuple[Worker, Worker], seal: Seal, make_page: Callable[..., str]
) -> None:
    one, other = two_workers
    for number in range(4):
        segment = seal((f"https://review.example/{number}", make_page(title=f"Part {number}")))
        answers = at_once(lambda s=segment: one.ingest(s), lambda s=segment: other.ingest(s))
        assert True in answers
        assert len([s for s in [*one.read_so_far, *other.read_so_far] if s == segment]) == 1
    assert titles(one.desk.index) == [f"Part {number}" for number in range(4)]
    assert len(list(one.desk.index.rows())) == 4
    assert at_rest(one)
