"""A host's lease and pace, with a real ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from crawler import hosts
from crawler.hosts import MISSES, Host, hold
from khabar.ports import Ledger


def now() -> datetime:
    return datetime.now(UTC)


async def held(
    ledger: Ledger, holder: str = "a", delay: float = 0.0, clock: Callable[[], datetime] = now
) -> Host:
    host = await hold("alpha.example", ledger, holder, clock, delay, asyncio.Event())
    assert host is not None
    return host


def test_turns_keep_the_delay_from_the_end_of_the_last_request(ledger: Ledger) -> None:
    async def story() -> float:
        host, stop = await held(ledger, delay=0.2), asyncio.Event()
        started = time.monotonic()
        assert await host.turn(stop)
        assert time.monotonic() - started < 0.15
        await asyncio.sleep(0.1)
        host.answered()
        assert await host.turn(stop)
        return time.monotonic() - started

    assert 0.3 <= asyncio.run(story()) < 1


def test_the_next_holder_keeps_the_delay_of_the_last(ledger: Ledger) -> None:
    async def story() -> float:
        first, stop = await held(ledger, "a", delay=0.5), asyncio.Event()
        await first.turn(stop)
        first.answered()
        first.release()
        started = time.monotonic()
        second = await held(ledger, "b", delay=0.5)
        assert await second.turn(stop)
        return time.monotonic() - started

    assert 0.4 <= asyncio.run(story()) < 2


def test_a_request_is_known_to_the_ledger_before_it_is_made(ledger: Ledger) -> None:
    async def story() -> None:
        host = await held(ledger, delay=1.0)
        await host.turn(asyncio.Event())
        lease = next(iter(ledger.leases(now())))
        assert lease.last_request is not None
        assert abs((lease.last_request - now()).total_seconds()) < 0.5

    asyncio.run(story())


def test_a_clock_set_back_silences_nobody(ledger: Ledger) -> None:
    async def story() -> None:
        shift = [timedelta()]
        host = await held(ledger, delay=0.2, clock=lambda: now() + shift[0])
        await host.turn(asyncio.Event())
        host.answered()
        shift[0] = timedelta(hours=-5)
        started = time.monotonic()
        assert await host.turn(asyncio.Event())
        assert time.monotonic() - started < 0.5

    asyncio.run(story())


def test_a_lost_lease_ends_the_turn(ledger: Ledger) -> None:
    async def story() -> None:
        late = now() + timedelta(hours=1)
        host = await held(ledger, delay=0.1)
        assert ledger.acquire("host:alpha.example", "b", 30, late) is not None
        assert not await host.turn(asyncio.Event())
        assert not host.held
        host.release()  # and takes nothing from the new holder
        assert [lease.holder for lease in ledger.leases(late)] == ["b"]

    asyncio.run(story())


def test_the_end_of_the_crawl_ends_the_wait(ledger: Ledger) -> None:
    async def story() -> None:
        host, stop = await held(ledger, delay=60), asyncio.Event()
        await host.turn(stop)
        host.answered()
        asyncio.get_running_loop().call_later(0.1, stop.set)
        started = time.monotonic()
        assert not await host.turn(stop)
        assert time.monotonic() - started < 2

    asyncio.run(story())


def test_a_wait_that_was_cut_short_costs_the_next_holder_nothing(ledger: Ledger) -> None:
    """A delay longer than a slice would never end else."""

    async def story() -> float:
        first, stop = await held(ledger, "a", delay=1.0), asyncio.Event()
        await first.turn(stop)
        first.answered()
        started = time.monotonic()
        asyncio.get_running_loop().call_later(0.4, stop.set)
        assert not await first.turn(stop)
        first.release()
        second = await held(ledger, "b", delay=1.0)
        assert await second.turn(asyncio.Event())
        return time.monotonic() - started

    assert 0.95 <= asyncio.run(story()) < 1.35


def test_a_host_that_wants_rest_is_nobodys_until_it_had_it(ledger: Ledger) -> None:
    async def story() -> None:
        host = await held(ledger, "a")
        host.rest = 600
        host.release()
        assert [lease.holder for lease in ledger.leases(now())] == [""]
        assert await hold("alpha.example", ledger, "b", now, 0, asyncio.Event()) is None
        await held(ledger, "b", clock=lambda: now() + timedelta(seconds=601))

    asyncio.run(story())


def test_who_slept_longer_than_the_lease_asks_the_ledger_whose_the_host_is(ledger: Ledger) -> None:
    async def story() -> None:
        shift = [timedelta()]
        host = await held(ledger, clock=lambda: now() + shift[0])
        shift[0] = timedelta(minutes=5)
        assert host.still_held()  # nobody wanted it meanwhile
        shift[0] = timedelta(minutes=10)
        assert ledger.acquire("host:alpha.example", "b", 30, now() + shift[0]) is not None
        assert not host.still_held()
        assert not await host.turn(asyncio.Event())

    asyncio.run(story())


def test_a_held_host_is_waited_for_a_little(ledger: Ledger) -> None:
    async def story() -> None:
        first = await held(ledger, "a")
        asyncio.get_running_loop().call_later(0.3, first.release)
        started = time.monotonic()
        await held(ledger, "b")
        assert 0.3 <= time.monotonic() - started < hosts.PATIENCE

    asyncio.run(story())


def test_a_host_without_answers_counts_as_down(ledger: Ledger) -> None:
    async def story() -> None:
        host = await held(ledger)
        for _ in range(MISSES):
            assert not host.down
            host.missed("timeout")
        assert host.down
        assert host.trouble == "timeout"

    asyncio.run(story())
