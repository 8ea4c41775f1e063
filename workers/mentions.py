"""Dates that a text speaks of: printed ones and those told from the day of publication ("two years ago"), in all calendars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from khabar.models import Article, Field, Mention
from khabar.text import Token, tokenize
from workers import almanac
from workers.datewords import DateWords, date_words, lunar_months
from workers.extract.calendars import SOLAR

_ENGLISH = frozenset(
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
    ]
)
_YEAR = re.compile(r"(\d{4})(ء|ع|ه|م)?")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_JOINED = re.compile(r"\s?[-/.]\s?")
_SOLAR_TONGUES = frozenset({"fa", "prs", "ps"})
_REACH = 7  # words from the first part of a date to the last
_AHEAD = timedelta(days=30)  # a day without a year lies at most so far in the future
_BETWEEN = frozenset({"of", "the", "سال", "ماه", "کال", "په", "د"})  # may stand between the parts of a date


@dataclass(frozen=True, slots=True)
class Dated:
    """A date as a text tells it: its span, and what it means (`2021`, `2021-08`, `2021-08-15`)."""

    span: Mention
    value: str


@dataclass(frozen=True, slots=True)
class _Text:
    """A text with what its dates are read by."""

    field: Field
    text: str
    tokens: tuple[Token, ...]
    words: DateWords
    solar: bool  # the calendar that is meant where none is named
    tongue: str
    day: date | None  # of publication

    def word(self, place: int) -> str:
        return self.tokens[place].text if 0 <= place < len(self.tokens) else ""


def mention_dates(article: Article) -> Article:
    """Return the article with the dates its title and body speak of, each once, in the order of their mention."""
    return replace(article, mentions_dates=tuple(dict.fromkeys(each.value for each in find_dates(article))))


def find_dates(article: Article) -> list[Dated]:
    """Return every date with its span; what is told from a day of publication that is not known is left out."""
    tongue = "fa" if article.lang == "prs" else article.lang.split("-", 1)[0]
    words = date_words(tongue)
    if words is None:
        return []
    day = article.published.date() if article.published else None
    solar = tongue in _SOLAR_TONGUES and article.country != "PK"
    fields: tuple[tuple[Field, str], ...] = (("title", article.title), ("body", article.body))
    return [
        found
        for field, text in fields
        for found in _scan(_Text(field, text, tokenize(text), words, solar, tongue, day))
    ]


def _scan(text: _Text) -> Iterator[Dated]:
    first, free = text.words.first, 0
    starts = [
        place for place, token in enumerate(text.tokens) if token.text in first or token.text[0].isdigit()
    ]
    for place in starts:
        found = _at(text, place) if place >= free else None
        if found is not None:
            value, size = found
            free = place + size
            start, end = text.tokens[place].start, text.tokens[free - 1].end
            yield Dated(Mention(text.field, start, end, text.text[start:end]), value)


def _at(text: _Text, place: int) -> tuple[str, int] | None:
    """Return the date that begins at a word, and how many words it takes."""
    word = text.tokens[place].text
    if word[0].isdigit():
        return _numeric(text, place) or _named(text, place) or _told(text, place) or _year(text, place)
    return (_named(text, place) if word in text.words.months else None) or _told(text, place)


# --- printed dates ------------------------------------------------------------------------------------------


def _numeric(text: _Text, place: int) -> tuple[str, int] | None:
    """Read 2021-08-15 and 15/8/2021: three numbers with the same mark between them."""
    parts = [text.word(place + offset) for offset in range(3)]
    if not all(part.isdigit() for part in parts) or not all(_mark(text, place + offset) for offset in (0, 1)):
        return None
    first, month, last = map(int, parts)
    year, day = (first, last) if len(parts[0]) == 4 else (last, first)
    if max(len(parts[0]), len(parts[2])) != 4:
        return None
    value = _value(text, year, month, day) or _value(text, year, day, month)
    return (value, 3) if value else None


def _mark(text: _Text, place: int) -> bool:
    between = text.text[text.tokens[place].end : text.tokens[place + 1].start]
    return _JOINED.fullmatch(between) is not None


def _named(text: _Text, place: int) -> tuple[str, int] | None:
    """Read a month's name with a year or a day on either side of it."""
    # Parts of a date stand side by side, with two small words between them at most.
    if not any(text.word(at) in text.words.months for at in range(place, place + _REACH)):
        return None
    orders = (("day", "month", "year"), ("month", "day", "year"), ("year", "month", "day"), ("month", "year"), ("year", "month"), ("day", "month"), ("month", "day"))  # fmt: skip
    for order in orders:
        found = _ordered(text, place, order)
        if found is not None:
            return found
    return None


