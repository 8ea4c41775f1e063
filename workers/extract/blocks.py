"""A page as its blocks: the runs of text between two borders, with what their surroundings hint at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

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
    _Reader(blocks, texts, _styles(tree)).read(kinds)
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
    for place, raw in enumerate(tree.raw):
        if raw and ("hidden" in raw or "none" in raw) and tree.tags[place] not in INLINE and _is_hidden(raw):
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

    def __init__(self, blocks: Blocks, texts: list[str], styles: list[bytearray]) -> None:
        self._blocks, self._texts, (self._links, self._set_off) = blocks, texts, styles

    def read(self, kinds: list[int]) -> None:
        """Add the blocks of a page, of which `kinds` tells where one ends."""
        run: list[int | str] = []  # tokens whose text it is, and what stands for other marks
        for at, (kind, text) in enumerate(zip(kinds, self._texts, strict=False)):
            if kind and run:
                if kind == _BORDER or (kind == _BREAK and _ends(run, self._texts)):
                    self._end(run)
                    run = []
                else:
                    run.append(_LINE if kind == _BREAK else " ")
            if text and (run or not text.isspace()):
                run.append(at)
        if run:
            self._end(run)

    def _end(self, run: list[int | str]) -> None:
        blocks, texts = self._blocks, self._texts
        first, linked, set_off = run[0], 0, 0
        pieces: list[str] = []
        for piece in run:
            if isinstance(piece, str):
                pieces.append(piece)
                continue
            text = texts[piece]
            pieces.append(text)
            if self._links[piece] and not text.isspace():
                linked += len(plain(text))
            if self._set_off[piece] and not text.isspace():
                set_off += len(plain(text))
        text = _trimmed(plain("".join(pieces)))
        if isinstance(first, int) and len(blocks.texts) < MAX_BLOCKS and _WORD.search(text):
            blocks.texts.append(text)
            blocks.places.append(blocks.holders[blocks.tree.owner(first)])
            blocks.linked.append(min(linked, len(text)))
            blocks.strong.append(set_off >= len(text) - 2)


def _trimmed(text: str) -> str:
    """Return a text with single spaces, and only the ends of lines that the page breaks it at."""
    if _LINE not in text:
        return " ".join(text.split())
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split(_LINE))))


def _ends(run: list[int | str], texts: list[str]) -> bool:
    """Tell whether a line has just ended and nothing was said since."""
    for piece in reversed(run):
        if piece == _LINE:
            return True
        if isinstance(piece, int) and not texts[piece].isspace():
            return False
    return False


def hints_of(blocks: Blocks) -> Hints:
    """Return what surrounds each block."""
    tree, above = blocks.tree, _above(blocks)
    places = sorted(above)
    names = dict(zip(places, _named(tree, places), strict=True))
    tags, around = {-1: 0}, {-1: 0}
    names[-1] = above[-1] = 0
    for place in places:
        outer = above[place]
        tags[place] = tags[outer] | TAG_BITS.get(tree.tags[place], 0)
        around[place] = around[outer] | names[place]
    above[-1] = -1
    own = blocks.places
    near = [names[place] | names[above[place]] | names[above[above[place]]] for place in own]
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


def _named(tree: Tree, places: Sequence[int]) -> list[int]:
    """Return what the names of some elements hint at."""
    raws = [tree.raw[place] for place in places]
    known = list(set(raws))
    hints = dict(zip(known, hints_of_names(known), strict=True))
    return [hints[raw] for raw in raws]
