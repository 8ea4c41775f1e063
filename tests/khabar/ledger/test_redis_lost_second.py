"""A Redis whose machine died comes back without its last second: nobody works under another's lease."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis_node
from demands import demand

from khabar.ledger.redis import RedisLedger, open_ledger
from khabar.ports import Lease

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
NAME = "host:press.example"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[redis_node.Redis]:
    demand(redis_node.missing())
    with redis_node.running(tmp_path, fsync="always") as server:
        yield server


@pytest.fixture
def ledger(own: redis_node.Redis) -> Iterator[RedisLedger]:
    made = open_ledger(own.url())
    yield made
    made.close()


def forgetting(own: redis_node.Redis, what: Callable[[], Lease | None]) -> Lease:
    """Do something that the server then knows nothing of, as if it had stood in the second that it lost."""
    files, kept = own.folder / "appendonlydir", own.folder / "kept"
    shutil.copytree(files, kept)
    done = what()
    assert done is not None
    own.kill()
    shutil.rmtree(files)
    kept.rename(files)
    own.start()
    return done


def test_a_lease_that_was_forgotten_is_not_renewed(own: redis_node.Redis, ledger: RedisLedger) -> None:
    lost = forgetting(own, lambda: ledger.acquire(NAME, "a:1:1", 60, NOW))
    assert ledger.renew(lost, 60, NOW) is None


def test_a_token_that_is_given_twice_opens_nothing_to_the_first(
    own: redis_node.Redis, ledger: RedisLedger
) -> None:
    lost = forgetting(own, lambda: ledger.acquire(NAME, "a:1:1", 60, NOW))
    found = ledger.acquire(NAME, "b:2:2", 60, NOW)
    assert found is not None and found.token == lost.token, "the counter of tokens was forgotten, too"
    assert ledger.renew(lost, 60, NOW) is None
    ledger.rest(lost, NOW + timedelta(days=1))
    ledger.release(lost, done=True)
    assert ledger.leases(NOW) == [found]
    assert ledger.renew(found, 60, NOW) == found
