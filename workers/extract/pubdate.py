"""When an article was published: the clues a page and its feed give, weighed, and only then a search of the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone

from khabar.models import Source
from workers.extract.clues import URL_DAY, Clues, choose_modified, dated_by, timed, worded
from workers.extract.dates import Dated, Habits, habits_of, plausible, printed, read_date
from workers.extract.traces import traced

__all__ = ["Clues", "choose_modified", "choose_published"]

NOON = 12  # a moment of UTC before it may be of the day before, in the Americas


def choose_published(clues: Clues, source: Source | None) -> Dated | None:
    """Return the day of publication by the first clue that gives one, with a later clue's time where that is finer.

    A moment in UTC takes the offset of a clue that prints the same moment in the publisher's own time.
    """
    habits = habits_of(source, clues.url)
    best = _weighed(None, _marked(clues, habits), clues.fetched)
    if best is None or best.precision != "second" or best.moment.hour < NOON:
        best = _weighed(best, _printed(clues, habits), clues.fetched)
    if best is None or best.precision != "second":  # no line knows a moment better than a machine
        best = _weighed(best, worded(clues.room.lines(), "text", habits), clues.fetched)
    return _in_zone(best or traced(clues, habits, source), habits)


def _weighed(best: Dated | None, clues: Iterable[Dated], fetched: datetime) -> Dated | None:
    """Return the best date after some more clues, as many as it needs to be sure."""
    for clue in clues:
        if plausible(clue.moment, fetched):
            best = clue if best is None else _with(best, clue)
            if best.precision == "second" and best.moment.utcoffset():
                break
    return best


def _with(best: Dated, clue: Dated) -> Dated:
    """Return a date with what a later clue knows better."""
    if _is_swapped(best, clue):
        return clue
    if _same_day(best, clue):
        return Dated(clue.moment, clue.precision, best.origin, best.confidence)
    local = _in_local_time(best.moment, clue) if best.precision == "second" else None
    return best if local is None else Dated(local, best.precision, best.origin, best.confidence)


def _in_zone(dated: Dated | None, habits: Habits) -> Dated | None:
    """Return a date with a moment of UTC in the time of its publisher, whose day is the day of publication."""
    if dated is None or dated.precision != "second" or dated.moment.utcoffset():
        return dated
    return Dated(printed(dated.moment.astimezone(habits.zone)), "second", dated.origin, dated.confidence)


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


def _same_day(coarse: Dated, fine: Dated) -> bool:
    """Tell whether a moment is of the day (in its own zone or the other's) that is known already."""
    if coarse.precision == "second" or fine.precision != "second":
        return False
    return coarse.moment.date() in {fine.moment.date(), fine.moment.astimezone(coarse.moment.tzinfo).date()}


def _marked(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the clues, the most trusted first; those further down cost more to find."""
    for which, origin, text in clues.marked:
        if which == "published" and (found := read_date(text, habits)):
            yield dated_by(*found, origin)
    if clues.entry and clues.entry.published:
        yield dated_by(clues.entry.published, "second", "feed")


def _printed(clues: Clues, habits: Habits) -> Iterator[Dated]:
    """Yield the dates that the page prints by the headline, and that in its address."""
    yield from timed(clues.room.page, clues.room.times(), habits)
    yield from worded(clues.room.dated(), "byline", habits)
    if found := URL_DAY.search(clues.url):
        day = read_date("-".join(found.groups()), habits)
        if day:
            yield dated_by(*day, "url")
