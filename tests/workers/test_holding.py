"""A lease is kept while a job is at work: however long that takes, and as long as nobody else was given it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis_node
from demands import demand

from khabar.ledger.redis import open_ledger as open_redis
from khabar.ports import Lease, Ledger
from workers.holding import holding

SHORT = 0.3  # seconds of a lease


def clock() -> datetime:
    return datetime.now(UTC)


def until(seen: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def take(ledger: Ledger, holder: str = "one:1:1") -> Lease | None:
    return ledger.acquire("ingest:a", holder, SHORT, clock())


def test_a_lease_outlasts_its_time_while_the_job_is_at_work(ledger: Ledger) -> None:
    lease = take(ledger)
    assert lease is not None
    with holding(ledger, lease, SHORT, clock) as held:
        time.sleep(3 * SHORT)
        assert take(ledger, "other:2:2") is None
        assert not held.lost and held.lease.token == lease.token and held.lease.until > lease.until
    ledger.release(held.lease, done=True)
    assert ledger.leases(clock()) == []


def test_after_the_job_nobody_renews_it(ledger: Ledger) -> None:
    lease = take(ledger)
    assert lease is not None
    with holding(ledger, lease, SHORT, clock):
        pass
    until(lambda: take(ledger, "other:2:2") is not None)


def test_a_job_learns_that_another_has_its_lease(ledger: Ledger) -> None:
    lease = take(ledger)
    assert lease is not None
    with holding(ledger, lease, SHORT, clock) as held:
        ledger.release(lease)
        other = ledger.acquire("ingest:a", "other:2:2", 60, clock())
        assert other is not None
        until(lambda: held.lost)
    assert [found.holder for found in ledger.leases(clock())] == ["other:2:2"]
    ledger.release(held.lease, done=True)
    assert ledger.renew(other, 60, clock()), "a stale holder gives nothing back"


def test_an_error_of_the_job_ends_the_renewing_and_passes_through(ledger: Ledger) -> None:
    lease = take(ledger)
    assert lease is not None
    with pytest.raises(ZeroDivisionError), holding(ledger, lease, SHORT, clock):
        raise ZeroDivisionError
    until(lambda: take(ledger, "other:2:2") is not None)


def test_a_redis_that_is_away_for_a_while_is_asked_again(tmp_path: Path) -> None:
    demand(redis_node.missing())
    with redis_node.running(tmp_path) as server:
        ledger = open_redis(server.url(), patience=0.1)
        lease = ledger.acquire("ingest:a", "one:1:1", 60, clock())
        assert lease is not None
        with holding(ledger, lease, SHORT, clock) as held:
            until(lambda: held.lease.until != lease.until)
            server.stop()
            time.sleep(2 * SHORT)
            server.start()
            back = held.lease.until
            until(lambda: held.lease.until > back)
            assert not held.lost
        ledger.close()
