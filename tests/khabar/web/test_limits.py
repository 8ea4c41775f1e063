"""Limits: what may be taken at once and over time, and that callers do not take from one another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from khabar.web.limits import Limit


class Seconds:
    """A monotonic clock that the test puts on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_may_come_at_once_and_fills_up_evenly() -> None:
    seconds = Seconds()
    limit = Limit(60, seconds)
    assert [limit.take("a") for _ in range(60)] == [0] * 60
    assert limit.take("a") == 1
    assert limit.take("b") == 0
    seconds.now += 1
    assert (limit.take("a"), limit.take("a")) == (0, 1)
    seconds.now += 10_000
    assert [limit.take("a") for _ in range(61)] == [0] * 60 + [1]


def test_the_wait_that_is_told_is_enough() -> None:
    seconds = Seconds()
    limit = Limit(100, seconds)
    assert limit.take("a", 90) == 0
    wait = limit.take("a", 40)
    assert wait == 18
    seconds.now += wait
    assert limit.take("a", 40) == 0


def test_what_costs_more_than_a_minute_is_given_as_a_debt() -> None:
    seconds = Seconds()
    limit = Limit(60, seconds)
    assert limit.take("a", 120) == 0
    assert limit.take("a", 1) == 61
    seconds.now += 61
    assert limit.take("a", 1) == 0


def test_nothing_is_a_limit_where_none_is_set() -> None:
    limit = Limit(0, Seconds())
    assert [limit.take("a", 1e9) for _ in range(5)] == [0] * 5


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 30)), max_size=80), st.integers(1, 200))
def test_no_more_is_ever_given_than_a_minute_and_what_flowed_in(
    asked: list[tuple[float, int]], minute: int
) -> None:
    seconds = Seconds()
    limit = Limit(minute, seconds)
    given_ = 0
    for pause, amount in asked:
        seconds.now += pause
        wanted = min(amount, minute)
        if limit.take("a", wanted) == 0:
            given_ += wanted
            assert given_ <= minute + seconds.now * minute / 60 + 1e-6


def test_only_so_many_callers_are_remembered() -> None:
    limit = Limit(2, Seconds())
    assert [limit.take("first") for _ in range(3)] == [0, 0, 30]
    for number in range(10_000):
        limit.take(str(number))
    assert limit.take("first") == 0
