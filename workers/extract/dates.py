"""Printed dates to moments, with how precise they are, where they came from, and how far to trust them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from khabar.catalogue.codes import countries, zone_of
from khabar.models import Precision, Source
from khabar.text import fold_word
from workers.extract.calendars import GREGORIAN, SOLAR, from_solar, is_solar_year
from workers.extract.daytime import with_halves
from workers.extract.lunar import read_lunar

EARLIEST = 1990
# endings that are sold all over the world for how they look, and tell no country
_SOLD = frozenset(["AC", "AI", "AM", "BZ", "CC", "CO", "DJ", "FM", "GG", "GL", "IM", "IO", "LA", "LY", "ME", "MS", "NU", "PW", "SC", "SH", "SO", "ST", "TK", "TO", "TV", "VC", "VG", "WS"])  # fmt: skip
_SOLAR_COUNTRIES = frozenset({"AF", "IR"})


@dataclass(frozen=True, slots=True)
class Dated:
    """A date as found: a moment with the publisher's offset, its precision, origin, and confidence."""

    moment: datetime
    precision: Precision
    origin: str
    confidence: float


class Habits(NamedTuple):
    """How a source writes dates: its time zone, its calendar, and which of day and month comes first."""

    zone: tzinfo = UTC
    solar: bool = False
    month_first: bool = False


def habits_of(source: Source | None, url: str = "") -> Habits:
    """Return how a source writes dates; of an unknown one its address may tell the country, else it is taken to use UTC."""
    if source is not None:
        return Habits(_zone(source.timezone), source.country in _SOLAR_COUNTRIES, source.country == "US")
    return _habits_of_country((urlsplit(url).hostname or "")[-3:].upper())


@lru_cache(maxsize=256)
def _habits_of_country(ending: str) -> Habits:
    """Return what the last label of a host tells: `.PK` is Pakistan, whose clocks are all alike."""
    country = {"UK": "GB"}.get(ending[1:], ending[1:])
    if not ending.startswith(".") or country in _SOLD or country not in countries():
        return Habits()
    return Habits(_zone(zone_of(country) or "UTC"), country in _SOLAR_COUNTRIES)


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[aApP]\.?[mM]\b\.?)?"
)
_OFFSET = (
    r"(?P<offset>Z\b|[+-]\d{2}:?\d{2}\b|[+-]\d{2}\b|(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?|[A-Z]{3,4}\b)?"
)
_LATER = rf"(?:(?:T|[\s,،|/@–—-]|at|kl)*{_TIME}\s*{_OFFSET})?"
_NAME = r"(?P<name>[^\W\d_][\w\u200c\u0900-\u0dff]{1,15})"
_ISO = re.compile(
    rf"(?<!\d)(?P<year>\d{{4}})[-/.年](?P<month>\d{{1,2}})(?:[-/.月](?P<day>\d{{1,2}})日?(?!\d){_LATER})?"
)
_COMPACT = re.compile(
    r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?:T?(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2})?(?P<offset>Z|[+-]\d{2}:?\d{2})?)?(?!\d)"
)
_DAY_NAME = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|º|\.)?[\s,./-]+(?:de\s+|of\s+)?{_NAME}\.?[\s,./-]+(?:de\s+)?(?P<year>\d{{4}})(?!\d){_LATER}"
)
_NAME_DAY = re.compile(
    rf"\b{_NAME}\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s*[,،]?\s+(?P<year>\d{{4}})(?!\d){_LATER}"
)
# The Pashto order is year, month, day, with small words between: "of the year 1404, of Scorpio the 29th".
_YEAR_NAME = re.compile(
    rf"(?<!\d)(?P<year>\d{{4}})(?:\s+کال)?[\s,،-]+(?:د\s+)?{_NAME}[\s,،-]+(?P<day>\d{{1,2}})(?!\d){_LATER}"
)
_NUMBERS = re.compile(
    rf"(?<!\d)(?P<first>\d{{1,2}})(?P<sep>[/.-])(?P<other>\d{{1,2}})(?P=sep)(?P<year>\d{{4}})(?!\d){_LATER}"
)
_SHORT_YEAR = re.compile(
    r"(?:^|[,|·]\s*)(\d{1,2})[./](\d{1,2})[./](\d{2})$"
)  # only where it is the last that is said
_LUNAR_YEAR = re.compile(r"(?<!\d)1[45]\d\d(?!\d)")
# as machines write it: nearly all dates in markup
_MACHINE = re.compile(
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_LIKELY = re.compile(r"\d{4}|\d[./]\d{1,2}[./]\d\d")  # quick and without care
_EPOCH = re.compile(r"^\d{10}(\d{3})?$")
_ABBREVIATIONS = {"PKT": 300, "IST": 330, "AFT": 270, "NPT": 345, "BST": 60, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "PST": -480, "PDT": -420, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180}  # fmt: skip


@lru_cache(maxsize=1000)  # a page says the same several times over
def read_date(text: str, habits: Habits) -> tuple[datetime, Precision] | None:
    """Return the first date in a text and how precise it is; None where there is none that can be a date.

    Naive times are in the source's time zone. Midnight to the second is what systems fill in for a missing time:
    it counts as a day.
    """
    if _MACHINE.fullmatch(text) and (found := _machines(text)) is not None:
        return found
    plain = _ascii_digits(text.strip()[:200])
    if not _LIKELY.search(plain):
        return None
    if ":" in plain:
        plain = with_halves(plain)
    if _EPOCH.match(plain):
        return datetime.fromtimestamp(int(plain[:10]), UTC), "second"
    for pattern in (_COMPACT, _ISO, _DAY_NAME, _NAME_DAY, _YEAR_NAME, _NUMBERS):
        for match in pattern.finditer(plain):
            found = _moment(match, habits)
            if found is not None:
                return printed(found[0]), found[1]
    if short := _SHORT_YEAR.search(plain):
        return read_date("{}.{}.20{}".format(*short.groups()), habits)
    lunar = read_lunar(plain) if _LUNAR_YEAR.search(plain) else None
    return (
        (printed(datetime(lunar.year, lunar.month, lunar.day, tzinfo=habits.zone)), "day") if lunar else None
    )


def _machines(text: str) -> tuple[datetime, Precision] | None:
    """Return the moment that a machine wrote; None where it is none, or one that needs a closer look."""
    try:
        moment = printed(datetime.fromisoformat(text).replace(microsecond=0))
    except ValueError:
        return None
    midnight = moment.hour == moment.minute == moment.second == 0
    return (moment, "day" if midnight else "second") if moment.year >= EARLIEST else None


def printed(moment: datetime) -> datetime:
    """Return a moment with its offset as a number, as it would be printed and read again."""
    offset = moment.utcoffset() or timedelta(0)
    return moment.replace(tzinfo=timezone(offset) if offset else UTC)


def plausible(moment: datetime, fetched: datetime) -> bool:
    """Tell whether an article can be of this moment: not before the web, not after it was fetched."""
    return moment.year >= EARLIEST and moment <= fetched + timedelta(days=2)


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c for c in text)


