"""The lunar calendar: known days, and which texts have one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract.dates import Habits, read_date
from workers.extract.lunar import FIRST, LAST, from_lunar, read_lunar


@pytest.mark.parametrize(
    ("lunar", "day"),
    [
        ((1445, 1, 1), date(2023, 7, 19)),
        ((1446, 9, 1), date(2025, 3, 1)),
        ((1447, 1, 1), date(2025, 6, 27)),
        ((1410, 12, 9), date(1990, 7, 2)),
    ],
)
def test_known_days(lunar: tuple[int, int, int], day: date) -> None:
    assert abs((from_lunar(*lunar) - day).days) <= 1  # the moon is sighted, the table is not


@given(st.integers(FIRST, LAST), st.integers(1, 12), st.integers(1, 28))
def test_days_follow_one_another(year: int, month: int, day: int) -> None:
    assert (from_lunar(year, month, day + 1) - from_lunar(year, month, day)).days == 1
    following = (year, month + 1) if month < 12 else (year + 1, 1)
    assert (from_lunar(*following, 1) - from_lunar(year, month, 1)).days in {29, 30}


@pytest.mark.parametrize(
    "text", ["29 رجب 1446", "۲۹ رجب المرجب ۱۴۴۶ھ", "جمعرات 29 رجب 1446ھ", "29 Rajab 1446 AH"]
)
def test_a_lunar_date_is_a_day_where_there_is_no_other(text: str) -> None:
    assert read_date(text, Habits()) == (datetime(2025, 1, 29, tzinfo=UTC), "day")


def test_a_date_of_another_calendar_goes_first() -> None:
    both = read_date("29 رجب 1446ھ، 30 جنوری 2025", Habits())
    assert both == (datetime(2025, 1, 30, tzinfo=UTC), "day")


@pytest.mark.parametrize(
    "text", ["29 رجب 1246", "31 رجب 1446", "رجب 1446", "1446/07/29", "", "29 goats 1446"]
)
def test_what_is_none(text: str) -> None:
    assert read_lunar(text) is None
