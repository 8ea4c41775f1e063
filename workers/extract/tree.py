"""A page as a tree of plain objects: parsed by lexbor once, walked by every part of extraction many times.

Walking lexbor's own nodes makes a new object at each step; these are made once, know where they stand, and remember
their text. The names follow ElementTree's.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

MAX_DEPTH = 200  # elements deeper than this give their text to the one above
MAX_ELEMENTS = 100_000  # what comes after so many is not read
SILENT = frozenset({"script", "style", "template", "svg", "math"})
_SEALED = frozenset({"svg", "math"})  # drawings and formulas: many elements, no text of the article's


class Element:
    """One element of a page. `start` and `end` are its place in `page`, which holds all elements in order."""

    __slots__ = (
        "attributes",
        "children",
        "depth",
        "end",
        "line",
        "page",
        "parent",
        "start",
        "tag",
        "tail",
        "text",
    )

    def __init__(
        self, tag: str, attributes: dict[str, str | None], parent: Element | None, page: list[Element]
    ) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.page = page
        self.children: list[Element] = []
        self.text: str | None = None
        self.tail: str | None = None
        self.line: str | None = None  # the text on one line, once somebody asked for it
        self.depth = parent.depth + 1 if parent else 0
        self.start = self.end = len(page)

    def __len__(self) -> int:
        return len(self.children)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Element]:
        return iter(self.children)

    def get(self, name: str) -> str | None:
        """Return an attribute's value; one without a value is the empty text."""
        return (self.attributes[name] or "") if name in self.attributes else None

    def iter(self, *tags: str) -> Iterator[Element]:
        """Yield the element itself and all inside it, in order; with tags, those that have one of them."""
        inside = self.page[self.start : self.end]
        return (element for element in inside if element.tag in tags) if tags else iter(inside)

    def iterancestors(self) -> Iterator[Element]:
        """Yield the elements around this one, the nearest first."""
        around = self.parent
        while around is not None:
            yield around
            around = around.parent

    def itertext(self) -> Iterator[str]:
        """Yield the texts inside the element, in order."""
        pieces: list[str] = []
        _gather(self, pieces)
        return iter(pieces)

    def inside(self, outer: Element) -> bool:
        """Tell whether the element is another or stands inside it."""
        return outer.start <= self.start < outer.end


def _gather(element: Element, pieces: list[str]) -> None:
    if element.text:
        pieces.append(element.text)
    for child in element.children:
        _gather(child, pieces)
        if child.tail:
            pieces.append(child.tail)


def grow(html: str) -> tuple[Element | None, bool]:
    """Return the root of the parsed page, if any, and whether all of the page is in it."""
    collects = gc.isenabled()
    gc.disable()  # nothing that is made here is let go of; on a large page looking for rubbish takes longer than the rest
    try:
        return _grow(html)
    finally:
        if collects:
            gc.enable()


def _grow(html: str) -> tuple[Element | None, bool]:
    root = LexborHTMLParser(html).root
    page: list[Element] = []
    made: dict[int, Element] = {}
    whole = True
    for node in root.traverse(include_text=True) if root is not None else ():
        tag, above = node.tag, node.parent
        parent = made.get(above.mem_id) if above is not None else None
        if tag == "-text":
            if parent is not None:
                _say(parent, node.text_content or "")
        elif (
            not tag
            or tag[0] in "-!"
            or (parent is None and page)
            or (parent is not None and parent.tag in _SEALED)
        ):
            continue
        elif parent is not None and parent.depth >= MAX_DEPTH:
            made[node.mem_id] = parent
        elif len(page) >= MAX_ELEMENTS:
            whole = False
            break
        else:
            element = Element(tag, node.attributes, parent, page)
            page.append(element)
            made[node.mem_id] = element
            if parent is not None:
                parent.children.append(element)
    _close(page)
    return (page[0] if page else None), whole


def _say(parent: Element, text: str) -> None:
    """Give a text to the element it stands in, or to the one it stands behind."""
    if parent.children:
        last = parent.children[-1]
        last.tail = text if last.tail is None else last.tail + text
    else:
        parent.text = text if parent.text is None else parent.text + text


def _close(page: list[Element]) -> None:
    for element in reversed(page):
        element.end = max(element.end, element.start + 1)
        if element.parent is not None:
            element.parent.end = max(element.parent.end, element.end)


def fell(root: Element) -> None:
    """Take a page apart that nobody reads any more: its elements know each other, and only a search would find that."""
    page = root.page
    for element in page:
        element.parent = None
        element.children = []
    page.clear()
