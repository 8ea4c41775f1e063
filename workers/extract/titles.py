"""The headline: without the site's name, and not the teaser that social media are given."""

from __future__ import annotations

import re
from collections.abc import Sequence

from khabar.text import fold

_SEPARATOR = re.compile(r"\s+[|\-–—:·•»«›‹~/]+\s+|\s*[|｜]\s*|\s*::\s*|\s+[–—-](?=\S)")
MAX_TITLE = 400


def choose_title(
    headings: Sequence[str], headline: str | None, social: str | None, page: str | None, sites: Sequence[str]
) -> str:
    """Return the headline of a page from its h1s, JSON-LD headline, og:title and <title>.

    A heading that one of the others repeats is the headline as readers see it. Without one JSON-LD is preferred to
    og:title, which is written for sharing, and that to <title>.
    """
    others = [strip_site(title, sites) for title in (headline, social, page) if title]
    for heading in headings:
        if any(_agree(heading, other) for other in others):
            return heading
    if others:
        return others[0]
    return headings[0] if headings else ""


def strip_site(title: str, sites: Sequence[str]) -> str:
    """Return a title without the parts, before or after it, that are the site's name."""
    names = {fold(site) for site in sites} - {""}
    while True:
        places = list(_SEPARATOR.finditer(title))
        if not places:
            return title
        first, last = places[0], places[-1]
        if _is_site(title[last.end() :], names):
            title = title[: last.start()].strip()
        elif _is_site(title[: first.start()], names):
            title = title[first.end() :].strip()
        else:
            return title


def _is_site(part: str, names: set[str]) -> bool:
    folded = fold(part)
    squeezed = folded.replace(" ", "")
    return any(folded == name or squeezed == name.replace(" ", "") for name in names) or not folded


def _agree(heading: str, other: str) -> bool:
    """Tell whether two titles are one: the same words, the other's own part beside a site's name, or most of it."""
    one, two = fold(heading), fold(other)
    if not one or not two:
        return False
    parts = {fold(part) for part in _SEPARATOR.split(other)}
    return one == two or one in parts or (len(one) > 15 and len(two) > 15 and (one in two or two in one))
