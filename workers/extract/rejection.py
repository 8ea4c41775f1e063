"""Pages that are no article, told by evidence: walls, shells, lists of links, pictures alone, errors with status 200.

To reject an article is worse than to keep what is none: nothing is rejected for want of text alone while it has a
paragraph or two, and none of the reasons holds for a page with a whole text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from khabar.data import read_data
from khabar.text import fold
from workers.extract.markup import Element, Page
from workers.extract.metadata import Metadata
from workers.extract.regions import is_furniture, names_of, text_of
from workers.extract.room import MAX_TIMES, Room
from workers.extract.tree import Tree

STUB = 800  # characters; a body behind a paywall that is longer is worth keeping
SHORT = 300  # characters; what a wall, an error or a caption says is shorter
CAPTION = 150  # characters; all that a page with a film may say that calls itself an article
WORDS = 8
LETTERS = 60  # some scripts put no spaces between words
PROSE = 80  # characters of a paragraph that is no caption
VISIBLE = 1500  # characters on a page that is but a wall
MAX_TAGS = 100  # start and end tags in what asks for a subscription
CARDS = 8  # linked headings of a page that lists articles
PICTURES = 5
_FILE = Path(__file__).with_name("walls.yaml")
_CHALLENGE = re.compile(
    r"cf[-_]chl|challenge-platform|_Incapsula_|px-captcha|datadome|g-recaptcha|h-captcha|hcaptcha|awswaf|perimeterx|turnstile",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"(^|[\s_-])(pay-?wall\w*|regwall|subscri\w*-?(wall|prompt|only|offer)|premium-?(wall|content)|piano\w*)([\s_-]|$)",
    re.I,
)
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SECTION = re.compile(r"^/?(index\.\w+)?$")
_LISTS = frozenset({"CollectionPage", "ItemList", "SearchResultsPage", "Blog"})
_FILMS = frozenset({"VideoObject", "Clip", "Episode", "TVEpisode", "BroadcastEvent"})
_GALLERIES = frozenset({"ImageGallery", "MediaGallery", "Photograph"})
_SIGNS = frozenset({"div", "section", "aside", "p", "h2", "h3", "h4", "span"})  # that ask for a subscription
_PARTS = frozenset({"div", "section", "main", "ol", "ul"})
POSTS = 3  # times in a live blog, at the least
_SET_OFF = re.compile(r"\s*[:|]\s*|\s+[-–—]\s+")
_LIVE_WORDS = ("blog", "Blog", "post", "feed", "updat", "entry")
_LIVE = re.compile(r"(^|[\s_-])live-?(blog|post|feed|updates?|entry)\w*([\s_-]|$)", re.IGNORECASE)


def length_of(paragraphs: Iterable[str]) -> int:
    """Return how much text there is, in letters of an alphabet: one of a script without spaces says as much as three."""
    return sum(len(one) + (2 * len(_DENSE.findall(one)) if _is_dense(one) else 0) for one in paragraphs)


def _is_dense(paragraph: str) -> bool:
    """Tell whether a paragraph is in a script without spaces, as its beginning shows."""
    return not paragraph.isascii() and _DENSE.search(paragraph[:PROSE]) is not None


@lru_cache(maxsize=1)
def _said() -> dict[str, re.Pattern[str]]:
    """Return what walls of each kind say; the file is read once a process."""
    told: dict[str, list[str]] = read_data(_FILE)
    return {
        kind: re.compile(r"(?<!\w)(" + "|".join(map(re.escape, map(fold, words))) + r")(?!\w)")
        for kind, words in told.items()
    }


def says(kind: str, text: str) -> bool:
    """Tell whether a text has words of a kind of wall."""
    return _said()[kind].search(fold(text)) is not None


def reason_against(page: Page, found: Metadata, paragraphs: Sequence[str]) -> str | None:
    """Return why a page is no article; None where it may be one."""
    if length_of(paragraphs) > STUB:
        return "listing" if _lists(page.tree, found, paragraphs) else None
    for reason, holds in _STUBS:
        if holds(page, found, paragraphs):
            return reason
    if _lists(page.tree, found, paragraphs):
        return "listing"
    text = " ".join(paragraphs)
    return "no_text" if len(text.split()) < WORDS and len(text) < LETTERS else None


def is_live(page: Page, found: Metadata) -> bool:
    """Tell whether a page is a live blog: by its type, or by several posts with a time each in a part called so."""
    tree = page.tree.page
    if "LiveBlogPosting" in found.kinds or any("LiveBlogPosting" in block for block in tree.data):
        return True
    if "LiveBlogPosting" in tree.said:
        return True
    if _is_called_live(found.title) and _posts_in_room(tree, found.title) >= POSTS:
        return True
    return any(
        _LIVE.search(names_of(tree.raw[place])) and _posts(tree, place) >= POSTS
        for place in _live_parts(tree)
    )


def _posts_in_room(tree: Tree, title: str) -> int:
    """Return how many times are printed in the article's part of a page."""
    room = Room(tree, title)
    return sum(room.holds(place) for place in tree.places.get("time", ())[:MAX_TIMES])


