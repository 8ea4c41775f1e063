"""Dates as newspapers print them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from khabar.demo.calendars import printed, solar


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2021, 3, 21), (1400, 1, 1)),
        (date(2021, 3, 20), (1399, 12, 30)),  # 1399 and 1403 are leap years
        (date(2025, 3, 20), (1403, 12, 30)),
        (date(2025, 3, 21), (1404, 1, 1)),
        (date(2021, 8, 15), (1400, 5, 24)),
        (date(2020, 2, 29), (1398, 12, 10)),
        (date(2026, 9, 22), (1405, 6, 31)),
        (date(2026, 9, 23), (1405, 7, 1)),
        (date(2030, 3, 20), (1408, 12, 30)),
        (date(1979, 2, 11), (1357, 11, 22)),
    ],
)
def test_the_solar_calendar(day: date, expected: tuple[int, int, int]) -> None:
    assert solar(day) == expected


def test_every_day_follows_the_day_before() -> None:
    day = date(2000, 1, 1)
    for _ in range(366 * 60):
        before, after = solar(day), solar(day + timedelta(days=1))
        follows = [
            (before[0], before[1], before[2] + 1),
            (before[0], before[1] + 1, 1),
            (before[0] + 1, 1, 1),
        ]
        assert after in follows
        assert after[2] <= (31 if after[1] <= 6 else 30)
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "24 November 2026"),
        ("ur", "۲۴ نومبر ۲۰۲۶"),
        ("hi", "24 नवंबर 2026"),
        ("prs", "۳ قوس ۱۴۰۵"),
        ("ps", "۳ لیندۍ ۱۴۰۵"),
    ],
)
def test_each_language_prints_its_own_way(lang: str, expected: str) -> None:
    assert printed(date(2026, 11, 24), lang) == expected
