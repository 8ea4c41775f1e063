"""Dates as the demo's outlets print them: by language, in its own digits, in Afghanistan by the solar calendar."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import yaml

_NEW_YEAR_1400 = date(2021, 3, 21).toordinal()


def printed(day: date, lang: str) -> str:
    """Write a day as a newspaper of this language does: `24 November 2026`, `۲۴ نومبر ۲۰۲۶`, `۳ قوس ۱۴۰۵`."""
    year, month, number = solar(day) if lang in {"ps", "prs"} else (day.year, day.month, day.day)
    words = _calendars()[lang]
    text = f"{number} {words['months'].split()[month - 1]} {year}"
    return text.translate(str.maketrans("0123456789", words["digits"]))


def solar(day: date) -> tuple[int, int, int]:
    """Return year, month and day of the solar Hijri calendar (by its 33-year cycle: right from 1343 to 1472)."""
    days = day.toordinal() - _NEW_YEAR_1400
    year = 1401 + days // 365  # never too early
    while _days_before(year) > days:
        year -= 1
    rest = days - _days_before(year)
    month, number = divmod(rest, 31) if rest < 186 else divmod(rest - 186, 30)
    return year, month + 1 + (6 if rest >= 186 else 0), number + 1


def _days_before(year: int) -> int:
    """Return the days from the new year of 1400 to that of `year`."""
    return 365 * (year - 1400) + (8 * year + 21) // 33 - (8 * 1400 + 21) // 33


@cache
def _calendars() -> dict[str, dict[str, str]]:
    return yaml.safe_load((Path(__file__).parent / "calendars.yaml").read_text(encoding="utf-8"))