def _is_called_live(title: str) -> bool:
    """Tell whether a headline has "Live" set off before or behind it."""
    parts = [fold(part) for part in _SET_OFF.split(title)]
    return len(parts) > 1 and any(_said()["live"].fullmatch(part) for part in (parts[0], parts[-1]))


def _live_parts(tree: Tree) -> Iterator[int]:
    """Yield the parts of a page whose attributes have a word of live blogs in them."""
    for place in tree.saying_at(_places_of_live(tree.said)):
        if tree.tags[place] in _PARTS:
            yield place


def _places_of_live(said: str) -> Iterator[int]:
    at = said.find("live")
    while at >= 0:
        if said[at + 4 : at + 10].lstrip("-").startswith(_LIVE_WORDS):
            yield at
        at = said.find("live", at + 4)


def _posts(tree: Tree, place: int) -> int:
    """Return how many times are printed inside an element."""
    times = tree.places.get("time", [])
    return bisect_left(times, tree.ends[place]) - bisect_left(times, place)


def _visible(tree: Element) -> str:
    """Return what a page shows, without its menus."""
    body = next(tree.iter("body"), tree)
    return text_of(body) if len(text_of(body)) <= VISIBLE else ""


def _is_article(found: Metadata) -> bool:
    """Tell whether a page says itself that it is one article, with a day on which it came out."""
    kinds = set(found.kinds)
    return bool(kinds) and not kinds & (_LISTS | _FILMS | _GALLERIES) and found.published is not None


def _is_bot_wall(page: Page, found: Metadata, _paragraphs: Sequence[str]) -> bool:
    """Tell whether a page asks for proof of being human: it has little text, and says so or loads what asks."""
    seen = _visible(page.tree)
    if _is_article(found) or not seen:
        return False
    asks = says("bot", f"{found.title} {_title(page.tree)}") or says("bot", seen)
    return asks and (
        len(seen) < SHORT or _CHALLENGE.search(page.text) is not None or says("bot", _title(page.tree))
    )


def _title(tree: Element) -> str:
    title = next(tree.iter("title"), None)
    return text_of(title) if title is not None else ""


def _is_error(page: Page, found: Metadata, paragraphs: Sequence[str]) -> bool:
    """Tell whether a page's headline says that there is nothing, and nothing of length follows."""
    if _is_article(found) or length_of(paragraphs) > SHORT:
        return False
    heads = [found.title, _title(page.tree), *(text_of(h1) for h1 in page.tree.iter("h1"))]
    return any(len(head) <= PROSE and says("error", head) for head in heads)


def _is_consent_wall(page: Page, found: Metadata, paragraphs: Sequence[str]) -> bool:
    """Tell whether what stands on a page is about consent, and hardly anything else."""
    if _is_article(found) or not paragraphs:
        seen = _visible(page.tree)
        return not _is_article(found) and len(seen) > 0 and says("consent", seen)
    told = sum(len(one) for one in paragraphs if says("consent", one) or "cookie" in one.lower())
    return told * 2 > length_of(paragraphs) or (
        says("consent", found.title) and length_of(paragraphs) <= STUB
    )


def _needs_javascript(page: Page, _found: Metadata, paragraphs: Sequence[str]) -> bool:
    """Tell whether a page is a shell that scripts fill: no text but a request to turn them on, or none at all."""
    text = " ".join(paragraphs)
    if len(text) > SHORT:
        return False
    asked = " ".join(text_of(element) for element in page.tree.iter("noscript"))
    if says("script", text) or (says("script", asked) and len(text) < LETTERS):
        return True
    root = any(
        element.get("id") in {"root", "app", "__next", "__nuxt", "svelte", "main-app"}
        or element.tag == "app-root"
        for element in page.tree.iter("div", "app-root", "main")
    )
    return len(text) < LETTERS and root and len(_shown(page.tree)) < SHORT


