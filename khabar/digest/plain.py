"""A digest as plain text for mail and terminal: 78 columns, with the marks that make bidirectional text readable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from khabar.digest.script import direction, width
from khabar.digest.wording import Names, bars, heading, long_day, particulars, summary, usual
from khabar.models import Digest, DigestLine

COLUMNS = 78

# A line takes its direction from its first letter, and a wrapped line of Urdu may well begin with a Latin one.
_STARTS = {"ltr": "", "rtl": "\u200f"}
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_MARK = re.compile("</?mark>")
# What a title could do to a terminal, or to the direction of all that follows it.
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def render_text(digest: Digest, names: Names | None = None) -> str:
    """Return the digest as plain text, ending with a newline."""
    return "\n".join(_rows(digest, names or {})) + "\n"


def _rows(digest: Digest, names: Names) -> Iterator[str]:
    yield from wrapped(_safe(digest.title))
    yield from wrapped(f"{long_day(digest.day)} ({digest.timezone})")
    yield "=" * COLUMNS
    yield from wrapped(summary(digest))
    yield from wrapped(usual(digest))
    yield bars(digest)
    for number, line in enumerate(digest.lines, start=1):
        yield ""
        yield from _line(digest, number, line, names)


def _line(digest: Digest, number: int, line: DigestLine, names: Names) -> Iterator[str]:
    article = line.article
    title = _safe(heading(line))
    start = _STARTS[direction(article.lang, title)]
    yield from wrapped(title, f"{start}{number:>2}. ", start + " " * 4)
    parts = (f"{_ISOLATE}{_safe(part)}{_END_ISOLATE}" for part in particulars(digest, line, names))
    yield from wrapped(" · ".join(parts), start + " " * 4)
    yield from wrapped(_safe(line.lead), start + " " * 4)
    for why in line.why:
        yield from wrapped(_safe(why), f"{start}  > ", start + " " * 4)
    yield f"    {_safe(article.url)}"


def _safe(text: str) -> str:
    """Return a text of somebody else's on one line, its marks as asterisks."""
    return " ".join(_UNSAFE.sub("", _MARK.sub("*", text)).split())


def wrapped(text: str, first: str = "", later: str | None = None) -> Iterator[str]:
    """Yield the lines of a text, wrapped by what letters take on a screen; a longer word stands alone."""
    row, indent = first, first if later is None else later
    empty = True
    for word in text.split(" "):
        if not empty and width(row) + 1 + width(word) > COLUMNS:
            yield row
            row, empty = indent, True
        row = f"{row}{word}" if empty else f"{row} {word}"
        empty = False
    yield row
