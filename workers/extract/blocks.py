"""A page as its blocks: the runs of text between two borders, with what their surroundings hint at."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from workers.extract.marks import hints_of_names
from workers.extract.tree import SILENT, Element

MAX_BLOCKS = 6_000  # of one page; what follows is not looked at
INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q",
        "ruby", "rb", "rp", "rt", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "label", "nobr",
    }
)  # fmt: skip
_LEFT_OUT = SILENT | {
    "noscript",
    "head",
    "iframe",
    "object",
    "select",
    "textarea",
    "button",
    "audio",
    "video",
    "canvas",
    "map",
    "input",
    "img",
}
_TAGS = ("nav", "aside", "footer", "header", "form", "figure", "figcaption", "table", "ul", "ol", "li", "blockquote", "article", "main", "section", "details", "dialog", "dl", "pre", "address")  # fmt: skip
TAG_BITS = {tag: 1 << place for place, tag in enumerate(_TAGS)}
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_ROWS_OF = frozenset(
    {"p", "div", "ul", "ol", "table", "h1", "h2", "h3", "h4", "section", "article", "blockquote", "br"}
)
_WORD = re.compile(r"\w")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(slots=True)
class Block:
    """A run of text, the element it stands in, and what that and all around it hint at."""

    text: str
    element: Element
    linked: int  # characters in links
    tags: int  # bits of the tags around it
    near: int  # bits of the hints of its element and of the two around
    around: int  # bits of the hints of all elements around
    strong: bool = False  # all of it is set off: bold or italic


@dataclass(slots=True)
class _Run:
    pieces: list[str] = field(default_factory=list[str])
    linked: int = 0
    set_off: int = 0


Place = tuple[Element, int, int, int]


class Reader:
    """Reads the blocks of a page in one walk."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._pieces: list[str] = []
        self._linked = 0
        self._set_off = 0

    def read(self, root: Element) -> list[Block]:
        """Return the blocks inside an element, in order."""
        place = (root, 0, 0, 0)
        self._walk(root, place, 0, (0, 0))
        self._flush(place)
        return self.blocks

    def _walk(self, element: Element, place: Place, style: int, above: tuple[int, int]) -> None:
        tag = element.tag
        if tag in INLINE:
            if tag == "a":
                style |= 1
            elif tag in {"b", "strong", "em", "i"}:
                style |= 2
            self._inside(element, place, style, above)
            return
        if tag == "br":
            self._break(place)
            return
        if tag in _LEFT_OUT or _is_hidden(element) or len(self.blocks) >= MAX_BLOCKS:
            return
        self._flush(place)
        own = _hints(element) if element.attributes else 0
        around = place[3] | own
        mine = (element, place[1] | TAG_BITS.get(tag, 0), own | above[0] | above[1], around)
        if tag == "tr" and not any(inner.tag in _ROWS_OF for inner in element.iter()):
            self._row(element, mine)
        else:
            self._inside(element, mine, style, (own, above[0]))
        self._flush(mine)

    def _inside(self, element: Element, place: Place, style: int, above: tuple[int, int]) -> None:
        if element.text:
            self._say(element.text, style)
        for child in element.children:
            self._walk(child, place, style, above)
            if child.tail:
                self._say(child.tail, style)

    def _row(self, row: Element, place: Place) -> None:
        """Read a row of plain cells as one line."""
        for cell in row.children:
            self._inside(cell, place, 0, (0, 0))
            self._say(" ", 0)

    def _say(self, text: str, style: int) -> None:
        self._pieces.append(text)
        if style and not text.isspace():
            length = len(text)
            if style & 1:
                self._linked += length
            if style & 2:
                self._set_off += length

    def _break(self, place: Place) -> None:
        """End a line; two ends of a line end a block."""
        if _ends(self._pieces):
            self._flush(place)
        else:
            self._pieces.append("\x0b")

    def _flush(self, place: Place) -> None:
        if not self._pieces:
            return
        text = "".join(self._pieces)
        if not text.isspace():
            lines = (
                (" ".join(line.split()) for line in text.split("\x0b"))
                if "\x0b" in text
                else (" ".join(text.split()),)
            )
            joined = "\n".join(filter(None, lines))
            if _WORD.search(joined):
                self.blocks.append(
                    Block(
                        joined,
                        place[0],
                        min(self._linked, len(joined)),
                        place[1],
                        place[2],
                        place[3],
                        self._set_off >= len(joined) - 2,
                    )
                )
        self._pieces = []
        self._linked = self._set_off = 0


def _ends(pieces: list[str]) -> bool:
    """Tell whether a line has just ended and nothing was said since."""
    for piece in reversed(pieces):
        if piece == "\x0b":
            return True
        if not piece.isspace():
            return False
    return False


def _hints(element: Element) -> int:
    names = element.attributes
    said = " ".join(
        filter(
            None,
            (
                names.get("class"),
                names.get("id"),
                names.get("role"),
                names.get("itemprop"),
                names.get("data-testid"),
                names.get("data-component"),
                names.get("aria-label"),
            ),
        )
    )
    return hints_of_names(said) if said else 0


def _is_hidden(element: Element) -> bool:
    given = element.attributes
    return bool(given) and (
        "hidden" in given
        or given.get("aria-hidden") == "true"
        or ("style" in given and _HIDDEN.search(given["style"] or "") is not None)
    )


def read_blocks(root: Element) -> list[Block]:
    """Return the blocks of a page, in order."""
    return Reader().read(root)
