"""What a date in a query means: from a moment up to, not including, another."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_AGO = re.compile(r"(\d{1,5})([hdwmy])")
_RANGE = re.compile(r"\[\s*(\S+)\s+TO\s+(\S+)\s*\]")
_UNIT = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}

Bounds = tuple[datetime | None, datetime | None]


def bounds(text: str, now: datetime, timezone: str) -> Bounds:
    """Return the bounds of `2025`, `2025-01`, `2025-01-31`, `>=2025-01`, `[2025-01-01 TO 2025-02-01]`, `7d`.

    Both ends of a range belong to it. Raises ValueError with the reason.
    """
    zone = ZoneInfo(timezone)
    if ago := _AGO.fullmatch(text):
        return _ago(int(ago[1]), ago[2], now), None
    if between := _RANGE.fullmatch(text):
        return _between(between[1], between[2], zone)
    for sign in (">=", "<=", ">", "<"):
        if text.startswith(sign):
            start, end = _period(text[len(sign) :].strip(), zone)
            return {">=": (start, None), ">": (end, None), "<": (None, start), "<=": (None, end)}[sign]
    return _period(text, zone)


def _between(first: str, last: str, zone: ZoneInfo) -> Bounds:
    start = None if first == "*" else _period(first, zone)[0]
    end = None if last == "*" else _period(last, zone)[1]
    if start and end and start >= end:
        raise ValueError(f"the range ends ({last}) before it begins ({first})")
    return start, end


def _period(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text!r} is no date; write 2025-01-31, 2025-01, 2025, [2025-01-01 TO 2025-02-01] or 7d"
        )
    year, month, day = (int(part) if part else None for part in found.groups())
    if not year or not 1000 <= year <= 9000:
        raise ValueError(f"there is no year {found[1]} here")
    try:
        start = datetime(year, 1 if month is None else month, 1 if day is None else day, tzinfo=zone)
    except ValueError:
        raise ValueError(f"there is no day {text}") from None
    return start, _after(start, month, day)


def _after(start: datetime, month: int | None, day: int | None) -> datetime:
    if day:
        return start + timedelta(days=1)  # of the wall clock, whatever the clocks do that night
    if month:
        return start.replace(year=start.year + month // 12, month=month % 12 + 1)
    return start.replace(year=start.year + 1)


def _ago(count: int, unit: str, now: datetime) -> datetime:
    try:
        return now - count * _UNIT[unit]
    except OverflowError:
        raise ValueError(f"{count}{unit} ago is before all calendars") from None
