"""What can be lost is made again from the archive, beside what is in use, and says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from khabar import audit, runner
from khabar.archive.segments import pending_key
from khabar.ledger.database import LedgerError
from khabar.ledger.sqlite import open_ledger
from khabar.lock import Lock, LockHeld
from khabar.models import Capture, Entry
from khabar.ports import EndpointState, Found
from khabar.rebuild import ReindexingError, rebuild_ledger, reindex, set_aside_broken
from khabar.runtime import Runtime
from khabar.settings import Settings
from search import generations
from search.generations import DamagedIndexError
from search.tantivy import create_generation, open_index
from search.tree import Everything
from workers.pool import Pool

SealArticles = Callable[..., str]
DAY = date(2025, 3, 1)
BODY = "The gate at the border was shut for nine days, and nobody knew whom to ask about it."


@pytest.fixture
def pool(runtime: Runtime) -> Iterator[Pool]:
    with runner.pool(runtime, 1) as made:
        yield made


def quiet(*_: object) -> None:
    pass


def well(runtime: Runtime) -> bool:
    return list(audit.findings(runtime.store, runtime.ledger, runtime.index)) == []


# --- the index ----------------------------------------------------------------------------------------------


def test_a_generation_is_built_beside_the_old_one_and_takes_its_place(
    runtime: Runtime, pool: Pool, seal_articles: SealArticles, bring_in: Callable[[], None]
) -> None:
    done = seal_articles(("A gate", BODY), ("A copy of it", BODY))
    bring_in()
    waiting = seal_articles(("A river", "Water under a bridge, and more water under another bridge. " * 4))
    left_by_the_dead = create_generation(runtime.settings.index)
    before = {document.article.id: document for document in runtime.index.scan(Everything())}
    during: list[int] = []

    def report(so_far: int, _known: int) -> None:
        during.append(so_far)
        assert len(list(runtime.index.scan(Everything()))) == 2, "searches see the old one until the swap"
        with pytest.raises(LockHeld):
            reindex(runtime, pool, quiet)

    result = reindex(runtime, pool, report)
    assert (result.segments, result.articles, result.capped) == (2, 3, 0)
    assert during[-1] == 2
    found = {document.article.id: document for document in runtime.index.scan(Everything())}
    assert {name: found[name].article.cluster for name in before} == {
        name: document.article.cluster for name, document in before.items()
    }
    assert generations.generations(runtime.settings.index) == [result.generation] != [left_by_the_dead]
    assert runtime.store.exists("retagged/pak-taliban/000001")
    assert runtime.store.exists(pending_key(waiting)) and not runtime.store.exists(pending_key(done))
    bring_in()
    assert well(runtime) and len(list(runtime.index.scan(Everything()))) == 3


def test_what_was_brought_in_meanwhile_is_not_lost(
    runtime: Runtime, pool: Pool, seal_articles: SealArticles, bring_in: Callable[[], None]
) -> None:
    seal_articles(("A gate", BODY))
    bring_in()
    late: list[str] = []

    def report(*_: int) -> None:
        if not late:  # the old generation is still the one in use: it goes there
            late.append(seal_articles(("A river", "Water under a bridge, and more of it. " * 4)))
            bring_in()

    assert reindex(runtime, pool, report).articles == 2
    assert well(runtime)


def test_who_slept_while_another_began_does_not_swap(
    runtime: Runtime, pool: Pool, clock: Any, seal_articles: SealArticles, bring_in: Callable[[], None]
) -> None:
    seal_articles(("A gate", BODY))
    bring_in()
    before = generations.current(runtime.settings.index)

    def sleep(*_: int) -> None:
        clock.later(hours=1)
        assert runtime.ledger.acquire("reindex", "elsewhere:1:2", 60, clock()) is not None

    with pytest.raises(ReindexingError, match="another machine began"):
        reindex(runtime, pool, sleep)
    assert generations.current(runtime.settings.index) == before
    assert [lease.holder for lease in runtime.ledger.leases(clock())] == ["elsewhere:1:2"]


def test_a_damaged_index_is_left_and_an_empty_one_made(settings: Settings, runtime: Runtime) -> None:
    held = Lock(settings.index_lock)
    for file in settings.index.rglob("meta.json"):
        file.write_text("not what it was")
    with pytest.raises(DamagedIndexError):
        open_index(settings.index).get(["x"])
    [said] = set_aside_broken(settings, runtime.clock)
    assert "khabar reindex" in said
    assert open_index(settings.index).search(Everything()).total == 0
    assert set_aside_broken(settings, runtime.clock) == []
    with held.held("test", 0):
        pass


# --- the ledger ---------------------------------------------------------------------------------------------


def crawled(runtime: Runtime, *names: str) -> None:
    """Claim and archive pages as a crawl does."""
    feed = EndpointState("https://paper.example/feed")
    found = [
        Found(f"https://paper.example/{name}", "paper", feed.url, "opinion", Entry(name, name))
        for name in names
    ]
    claims = runtime.ledger.discover(feed, found, runtime.clock())
    writer = runtime.writer()
    for claim in claims:
        page = f"<html><body><article><h1>{claim.url}</h1><p>{BODY}</p></article></body></html>".encode()
        writer.append(Capture(claim.url, runtime.clock(), "page", page, 200), claim)
    writer.seal()


def test_claims_and_seen_urls_are_learnt_from_the_archive(
    runtime: Runtime,
    settings: Settings,
    clock: Any,
    seal_articles: SealArticles,
    bring_in: Callable[[], None],
) -> None:
    crawled(runtime, "a", "b")
    seal_articles(("A gate", BODY), source="import")
    bring_in()
    runtime.ledger.close()
    settings.ledger.write_bytes(b"this was a ledger")
    for end in ("-wal", "-shm"):
        settings.ledger.with_name(settings.ledger.name + end).unlink(missing_ok=True)
    with pytest.raises(LedgerError):
        open_ledger(settings.ledger)
    [said] = set_aside_broken(settings, clock)
    assert "khabar ledger rebuild" in said
    assert [path.read_bytes() for path in settings.home.glob("*.damaged-*")] == [b"this was a ledger"]
    runtime.__dict__.pop("ledger")  # as the next process would, open the new one
    told: list[int] = []
    assert rebuild_ledger(runtime, told.append) == 3
    assert told == [1, 2]
    assert runtime.ledger.discovered() == {("paper", DAY): 2, ("import", DAY): 1}
    assert runtime.ledger.recounted() == clock()
    assert well(runtime)
    crawled(runtime, "a", "b")
    assert runtime.ledger.discovered()[("paper", DAY)] == 2, "they are no news"
    crawled(runtime, "c")
    assert runtime.ledger.discovered()[("paper", DAY)] == 3


def test_a_claim_that_is_still_to_fetch_is_counted_on_top(runtime: Runtime) -> None:
    crawled(runtime, "a")
    feed = EndpointState("https://paper.example/feed")
    waits = Found("https://paper.example/z", "paper", feed.url, "opinion", Entry("z"))
    runtime.ledger.discover(feed, [waits], runtime.clock())
    assert rebuild_ledger(runtime, quiet) == 1
    assert runtime.ledger.discovered() == {("paper", DAY): 2}
    assert [claim.url for claim in runtime.ledger.frontier()] == ["https://paper.example/z"]


def test_an_attempt_archived_twice_is_counted_once(runtime: Runtime, tmp_path: Path) -> None:
    crawled(runtime, "a")
    [segment] = [key for key in runtime.store.keys("segments/") if key.endswith(".warc.gz")]
    runtime.store.put(segment.replace(".warc", "b.warc"), runtime.store.get(segment) or b"")
    assert rebuild_ledger(runtime, quiet) == 1


def test_nothing_is_set_aside_where_nothing_is_broken(settings: Settings, runtime: Runtime) -> None:
    assert set_aside_broken(settings, runtime.clock) == []
    assert list(settings.home.glob("*.damaged-*")) == []
