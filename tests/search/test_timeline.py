"""The buckets of a timeline lie side by side and are called what people call them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from khabar.ports import Interval
from search.timeline import buckets, label


def test_a_week_is_that_of_the_iso_calendar() -> None:
    assert label(date(2024, 12, 30), "week") == "2025-W01"
    assert buckets(date(2025, 1, 1), date(2025, 1, 6), "week") == [
        ("2025-W01", date(2024, 12, 30)),
        ("2025-W02", date(2025, 1, 6)),
        ("", date(2025, 1, 13)),
    ]


def test_months_and_days() -> None:
    assert [name for name, _ in buckets(date(2024, 12, 31), date(2025, 2, 1), "month")] == [
        "2024-12",
        "2025-01",
        "2025-02",
        "",
    ]
    assert buckets(date(2024, 2, 29), date(2024, 2, 29), "day") == [
        ("2024-02-29", date(2024, 2, 29)),
        ("", date(2024, 3, 1)),
    ]


@given(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.integers(0, 900),
    st.sampled_from(["day", "week", "month"]),
)
def test_every_day_lies_in_the_bucket_of_its_own_name(first: date, days: int, interval: Interval) -> None:
    last = first + timedelta(days=days)
    found = buckets(first, last, interval)
    assert found[0][1] <= first
    assert last < found[-1][1]
    for (name, start), (_, end) in pairwise(found):
        assert label(start, interval) == name == label(end - timedelta(days=1), interval)
        assert label(end, interval) != name
