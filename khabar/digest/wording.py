"""What a digest says in words, the same on the page and in plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from khabar.models import Digest, DigestLine

Names = Mapping[str, str]  # of sources, by id; one that is missing is called by its id

_MARK = re.compile("</?mark>")
_BARS = "▁▂▃▄▅▆▇█"


def long_day(day: date) -> str:
    """Return a day as it is written out in English."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def summary(digest: Digest) -> str:
    """Say how much was published."""
    if not digest.articles:
        return f"No article on this topic was published on {long_day(digest.day)}."
    texts = f" ({len(digest.lines)} different)" if len(digest.lines) < digest.articles else ""
    return f"{_count(digest.articles, 'article')}{texts} from {_count(digest.outlets, 'outlet')}."


def usual(digest: Digest) -> str:
    """Say how much is published on other days."""
    return f"The {len(digest.before)} days before: {digest.usual:g} articles a day."


def bars(digest: Digest) -> str:
    """Draw the days before and this day, oldest first, one bar each; the lowest bar is a day without articles."""
    counts = (*digest.before, digest.articles)
    most = max(counts)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most) if most else 0] for count in counts)


def heading(line: DigestLine) -> str:
    """Return the title of a line's article; where it has none, the words it begins with."""
    title = " ".join(line.article.title.split())
    if title:
        return title
    words = _MARK.sub("", line.lead).split()
    return " ".join(words[:12]) + " …" if words else line.article.url


def particulars(digest: Digest, line: DigestLine, names: Names) -> list[str]:
    """Return who published a line's article and when, its authors and genre, and who else carried it."""
    article = line.article
    parts = [names.get(article.source, article.source), *article.authors[:3], _time(digest, line)]
    if article.genre != "unknown":
        parts.append(article.genre)
    others = [names.get(outlet, outlet) for outlet in line.outlets if outlet != article.source]
    if others:
        parts.append(f"also in {', '.join(others)}")
    elif line.copies > 1:
        parts.append(f"{line.copies} copies")
    if line.since:
        parts.append(f"first published {line.since.day} {line.since:%B %Y}")
    return parts


def _time(digest: Digest, line: DigestLine) -> str:
    published = line.article.published
    if published is None:
        return "undated"
    if line.article.published_precision not in {None, "second"}:
        return f"{published.day} {published:%B %Y}"
    return f"{published.astimezone(ZoneInfo(digest.timezone)):%H:%M}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
