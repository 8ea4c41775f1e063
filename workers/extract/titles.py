"""The headline: without the site's name or a kicker, and not the teaser that social media are given."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from khabar import text
from workers.extract.regions import heading_of
from workers.extract.tree import Element

_SEPARATOR = re.compile(r"\s+[|\-–—:·•»«›‹~/]+\s+|\s*[|｜]\s*|\s*::\s*|\s+[–—-](?=\S)")
_EDGES = " |-–—:·•»«›‹~/"
_DANGLING = re.compile(r"\s+[|\-–—:·•»/]+$")  # what is left where a template had no name to add
_BAR = re.compile(r"\s+[|｜]\s+")
_STUCK = re.compile(r"[\d|()]")  # a date, a count, a bar: what is no word of a headline
_KICKER = re.compile(r"[:\-–—|/]$")  # what stands between a kicker and the headline proper
MAX_TITLE = 400
MAX_CHIEF, MAX_LOWER = 5, 40  # headings of a page that are looked at: h1s, and others where it has none
MAX_HEADING = 200  # characters; a longer one that nothing repeats is a lead, not a headline
NAME = 4  # words of a site's name
LONG_NAME = 80  # characters; no site's name is longer
SHORT = 12  # characters; what is left of a title must be more
AKIN = 0.65  # share of the words of the shorter that two wordings of one headline have in common
WHOLE = 8  # words of a heading that is no label, section or slogan

fold = lru_cache(maxsize=1000)(
    text.fold
)  # the few titles of a page are compared with each other again and again


def headings_of(tree: Element, page_title: str) -> list[str]:
    """Return a page's chief headings: its h1s, else the longest of lower rank that the page's title opens with."""
    chief = [text for h1 in tree.iter("h1") if 0 < len(text := heading_of(h1)) <= MAX_TITLE][:MAX_CHIEF]
    lower = () if chief else islice(tree.iter("h2", "h3"), MAX_LOWER)
    opening = [text for one in lower if _opens(page_title, text := heading_of(one))]
    return chief or sorted(opening, key=len)[-1:]  # a section's name may open a title, too


def choose_title(
    headings: Sequence[str],
    headline: str | None,
    social: str | None,
    page: str | None,
    sites: Sequence[str],
    *,
    news: bool = False,
) -> str:
    """Return the headline of a page from its h1s, JSON-LD headline, og:title and <title>.

    A heading that one of the others repeats is the headline as readers see it; else one that words it otherwise.
    Without one JSON-LD is preferred to og:title, which is written for sharing, and that to <title>. `news` says that
    the JSON-LD is a news article's, whose headline is the newsroom's; in other pages' it is written for search engines.
    """
    names = _names([*sites, *_beside(page or "", social or ""), *_closing(page or "", headings)])
    given = (_DANGLING.sub("", html.unescape(title)) for title in (headline, social, page) if title)
    others = [_stripped(title, names) for title in given]
    own = [html.unescape(heading) for heading in headings if not _is_site(heading, names)]
    if news and headline and not _is_cut(others[0], own) and not _is_for_search(headline, social, page, own):
        title = others[0]
    else:
        title = _heading(own, others) or _longest(others) or next(iter(headings), "")
    if title == page:
        title = _before_bar(title)  # a heading made of the page's title, with its sections
    return _as_spelled(_proper(title, others, {headline, social}), [*own, *others])


def _longest(others: Sequence[str]) -> str:
    """Return the first of a page's titles, or a later one that it is but the beginning of."""
    first = next(iter(others), "")
    longer = (one for one in others if len(first) > SHORT and one.startswith(first))
    return next((one for one in longer if one[len(first) :].lstrip()[:1].isalnum()), first)


def _heading(headings: Sequence[str], others: Sequence[str]) -> str | None:
    """Return the heading that is the page's headline: by what repeats it, else the first if it is about the same."""
    folded = set(map(fold, others))
    for heading in headings:
        if fold(heading) in folded:
            return heading
    for heading in headings:
        if any(_agree(heading, other) for other in others):
            return heading
    first = headings[0] if headings else ""
    share = 0 if len(first.split()) >= WHOLE else AKIN
    akin = len(first) <= MAX_HEADING and any(_akin(first, other, share) for other in others)
    return first if akin else None


def _proper(title: str, others: Sequence[str], raw: set[str | None]) -> str:
    """Return a title without a kicker before it, or a byline or date stuck to it, as the other titles have it."""
    for other in others:
        before = title[: -len(other)].rstrip() if title.endswith(other) else ""
        if len(other) > SHORT and _KICKER.search(before):
            return other
    if title in raw:
        return title  # another says it to the letter
    for other, count in Counter(others).items():
        before, _, after = title.partition(other)
        if count > 1 and len(other) > SHORT and other in title and _STUCK.search(before + after):
            return other
    return title


