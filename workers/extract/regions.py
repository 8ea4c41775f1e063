"""What an element of a page says and is for: its text, its heading, and whether it is the site's own furniture."""

from __future__ import annotations

import re
from functools import lru_cache

from workers.extract.tree import Element, Tree, plain

_FURNITURE_TAGS = frozenset(
    {"nav", "aside", "footer", "script", "style", "noscript", "template", "form", "iframe"}
)
_NEVER_FURNITURE = frozenset({"html", "body", "article", "main"})
_FURNITURE = re.compile(
    r"(^|[\s_-])(nav(bar|igation)?|menus?|topbar|top-bar|masthead|site-?header|page-?header-top|header-(sp|wrap|top|bar|menu)|"
    r"data[_-]time|current-?date|today|clock|weather|ticker|breaking|sidebar|side-bar|(?<!elementor[-_])widgets?(?! blog\b)|(?<!post[-_])(?<!entry[-_])(?<!article[-_])footer|comments?|respond|disqus|"
    r"related\w*|popular|most-?read|trending|recommend\w*|latest|more-(news|stories|from)|also-?read|newsletter|promo|advert\w*|cookie|consent)"
    r"([\s_-]|$)",
    re.IGNORECASE,
)
_NAMES = re.compile(r'(?:^| )(?:class|id|itemprop|data-testid)="([^"]*)"')
PROSE = 80  # characters; a paragraph of more is no caption, button or byline
_INLINE = frozenset(
    {"a", "b", "i", "em", "strong", "u", "sup", "sub", "font", "q", "mark", "small", "abbr", "wbr"}
)
_SPACE_BEFORE = re.compile(r"\s+([,.:;!?،؟۔।])")


def text_of(element: Element) -> str:
    """Return an element's text on one line."""
    return element.page.line(element.start)


def heading_of(element: Element) -> str:
    """Return a heading on one line, with spaces where its parts stand apart: a kicker and the headline proper."""
    page, start = element.page, element.start
    if element.end == start + 1:
        return _SPACE_BEFORE.sub(r"\1", page.line(start))
    opened = page.opened[start]
    pieces = [page.texts[opened]]
    for token in range(opened + 1, page.closed[start]):
        pieces.append("" if page.name(token) in _INLINE else " ")
        pieces.append(page.texts[token])
    return _SPACE_BEFORE.sub(r"\1", " ".join(plain("".join(pieces)).split()))


@lru_cache(maxsize=20_000)
def names_of(raw: str) -> str:
    """Return the names an element is styled by, of its attributes as they were serialised."""
    return " ".join(_NAMES.findall(raw)) if raw else ""


def marks_of(element: Element) -> str:
    """Return the names an element is styled by."""
    return names_of(element.page.raw[element.start])


@lru_cache(maxsize=20_000)
def _names_furniture(names: str) -> bool:
    return _FURNITURE.search(names) is not None


def furnishes(page: Tree, place: int) -> bool:
    """Tell whether the element at a place is the site's own: menus, sidebars, comments, related lists, today's date."""
    tag = page.tags[place]
    if tag in _FURNITURE_TAGS:
        return True
    raw = page.raw[place]
    return bool(raw) and tag not in _NEVER_FURNITURE and _names_furniture(names_of(raw))


def is_furniture(element: Element) -> bool:
    """Tell whether an element is the site's own: menus, sidebars, comments, related lists, today's date."""
    return furnishes(element.page, element.start)
