"""When an article was published: the clues a page and its feed give, weighed, and only then a search of the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import takewhile

from htmldate import find_date
from lxml.etree import _Element as LxmlElement  # pyright: ignore[reportPrivateUsage]  # lxml has no other name for it
from lxml.html import document_fromstring

from khabar.models import Entry, Precision, Source
from workers.extract.dateline import MAX_LINE, is_dateline, says_published, says_updated
from workers.extract.dates import Dated, Habits, habits_of, plausible, read_date
from workers.extract.markup import Element
from workers.extract.regions import PROSE, Room, elements_around, is_time, own_texts, text_of

_CONFIDENCE = {
    "json-ld": 0.97, "json-ld-page": 0.9, "meta": 0.93, "microdata": 0.92, "feed": 0.9, "time": 0.8, "byline": 0.7,
    "url": 0.7, "text": 0.6, "script": 0.5, "htmldate": 0.4, "updated": 0.35, "image": 0.35, "url-month": 0.3,
}  # fmt: skip
_URL_DAY = re.compile(r"/((?:19|20)\d{2})[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?=[/_.+-]|$)")
_URL_MONTH = re.compile(r"/((?:19|20)\d{2})/(0[1-9]|1[0-2])(?=/)")
_PUBLISHED_MARK = re.compile(r"entry-date|publi[sc]|posted", re.IGNORECASE)
_STATE = re.compile(
    r'"(?:date_?published|publish(?:ed)?_?(?:date|at|on|time)|first_?published(?:_?at)?|publication_?date|pub_?date|display_?date)"'
    r'\s*:\s*"((?:19|20)\d{2}-\d{2}-\d{2}[^"]{0,20})"',
    re.IGNORECASE,
)
_READ = ("class", "id", "itemprop", "datetime", "content", "title", "data-utime")
# what entities may spell, and lxml refuses
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
ALONE = 30  # characters; a line with a date in it that is no longer says nothing else
BEHIND = 40  # elements; what follows a headline so closely is about it, whatever it is called
MAX_STATE = 1 << 20  # characters of a script
MAX_SEARCHED = 3000  # elements; a larger room is not searched, since htmldate reads it several times


@dataclass(frozen=True, slots=True)
class Clues:
    """All that can tell a page's dates."""

    marked: list[tuple[str, str, str]]  # (published | modified, origin, text), the most trusted first
    room: Room
    url: str
    entry: Entry | None
    fetched: datetime
    tree: Element


def choose_published(clues: Clues, source: Source | None) -> Dated | None:
    """Return the day of publication by the first clue that gives one, with a later clue's time where that is finer.

    A moment in UTC takes the offset of a clue that prints the same moment in the publisher's own time.
    """
    habits = habits_of(source, clues.url)
    best: Dated | None = None
    for clue in _published(clues, habits):
        if not plausible(clue.moment, clues.fetched):
            continue
        if best is None or _is_swapped(best, clue):
            best = clue
        elif _same_day(best, clue):
            best = Dated(clue.moment, clue.precision, best.origin, best.confidence)
        elif best.precision == "second" and (local := _in_local_time(best.moment, clue)) is not None:
            return Dated(local, best.precision, best.origin, best.confidence)
        if best.precision == "second" and best.moment.utcoffset():
            return best
    return best or _last_resort(clues, habits, source)


def _is_swapped(best: Dated, clue: Dated) -> bool:
    """Tell whether a clue shows that day and month were taken for each other: 03-09 is of March, as the page says."""
    read, other = best.moment.date(), clue.moment.date()
    turned = (other.year, other.day, other.month) == (read.year, read.month, read.day)
    return best.precision == "day" and turned and read != other


def _in_local_time(moment: datetime, clue: Dated) -> datetime | None:
    """Return a moment of UTC in the time of another clue: one that prints the same moment, or the local day it fell on."""
    if moment.utcoffset():
        return None
    if clue.precision == "second" and (offset := clue.moment.utcoffset()):
        return moment.astimezone(timezone(offset)) if clue.moment == moment else None
    if clue.precision == "second":
        apart = clue.moment - moment
        return _shifted(moment, apart) if apart and apart % timedelta(minutes=15) == timedelta(0) else None
    earlier = clue.moment.date() - moment.date() == timedelta(days=-1)
    return (
        _shifted(moment, timedelta(hours=-moment.hour - 1)) if earlier and clue.precision == "day" else None
    )


