"""When an article may have been published, where nothing says it plainly: lines further off, scripts, pictures, htmldate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain, islice, takewhile

from htmldate import find_date
from lxml.etree import _Element as LxmlElement  # pyright: ignore[reportPrivateUsage]  # lxml has no other name for it
from lxml.html import document_fromstring

from khabar.models import Source
from workers.extract.clues import (
    CONFIDENCE,
    NUMBERS,
    URL_DAY,
    Clues,
    choose_modified,
    dated_by,
    timed,
    worded,
)
from workers.extract.dateline import is_dateline, says_published, says_updated
from workers.extract.dates import Dated, Habits, habits_of, plausible, read_date
from workers.extract.regions import PROSE
from workers.extract.room import MAX_TIMES, Room, is_time
from workers.extract.tree import Tree, attributes, plain

_URL_MONTH = re.compile(r"/((?:19|20)\d{2})/(0[1-9]|1[0-2])(?=/)")
_STATE = re.compile(
    r'"(?:date_?published|publish(?:ed)?_?(?:date|at|on|time)|first_?published(?:_?at)?|publication_?date|pub_?date|display_?date)"'
    r'\s*:\s*"((?:19|20)\d{2}-\d{2}-\d{2}[^"]{0,20})"',
    re.IGNORECASE,
)
_STATE_WORDS = ("ublish", "ublication", "pub_date", "pubDate", "pubdate", "isplay")  # quick and without care
_DIVIDERS = " ,/|·•–—-"
_READ = ("class", "id", "itemprop", "datetime", "content", "title", "data-utime")
# what entities may spell, and lxml refuses
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
ALONE = 30  # characters; a line with a date in it that is no longer says nothing else
AFTER = 40  # elements; what follows a headline so closely is about it, whatever it is called
LEVELS = 5  # parts around a headline, in which what stands before it is about it
FEW = 4  # elements in one that prints a date
MAX_STATE = 1 << 21  # characters of a page that are searched for what its scripts know
MAX_SEARCHED = 3000  # elements; a larger room is not searched, since htmldate reads it several times


def traced(clues: Clues, habits: Habits, source: Source | None) -> Dated | None:
    """Return the day by what is less sure: lines further off, the page's own state, a search, the day of a change."""
    searches = (
        _further_off(clues, habits),
        _in_state(clues, habits),
        _changed(clues, source),
        _searched(clues, habits),
        _in_image(clues, habits),
        _in_url(clues, habits),
    )
    found = (one for search in searches if not clues.page.late() for one in search)
    return next((one for one in found if plausible(one.moment, clues.fetched)), None)