def _as_spelled(title: str, every: Sequence[str]) -> str:
    """Return a title in the spelling that most of the page's titles have; one in capitals as another that words it alike.

    Markup within a heading may have torn a word in two; another title that has it whole is the better spelling.
    """
    title = next((one for one in every if _mends(one, title)), title)
    spellings = Counter(one for one in every if fold(one) == fold(title))
    plain = [one for one in spellings if not one.isupper()]
    if not plain:
        return next((one for one in every if not one.isupper() and _akin(one, title)), title)
    best = max(plain, key=lambda one: spellings[one])
    return best if spellings[best] > spellings[title] or title not in plain else title


def _mends(one: str, title: str) -> bool:
    """Tell whether one title has the letters of another in fewer words."""
    whole, torn = fold(one), fold(title)
    return whole.count(" ") < torn.count(" ") and whole.replace(" ", "") == torn.replace(" ", "")


def strip_site(title: str, sites: Sequence[str]) -> str:
    """Return a title without the parts, before or after it, that are the site's name."""
    return _stripped(title, _names(sites))


def _stripped(title: str, names: set[str]) -> str:
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
            return _before_bar(title)


def _before_bar(title: str) -> str:
    """Return what stands before a bar, where that is a whole title: no headline has one, sections and slogans do."""
    head = _BAR.split(title, maxsplit=1)[0]
    return head if len(head) > SHORT and len(head.split()) > 2 else title


def _names(sites: Sequence[str]) -> set[str]:
    return {fold(site) for site in sites} - {""}


def _is_site(part: str, names: set[str]) -> bool:
    """Tell whether a part of a title is the site's name: one it goes by, be it with its domain's ending or a word more."""
    if len(part) > LONG_NAME:
        return False
    folded = fold(part)
    squeezed = folded.replace(" ", "")
    return not folded or any(
        squeezed in {name.replace(" ", ""), f"{name}com"} or (len(name) > 5 and _begins(folded, name))
        for name in names
    )


def _begins(folded: str, name: str) -> bool:
    """Tell whether a part of a title is a site's name with a word or two more: "Echo Features", "Echo App Store"."""
    words = folded.split()
    bare = name.replace(" ", "")
    return any("".join(words[:-more]) == bare and "".join(words[-more:]).isalpha() for more in (1, 2))


def _beside(page: str, social: str) -> list[str]:
    """Return what stands beside the headline in a page's title, as social media are given it without: the site's name."""
    if not social or social == page or social not in page:
        return []
    rest = page.replace(social, " ", 1).strip(_EDGES)
    return [rest] if 0 < len(rest.split()) <= NAME else []


def _closing(page: str, headings: Sequence[str]) -> list[str]:
    """Return the heading that ends a page's title which another begins: the site's name in its masthead."""
    begun = any(page.startswith(one) and one != page for one in headings)
    return [one for one in headings if begun and page.endswith(one) and not page.startswith(one)]


def _opens(page: str, heading: str) -> bool:
    """Tell whether a page's title is a heading, alone or with something set off behind it."""
    if len(heading) <= SHORT:
        return False
    begun = page.startswith(heading) and _SEPARATOR.match(page[len(heading) :]) is not None
    return begun or fold(page) == fold(heading)


def _is_for_search(headline: str, social: str | None, page: str | None, headings: Sequence[str]) -> bool:
    """Tell whether JSON-LD and the page's title word alike, for search engines, what readers and social media get otherwise."""
    first, told = fold(headings[0]) if headings else "", fold(page or "")
    return first == fold(social or "") and first not in told and fold(headline) in told


def _is_cut(headline: str, headings: Sequence[str]) -> bool:
    """Tell whether a headline is the beginning of a heading: JSON-LD is cut at 110 characters by many systems."""
    folded = fold(headline)
    return any(fold(one).startswith(folded) and fold(one) != folded for one in headings)


def _agree(heading: str, other: str) -> bool:
    """Tell whether two titles are one: the same words, the other's own part beside a site's name, or most of it."""
    one, two = fold(heading), fold(other)
    if not one or not two:
        return False
    parts = {fold(part) for part in _SEPARATOR.split(other)}
    return one == two or one in parts or (len(one) > 15 and len(two) > 15 and (one in two or two in one))


def _akin(one: str, other: str, share: float = AKIN) -> bool:
    """Tell whether two titles may be of one article: they share words that are not small ones."""
    first, second = (
        {word for word in fold(title).split() if len(word) > 2 or not word.isascii()}
        for title in (one, other)
    )
    common = len(first & second)
    return common > 1 and common >= share * min(len(first), len(second))
