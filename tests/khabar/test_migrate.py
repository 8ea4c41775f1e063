"""Moving over, between two homes: what one side knows the other knows afterwards, whatever happens in between.

tests/e2e/test_migrate.py has the same between a home and real servers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from khabar.config import load_settings
from khabar.ledger.sqlite import open_ledger
from khabar.lock import Lock, LockHeld
from khabar.migrate import Moved, migrate
from khabar.models import Capture, Discovery, Document, Entry, Outcome
from khabar.move import MigrationError, Move, UnrestError
from khabar.ports import EndpointState, Found
from khabar.runtime import Runtime, reading, working
from khabar.settings import Settings
from search.tree import Everything

BODY = "The gate at the border was shut for nine days, and nobody knew whom to ask about it."
FEED = "https://paper.example/feed"


@pytest.fixture
def old(settings: Settings) -> Settings:
    return replace(settings, jobs=1)


@pytest.fixture
def new(tmp_path: Path) -> Settings:
    return replace(load_settings(tmp_path / "new", {}), jobs=1)


def quiet(_: str) -> None:
    pass


def claimed(runtime: Runtime, *names: str) -> list[Discovery]:
    found = [
        Found(f"https://paper.example/{name}", "paper", FEED, "opinion", Entry(name, name)) for name in names
    ]
    return runtime.ledger.discover(
        EndpointState(FEED, '"v1"', checked=runtime.clock()), found, runtime.clock()
    )


def fetched(runtime: Runtime, claims: list[Discovery]) -> None:
    writer = runtime.writer()
    for claim in claims:
        page = f"<html><body><article><h1>{claim.url}</h1><p>{BODY}</p></article></body></html>".encode()
        writer.append(Capture(claim.url, runtime.clock(), "page", page, 200), claim)
    writer.seal()


@dataclass(frozen=True)
class Told:
    """All that a side tells of itself, but what it is free to forget."""

    documents: dict[str, Document]
    rows: list[Outcome]
    discovered: dict[Any, int]
    waiting: list[Discovery]
    endpoints: list[EndpointState]
    crawls: dict[str, Any]
    objects: list[str]


def told(settings: Settings, clock: Any) -> Told:
    with reading(settings, clock) as runtime:
        ledger, index = runtime.ledger, runtime.index
        return Told(
            {each.article.id: each for each in index.scan(Everything())},
            list(index.rows()),
            ledger.discovered(),
            list(ledger.frontier()),
            list(ledger.endpoints()),
            ledger.runs("crawl:"),
            list(runtime.store.keys("")),
        )


@pytest.fixture
def lived_in(runtime: Runtime, seal_articles: Callable[..., str], bring_in: Callable[[], None]) -> Runtime:
    """Give the old home three articles, two of them crawled, a claim that waits, and a crawl that was."""
    fetched(runtime, claimed(runtime, "a", "b"))
    seal_articles(("A river", "Water under a bridge, and more water under another bridge. " * 4))
    bring_in()
    for topic in runtime.catalogue.topics.values():
        runtime.store.put(f"retagged/{topic.id}/{topic.version:06d}", b"")
    claimed(runtime, "waits")
    runtime.ledger.mark_run("crawl:paper", runtime.clock())
    return runtime


# --- what is moved ------------------------------------------------------------------------------------------


def test_the_other_side_tells_the_same_and_the_old_one_still_does(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any
) -> None:
    before = told(old, clock)
    clock.later(hours=1)
    assert migrate(Move(old, new), quiet, clock) == Moved(len(before.objects), 3, 1, 3, 0, ())
    assert told(new, clock) == told(old, clock)
    assert told(old, clock) == before
    with working(new, clock) as there:
        assert claimed(there, "a", "b", "waits") == [], "they are no news"
        assert [each.url for each in there.ledger.take(["paper.example"], 9, clock())] == [
            "https://paper.example/waits"
        ]
    assert migrate(Move(old, new), quiet, clock).copied == 0
    assert told(new, clock) == before


def test_what_is_pending_or_left_in_the_spool_is_read_on_the_other_side(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any, seal_articles: Callable[..., str]
) -> None:
    seal_articles(("A gate", BODY))
    writer = lived_in.writer()
    [claim] = claimed(lived_in, "spooled")
    writer.append(Capture(claim.url, clock(), "page", b"<p>" + BODY.encode(), 200), claim)
    writer.close()
    moved = migrate(Move(old, new), quiet, clock)
    assert (moved.attempts, moved.waiting, moved.findings) == (5, 1, ())
    there = told(new, clock)
    assert not any(key.startswith("pending/") for key in there.objects)
    assert claim.attempt in {row.attempt for row in there.rows}


def test_an_archive_that_both_sides_share_is_not_copied(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any
) -> None:
    shared = replace(new, archive_url=old.archive_url)
    before = told(old, clock)
    assert migrate(Move(old, shared), quiet, clock).copied == 0
    assert told(shared, clock) == before
    assert not (new.home / "archive").exists()


def test_work_goes_on_there_and_comes_back(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any
) -> None:
    migrate(Move(old, new), quiet, clock)
    with working(new, clock) as servers:
        fetched(servers, servers.ledger.take(["paper.example"], 9, clock()))
        fetched(servers, claimed(servers, "later"))
        claimed(servers, "last")
    migrate(Move(new, old), quiet, clock)
    back, there = told(old, clock), told(new, clock)
    assert [each.url[-5:] for each in back.waiting] == ["/last"] and back.waiting == there.waiting
    assert (back.discovered, back.endpoints) == (there.discovered, there.endpoints)
    assert len(back.documents) == 5 and not any(key.startswith("pending/") for key in back.objects)


# --- what stands in the way ---------------------------------------------------------------------------------


def test_work_under_way_on_either_side_is_named(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any
) -> None:
    with working(new, clock) as there:
        for ledger in (lived_in.ledger, there.ledger):
            lease = ledger.acquire("crawl:paper", "elsewhere:1:2", 60, clock())
            assert lease is not None
            with pytest.raises(UnrestError, match="crawl:paper by elsewhere:1:2") as error:
                migrate(Move(old, new), quiet, clock)
            assert error.value.status == 3
            ledger.rest(lease, clock() + timedelta(minutes=5))  # a failed job that rests is no work
        assert migrate(Move(old, new), quiet, clock).articles == 3


def test_the_old_sides_index_and_a_reindex_are_held_off(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any
) -> None:
    tried: list[str] = []

    def say(what: str) -> None:
        if not tried:
            tried.append(what)
            assert lived_in.ledger.acquire("reindex", "elsewhere:1:2", 60, clock()) is None
            with pytest.raises(LockHeld), Lock(old.index_lock).held("test", 0):
                pass

    migrate(Move(old, new), say, clock)
    assert tried and lived_in.ledger.leases(clock()) == []
    with Lock(old.index_lock).held("test", 0):
        pass


def test_who_crawls_meanwhile_is_noticed(lived_in: Runtime, old: Settings, new: Settings, clock: Any) -> None:
    def say(message: str) -> None:
        if message.endswith("indexed"):
            claimed(lived_in, "meanwhile")

    with pytest.raises(UnrestError, match="meanwhile"):
        migrate(Move(old, new), say, clock)
    migrate(Move(old, new), quiet, clock)
    assert told(new, clock).waiting == told(old, clock).waiting


def test_where_there_is_nothing_nothing_is_moved(old: Settings, new: Settings, clock: Any) -> None:
    with pytest.raises(MigrationError, match=r"nothing to move: file:.*archive holds no segment") as error:
        migrate(Move(old, new), quiet, clock)
    assert error.value.status == 2
    assert not new.index.exists()


# --- a lost ledger ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["gone", "unreadable"])
def test_a_lost_ledger_is_said_and_left_behind_where_that_is_asked_for(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any, how: str
) -> None:
    with working(new, clock) as there:  # it has come here before
        there.ledger.restore(lived_in.ledger.frontier(), lived_in.ledger.endpoints(), clock())
    lived_in.ledger.close()
    for end in ("", "-wal", "-shm"):
        old.ledger.with_name(old.ledger.name + end).unlink(missing_ok=True)
    if how == "unreadable":
        old.ledger.write_bytes(b"this was a ledger")
    with pytest.raises(UnrestError, match="add --from-archive to go on without the old ledger"):
        migrate(Move(old, new), quiet, clock)
    moved = migrate(Move(old, new, remembers=False), quiet, clock)
    assert (moved.attempts, moved.waiting, moved.findings) == (3, 0, ())
    with working(new, clock) as there:
        assert there.ledger.endpoint(FEED) == EndpointState(FEED), "an ETag would hide what was waiting"
        assert [each.url[-6:] for each in claimed(there, "a", "b", "waits")] == ["/waits"]


# --- a side that is not empty -------------------------------------------------------------------------------


def test_what_another_archive_left_there_is_named_and_replaced_only_when_told(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any
) -> None:
    other = replace(new, home=new.home.with_name("other"))
    with working(other, clock) as there:
        fetched(there, claimed(there, "c", "d", "e", "f"))
        claimed(there, "g")
    migrate(Move(other, new), quiet, clock)
    with pytest.raises(MigrationError) as error:
        migrate(Move(old, new), quiet, clock)
    for strange in ("has 1 segment(s)", "has other articles", "has 1 other claim(s)", "--replace"):
        assert strange in str(error.value)
    assert error.value.status == 2
    assert [each.url[-2:] for each in told(new, clock).waiting] == ["/g"], "nothing was done"
    moved = migrate(Move(old, new, replaces=True), quiet, clock)
    assert (moved.attempts, moved.waiting, moved.articles, moved.findings) == (7, 1, 7, ())


def test_what_is_broken_there_is_set_aside(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any
) -> None:
    new.home.mkdir()
    new.ledger.write_bytes(b"this was a ledger")
    assert migrate(Move(old, new), quiet, clock).findings == ()
    open_ledger(new.ledger).close()


# --- interrupted --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["objects copied", "segments indexed"])
def test_one_that_was_interrupted_is_done_again(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any, at: str
) -> None:
    before = told(old, clock)

    def say(message: str) -> None:
        if message.endswith(at):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(Move(old, new), say, clock)
    assert told(old, clock) == before
    assert migrate(Move(old, new), quiet, clock).findings == ()
    assert told(new, clock) == before


def test_one_that_died_between_frontier_and_counts_is_done_again(
    lived_in: Runtime, old: Settings, new: Settings, clock: Any
) -> None:
    with working(new, clock) as there:
        there.ledger.restore(lived_in.ledger.frontier(), lived_in.ledger.endpoints(), clock())
    assert migrate(Move(old, new), quiet, clock).findings == ()
    assert told(new, clock) == told(old, clock)
