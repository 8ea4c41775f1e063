"""Where on a page the article stands: the room around its headline, and what is the site's own furniture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from khabar.text import fold
from workers.extract.markup import Element

_FURNITURE_TAGS = frozenset(
    {"nav", "aside", "footer", "script", "style", "noscript", "template", "form", "iframe"}
)
_FURNITURE = re.compile(
    r"(^|[\s_-])(nav(bar|igation)?|menus?|topbar|top-bar|masthead|site-?header|page-?header-top|header-(sp|wrap|top|bar|menu)|"
    r"data[_-]time|current-?date|today|clock|weather|ticker|breaking|sidebar|side-bar|(?<!elementor[-_])widgets?(?! blog\b)|(?<!post[-_])(?<!entry[-_])(?<!article[-_])footer|comments?|respond|disqus|"
    r"related\w*|popular|most-?read|trending|recommend\w*|latest|more-(news|stories|from)|also-?read|newsletter|promo|advert\w*|cookie|consent)"
    r"([\s_-]|$)",
    re.IGNORECASE,
)
_DATE_MARK = re.compile(r"date|time(?!line)|publi[sc]|posted|byline|meta(?!l)|dateline|stamp", re.IGNORECASE)
PROSE = 80  # characters; a paragraph of more is no caption, button or byline
_INLINE = frozenset(
    {"a", "b", "i", "em", "strong", "u", "sup", "sub", "font", "q", "mark", "small", "abbr", "wbr"}
)
_SPACE_BEFORE = re.compile(r"\s+([,.:;!?،؟۔।])")
_BLOCKS = frozenset(
    {
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
    }
)


def text_of(element: Element) -> str:
    """Return an element's text on one line."""
    return element.page.line(element.start)


def heading_of(element: Element) -> str:
    """Return a heading on one line, with spaces where its parts stand apart: a kicker and the headline proper."""
    pieces: list[str] = []
    for part in element.iter():
        apart = part.tag not in _INLINE and part is not element
        pieces += [" " if apart else "", str(part.text or "")]
        if part is not element:
            pieces += [" " if apart else "", str(part.tail or "")]
    return _SPACE_BEFORE.sub(r"\1", " ".join("".join(pieces).split()))


def own_texts(element: Element) -> Iterator[str]:
    """Yield the texts that stand in an element itself, not in one inside it."""
    for text in (element.text, *(child.tail for child in element)):
        if text:
            yield str(text)


def marks_of(element: Element) -> str:
    """Return the names an element is styled by."""
    return f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''} {element.get('data-testid') or ''}"


def is_furniture(element: Element) -> bool:
    """Tell whether an element is the site's own: menus, sidebars, comments, related lists, today's date."""
    tag = element.tag
    return tag in _FURNITURE_TAGS or (
        tag not in {"html", "body", "article", "main"} and _FURNITURE.search(marks_of(element)) is not None
    )


def is_time(element: Element) -> bool:
    """Tell whether an element prints a moment by its meaning: <time>, microdata, or the abbreviation that blogs use."""
    blog = element.tag == "abbr" and element.get("class") == "published"
    return element.tag == "time" or blog or element.get("itemprop") in {"datePublished", "dateModified"}


@dataclass(frozen=True, slots=True)
class Room:
    """The part of a page that belongs to the article, and its headline there."""

    elements: tuple[Element, ...]  # in order, without furniture and what is inside it
    headline: Element | None
    ahead: bool  # there may be elements before the headline

    def times(self) -> Iterator[Element]:
        """Yield the elements that print when the article was published."""
        for element in self.elements:
            if is_time(element):
                yield element

    def dated(self) -> Iterator[str]:
        """Yield short texts that are marked as a date, a byline or the article's particulars."""
        for element in self.elements:
            if element.tag in _BLOCKS and _DATE_MARK.search(marks_of(element)):
                text = text_of(element)
                if 5 < len(text) <= 160:
                    yield text

    def lines_by_headline(self) -> Iterator[str]:
        """Yield the short lines between the headline and the second paragraph of prose, then those before it."""
        before: list[str] = []
        seen, prose = self.headline is None or not self.ahead, 0
        for element in self.elements:
            seen = seen or element is self.headline
            prose += seen and element.tag == "p" and len(text_of(element)) > PROSE
            if prose > 1:
                break
            line = heading_of(element) if len(element) <= 4 and len(text_of(element)) <= PROSE else ""
            if 5 < len(line) <= PROSE:
                if seen:
                    yield line
                else:
                    before.append(line)
        yield from reversed(before)


def elements_around(tree: Element, room: Room) -> Iterator[Element]:
    """Yield the elements outside an article's part that are not the site's own, an article's footer among them."""
    inside = {element.start for element in room.elements}
    end = -1
    for element in tree.iter():
        if element.start < end or element.start in inside:
            continue
        if is_furniture(element) and not _is_own_footer(element):
            end = element.end
        else:
            yield element


def _is_own_footer(element: Element) -> bool:
    return element.tag == "footer" and any(
        parent.tag in {"article", "main"} for parent in element.iterancestors()
    )


def _inside(element: Element, outer: Element) -> bool:
    return element.inside(outer)


def find_room(tree: Element, title: str) -> Room:
    """Return the smallest part of a page that holds its headline and paragraphs of text.

    Where that is the whole page, only what follows the headline belongs to the article.
    """
    headline = _headline(tree, title)
    if headline is None:
        articles = list(tree.iter("article"))
        return Room(tuple(_own(articles[0] if len(articles) == 1 else tree, None)), None, ahead=False)
    for parent in headline.iterancestors():
        if parent.tag in {"body", "html"}:
            break
        if parent.tag in {"article", "main"} or _has_text(parent):
            return Room(tuple(_own(parent, headline)), headline, ahead=True)
    every = tuple(_own(tree, headline))
    start = next((place for place, element in enumerate(every) if element is headline), 0)
    return Room(every[start:], headline, ahead=False)


def _own(root: Element, headline: Element | None) -> Iterator[Element]:
    """Yield a part's elements in order, leaving out furniture, except what holds the headline."""
    around = set[Element](headline.iterancestors()) | {headline} if headline is not None else set[Element]()
    skipped: Element | None = None
    for element in root.iter():
        if skipped is not None:
            if _inside(element, skipped):
                continue
            skipped = None
        if element is not root and element not in around and is_furniture(element):
            skipped = element
        else:
            yield element


def _headline(tree: Element, title: str) -> Element | None:
    wanted = fold(title)
    for tag in ("h1", "h2"):
        for element in tree.iter(tag):
            if wanted and fold(text_of(element)) == wanted:
                return element
    return next((h1 for h1 in tree.iter("h1") if not any(map(is_furniture, h1.iterancestors()))), None)


def _has_text(element: Element) -> bool:
    paragraphs = 0
    for paragraph in element.iter("p"):
        paragraphs += len(text_of(paragraph)) > PROSE
        if paragraphs >= 2:
            return True
    return False
