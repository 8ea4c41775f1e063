"""A page as its blocks: the runs of text between two borders, with what their surroundings hint at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby

from workers.extract.marks import hints_of_names
from workers.extract.tree import Element, Tree, attributes, plain

EDGE = 2  # links at either end of a long list of them that are looked at
MAX_BLOCKS = 6_000  # of one page; what follows is not looked at
INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q",
        "ruby", "rb", "rp", "rt", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "label", "nobr",
    }
)  # fmt: skip
_LEFT_OUT = frozenset(
    {"noscript", "head", "object", "select", "textarea", "button", "audio", "video", "canvas", "map"}
)
_NOTHING = frozenset({"input", "img"})  # neither text nor a border between two
_TAGS = ("nav", "aside", "footer", "header", "form", "figure", "figcaption", "table", "ul", "ol", "li", "blockquote", "article", "main", "section", "details", "dialog", "dl", "pre", "address")  # fmt: skip
TAG_BITS = {tag: 1 << place for place, tag in enumerate(_TAGS)}
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_ROWS_OF = frozenset(
    {"p", "div", "ul", "ol", "table", "h1", "h2", "h3", "h4", "section", "article", "blockquote", "br"}
)
_WORD = re.compile(r"\w")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_STREAMED = "S:"  # React sends parts of a page hidden, under such names, and shows them by script
_STYLES = (("a",), ("b", "strong", "em", "i"))  # linked, and set off
_LINE = "\x0b"  # the end of a line inside a block
_INSIDE, _BORDER, _BREAK, _CELL = range(4)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the elements around each block hint at, in bits."""

    tags: list[int]  # all tags around it
    near: list[int]  # the names of its element and of the two around
    around: list[int]  # the names of all elements around


@dataclass(slots=True)
class Blocks:
    """The runs of text of a page, a list for each property of them; `places` are those of their elements."""

    tree: Tree
    texts: list[str] = field(default_factory=list[str])
    places: list[int] = field(default_factory=list[int])
    linked: list[int] = field(default_factory=list[int])  # characters in links
    strong: list[bool] = field(default_factory=list[bool])  # all of it is set off: bold or italic
    links: list[tuple[int, int]] = field(
        default_factory=list[tuple[int, int]]
    )  # places and sizes of what stood in long lists of links
    holders: list[int] = field(
        default_factory=list[int]
    )  # of each element of the page, the nearest that is no inline one

    def __len__(self) -> int:
        return len(self.texts)


def read_blocks(root: Element) -> Blocks:
    """Return the blocks of a page, in order."""
    tree = root.page
    kinds = _kinds(tree)
    holders = _holders(tree)
    texts = tree.texts.copy()
    for place in _left_out(tree):
        start, end = tree.opened[place], tree.closed[place]
        texts[start:end] = [""] * (end - start)
        kinds[start : end + 1] = [_INSIDE] * (min(end + 1, len(kinds)) - start)
    _lay_rows(tree, kinds, holders)
    blocks = Blocks(tree, holders=holders)
    _Reader(blocks, texts, kinds, _styles(tree)).read()
    return _without_lists(blocks)


def _without_lists(blocks: Blocks) -> Blocks:
    """Return blocks without the inner ones of long lists of links, which are menus: near half of all on a page."""
    tags, places = blocks.tree.tags, blocks.places
    shut = [
        linked >= len(text) - 1 and tags[place] != "h1"
        for text, linked, place in zip(blocks.texts, blocks.linked, places, strict=True)
    ]
    kept, at = list[int](), 0
    for is_list, run in groupby(shut):
        end = at + sum(1 for _ in run)
        long = is_list and end - at > 2 * EDGE
        kept += [*range(at, at + EDGE), *range(end - EDGE, end)] if long else range(at, end)
        if long:
            blocks.links += [(places[one], len(blocks.texts[one])) for one in range(at + EDGE, end - EDGE)]
        at = end
    if not blocks.links:
        return blocks
    texts, linked, strong = blocks.texts, blocks.linked, blocks.strong
    return replace(
        blocks,
        texts=[texts[one] for one in kept],
        places=[places[one] for one in kept],
        linked=[linked[one] for one in kept],
        strong=[strong[one] for one in kept],
    )


def _kinds(tree: Tree) -> list[int]:
    """Return what each token is between two texts."""
    kinds = [_BORDER] * (len(tree.texts) - 1)
    for tag in (*INLINE, *_NOTHING):
        for place in tree.places.get(tag, ()):
            kinds[tree.opened[place]] = _INSIDE
            if tree.closed[place] < len(kinds):
                kinds[tree.closed[place]] = _INSIDE
    for place in tree.places.get("br", ()):
        kinds[tree.opened[place]] = _BREAK
    return kinds


def _holders(tree: Tree) -> list[int]:
    """Return for each element the nearest that is no inline one: itself or one around it."""
    holders = list(range(len(tree)))
    for place in sorted(place for tag in INLINE for place in tree.places.get(tag, ())):
        around = tree.parents[place]
        if around >= 0:
            holders[place] = holders[around]
    return holders


def _left_out(tree: Tree) -> Iterator[int]:
    """Yield the elements that are not shown as text."""
    for tag in _LEFT_OUT:
        yield from tree.places.get(tag, ())
    for word in ("hidden", "none"):
        for place in tree.saying(word):
            if tree.tags[place] not in INLINE and _is_hidden(tree.raw[place]):
                yield place


def _is_hidden(raw: str) -> bool:
    given = attributes(raw)
    if given.get("id", "").startswith(_STREAMED):
        return False
    return (
        "hidden" in given
        or given.get("aria-hidden") == "true"
        or _HIDDEN.search(given.get("style", "")) is not None
    )


