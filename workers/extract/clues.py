"""What can tell the dates of an article: marked values, elements that print a time, lines that are there for a date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from khabar.models import Entry, Precision, Source
from workers.extract.dateline import is_dateline, says_published, says_updated
from workers.extract.dates import Dated, Habits, habits_of, plausible, read_date
from workers.extract.markup import Page
from workers.extract.room import Room
from workers.extract.tree import Tree, attributes, plain

CONFIDENCE = {
    "json-ld": 0.97, "json-ld-page": 0.9, "meta": 0.93, "microdata": 0.92, "feed": 0.9, "time": 0.8, "byline": 0.7,
    "url": 0.7, "text": 0.6, "script": 0.5, "htmldate": 0.4, "updated": 0.35, "image": 0.35, "url-month": 0.3,
}  # fmt: skip
URL_DAY = re.compile(r"/((?:19|20)\d{2})[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?=[/_.+-]|$)")
NUMBERS = re.compile(r"\d")
_SIDES = re.compile(
    r"\s*[|•·]\s*|\s+[–—-]\s+"
)  # what stands between the day of publication and that of a change
_PUBLISHED_MARK = re.compile(r"entry-date|publi[sc]|posted", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clues:
    """All that can tell a page's dates."""

    marked: list[tuple[str, str, str]]  # (published | modified, origin, text), the most trusted first
    room: Room
    url: str
    entry: Entry | None
    fetched: datetime
    page: Page


def choose_modified(clues: Clues, source: Source | None) -> Dated | None:
    """Return when the article was last changed, as the page's markup says it, else as it is printed by the headline."""
    habits = habits_of(source, clues.url)
    for which, origin, text in clues.marked:
        found = read_date(text, habits) if which == "modified" else None
        if found and plausible(found[0], clues.fetched):
            return dated_by(*found, origin)
    page = clues.room.page
    for place in clues.room.times():
        if tells_update(page, place) and (dated := moment_of(page, place, habits)):
            return dated if plausible(dated.moment, clues.fetched) else None
    if any(which == "published" for which, _, _ in clues.marked):
        return None  # a page that speaks to machines tells them of changes, too
    printed = next(_changes(clues.room, habits), None)
    return printed if printed and plausible(printed.moment, clues.fetched) else None


def _changes(room: Room, habits: Habits) -> Iterator[Dated]:
    """Yield the days of change in the lines by the headline, each behind the word that says so."""
    for line in (*room.dated(), *room.lines()):
        if NUMBERS.search(line) and is_dateline(line):
            parts = (part for part in _SIDES.split(line) if says_updated(part))
            yield from (dated_by(*found, "byline") for part in parts if (found := read_date(part, habits)))


def dated_by(moment: datetime, precision: Precision, origin: str) -> Dated:
    """Return a date of an origin, which says how far it is to be trusted."""
    return Dated(moment, precision, origin.removesuffix("-page").removesuffix("-month"), CONFIDENCE[origin])


def timed(page: Tree, places: Iterable[int], habits: Habits) -> Iterator[Dated]:
    """Yield the dates of time elements, by their machine-readable attribute where there is one."""
    for place in places:
        if not tells_update(page, place) and (found := moment_of(page, place, habits)):
            yield found


def moment_of(page: Tree, place: int, habits: Habits) -> Dated | None:
    """Return the moment that an element prints, by its machine-readable attribute where there is one."""
    given = attributes(page.raw[place])
    origin = "microdata" if given.get("itemprop") else "time"
    said = page.line(place)
    texts = (given.get("datetime"), given.get("content"), given.get("title"), said)
    # where the two differ, the attribute may be the day of a change
    for text in (said, *texts) if says_published(said[:60]) else texts:
        if text and (found := read_date(text, habits)):
            return dated_by(*found, origin)
    return None


def tells_update(page: Tree, place: int) -> bool:
    """Tell whether a time element is a change's: by its class, its own words, or the words just before it.

    WordPress marks the day of publication `entry-date updated`, too.
    """
    given = attributes(page.raw[place])
    marks = given.get("class", "")
    if given.get("itemprop") == "dateModified" or (
        "updat" in marks.lower() and not _PUBLISHED_MARK.search(marks)
    ):
        return True
    before = plain(page.texts[page.opened[place] - 1]) if place else ""
    said = f"{before[-40:]} {page.line(place)[:60]}"
    return says_updated(said) and not says_published(said)


def worded(texts: Iterable[str], origin: str, habits: Habits) -> Iterator[Dated]:
    """Yield the dates of the lines among texts that are there for a date, but not for that of a change."""
    for text in texts:
        if not NUMBERS.search(text) or not is_dateline(text) or _is_of_change(text):
            continue
        found = read_date(text, habits)
        if found and found[1] in {"second", "day"}:
            yield dated_by(*found, origin)


def _is_of_change(text: str) -> bool:
    return says_updated(text[:40]) and not says_published(text[:40])