def _moment(match: re.Match[str], habits: Habits) -> tuple[datetime, Precision] | None:
    parts = match.groupdict()
    try:
        day = _day(parts, habits)
    except ValueError:
        return None
    if day is None:
        return None
    if parts.get("day") is None and "first" not in parts:
        return datetime(day.year, day.month, 1, tzinfo=habits.zone), "month"
    clock = _clock(parts)
    if clock is None:
        return datetime(day.year, day.month, day.day, tzinfo=habits.zone), "day"
    zone = _offset(parts.get("offset"), habits.zone)
    hour, minute, second = clock
    moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
    return moment, "second" if clock != (0, 0, 0) else "day"


def _day(parts: dict[str, str | None], habits: Habits) -> date | None:
    """Return the Gregorian day that the parts name. Raises ValueError for an impossible one."""
    year = int(parts["year"] or 0)
    name = fold_word(parts.get("name") or "")
    if name:
        if name in SOLAR and is_solar_year(year):
            return from_solar(year, SOLAR[name], int(parts["day"] or 1))
        month = GREGORIAN.get(name)
        return date(year, month, int(parts["day"] or 1)) if month and year >= EARLIEST else None
    month, day = _numbers(parts, habits)
    if year >= EARLIEST:
        return date(year, month, day)
    # A year of the solar calendar is a date only where that calendar is in use; a lunar year never is.
    return from_solar(year, month, day) if habits.solar and is_solar_year(year) else None


def _numbers(parts: dict[str, str | None], habits: Habits) -> tuple[int, int]:
    """Return month and day of a date in numbers."""
    if "first" not in parts:
        return int(parts["month"] or 1), int(parts["day"] or 1)
    first, other = int(parts["first"] or 1), int(parts["other"] or 1)
    month_first = other > 12 or (habits.month_first and first <= 12)
    return (first, other) if month_first else (other, first)


def _clock(parts: dict[str, str | None]) -> tuple[int, int, int] | None:
    """Return hour, minute and second, where they are given and can be."""
    if not parts.get("hour"):
        return None
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("half") or "")[:1].lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return (hour, minute, min(second, 59)) if hour < 24 and minute < 60 else None


def _offset(text: str | None, default: tzinfo) -> tzinfo:
    """Return the zone that an offset or abbreviation names; what it does not know is the source's own."""
    if not text:
        return default
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    number = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", text)
    if number:
        minutes = int(number[2]) * 60 + int(number[3] or 0)
        signed = -minutes if number[1] == "-" else minutes
        return timezone(timedelta(minutes=signed)) if abs(signed) < 24 * 60 else default
    minutes = _ABBREVIATIONS.get(text)
    return default if minutes is None else timezone(timedelta(minutes=minutes))
