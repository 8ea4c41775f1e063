"""Who signs an article on the page itself: marked bylines, lines that begin with "By", a name alone above the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from ahocorasick_rs import AhoCorasick

from workers.extract.agencies import named_agency
from workers.extract.authors import byline_of, clean_authors, is_person
from workers.extract.regions import PROSE, names_of
from workers.extract.room import Room
from workers.extract.tree import Tree, plain

_BYLINE = re.compile(
    r"(^|[\s_-])(by-?line|authors?([-_]?name)?|writer|contributor|post-author-name|reporter|columnist)([\s_-]|$)",
    re.IGNORECASE,
)
_WORDS = (
    "uthor",
    "yline",
    "y-line",
    "riter",
    "ontributor",
    "eporter",
    "olumnist",
    "roducers",
    "/profile",
    "/autor",
)  # quick and without care
_AUTHOR = re.compile(r'(?:^| )(?:itemprop="author"|rel="(?:[^"]* )?author(?: [^"]*)?")')
_AUTHOR_PAGE = re.compile(
    r'(?:^| )href="[^"]*/(authors?|writers?|columnists?|contributors?|producers|profiles?|autor(en)?)/[^/?#"]+/?"',
    re.IGNORECASE,
)
_INLINE = frozenset({"b", "i", "em", "strong", "u", "font", "sup", "sub", "wbr", "mark"})
_JOINS = re.compile(r"^\W*(and|und|et|&|اور|و|और|,|،)?\W*$", re.IGNORECASE)
_SIGNS = frozenset({"p", "div", "span", "a", "em", "strong", "i", "b", "small", "td", "dd", "li", "h2", "h3", "h4", "h5", "h6", "section", "header", "footer", "cite", "address", "figcaption"})  # fmt: skip
_HELPED = re.compile(
    r"\b(reviewed|updated|edited|checked|verified|approved|translated|illustrated|photo\w*|images?|video)( \w+)? by\W*$",
    re.IGNORECASE,
)
HELP, MAX_HELP = 6, 60  # tags before a name, and characters, that may say what somebody did
_NEAR = 6  # elements; further from the first name another is of another article
_AROUND = 3  # paragraphs at the beginning in which a name may stand alone


def bylines(room: Room) -> Iterator[list[str]]:
    """Yield the names by each sign of an author, the surest first: by the headline, in the article's part, around it."""
    page = room.page
    signs = _signs(page)
    near = set(room.near()) if signs else set[int]()
    yield from _signed(page, [place for place in signs if place in near])
    yield [name for line in room.lines() if (name := byline_of(line))][:1]
    yield _alone(room)
    yield [line for line in room.lines() if named_agency(line)][:1]
    yield from _signed(page, [place for place in signs if room.holds(place)])
    yield from _signed(page, [place for place in signs if room.leaves_out(place)])


def _signs(page: Tree) -> list[int]:
    """Return the elements whose attributes have a word in them that an author's may have."""
    found = _machine().find_matches_as_indexes(page.said)
    return sorted(set(page.saying_at(sorted(at for _, at, _ in found))))


@cache
def _machine() -> AhoCorasick:
    return AhoCorasick(_WORDS)


def _signed(page: Tree, places: list[int]) -> Iterator[list[str]]:
    yield _first_names(page, (place for place in places if _is_author(page, place)))
    yield _first_names(page, (place for place in places if _is_byline(page, place)))


def _is_author(page: Tree, place: int) -> bool:
    """Tell whether an element is an author's name by its meaning: rel, itemprop, or a link to the author's page."""
    raw = page.raw[place]
    return ("author" in raw and _AUTHOR.search(raw) is not None) or (
        page.tags[place] == "a" and _AUTHOR_PAGE.search(raw) is not None
    )


@lru_cache(maxsize=20_000)
def _names_byline(names: str) -> bool:
    return _BYLINE.search(names) is not None


def _is_byline(page: Tree, place: int) -> bool:
    raw = page.raw[place]
    return bool(raw) and page.tags[place] in _SIGNS and _names_byline(names_of(raw))


def _first_names(page: Tree, signs: Iterable[int]) -> list[str]:
    """Return the names in the first of these elements that has any, and in those close behind it."""
    found: list[str] = []
    last, end = -1, -1
    for place in signs:
        if last >= 0 and place - end > _NEAR:
            break
        if (last >= 0 and last <= place < end and found) or _helps(page, place):
            continue
        names = names_in(page, place) if 1 < len(page.line(place)) <= 2 * PROSE else []
        if names and (not found or page.tags[place] == "a" or _is_author(page, place)):
            found += [name for name in names if name not in found]
            last, end = place, page.ends[place]
    return found


def _helps(page: Tree, place: int) -> bool:
    """Tell whether the words before a name say that its bearer did something else for the article than write it."""
    token = page.opened[place]
    before = plain("".join(page.texts[max(0, token - HELP) : token]))
    return _HELPED.search(" ".join(before[-MAX_HELP:].split())) is not None


def names_in(page: Tree, place: int) -> list[str]:
    """Return the names that an element prints, without what else stands in it: a label before, a role or date after."""
    inside = range(place + 1, page.ends[place])
    links = [at for at in inside if page.tags[at] == "a" and not _helps(page, at)]
    linked = [name for link in links for name in clean_authors([page.line(link)]) if is_person(name)]
    if linked:
        return linked
    names: list[str] = []
    joined = True
    for piece in _pieces(page, place):
        if _JOINS.match(piece):
            joined = True
        elif joined and (found := list(clean_authors([piece]))):
            names += found
            joined = False
        elif names:
            break
    return names


def _pieces(page: Tree, place: int) -> list[str]:
    """Return the texts of an element part by part, as far as markup sets them apart."""
    opened = page.opened[place]
    pieces = [page.texts[opened]]
    for token in range(opened + 1, page.closed[place]):
        if page.name(token) not in _INLINE:
            pieces.append("\0")
        pieces.append(page.texts[token])
    return [text for piece in plain("".join(pieces)).split("\0") if (text := " ".join(piece.split()))]


def _alone(room: Room) -> list[str]:
    """Return the name that stands alone and in bold above the text, as some papers print it."""
    page = room.page
    paragraphs = [place for place in room.near() if page.tags[place] == "p" and page.line(place)]
    for place in paragraphs[:_AROUND]:
        line = page.line(place)
        if len(line) > PROSE:
            break
        bold = [child for child in page.view(place) if child.tag in {"strong", "b"}]
        names = clean_authors(line.split("/"))
        if len(bold) == 1 and page.line(bold[0].start) == line and names and all(map(is_person, names)):
            return list(names)
    return []
