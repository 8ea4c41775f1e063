"""The room of an article on its page: the part around its headline that is not the site's own.

It works on places in the page's columns (`tree.Tree`) and is found when it is first asked for, since most pages say enough
of themselves to machines, and of the others a few dozen elements by the headline are worth looking at.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from khabar.text import fold
from workers.extract.regions import PROSE, furnishes, heading_of, names_of
from workers.extract.tree import Tree

_DATE_MARK = re.compile(r"date|time(?!line)|publi[sc]|posted|byline|meta(?!l)|dateline|stamp", re.IGNORECASE)
NEAR = 2  # paragraphs of prose behind the headline; what follows them is not by it
BEFORE, BEHIND = 80, 250  # elements before and behind a headline; further ones are not by it
MAX_DATED = 160  # characters of what is marked as an article's particulars
MAX_TOKENS = 60  # start and end tags in a short line
MAX_TIMES = 50  # of one page
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "span",
        "time",
        "a",
        "em",
        "strong",
        "i",
        "b",
        "abbr",
        "small",
        "td",
        "dd",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "header",
        "cite",
        "address",
    ]
)


@lru_cache(maxsize=20_000)
def _names_date(names: str) -> bool:
    return _DATE_MARK.search(names) is not None


def is_time(page: Tree, place: int) -> bool:
    """Tell whether an element prints a moment by its meaning: <time>, microdata, or the abbreviation that blogs use."""
    tag, raw = page.tags[place], page.raw[place]
    blog = tag == "abbr" and raw.startswith('class="published"')
    return tag == "time" or blog or 'itemprop="datePublished"' in raw or 'itemprop="dateModified"' in raw


class Room:
    """The part of a page that belongs to the article: the smallest that holds its headline and paragraphs of text.

    Where that is the whole page, only what follows the headline belongs to the article. It is found when it is first
    asked for.
    """

    __slots__ = ("_all", "_around", "_bounds", "_known", "_lines", "_near", "page", "title")

    def __init__(self, page: Tree, title: str) -> None:
        self.page = page
        self.title = title
        self._bounds: tuple[int, int, int | None] | None = None
        self._around: set[int] = set()
        self._known: dict[int, bool] = {}
        self._near: list[int] | None = None
        self._all: list[int] | None = None
        self._lines: list[str] | None = None

    @property
    def bounds(self) -> tuple[int, int, int | None]:
        """Return the first place of the room, that behind its last, and the headline's."""
        if self._bounds is None:
            self._bounds = self._find()
        return self._bounds

    @property
    def headline(self) -> int | None:
        """Return the place of the article's headline."""
        return self.bounds[2]

    def _find(self) -> tuple[int, int, int | None]:
        page = self.page
        headline = _headline(page, self.title)
        if headline is None:
            articles = page.places.get("article", ())
            root = articles[0] if len(articles) == 1 else 0
            self._around = {root, *_ancestors(page, root)}
            return root, page.ends[root], None
        around = list(_ancestors(page, headline))
        self._around = {headline, *around}
        for place in around:
            if page.tags[place] in {"body", "html"}:
                break
            if page.tags[place] in {"article", "main"} or _has_text(page, place):
                return place, page.ends[place], headline
        return headline, len(page), headline

    def _walk(self, first: int, end: int) -> Iterator[int]:
        """Yield places in order, leaving out furniture, except what holds the headline."""
        page, around, root = self.page, self._around, self.bounds[0]
        ends, place = page.ends, first
        while place < end:
            if place != root and place not in around and furnishes(page, place):
                place = ends[place]
            else:
                yield place
                place += 1

    def all(self) -> list[int]:
        """Return all places of the room in order."""
        if self._all is None:
            first, end, _ = self.bounds
            self._all = list(self._walk(first, end))
        return self._all

    def near(self) -> list[int]:
        """Return the places by the headline, those before it and those until the second paragraph of prose."""
        if self._near is None:
            self._near = list(self._by_headline())
        return self._near

    def _by_headline(self) -> Iterator[int]:
        page, (first, end, headline) = self.page, self.bounds
        begin = first if headline is None else self._outside(max(first, headline - BEFORE))
        prose = 0
        for place in islice(self._walk(begin, end), BEFORE + BEHIND):
            seen = headline is None or place >= headline
            prose += seen and page.tags[place] == "p" and len(page.line(place)) > PROSE
            if prose >= NEAR:
                return
            yield place

    def _outside(self, place: int) -> int:
        """Return a place, or that behind the furniture it stands in."""
        while self._furnished(place):
            above = self.page.parents[place]
            if above < 0 or not self._furnished(above):
                return self.page.ends[place]
            place = above
        return place

    def _furnished(self, place: int) -> bool:
        """Tell whether a place is in furniture that does not hold the headline."""
        known = self._known.get(place)
        if known is None:
            around = self.page.parents[place]
            own = place not in self._around and furnishes(self.page, place)
            known = self._known[place] = own or (around >= 0 and self._furnished(around))
        return known

    def holds(self, place: int) -> bool:
        """Tell whether a place is in the room and in no furniture there."""
        first, end, _ = self.bounds
        return first <= place < end and not self._furnished(place)

    def leaves_out(self, place: int) -> bool:
        """Tell whether a place is outside of the room and not the site's own; an article's footer is not."""
        return not self.holds(place) and not any(
            at not in self._around and furnishes(self.page, at) and not _is_own_footer(self.page, at)
            for at in (place, *_ancestors(self.page, place))
        )

    def times(self) -> list[int]:
        """Return the elements that print when the article was published: by the headline, else all that HTML calls so."""
        page = self.page
        near = [place for place in self.near() if is_time(page, place)]
        return near or [place for place in page.places.get("time", ())[:MAX_TIMES] if self.holds(place)]

    def dated(self, *, near: bool = True) -> Iterator[str]:
        """Yield short texts that are marked as a date, a byline or the article's particulars."""
        page = self.page
        for place in self.near() if near else self.all():
            raw = page.raw[place]
            if (
                raw
                and page.closed[place] - page.opened[place] <= MAX_TOKENS
                and page.tags[place] in _BLOCKS
                and _names_date(names_of(raw))
            ):
                text = page.line(place)
                if 5 < len(text) <= MAX_DATED:
                    yield text

    def lines(self) -> list[str]:
        """Return the short lines between the headline and the second paragraph of prose, then those before it, each once."""
        if self._lines is None:
            headline = self.headline or 0
            told = [(place >= headline, line) for place, line in self._short()]
            behind = [line for follows, line in told if follows]
            self._lines = list(
                dict.fromkeys([*behind, *(line for follows, line in reversed(told) if not follows)])
            )
        return self._lines

    def _short(self) -> Iterator[tuple[int, str]]:
        page = self.page
        for place in self.near():
            if _is_line(page, place) and 5 < len(line := heading_of(page.view(place))) <= PROSE:
                yield place, line

    def outside(self) -> Iterator[int]:
        """Yield the places outside of the room that are not the site's own, an article's footer among them."""
        page, inside, place = self.page, set(self.all()), 0
        while place < len(page):
            if place not in inside and furnishes(page, place) and not _is_own_footer(page, place):
                place = page.ends[place]
                continue
            if place not in inside:
                yield place
            place += 1


