"""Who signs an article on the page itself: marked bylines, lines that begin with "By", a name alone above the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from workers.extract.authors import byline_of, clean_authors, is_person
from workers.extract.markup import Element
from workers.extract.regions import PROSE, Room, elements_around, marks_of, text_of

_BYLINE = re.compile(
    r"(^|[\s_-])(by-?line|authors?([-_]?name)?|writer|contributor|post-author-name|reporter|columnist)([\s_-]|$)",
    re.IGNORECASE,
)
_AUTHOR_PAGE = re.compile(
    r"/(authors?|writers?|columnists?|contributors?|producers|profiles?|autor(en)?)/[^/?#]+/?$", re.IGNORECASE
)
_INLINE = frozenset({"b", "i", "em", "strong", "u", "font", "sup", "sub", "wbr", "mark"})
_JOINS = re.compile(r"^\W*(and|und|et|&|اور|و|और|,|،)?\W*$", re.IGNORECASE)
_SIGNS = frozenset({"p", "div", "span", "a", "em", "strong", "i", "b", "small", "td", "dd", "li", "h2", "h3", "h4", "h5", "h6", "section", "header", "footer", "cite", "address", "figcaption"})  # fmt: skip
_NEAR = 6  # elements; further from the first name another is of another article
_AROUND = 3  # paragraphs at the beginning in which a name may stand alone


def bylines(room: Room, tree: Element) -> Iterator[list[str]]:
    """Yield the names by each sign of an author, the surest first: in the article's part of the page, then around it."""
    yield _first_names(filter(_is_author, room.elements))
    yield _first_names(filter(_is_byline, room.elements))
    yield [name for line in room.lines_by_headline() if (name := byline_of(line))][:1]
    yield _alone(room)
    yield _first_names(filter(_is_author, elements_around(tree, room)))
    yield _first_names(filter(_is_byline, elements_around(tree, room)))


def _is_author(element: Element) -> bool:
    """Tell whether an element is an author's name by its meaning: rel, itemprop, or a link to the author's page."""
    relation = (element.get("rel") or "").split()
    leads = element.tag == "a" and _AUTHOR_PAGE.search(element.get("href") or "") is not None
    return element.get("itemprop") == "author" or "author" in relation or leads


def _is_byline(element: Element) -> bool:
    return element.tag in _SIGNS and _BYLINE.search(marks_of(element)) is not None


def _first_names(signs: Iterable[Element]) -> list[str]:
    """Return the names in the first of these elements that has any, and in those close behind it."""
    found: list[str] = []
    last: Element | None = None
    for element in signs:
        if last is not None and (element.start - last.end > _NEAR or (element.inside(last) and found)):
            if element.start - last.end > _NEAR:
                break
            continue
        names = names_in(element) if 1 < len(text_of(element)) <= 2 * PROSE else []
        if names and (not found or element.tag == "a" or _is_author(element)):
            found += [name for name in names if name not in found]
            last = element
    return found


def names_in(element: Element) -> list[str]:
    """Return the names that an element prints, without what else stands in it: a label before, a role or date after."""
    links = [text_of(link) for link in element.iter("a") if link is not element]
    linked = [name for link in links for name in clean_authors([link]) if is_person(name)]
    if linked:
        return linked
    names: list[str] = []
    joined = True
    for piece in _pieces(element):
        if _JOINS.match(piece):
            joined = True
        elif joined and (found := list(clean_authors([piece]))):
            names += found
            joined = False
        elif names:
            break
    return names


def _pieces(element: Element) -> list[str]:
    """Return the texts of an element part by part, as far as markup sets them apart."""
    pieces = [""]
    _collect(element, pieces)
    return [text for piece in pieces if (text := " ".join(piece.split()))]


def _collect(element: Element, pieces: list[str]) -> None:
    pieces[-1] += element.text or ""
    for child in element:
        if child.tag in {"script", "style", "svg"}:
            pass
        elif child.tag in _INLINE:
            _collect(child, pieces)
        else:
            pieces.append("")
            _collect(child, pieces)
            pieces.append("")
        pieces[-1] += child.tail or ""


def _alone(room: Room) -> list[str]:
    """Return the name that stands alone and in bold above the text, as some papers print it."""
    paragraphs: Sequence[Element] = [
        element for element in room.elements if element.tag == "p" and text_of(element)
    ]
    for paragraph in paragraphs[:_AROUND]:
        line = text_of(paragraph)
        if len(line) > PROSE:
            break
        bold = [child for child in paragraph if child.tag in {"strong", "b"}]
        names = clean_authors(line.split("/"))
        if len(bold) == 1 and text_of(bold[0]) == line and names and all(map(is_person, names)):
            return list(names)
    return []
