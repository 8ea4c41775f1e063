"""A date of a query is a stretch of time with both ends where a calendar puts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.periods import bounds

NOW = datetime(2025, 10, 12, 9, 30, tzinfo=UTC)
ZONES = st.sampled_from(
    ["UTC", "Asia/Karachi", "Asia/Kabul", "America/New_York", "Pacific/Apia", "Europe/London"]
)
DAYS = st.dates(date(1950, 1, 1), date(2090, 1, 1))


def closed(text: str, zone: str = "UTC") -> tuple[datetime, datetime]:
    start, end = bounds(text, NOW, zone)
    assert start
    assert end
    return start, end


@given(DAYS, ZONES)
def test_a_day_lies_in_its_month_and_year_and_they_end_with_a_day(day: date, zone: str) -> None:
    start, end = closed(day.isoformat(), zone)
    month, year = closed(f"{day:%Y-%m}", zone), closed(f"{day:%Y}", zone)
    assert year[0] <= month[0] <= start < end <= month[1] <= year[1]
    assert start.date() == day
    assert (start.hour, start.minute, end.hour, end.minute) == (0, 0, 0, 0)
    assert (end - timedelta(days=1)).date() == day


@given(DAYS, ZONES)
def test_days_follow_on_each_other_without_gap_or_overlap(day: date, zone: str) -> None:
    _, end = closed(day.isoformat(), zone)
    start, _ = closed((day + timedelta(days=1)).isoformat(), zone)
    assert end.astimezone(UTC) == start.astimezone(UTC)


@given(DAYS, ZONES, st.sampled_from(["%Y-%m-%d", "%Y-%m", "%Y"]))
def test_comparisons_are_each_others_complement(day: date, zone: str, shape: str) -> None:
    text = day.strftime(shape)
    start, end = closed(text, zone)
    assert bounds(f">={text}", NOW, zone) == (start, None)
    assert bounds(f"<{text}", NOW, zone) == (None, start)
    assert bounds(f">{text}", NOW, zone) == (end, None)
    assert bounds(f"<={text}", NOW, zone) == (None, end)


@given(DAYS, st.integers(0, 800), ZONES)
def test_a_range_holds_both_its_ends(day: date, days: int, zone: str) -> None:
    last = day + timedelta(days=days)
    start, end = closed(f"[{day} TO {last}]", zone)
    assert start == closed(day.isoformat(), zone)[0]
    assert end == closed(last.isoformat(), zone)[1]


def test_a_day_is_as_long_as_its_clocks_make_it() -> None:
    for day, hours in (("2025-03-09", 23), ("2025-11-02", 25), ("2025-06-01", 24)):
        start, end = closed(day, "America/New_York")
        assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=hours)


def test_open_ranges() -> None:
    assert bounds("[* TO *]", NOW, "UTC") == (None, None)
    assert bounds("[ 2025-01  TO  * ]", NOW, "UTC") == (datetime(2025, 1, 1, tzinfo=ZoneInfo("UTC")), None)


def test_a_count_of_days_has_no_end() -> None:
    assert bounds("0d", NOW, "UTC") == (NOW, None)
    assert bounds("30d", NOW, "Asia/Karachi") == (NOW - timedelta(days=30), None)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2025-13",
            "2025-00",
            "2025-02-29",
            "25-01-01",
            "2025-1-1-1",
            "20250101",
            "2025-01-01T00:00",
            "tomorrow",
        ),
        *(
            "",
            ">=",
            "> 7d",
            "7",
            "7x",
            "-7d",
            "[2025-01 TO]",
            "[2025-02 TO 2025-01]",
            "[a TO b]",
            "[2025 - 2026]",
        ),
        *("0999", "9999", "99999y"),
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bounds(text, NOW, "UTC")