def _shown(tree: Element) -> str:
    body = next(tree.iter("body"), tree)
    return text_of(body)


def _is_paywalled(page: Page, found: Metadata, paragraphs: Sequence[str]) -> bool:
    """Tell whether the rest of a text is kept for subscribers: the page says so, and shows but its beginning."""
    length = length_of(paragraphs)
    if length > STUB:
        return False
    if found.free is False and length < SHORT:
        return True
    tree = page.tree.page
    for place, raw in enumerate(tree.raw):
        short = tree.closed[place] - tree.opened[place] <= MAX_TAGS
        if short and tree.tags[place] in _SIGNS and (found.free is False or _PAYWALL.search(names_of(raw))):
            text = tree.line(place)
            if 0 < len(text) <= SHORT and says("paywall", text):
                return True
    return found.free is not True and _offers_rest(page, paragraphs)


def _offers_rest(page: Page, paragraphs: Sequence[str]) -> bool:
    """Tell whether a page offers the rest of this text in one of its last lines, or right behind them."""
    lines = (one for one in paragraphs[-2:] if len(one) <= SHORT)
    return any(says("rest", one) for one in (*lines, _behind(_shown(page.tree), paragraphs)))


def _behind(shown: str, paragraphs: Sequence[str]) -> str:
    """Return what a page shows right behind the last paragraph."""
    last = paragraphs[-1][-PROSE:] if paragraphs else ""
    return shown.partition(last)[2][:SHORT] if last else ""


def _is_pictures(page: Page, found: Metadata, paragraphs: Sequence[str]) -> bool:
    """Tell whether a page is there for its film or its pictures, and has no more than a caption."""
    allowed = CAPTION if _is_article(found) else SHORT
    if length_of(paragraphs) > allowed or any(len(one) > 3 * PROSE for one in paragraphs):
        return False
    kinds = set(found.kinds)
    film = "VideoObject" in page.text or any(True for _ in page.tree.iter("video")) or found.video
    pictures = sum(1 for _ in page.tree.iter("figure")) >= PICTURES or bool(kinds & _GALLERIES)
    return film or pictures


def _lists(tree: Element, found: Metadata, paragraphs: Sequence[str]) -> bool:
    """Tell whether a page lists articles: it is a home page or calls itself a list, and its text is that of its cards."""
    if _is_article(found):
        return False
    home = not found.url.startswith("urn:") and _SECTION.match(urlsplit(found.url).path) is not None
    prose = length_of(one for one in paragraphs if len(one) > PROSE)
    named = found.collection or home or _is_cut_off(found, paragraphs)
    if prose >= SHORT and not named:  # what follows costs more
        return False
    cards = _cards(tree)
    return cards >= CARDS and (prose < cards * PROSE or not named)


def _is_cut_off(found: Metadata, paragraphs: Sequence[str]) -> bool:
    """Tell whether most paragraphs of a page without a day or an author break off, as the summaries in a list do."""
    prose = [one for one in paragraphs if len(one) > CAPTION // 2]
    cut = sum(one.endswith(("…", "...")) for one in prose)
    return found.published is None and not found.authors and cut >= POSTS and cut * 2 >= len(prose)


def _cards(tree: Element) -> int:
    """Return how many headings outside of the site's furniture are links."""
    return sum(1 for heading in tree.iter("h2", "h3", "h4") if _is_card(heading))


def _is_card(heading: Element) -> bool:
    links: Iterable[Element] = heading.iter("a")
    around = heading.parent is not None and heading.parent.tag == "a"
    linked = around or any(len(text_of(link)) > 15 for link in links)
    return linked and not any(map(is_furniture, heading.iterancestors()))


_STUBS = (  # why a page with little text is no article, in the order in which it is asked
    ("bot_wall", _is_bot_wall),
    ("error_page", _is_error),
    ("consent_wall", _is_consent_wall),
    ("needs_javascript", _needs_javascript),
    ("paywall", _is_paywalled),
    ("video_or_gallery", _is_pictures),
)
