"""A page as lexbor serialises it, cut into tokens: start and end tags, each with the text behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_DEPTH = 200  # elements deeper than this give their text to the one above
MAX_TAGS = 100_000  # start and end tags; what comes after so many is not read
VOID = frozenset(
    [
        "area",
        "base",
        "basefont",
        "bgsound",
        "br",
        "col",
        "embed",
        "frame",
        "hr",
        "img",
        "input",
        "keygen",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
# What is left out: comments, and menus, but neither trails of bread crumbs nor what only calls itself a menu. All in one
# expression that begins with one bracket, since to look for that is quick; it never goes back to try another way.
_COMMENT = r"<!--[^-]*+(?:-(?!->)[^-]*+)*+-->"
_TEXT = rf"[^<]*+(?:{_COMMENT}[^<]*+)*+"
_SPACE = rf"\s*+(?:(?:&nbsp;|{_COMMENT})\s*+)*+"
_LINK = rf"<a [^<>]*+>{_TEXT}(?:</?(?:span|img|i|b|strong|em|small|br)(?: [^<>]*+)?>{_TEXT}){{0,12}}+</a>"
_ITEM = rf"<li(?: [^<>]*+)?>{_SPACE}{_LINK}{_SPACE}</li>{_SPACE}"
_NO_MENU = r"<(?!/?nav|p[ >]|h1|article|main|time|!--)"
_LEFT_OUT = re.compile(
    rf"<(?:{_COMMENT[1:]}|ul(?: [^<>]*+)?>{_SPACE}(?:{_ITEM}){{5,}}+</ul>"
    rf"|nav(?! [^<>]*[Cc]rumb)(?: [^<>]*+)?>[^<]*+(?:(?:{_COMMENT}|{_NO_MENU})[^<]*+)*+</nav>)"
)


def _lean(serialised: str) -> str:
    """Return a page without comments and menus, which are a third of an average one."""
    return _LEFT_OUT.sub("", serialised).replace("&nbsp;", "\u00a0")


def cut(serialised: str) -> tuple[list[str], list[str], bool]:
    """Return the tags of a page, the text behind each, and whether that is all of them."""
    lean = _lean(serialised)
    pieces = lean.replace(">", "<").split("<", 2 * MAX_TAGS + 1)
    whole = len(pieces) <= 2 * MAX_TAGS + 1
    brackets = len(pieces) - 1 if whole else lean.count("<") + lean.count(">")
    if 2 * lean.count("<") != brackets:  # a name has one of them in it, which nothing escapes
        parts = [piece.partition(">") for piece in lean.split("<")[1 : MAX_TAGS + 1]]
        return [tag for tag, _, _ in parts], [text for _, _, text in parts], len(parts) < MAX_TAGS
    return pieces[1 : 2 * MAX_TAGS : 2], pieces[2 : 2 * MAX_TAGS + 1 : 2], whole


def flattened(tags: Sequence[str], texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return tokens without those of elements that stand too deep, whose texts the tokens before them take over."""
    kept, told, depth = list[str](), list[list[str]](), -1
    for tag, text in zip(tags, texts, strict=True):
        ends = tag[:1] == "/"
        depth += not ends
        if depth <= MAX_DEPTH:
            kept.append(tag)
            told.append([])
        told[-1].append(text)
        depth -= ends or tag.partition(" ")[0] in VOID
    return kept, list(map("".join, told))
