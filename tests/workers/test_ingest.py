"""From a sealed segment to the index: the order of writing, and that every point between may be died at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from khabar import audit
from khabar.archive.segments import outcome_key, pending_key
from khabar.archive.store import Store
from khabar.codec import dump, load
from khabar.lock import Lock, LockHeld
from khabar.models import Batch, Discovery, OutcomeFile, Reading, attempt_name
from khabar.ports import Ledger
from search.tantivy import TantivyIndex, create_index, open_index
from search.tree import Everything
from workers.cluster import cluster
from workers.ingest import LEASE, conclude, quarantine_key, write
from workers.ingester import Ingester
from workers.pool import Pool
from workers.reader import CEILING, SegmentReader

Seal = Callable[..., str]
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that the test puts on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Desk:
    """What an ingester works with, and another one beside it."""

    def __init__(self, store: Store, index: TantivyIndex, ledger: Ledger, pools: tuple[Pool, Pool]) -> None:
        self.store, self.index, self.ledger, self.clock = store, index, ledger, Clock()
        self.reader, beside = (SegmentReader(pool, store) for pool in pools)
        self.one = Ingester(store, index, ledger, self.reader, "one:1:1", self.clock)
        self.other = Ingester(store, index, ledger, beside, "other:2:2", self.clock)

    def drain(self) -> None:
        while self.one.step():
            pass

    def state(self) -> list[bytes]:
        """All documents and rows."""
        documents = sorted(dump(each) for each in self.index.scan(Everything()))
        return documents + sorted(dump(each) for each in self.index.rows())

    def at_rest(self) -> bool:
        leases = self.ledger.leases(self.clock())
        disagreements = list(audit.findings(self.store, self.ledger, self.index))
        return not (leases or disagreements or list(self.store.keys("pending/")))


@pytest.fixture
def desk(store: Store, index: TantivyIndex, ledger: Ledger, pools: tuple[Pool, Pool]) -> Iterator[Desk]:
    made = Desk(store, index, ledger, pools)
    yield made
    made.one.close()
    made.other.close()
    for pool in pools:  # what a test has left half read
        while pool.busy:
            pool.results()


@pytest.fixture
def pages(make_page: Callable[..., str], prose: str) -> list[tuple[str, str]]:
    """Two copies of one text, another text, and a page without one."""
    other = prose.replace("gate", "river").replace("border", "harbour").split("\n\n")
    turned = "\n\n".join(" ".join(reversed(paragraph.split())) for paragraph in other)
    return [
        ("https://a.example/1", make_page()),
        ("https://b.example/1", make_page(title="The same, reprinted")),
        ("https://a.example/2", make_page(prose=turned, title="Another")),
        ("https://a.example/empty", "<html><body></body></html>"),
    ]


def read(desk: Desk, pools: tuple[Pool, Pool], segment: str) -> list[Batch]:
    reader = SegmentReader(pools[0], desk.store)
    reader.submit(segment)
    found: list[Batch] = []
    while not reader.idle:
        found += reader.batches()
    return found


def test_a_pending_segment_is_brought_in_and_nothing_is_left_over(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]]
) -> None:
    segment = seal(*pages)
    desk.drain()
    documents = list(desk.index.scan(Everything()))
    assert sorted(each.article.url for each in documents) == [url for url, _ in sorted(pages)[:2]] + [
        "https://b.example/1"
    ]
    by_url = {each.article.url: each.article for each in documents}
    assert by_url["https://a.example/1"].cluster == by_url["https://b.example/1"].cluster
    file = load(desk.store.get(outcome_key(segment)) or b"", OutcomeFile)
    assert file.articles == tuple(sorted(each.article.id for each in documents))
    assert file.counts == {"indexed": 3, "rejected": 1}
    assert desk.one.progress.counts == {"indexed": 3, "rejected": 1}
    assert (desk.one.progress.attempts, desk.one.progress.segments, desk.one.progress.broken) == (4, 1, 0)
    assert desk.at_rest() and not desk.one.step()


def test_every_point_between_may_be_died_at(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]], pools: tuple[Pool, Pool], tmp_path: Path
) -> None:
    segment = seal(*pages)
    batches = read(desk, pools, segment)
    desk.drain()
    whole = desk.state()
    for number, die_after in enumerate(["nothing", "documents", "outcomes", "clusters"], 1):
        (tmp_path / f"again{number}").mkdir()
        create_index(tmp_path / f"again{number}" / "1")
        index = open_index(tmp_path / f"again{number}", generation=1)
        desk.store.delete(outcome_key(segment))
        desk.store.put(pending_key(segment), b"")
        if die_after != "nothing":
            rows = write(index, batches).rows
            if die_after != "documents":
                file = conclude(desk.store, batches[0], rows.values())
                if die_after == "clusters":
                    cluster(index, file.articles)
        again = Desk(desk.store, index, desk.ledger, pools)
        again.drain()
        assert (again.state(), again.at_rest()) == (whole, True), f"died after {die_after}"
        assert again.one.progress.segments == (die_after in {"nothing", "documents"})
        index.close()


def test_the_outcome_file_comes_after_the_documents_and_before_the_marker_goes(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]]
) -> None:
    segment = seal(*pages)
    held = desk.ledger.acquire("cluster", "somebody:1:1", 3600, NOW)
    assert held is not None
    deadline = time.monotonic() + 20
    while not desk.store.exists(outcome_key(segment)) and time.monotonic() < deadline:
        desk.one.step()
        if desk.store.exists(outcome_key(segment)):
            assert len(list(desk.index.scan(Everything()))) == 3
    assert desk.store.exists(pending_key(segment)), "another clusters: the marker is for them to take"
    assert desk.one.step(0)
    desk.ledger.release(held, done=True)
    desk.drain()
    assert desk.at_rest()
    assert len({each.article.cluster for each in desk.index.scan(Everything())}) == 2


def test_two_ingesters_read_each_segment_once(
    desk: Desk, seal: Seal, make_page: Callable[..., str], prose: str
) -> None:
    for number in range(8):
        seal((f"https://a.example/{number}", make_page(prose=f"{number} {prose}")))
    while desk.one.step(0.02) | desk.other.step(0.02):
        pass
    assert desk.one.progress.segments + desk.other.progress.segments == 8
    assert min(desk.one.progress.segments, desk.other.progress.segments) > 0
    assert desk.at_rest() and len(list(desk.index.scan(Everything()))) == 8


def test_a_segment_that_another_holds_is_left_alone_and_waited_for_without_haste(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]]
) -> None:
    segment = seal(*pages)
    assert desk.ledger.acquire(f"ingest:{segment}", "dead:1:1", LEASE, NOW)
    began = time.monotonic()
    assert desk.one.step(0.2) and desk.one.step(0.2)
    assert time.monotonic() - began >= 0.4
    assert not desk.store.exists(outcome_key(segment))
    desk.clock.now += timedelta(seconds=LEASE + 1)
    desk.drain()
    assert desk.at_rest() and desk.one.progress.attempts == 4


def test_what_another_has_taken_over_is_not_written(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]]
) -> None:
    segment = seal(*pages)
    desk.one.step(0)
    desk.clock.now += timedelta(seconds=LEASE + 1)
    taken = desk.ledger.acquire(f"ingest:{segment}", "somebody:1:1", 3600, desk.clock())
    assert taken is not None
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        assert desk.one.step(0.1)
    assert desk.state() == [] and not desk.store.exists(outcome_key(segment))
    desk.one.close()
    assert desk.ledger.leases(desk.clock()) == [taken], "their lease is not ours to give back"
    desk.ledger.release(taken)
    desk.drain()
    assert desk.at_rest() and desk.one.progress.attempts == 4


def test_a_segment_done_between_the_look_and_the_lease_is_not_read_again(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]]
) -> None:
    segment = seal(*pages)

    def meanwhile() -> datetime:  # asked for the time when the lease is taken: after the look at pending/
        desk.store.delete(pending_key(segment))
        return NOW

    late = Ingester(desk.store, desk.index, desk.ledger, desk.reader, "late:3:3", meanwhile)
    late.step(0)
    assert not late.step(0)
    assert late.progress.segments == 0 and desk.ledger.leases(NOW) == []


def test_a_cluster_pass_that_took_too_long_leaves_the_markers(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]], pools: tuple[Pool, Pool]
) -> None:
    segment = seal(*pages)
    for batch in read(desk, pools, segment):
        conclude(desk.store, batch, write(desk.index, [batch]).rows.values())
    times: list[datetime] = []

    def slow() -> datetime:
        times.append(NOW + timedelta(hours=len(times)))
        if len(times) == 2:  # renewing, after the pass
            assert desk.ledger.acquire("cluster", "somebody:1:1", 60, times[-1])
        return times[-1]

    late = Ingester(desk.store, desk.index, desk.ledger, desk.reader, "late:3:3", slow)
    late.step(0)
    assert desk.store.exists(pending_key(segment))
    assert [lease.holder for lease in desk.ledger.leases(times[1])] == ["somebody:1:1"]


def test_whoever_waits_for_the_lock_in_vain_may_come_again(
    store: Store,
    ledger: Ledger,
    pools: tuple[Pool, Pool],
    seal: Seal,
    pages: list[tuple[str, str]],
    tmp_path: Path,
) -> None:
    lock = Lock(tmp_path / "index.lock")
    index = open_index(tmp_path / "index", lambda: lock.held("ingest", 0))
    desk = Desk(store, index, ledger, pools)
    seal(*pages)
    with lock.held("a long job"):
        for _ in range(2):
            with pytest.raises(LockHeld, match="a long job"):
                desk.drain()
    desk.drain()
    assert desk.at_rest() and desk.one.progress.attempts == 4
    index.close()


def test_an_end_in_good_order_counts_against_no_segment(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]]
) -> None:
    name = f"ingest:{seal(*pages)}"
    desk.one.step(0)
    assert desk.ledger.tries(name) == 1
    desk.one.close()
    assert (desk.ledger.tries(name), desk.ledger.leases(NOW)) == (0, [])
    desk.other.step(0)
    desk.other.close(blame=True)
    assert (desk.ledger.tries(name), desk.ledger.leases(NOW)) == (1, [])


def test_a_segment_that_kills_whoever_takes_it_goes_to_quarantine_and_out_of_it_again(
    desk: Desk, seal: Seal, pages: list[tuple[str, str]]
) -> None:
    segment = seal(*pages)
    for _ in range(CEILING):
        assert desk.ledger.acquire(f"ingest:{segment}", "one:1:1", LEASE, NOW)
    desk.drain()
    assert desk.one.progress.counts == {"failed": 4} and desk.one.progress.broken == 4
    assert desk.at_rest() and list(desk.index.scan(Everything())) == []
    kept = [load(desk.store.get(key) or b"", Reading) for key in desk.store.keys("quarantine/")]
    assert sorted(each.discovery.url for each in kept) == sorted(url for url, _ in pages)
    # As `khabar quarantine retry` does.
    desk.store.delete(outcome_key(segment))
    desk.store.put(pending_key(segment), b"")
    desk.drain()
    assert list(desk.store.keys("quarantine/")) == []
    assert desk.at_rest() and {row.outcome for row in desk.index.rows()} == {"indexed", "rejected"}


def test_a_segment_that_is_lost_stops_no_other(desk: Desk, seal: Seal, pages: list[tuple[str, str]]) -> None:
    lost = "segments/2025/03/01/lost.warc.gz"
    desk.store.put(pending_key(lost), b"")
    seal(*pages)
    desk.drain()
    assert [damage.segment for damage in desk.one.progress.damage] == [lost]
    assert len(list(desk.index.scan(Everything()))) == 3
    assert list(desk.store.keys("pending/")) == []


# --- write and conclude -------------------------------------------------------------------------------------


def failed(segment: str, record: str, at: datetime, reason: str, trace: str | None = None) -> Reading:
    url = "https://a.example/1"
    told = Discovery(attempt_name(NOW, url), url, NOW, "a", "new")
    return Reading(segment, record, at, told, outcome="failed", reason=reason, trace=trace)


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_records_of_one_attempt_the_earlier_counts_in_whatever_order_they_come(
    index: TantivyIndex, turned: bool
) -> None:
    early = Batch("segments/b", (failed("segments/b", "urn:uuid:2", NOW, "timeout"),))
    late = Batch("segments/a", (failed("segments/a", "urn:uuid:1", NOW + timedelta(hours=1), "http_500"),))
    rows = write(index, [early, late] if turned else [late, early]).rows
    assert [row.reason for row in rows.values()] == ["timeout"]
    assert [row.reason for row in index.rows()] == ["timeout"]


def test_a_batch_written_twice_changes_nothing(index: TantivyIndex) -> None:
    batch = Batch("segments/a", (failed("segments/a", "urn:uuid:1", NOW, "timeout"),))
    assert write(index, [batch]).rows == write(index, [batch, batch]).rows
    assert len(list(index.rows())) == 1


def test_a_page_that_broke_a_stage_is_kept_with_its_trace_until_it_is_read(store: Store) -> None:
    segment = "segments/2025/03/01/a.warc.gz"
    broken = failed(segment, "urn:uuid:aa-1", NOW, "broken_page", "Traceback: oh")
    neighbour = failed("segments/2025/03/01/b.warc.gz", "urn:uuid:bb-1", NOW, "crashed")
    for reading in (broken, neighbour):
        conclude(store, Batch(reading.segment, (reading,)), [])
    kept = load(store.get(quarantine_key(segment, broken.record)) or b"", Reading)
    assert kept == broken
    assert len(list(store.keys("quarantine/"))) == 2
    conclude(store, Batch(segment, (replace(broken, reason="timeout", trace=None),)), [])
    assert list(store.keys("quarantine/")) == [quarantine_key(neighbour.segment, neighbour.record)]
