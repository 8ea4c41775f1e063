"""When an article was published: the clues a page and its feed give, weighed, and only then a search of the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from htmldate import find_date
from lxml.etree import _Element as LxmlElement  # pyright: ignore[reportPrivateUsage]  # lxml has no other name for it
from lxml.html import document_fromstring

from khabar.models import Entry, Precision, Source
from workers.extract.dates import Dated, Habits, habits_of, plausible, read_date
from workers.extract.markup import Element
from workers.extract.regions import Room, own_texts, text_of

_CONFIDENCE = {
    "json-ld": 0.97, "json-ld-page": 0.9, "meta": 0.93, "microdata": 0.92, "feed": 0.9, "time": 0.8, "byline": 0.7,
    "url": 0.7, "text": 0.6, "htmldate": 0.4,
}  # fmt: skip
_URL_DAY = re.compile(r"/((?:19|20)\d{2})[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)")
_UPDATED = re.compile(
    r"updat|modifi|edited|aktualis|mis à jour|actualiz|اپ ڈیٹ|अपडेट|বাংলা আপডেট|به‌روز", re.IGNORECASE
)
_PUBLISHED_MARK = re.compile(r"entry-date|publi[sc]|posted", re.IGNORECASE)
_READ = ("class", "id", "itemprop", "datetime", "content", "title", "data-utime")
MAX_SEARCHED = 3000  # elements; a larger room is not searched, since htmldate reads it several times


@dataclass(frozen=True, slots=True)
class Clues:
    """All that can tell a page's dates."""

    marked: list[tuple[str, str, str]]  # (published | modified, origin, text), the most trusted first
    room: Room
    url: str
    entry: Entry | None
    fetched: datetime


def choose_published(clues: Clues, source: Source | None) -> Dated | None:
    """Return the day of publication by the first clue that gives one, with a later clue's time where that is finer."""
    habits = habits_of(source)
    best: Dated | None = None
    for clue in _published(clues, habits):
        if not plausible(clue.moment, clues.fetched):
            continue
        if best is None:
            best = clue
        elif _same_day(best, clue):
            best = Dated(clue.moment, clue.precision, best.origin, best.confidence)
        if best.precision == "second":
            return best
    return best or _searched(clues, habits)


def choose_modified(clues: Clues, source: Source | None) -> Dated | None:
    """Return when the article was last changed, as the page's own markup says it."""
    habits = habits_of(source)
    for which, origin, text in clues.marked:
        found = read_date(text, habits) if which == "modified" else None
        if found and plausible(found[0], clues.fetched):
            return _dated(*found, origin)
    return None


def _dated(moment: datetime, precision: Precision, origin: str) -> Dated:
    return Dated(moment, precision, origin.removesuffix("-page"), _CONFIDENCE[origin])


def _same_day(coarse: Dated, fine: Dated) -> bool:
    """Tell whether a moment is of the day (in its own zone or the other's) that is known already."""
    if coarse.precision == "second" or fine.precision != "second":
        return False
    return coarse.moment.date() in {fine.moment.date(), fine.moment.astimezone(coarse.moment.tzinfo).date()}


def _published(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the clues, the most trusted first; those further down cost more to find."""
    for which, origin, text in clues.marked:
        if which == "published" and (found := read_date(text, habits)):
            yield _dated(*found, origin)
    if clues.entry and clues.entry.published:
        yield _dated(clues.entry.published, "second", "feed")
    yield from _timed(clues.room, habits)
    yield from _worded(clues.room.dated(), "byline", habits)
    if found := _URL_DAY.search(clues.url):
        day = read_date("-".join(found.groups()), habits)
        if day:
            yield _dated(*day, "url")
    yield from _worded(clues.room.lines_by_headline(), "text", habits)


def _timed(room: Room, habits: Habits) -> Iterator[Dated]:
    """Yield the dates of time elements, by their machine-readable attribute where there is one."""
    for element in room.times():
        own = element.get("itemprop") or ""
        if own == "dateModified" or _is_update(str(element.get("class") or "")):
            continue
        for text in (element.get("datetime"), element.get("content"), text_of(element)):
            if text and (found := read_date(text, habits)):
                yield _dated(*found, "microdata" if own else "time")
                break


def _is_update(marks: str) -> bool:
    """Tell whether a time element is a change's. WordPress marks the day of publication `entry-date updated`, too."""
    return _UPDATED.search(marks) is not None and not _PUBLISHED_MARK.search(marks)


def _worded(texts: Iterable[str], origin: str, habits: Habits) -> Iterator[Dated]:
    for text in texts:
        found = read_date(text, habits)
        if found and found[1] in {"second", "day"} and not _UPDATED.match(text):
            yield _dated(*found, origin)


def _searched(clues: Clues, habits: Habits) -> Dated | None:
    """Return what htmldate finds in the article's own part of the page: a day, whatever time it fills in."""
    elements = list(clues.room.elements)
    if not 0 < len(elements) <= MAX_SEARCHED:
        return None
    shell = _trimmed(elements)
    latest = clues.fetched + timedelta(days=2)
    found = find_date(
        shell,
        extensive_search=False,
        original_date=True,
        min_date="1990-01-01",
        max_date=latest.strftime("%Y-%m-%d"),
    )
    day = read_date(found, habits) if found else None
    return _dated(day[0], "day", "htmldate") if day and plausible(day[0], clues.fetched) else None


def _trimmed(elements: list[Element]) -> LxmlElement:
    """Return a page of the article's own elements, flat, each with its own text only."""
    page = document_fromstring("<html><body></body></html>")
    body = next(page.iter("body"))
    for element in elements:
        # of the attributes only those that htmldate reads: others may have names that lxml reads but does not write
        line = body.makeelement("p", {name: str(element.get(name)) for name in _READ if element.get(name)})
        line.text = " ".join(own_texts(element))
        body.append(line)
    return page