def _further_off(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the dates of lines in the article that say they tell its publication, then those around it."""
    room, page = clues.room, clues.room.page
    yield from timed(page, [place for place in room.all() if is_time(page, place)], habits)
    yield from worded(room.dated(near=False), "byline", habits)
    own = list(_pieces(page, room.all()))
    yield from worded(filter(says_published, own), "text", habits)
    alone = list(worded((line for line in own if len(line) <= ALONE), "text", habits))
    if len({one.moment.date() for one in alone}) == 1:  # several are of other articles
        yield alone[0]
    begin = room.headline or 0
    behind = range(begin, min(begin + AFTER, len(page))) if begin else ()
    near = list(takewhile(lambda place: _is_no_prose(page, place), behind))
    after = [place for place in room.outside() if place >= begin]
    for places in (_ahead(page, begin), near, after):
        times = timed(page, [place for place in places if is_time(page, place)], habits)
        lines = (page.line(place) for place in places if page.ends[place] <= place + FEW)
        pieces = () if places is after else _pieces(page, places)
        for each in (times, worded(lines, "text", habits), worded(pieces, "text", habits)):
            yield from (one for one in each if not _is_today(one, clues))
    yield from _only_time(room, habits)


def _only_time(room: Room, habits: Habits) -> Iterator[Dated]:
    """Yield what HTML calls a time anywhere in the room, in furniture too, where it is but one day."""
    first, end, _ = room.bounds
    places = [place for place in room.page.places.get("time", ()) if first <= place < end]
    found = list(timed(room.page, places[:MAX_TIMES], habits))
    if len({one.moment.date() for one in found}) == 1:
        yield found[0]


def _pieces(page: Tree, places: Iterable[int]) -> Iterator[str]:
    """Yield the texts between two tags that stand in some elements, without the marks that divide them from others."""
    own = set(places)
    for owner, text in zip(page.owners, page.texts, strict=False):
        if owner in own and NUMBERS.search(text):
            yield " ".join(plain(text).split()).strip(_DIVIDERS)


def _ahead(page: Tree, headline: int) -> list[int]:
    """Return the elements before a headline in the part of the page that it stands in, the nearest first."""
    outer = headline
    for _ in range(LEVELS):
        around = page.parents[outer]
        if around < 0 or page.tags[around] in {"html", "body"}:
            break
        outer = around
    return list(range(headline - 1, max(outer, headline - AFTER), -1))


def _is_no_prose(page: Tree, place: int) -> bool:
    return page.tags[place] != "p" or len(page.line(place)) <= PROSE


def _is_today(dated: Dated, clues: Clues) -> bool:
    """Tell whether a date away from the article is of the day the page was fetched: sites print that on every page."""
    zone = dated.moment.tzinfo
    return dated.moment.date() == clues.fetched.astimezone(zone).date()


def _in_state(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the day that the page's scripts carry as that of publication, where it is but one."""
    if not any(word in clues.page.text for word in _STATE_WORDS):
        return
    found = [read_date(value, habits) for value in islice(_STATE.findall(clues.page.text, 0, MAX_STATE), 20)]
    if len({one[0].date() for one in found if one}) == 1 and found[0]:
        yield dated_by(*found[0], "script")


def _changed(clues: Clues, source: Source | None) -> Iterator[Dated]:
    """Yield when the article was changed: what a page that names no other day has."""
    changed = choose_modified(clues, source)
    if changed is not None:
        yield Dated(changed.moment, changed.precision, "updated", CONFIDENCE["updated"])
    room, page, habits = clues.room, clues.room.page, habits_of(source, clues.url)
    around = (page.line(place) for place in room.outside() if page.ends[place] <= place + FEW)
    for line in chain(room.dated(near=False), room.lines(), around):
        if (
            NUMBERS.search(line)
            and is_dateline(line)
            and says_updated(line)
            and (found := read_date(line, habits))
        ):
            yield dated_by(*found, "updated")


def _in_image(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the day in the address of the page's picture: it was put there for this article."""
    page = clues.room.page
    for place in page.places.get("meta", ()):
        raw = page.raw[place]
        if '"og:image"' in raw and (found := URL_DAY.search(attributes(raw).get("content", ""))):
            day = read_date("-".join(found.groups()), habits)
            if day:
                yield dated_by(*day, "image")


def _in_url(clues: Clues, habits: Habits) -> Iterator[Dated]:
    if found := _URL_MONTH.search(clues.url):
        month = read_date("-".join(found.groups()), habits)
        if month:
            yield dated_by(*month, "url-month")


def _searched(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield what htmldate finds in the article's own part of the page: a day, whatever time it fills in."""
    room, page = clues.room, clues.room.page
    begin = room.headline or 0
    places = [*room.all(), *(place for place in room.outside() if place > begin > 0)]
    if not 0 < len(places) <= MAX_SEARCHED:
        return
    shell = _trimmed(page, places)
    latest = clues.fetched + timedelta(days=2)
    found = find_date(
        shell,
        extensive_search=False,
        original_date=True,
        min_date="1990-01-01",
        max_date=latest.strftime("%Y-%m-%d"),
    )
    day = read_date(found, habits) if found else None
    if day and not _is_today(found := dated_by(day[0], "day", "htmldate"), clues):
        yield found


def _trimmed(tree: Tree, places: list[int]) -> LxmlElement:
    """Return a page of the article's own elements, flat, each with its own text only."""
    page = document_fromstring("<html><body></body></html>")
    body = next(page.iter("body"))
    own = _own_texts(tree)
    for place in places:
        # of the attributes only those that htmldate reads: others may have names that lxml reads but does not write
        given = attributes(tree.raw[place])
        line = body.makeelement(
            "p", {name: _UNWRITABLE.sub("", value) for name in _READ if (value := given.get(name))}
        )
        line.text = _UNWRITABLE.sub("", " ".join(own.get(place, ())))
        body.append(line)
    return page


def _own_texts(tree: Tree) -> dict[int, list[str]]:
    """Return the texts that stand in each element itself, not in one inside it."""
    own: dict[int, list[str]] = {}
    for owner, text in zip(tree.owners, tree.texts, strict=False):
        if text:
            own.setdefault(owner, []).append(plain(text))
    return own