def _lay_rows(tree: Tree, kinds: list[int], holders: list[int]) -> None:
    """Make each row of plain cells one line."""
    for row in tree.places.get("tr", ()):
        end = tree.ends[row]
        if _ROWS_OF.isdisjoint(tree.tags[row + 1 : end]):
            start, stop = tree.opened[row] + 1, tree.closed[row]
            kinds[start:stop] = [_INSIDE] * (stop - start)
            for cell in range(row + 1, end):
                if tree.tags[cell] in {"td", "th"}:
                    kinds[tree.closed[cell]] = _CELL
            holders[row + 1 : end] = [row] * (end - row - 1)


def _styles(tree: Tree) -> list[bytearray]:
    """Return of each token whether the text behind it is linked, and whether it is set off."""
    styles: list[bytearray] = []
    for tags in _STYLES:
        style = bytearray(len(tree.texts))
        for place in (place for tag in tags for place in tree.places.get(tag, ())):
            start, end = tree.opened[place], tree.closed[place]
            style[start:end] = b"\1" * (end - start)
        styles.append(style)
    return styles


class _Reader:
    """Puts the texts between two borders together; `texts` are those behind each token that are shown."""

    def __init__(self, blocks: Blocks, texts: list[str], kinds: list[int], styles: list[bytearray]) -> None:
        self._blocks, self._texts, self._kinds = blocks, texts, kinds
        self._links, self._set_off = styles

    def read(self) -> None:
        """Add the blocks of a page."""
        kinds, texts = self._kinds, self._texts
        borders = list(accumulate(map(_BORDER.__eq__, kinds)))  # how many stand before each text
        shown = [at for at, text in enumerate(texts) if text and not text.isspace()]
        for _, run in groupby(shown, borders.__getitem__):
            first, *rest = run
            end = (rest[-1] if rest else first) + 1
            if any(kinds[first + 1 : end]):
                self._read_lines(first, end)
            else:
                self._add(first, end, "".join(texts[first:end]))

    def _read_lines(self, first: int, end: int) -> None:
        """Add the blocks of some tokens between two borders, of which some break a line or begin a cell."""
        pieces, begin = [self._texts[first]], first
        broken = False  # nothing was said since the last line
        for at in range(first + 1, end):
            kind, text = self._kinds[at], self._texts[at]
            said = text != "" and not text.isspace()
            if kind == _BREAK and broken and pieces:
                self._add(begin, at, "".join(pieces))
                pieces = []
            elif kind and pieces:
                pieces.append(_LINE if kind == _BREAK else " ")
                broken = kind == _BREAK
            if said and not pieces:
                begin = at
            if said or pieces:
                pieces.append(text)
            broken = broken and not said
        self._add(begin, end, "".join(pieces))

    def _add(self, first: int, end: int, said: str) -> None:
        """Add the block that some tokens say, if there is a word in it."""
        blocks, text = self._blocks, _trimmed(plain(said))
        if len(blocks.texts) == MAX_BLOCKS or not _WORD.search(text):
            return
        size = len(text)
        blocks.texts.append(text)
        blocks.places.append(blocks.holders[blocks.tree.owners[first]])
        if end == first + 1:  # as most are: one text, and all of it is styled or nothing
            blocks.linked.append(self._links[first] * size)
            blocks.strong.append(size <= 2 or self._set_off[first] == 1)
        else:
            blocks.linked.append(min(self._size_in(self._links, first, end), size))
            blocks.strong.append(self._size_in(self._set_off, first, end) >= size - 2)

    def _size_in(self, style: bytearray, first: int, end: int) -> int:
        """Return how many characters of some tokens' texts are styled so."""
        if style.find(1, first, end) < 0:  # most are not
            return 0
        styled = (text for text, is_so in zip(self._texts[first:end], style[first:end], strict=True) if is_so)
        return sum(len(plain(text)) for text in styled if text and not text.isspace())


def _trimmed(text: str) -> str:
    """Return a text with single spaces, and only the ends of lines that the page breaks it at."""
    if _LINE not in text:
        return " ".join(text.split())
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split(_LINE))))


def hints_of(blocks: Blocks) -> Hints:
    """Return what surrounds each block."""
    tree, above = blocks.tree, _above(blocks)
    hints = _named({tree.raw[place] for place in above})
    names, tags, around = {-1: 0}, {-1: 0}, {-1: 0}
    for place in sorted(above):
        outer = above[place]
        name = names[place] = hints[tree.raw[place]]
        tags[place] = tags[outer] | TAG_BITS.get(tree.tags[place], 0)
        around[place] = around[outer] | name
    above[-1] = -1
    own = blocks.places
    near = [names[place] | names[outer := above[place]] | names[above[outer]] for place in own]
    return Hints([tags[place] for place in own], near, [around[place] for place in own])


def _above(blocks: Blocks) -> dict[int, int]:
    """Return the element around that of each block, the one around that and so on: each that is no inline one."""
    parents, holders = blocks.tree.parents, blocks.holders
    above: dict[int, int] = {}
    for place in blocks.places:
        while place >= 0 and place not in above:
            around = parents[place]
            above[place] = holders[around] if around >= 0 else -1
            place = above[place]  # noqa: PLW2901 - the way up from one
    return above


def _named(raws: set[str]) -> dict[str, int]:
    """Return what the names in some elements' attributes hint at."""
    known = list(raws)
    return dict(zip(known, hints_of_names(known), strict=True))
