"""The days, weeks and months of a timeline, in a time zone; no engine's own calendar is asked."""

from __future__ import annotations

from datetime import date, timedelta

from khabar.ports import Interval


def buckets(first: date, last: date, interval: Interval) -> list[tuple[str, date]]:
    """Return the labels from `first` to `last` with the day each begins on, and after them one end without a label."""
    start = _begin(first, interval)
    found: list[tuple[str, date]] = []
    while start <= last:
        found.append((label(start, interval), start))
        start = _next(start, interval)
    return [*found, ("", start)]


def label(day: date, interval: Interval) -> str:
    """Return what a bucket is called: `2025-01-31`, `2025-W05` (ISO), `2025-01`."""
    if interval == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return day.isoformat() if interval == "day" else f"{day:%Y-%m}"


def _begin(day: date, interval: Interval) -> date:
    if interval == "week":
        return day - timedelta(days=day.weekday())
    return day if interval == "day" else day.replace(day=1)


def _next(start: date, interval: Interval) -> date:
    if interval == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if interval == "week" else 1)
