"""Dates of other calendars as the Gregorian day, month or year that they mean, written as `2021`, `2021-08`, `2021-08-15`."""

from __future__ import annotations

from datetime import date

from workers.extract.calendars import from_solar

_EPOCH = 227_014  # the day before 1 Muharram of the year 1, as an ordinal
EARLIEST, LATEST = 1500, 2100  # years that a text of today speaks of by number


def gregorian(year: int, month: int | None = None, day: int | None = None) -> str | None:
    """Return a Gregorian date as it is written; None for one that there is not."""
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    return written(year, month, day) if EARLIEST <= year <= LATEST else None


def solar(year: int, month: int | None = None, day: int | None = None) -> str | None:
    """Return a solar (Jalali) date; a month or a year as the Gregorian one that has most of its days."""
    try:
        found = from_solar(year, month or 1, day or (15 if month else 1))
    except ValueError:
        return None
    return _of(found, month, day)


def lunar(year: int, month: int | None = None, day: int | None = None) -> str | None:
    """Return a lunar (Hijri) date by the tabular calendar, which the moon may differ from by a day."""
    if not (900 <= year <= 1500 and 1 <= (month or 1) <= 12 and 1 <= (day or 1) <= 30):
        return None
    place = (month or 6) - 1
    ordinal = (day or 15) + (59 * place + 1) // 2 + (year - 1) * 354 + (3 + 11 * year) // 30 + _EPOCH
    return _of(date.fromordinal(ordinal), month, day)


def _of(found: date, month: int | None, day: int | None) -> str:
    return written(found.year, found.month if month else None, found.day if day else None)


def written(year: int, month: int | None = None, day: int | None = None) -> str:
    """Return a date to the precision that is given."""
    return "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part)])


def solar_year(day: date) -> int:
    """Return the solar year that a Gregorian day lies in."""
    year = day.year - 621
    return year if day >= from_solar(year, 1, 1) else year - 1


def months_before(day: date, count: int) -> str:
    """Return the month that lies so many months before a day's."""
    place = day.year * 12 + day.month - 1 - count
    return written(place // 12, place % 12 + 1)