def _ordered(text: _Text, place: int, order: Sequence[str]) -> tuple[str, int] | None:
    parts: dict[str, int] = {}
    calendar = ""
    at = place
    for part in order:
        for _ in range(2 if at > place else 0):
            at += text.word(at) in _BETWEEN
        if part == "month":
            named = _month(text, at)
            if named is None:
                return None
            calendar, parts[part] = named
        else:
            number = (_YEAR if part == "year" else _DAY).fullmatch(text.word(at))
            if number is None:
                return None
            parts[part] = int(number[1])
        at += 1
    value = _in_calendar(text, calendar, parts)
    return (value, at - place) if value else None


def _month(text: _Text, place: int) -> tuple[str, int] | None:
    """Return the calendar and the number of a month's name; in Latin letters it is one only with a capital."""
    word = text.word(place)
    if not word or word.isdigit():
        return None
    if word.isascii() and not text.text[text.tokens[place].start].isupper():
        return None
    if word in lunar_months():
        return "lunar", lunar_months()[word]
    if text.tongue in _SOLAR_TONGUES and word in SOLAR:
        return "solar", SOLAR[word]
    number = text.words.gregorian.get(word)
    return ("gregorian", number) if number and (not word.isascii() or word in _ENGLISH) else None


def _in_calendar(text: _Text, calendar: str, parts: Mapping[str, int]) -> str | None:
    year, month, day = parts.get("year"), parts["month"], parts.get("day")
    read = {"lunar": almanac.lunar, "solar": almanac.solar, "gregorian": almanac.gregorian}[calendar]
    if year is not None:
        return read(year, month, day)
    if text.day is None or calendar == "lunar":
        return None
    latest = (text.day + _AHEAD).isoformat()
    near = almanac.solar_year(text.day) if calendar == "solar" else text.day.year
    told = [value for each in (near + 1, near, near - 1) if (value := read(each, month, day))]
    return next((value for value in told if value <= latest), None)


def _value(text: _Text, year: int, month: int | None = None, day: int | None = None) -> str | None:
    """Return a date in numbers, by the calendar that its year fits."""
    if month is not None and not 1 <= month <= 12:
        return None
    if text.solar and 1300 <= year <= 1430:
        return almanac.solar(year, month, day)
    return almanac.gregorian(year, month, day)


def _year(text: _Text, place: int) -> tuple[str, int] | None:
    """Read a bare year: one that a word beside it, or the sign after it, says is one."""
    found = _YEAR.fullmatch(text.word(place))
    if found is None:
        return None
    year, sign = int(found[1]), found[2]
    before, after = text.word(place - 1), text.word(place + 1)
    calendar = sign == "ه" or after in text.words.lunar or before in text.words.lunar
    if after in text.words.solar and (value := almanac.solar(year)):
        return value, 2
    if calendar:
        return (value, 1) if (value := almanac.lunar(year)) else None
    if sign or before in text.words.cue or after in text.words.cue:
        return (value, 1) if (value := _value(text, year)) else None
    return None


# --- dates told from the day of publication -----------------------------------------------------------------


def _told(text: _Text, place: int) -> tuple[str, int] | None:
    if text.day is None:
        return None
    words, first, second = text.words, text.word(place), text.word(place + 1)
    if first in words.fixed:
        return _moved(text, *words.fixed[first]), 1
    count = words.numbers.get(first) or (int(first) if first.isdigit() and len(first) < 4 else None)
    if count and second in words.units and text.word(place + 2) in words.ago:
        return _moved(text, words.units[second], -count), 3
    for near, named, at in ((first, second, place + 1), (second, first, place)):
        if near not in words.near or (at == place) != (text.tongue == "fa"):
            continue
        if named in words.units and words.units[named] != "decade":
            return _moved(text, words.units[named], words.near[near]), 2
        if month := _month(text, at):
            return (value, 2) if (value := _nearest(text, month, words.near[near])) else None
    return None


def _moved(text: _Text, unit: str, count: int) -> str:
    """Return the date so many units from the day of publication, to the precision of the unit."""
    assert text.day is not None
    day = text.day
    if unit in {"day", "week"}:
        moved = day + timedelta(days=count * (7 if unit == "week" else 1))
        return moved.isoformat() if unit == "day" else moved.isoformat()[:7]
    if unit == "month":
        return almanac.months_before(day, -count)
    years = count * (10 if unit == "decade" else 1)
    if text.solar and abs(years) <= 100:
        return almanac.solar(almanac.solar_year(day) + years) or almanac.written(day.year + years)
    return almanac.written(day.year + years)


def _nearest(text: _Text, month: tuple[str, int], side: int) -> str | None:
    """Return the last, this year's or the next month of a name: "last August" in an August is a year ago."""
    assert text.day is not None
    calendar, number = month
    if calendar == "lunar":
        return None
    read = almanac.solar if calendar == "solar" else almanac.gregorian
    year = almanac.solar_year(text.day) if calendar == "solar" else text.day.year
    now = text.day.isoformat()[:7]
    if side == 0:
        return read(year, number)
    values = [value for each in range(year - 1, year + 2) if (value := read(each, number))]
    fitting = [value for value in values if (value < now if side < 0 else value > now)]
    return (fitting[-1] if side < 0 else fitting[0]) if fitting else None
