"""The lines around a body that are not of it: the headline again, the byline, the date, where it was printed."""

from __future__ import annotations

from collections.abc import Sequence

from khabar.text import fold
from workers.extract.agencies import named_agency
from workers.extract.authors import byline_of, is_note
from workers.extract.dates import Habits, read_date

MAX_LINE = 100
HEAD = 5  # paragraphs of a body that may be its head
PLACE = (
    30  # characters of a line between two particulars: where the article was written, of what section it is
)
KICKER = 40  # characters before a headline, and twice the least of the headline
_ENDS = (".", "!", "?", "۔", "؟", "।", "”", '"', "»", ":")


def without_frame(paragraphs: Sequence[str], title: str, authors: Sequence[str]) -> list[str]:
    """Return a body without the headline, bylines and dates that stand before and after it."""
    names = {fold(name) for name in authors}
    first, last = _begin(paragraphs, fold(title), names), len(paragraphs)
    while last - 2 > first and len(paragraphs) - last < 2 and _is_particular(paragraphs[last - 1], names):
        last -= 1
    return list(paragraphs[first:last]) or list(paragraphs)


def _begin(paragraphs: Sequence[str], headline: str, names: set[str]) -> int:
    """Return where a body begins: behind the headline and particulars, and a line between them."""
    begin = 0
    for at, paragraph in enumerate(paragraphs[:HEAD]):
        if _is_title(paragraph, headline) or _is_particular(paragraph, names):
            begin = at + 1
        elif at > begin or len(paragraph) > PLACE or paragraph.endswith(_ENDS):
            break
    return begin


def _is_title(paragraph: str, headline: str) -> bool:
    """Tell whether a line is the headline, which is folded, be it with a kicker before it."""
    line = fold(paragraph)
    with_kicker = (
        len(headline) > KICKER // 2 and line.endswith(f" {headline}") and len(line) <= len(headline) + KICKER
    )
    return headline != "" and (line == headline or with_kicker)


def _is_particular(paragraph: str, names: set[str]) -> bool:
    """Tell whether a line says who wrote the article, or when, and no more; or is a row of a menu."""
    if len(paragraph) > MAX_LINE:
        return False
    if fold(paragraph) in names or byline_of(paragraph) or named_agency(paragraph):
        return True
    if is_note(paragraph) or paragraph.endswith(_ENDS):
        return False
    return " | " in paragraph or read_date(paragraph, Habits(solar=True)) is not None
