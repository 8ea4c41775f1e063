"""What kind of piece an article is, with the evidence.

The page's own types, its address, its section and its source tell first; where they tell nothing, or only "news", the
way it is written is set against that (workers/manner.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice, pairwise
from math import inf
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from khabar.data import read_data
from khabar.models import Article, Discovery, Genre
from khabar.text import fold
from workers.extract import Extracted
from workers.extract.agencies import agency_of
from workers.manner import Manner, judge

Kind = Genre | Literal["blog", "route", "subject"]
Told = tuple[Genre, str]
Judge = Callable[[str, str, str], Manner | None]
_KINDS: dict[str, Genre] = {
    "OpinionNewsArticle": "opinion",
    "ReportageNewsArticle": "news",
    "BackgroundNewsArticle": "news",
    "AnalysisNewsArticle": "opinion",
}

_WORDS = Path(__file__).with_name("genre.yaml")
_KICKER = (
    3  # words before a headline's colon that may be the kind of the piece; more are a part of the headline
)
_QUESTION = re.compile(r"(?:^|\s)(?:Q|Question|سوال|سؤال|پرسش|پوښتنه|सवाल|प्रश्न)\s?[:：]\s")
_INTERVIEWED = re.compile(
    r"\binterview(?!\w)|انٹرویو|مصاحب[هہ]|گفت‌?و‌?گو|\bمرکه\b|साक्षात्कार|সাক্ষাৎকার", re.IGNORECASE
)
_OPENING = 1_500  # characters in which an interview says that it is one
_QUESTIONS = 4
_MARKED = 3
_HEADLINE = 3  # hyphens from which on a folder is a headline
# What says that it is news, against the way of writing: where an outlet calls it news, no way of writing overrules that.
# A section by subject says little, and so does a route: a host's name, or a folder before a number, by which many systems
# lead to whatever they hold.
_AGAINST: dict[str, float] = {"news": inf, "subject": 0.5, "route": 0.5}
_NUMBER = re.compile(r"(?!(?:19|20)\d\d$)\d+$|\d{5}")  # what begins so is a number of the system, not a year
_SCOPES: dict[str, Genre] = {
    "opinion": "opinion",
    "editorial": "editorial",
    "column": "column",
    "letters": "letter",
    "interview": "interview",
    "news": "news",
}
VIEWS: frozenset[Genre] = frozenset({"opinion", "editorial", "column", "letter"})


def classify(
    article: Article, extracted: Extracted, discovery: Discovery, manner_of: Judge = judge
) -> Article:
    """Return the article with its genre and all the evidence that speaks for it; `unknown` where nothing tells."""
    told = list(_evidence(article, extracted, discovery))
    found = list(_plain(told))
    if all(genre == "news" for genre, _ in found):
        against = max((_AGAINST[kind] for kind, _ in told if kind in _AGAINST), default=0.0)
        by_text = list(_by_manner(against, manner_of(article.title, article.body, article.lang)))
        found += by_text or [("news", text) for kind, text in told if kind == "subject"]
    genre = _decide([genre for genre, _ in found])
    close = VIEWS if genre in VIEWS else {genre}
    evidence = dict.fromkeys(text for known, text in found if known in close)
    return replace(article, genre=genre, genre_evidence=tuple(evidence))


def _plain(told: list[tuple[Kind, str]]) -> Iterator[Told]:
    """Yield what tells a genre by itself: a blog is opinion unless it is said to be news, a subject is no genre."""
    is_news = any(kind in {"news", "route"} for kind, _ in told)
    for kind, text in told:
        if kind == "blog":
            if not is_news:
                yield "opinion", text
        elif kind == "route":
            yield "news", text
        elif kind != "subject":
            yield kind, text


def _by_manner(against: float, manner: Manner | None) -> Iterator[Told]:
    """Yield what the way of writing tells, unless it speaks for opinion and what says "news" weighs more."""
    if manner is not None and not 0 < manner.score <= against:
        genre: Genre = "opinion" if manner.score > 0 else "news"
        for text in manner.evidence:
            yield genre, text


def _evidence(article: Article, extracted: Extracted, discovery: Discovery) -> Iterator[tuple[Kind, str]]:
    """Yield what tells the genre, in the order of how much it tells."""
    for kind in extracted.kinds:
        if kind in _KINDS:
            yield _KINDS[kind], f"json-ld:{kind}"
    for place in filter(None, (article.section, *reversed(article.breadcrumb))):
        if genre := _cue(place):
            yield genre, f"section:{place}"
    for shown, name, is_route in _places(article.url):
        if genre := _cue(name):
            yield ("route" if is_route and genre == "news" else genre), f"url:{shown}"
    if kicker := re.match(r"\s*([^:：|]{3,30})[:：|]", article.title):
        genre = _cue(kicker[1]) if len(kicker[1].split()) <= _KICKER else None
        if genre and genre not in {"news", "subject"}:
            yield genre, f"title:{kicker[1].strip()}"
    if asking := _interviewing(article.body):
        yield "interview", asking
    if article.author_note:
        yield "opinion", "author-note"
    if agency := article.agency or next(filter(None, map(agency_of, article.authors)), None):
        yield "news", f"agency:{agency}"
    if genre := _SCOPES.get(discovery.scope or ""):
        yield genre, f"scope:{discovery.scope}"


def _interviewing(body: str) -> str | None:
    """Return what shows that a text is an interview: marked questions, or that it says so and asks."""
    if len(_QUESTION.findall(body)) >= _MARKED:
        return "body:questions"
    said = _INTERVIEWED.search(body, 0, _OPENING)
    return f"body:{said[0].lower()}, and questions" if said and _asked(body) >= _QUESTIONS else None


def _asked(body: str) -> int:
    return body.count("?") + body.count("؟")


def _places(url: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the names before the host's own and the folders of the path: as shown, itself, and whether all may be there."""
    parts = urlsplit(url)
    yield from ((f"{name}.", name, True) for name in (parts.hostname or "").split(".")[:-2])
    for folder, after in islice(pairwise(unquote(parts.path).split("/")), 1, None):
        # a longer one is a headline, and its words are of the matter, not of the kind
        if folder.count("-") < _HEADLINE:
            yield f"/{folder}/", folder, bool(_NUMBER.match(after))


def _cue(text: str) -> Kind | None:
    """Return what a name says of the kind; one with a number ("1 comment") counts something and names nothing."""
    if any(map(str.isdigit, text)):
        return None
    held = f" {fold(text.replace('_', ' ').replace('+', ' '))} "
    for kind, names in _named().items():
        if any(name in held for name in names):
            return kind
    return None


@lru_cache(maxsize=1)
def _named() -> Mapping[Kind, tuple[str, ...]]:
    """Return what pages of each genre are called, folded, the more special genre first; read once a process."""
    told: Mapping[Kind, list[str]] = read_data(_WORDS)
    return {
        genre: tuple({f" {fold(name)} " for line in lines for name in line.split(", ")})
        for genre, lines in told.items()
    }


def _decide(found: list[Genre]) -> Genre:
    """Return the genre that is told first. `news` yields to anything else: addresses say /news/ of all they have."""
    told: list[Genre] = [genre for genre in found if genre != "news"]
    if not told:
        return "news" if found else "unknown"
    special: Genre | None = next((genre for genre in told if genre in VIEWS and genre != "opinion"), None)
    return special if special and told[0] in VIEWS else told[0]