def _shifted(moment: datetime, offset: timedelta) -> datetime | None:
    possible = timedelta(hours=-12) <= offset <= timedelta(hours=14)
    return moment.astimezone(timezone(offset)) if possible else None


def choose_modified(clues: Clues, source: Source | None) -> Dated | None:
    """Return when the article was last changed, as the page's markup says it, else as it is printed by the headline."""
    habits = habits_of(source, clues.url)
    for which, origin, text in clues.marked:
        found = read_date(text, habits) if which == "modified" else None
        if found and plausible(found[0], clues.fetched):
            return _dated(*found, origin)
    for element in clues.room.times():
        if _tells_update(element) and (dated := _of_time(element, habits)):
            return dated if plausible(dated.moment, clues.fetched) else None
    return None


def _dated(moment: datetime, precision: Precision, origin: str) -> Dated:
    return Dated(moment, precision, origin.removesuffix("-page").removesuffix("-month"), _CONFIDENCE[origin])


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
    yield from _timed(clues.room.times(), habits)
    yield from _worded(filter(is_dateline, clues.room.dated()), "byline", habits)
    if found := _URL_DAY.search(clues.url):
        day = read_date("-".join(found.groups()), habits)
        if day:
            yield _dated(*day, "url")
    yield from _worded(filter(is_dateline, clues.room.lines_by_headline()), "text", habits)


def _last_resort(clues: Clues, habits: Habits, source: Source | None) -> Dated | None:
    """Return the day by what is less sure: lines further off, the page's own state, a search, the day of a change."""
    searches = (
        _further_off(clues, habits),
        _in_state(clues, habits),
        _changed(clues, source),
        _searched(clues, habits),
        _in_image(clues, habits),
        _in_url(clues, habits),
    )
    found = (one for search in searches for one in search)
    return next((one for one in found if plausible(one.moment, clues.fetched)), None)