def _is_line(page: Tree, place: int) -> bool:
    """Tell whether an element is short and has few parts."""
    if not 0 <= page.closed[place] - page.opened[place] <= MAX_TOKENS:
        return False
    end, parts, inner = page.ends[place], 0, place + 1
    while inner < end and parts < 5:
        parts, inner = parts + 1, page.ends[inner]
    return parts < 5 and 0 < len(page.line(place)) <= PROSE


def _ancestors(page: Tree, place: int) -> Iterator[int]:
    while (place := page.parents[place]) >= 0:
        yield place


def _is_own_footer(page: Tree, place: int) -> bool:
    return page.tags[place] == "footer" and any(
        page.tags[around] in {"article", "main"} for around in _ancestors(page, place)
    )


def _headline(page: Tree, title: str) -> int | None:
    wanted = fold(title)
    for tag in ("h1", "h2", "h3") if wanted else ():
        for place in page.places.get(tag, ()):
            line = page.line(place)
            if line == title or fold(line) == wanted:
                return place
    headings = page.places.get("h1", ())
    return next((h1 for h1 in headings if not any(furnishes(page, at) for at in _ancestors(page, h1))), None)


def _has_text(page: Tree, place: int) -> bool:
    paragraphs, end, begin = 0, page.ends[place], page.places.get("p", [])
    for at in range(bisect_left(begin, place), len(begin)):
        if begin[at] >= end:
            break
        paragraphs += len(page.line(begin[at])) > PROSE
        if paragraphs >= NEAR:
            return True
    return False