def _further_off(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the dates of lines in the article that say they tell its publication, then those around it."""
    own = [text_of(element) for element in clues.room.elements if not len(element)]
    lines = [line for line in own if 5 < len(line) <= MAX_LINE and is_dateline(line)]
    yield from _worded(filter(says_published, lines), "text", habits)
    alone = list(_worded((line for line in lines if len(line) <= ALONE), "text", habits))
    if len({one.moment.date() for one in alone}) == 1:  # several are of other articles
        yield alone[0]
    headline = clues.room.headline
    begin = headline.start if headline is not None else 0
    page = clues.tree.page
    behind = map(page.view, range(begin, min(begin + BEHIND, len(page)))) if begin else ()
    near = list(takewhile(_is_no_prose, behind))
    after = [element for element in elements_around(clues.tree, clues.room) if element.start >= begin]
    for elements in (near, after):
        times = _timed((element for element in elements if is_time(element)), habits)
        lines = (text_of(element) for element in elements if len(element) < 3)
        dated = _worded(
            (line for line in lines if 5 < len(line) <= MAX_LINE and is_dateline(line)), "text", habits
        )
        yield from (one for each in (times, dated) for one in each if not _is_today(one, clues))


def _is_no_prose(element: Element) -> bool:
    return element.tag != "p" or len(text_of(element)) <= PROSE


def _is_today(dated: Dated, clues: Clues) -> bool:
    """Tell whether a date away from the article is of the day the page was fetched: sites print that on every page."""
    zone = dated.moment.tzinfo
    return dated.moment.date() == clues.fetched.astimezone(zone).date()


def _in_state(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the day that the page's scripts carry as that of publication, where it is but one."""
    texts = [script.text[:MAX_STATE] for script in clues.tree.iter("script") if script.text]
    found = [read_date(value, habits) for text in texts for value in _STATE.findall(text)[:20]]
    if len({one[0].date() for one in found if one}) == 1 and found[0]:
        yield _dated(*found[0], "script")


def _changed(clues: Clues, source: Source | None) -> Iterator[Dated]:
    """Yield when the article was changed: what a page that names no other day has."""
    changed = choose_modified(clues, source)
    if changed is not None:
        yield Dated(changed.moment, changed.precision, "updated", _CONFIDENCE["updated"])
    around = (text_of(element) for element in elements_around(clues.tree, clues.room) if len(element) < 3)
    lines = (*clues.room.dated(), *clues.room.lines_by_headline(), *around)
    for line in filter(says_updated, filter(is_dateline, lines)):
        if found := read_date(line, habits_of(source, clues.url)):
            yield _dated(*found, "updated")


def _in_image(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the day in the address of the page's picture: it was put there for this article."""
    for meta in clues.tree.iter("meta"):
        if meta.get("property") == "og:image" and (found := _URL_DAY.search(meta.get("content") or "")):
            day = read_date("-".join(found.groups()), habits)
            if day:
                yield _dated(*day, "image")


def _in_url(clues: Clues, habits: Habits) -> Iterator[Dated]:
    if found := _URL_MONTH.search(clues.url):
        month = read_date("-".join(found.groups()), habits)
        if month:
            yield _dated(*month, "url-month")


def _timed(elements: Iterable[Element], habits: Habits) -> Iterator[Dated]:
    """Yield the dates of time elements, by their machine-readable attribute where there is one."""
    for element in elements:
        if not _tells_update(element) and (found := _of_time(element, habits)):
            yield found


def _of_time(element: Element, habits: Habits) -> Dated | None:
    origin = "microdata" if element.get("itemprop") else "time"
    said = text_of(element)
    texts = (element.get("datetime"), element.get("content"), element.get("title"), said)
    # where the two differ, the attribute may be the day of a change
    for text in (said, *texts) if says_published(said[:60]) else texts:
        if text and (found := read_date(text, habits)):
            return _dated(*found, origin)
    return None


def _tells_update(element: Element) -> bool:
    """Tell whether a time element is a change's: by its class, its own words, or the words just before it.

    WordPress marks the day of publication `entry-date updated`, too.
    """
    marks = element.get("class") or ""
    if element.get("itemprop") == "dateModified" or (
        "updat" in marks.lower() and not _PUBLISHED_MARK.search(marks)
    ):
        return True
    parent = element.parent
    place = parent.children.index(element) if parent else 0
    before = (parent.children[place - 1].tail if place else parent.text) if parent else None
    said = f"{(before or '')[-40:]} {text_of(element)[:60]}"
    return says_updated(said) and not says_published(said)


def _worded(texts: Iterable[str], origin: str, habits: Habits) -> Iterator[Dated]:
    for text in texts:
        found = read_date(text, habits)
        if (
            found
            and found[1] in {"second", "day"}
            and not (says_updated(text[:40]) and not says_published(text[:40]))
        ):
            yield _dated(*found, origin)


def _searched(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield what htmldate finds in the article's own part of the page: a day, whatever time it fills in."""
    headline = clues.room.headline
    begin = headline.start if headline is not None else 0
    around = (element for element in elements_around(clues.tree, clues.room) if element.start > begin > 0)
    elements = [*clues.room.elements, *around]
    if not 0 < len(elements) <= MAX_SEARCHED:
        return
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
    if day and not _is_today(found := _dated(day[0], "day", "htmldate"), clues):
        yield found


def _trimmed(elements: list[Element]) -> LxmlElement:
    """Return a page of the article's own elements, flat, each with its own text only."""
    page = document_fromstring("<html><body></body></html>")
    body = next(page.iter("body"))
    for element in elements:
        # of the attributes only those that htmldate reads: others may have names that lxml reads but does not write
        line = body.makeelement(
            "p", {name: _UNWRITABLE.sub("", value) for name in _READ if (value := element.get(name))}
        )
        line.text = _UNWRITABLE.sub("", " ".join(own_texts(element)))
        body.append(line)
    return page
