"""What kind of piece an article is, with the evidence.

The page's own types, its address, its section and its source tell first; where they tell nothing, or only "news", which
many say of all they have, the way it is written decides (workers/manner.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from khabar.data import read_data
from khabar.models import Article, Discovery, Genre
from khabar.text import fold
from workers.extract import Extracted
from workers.extract.agencies import agency_of
from workers.manner import Manner, judge

Kind = Genre | Literal["blog", "subject"]
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
_NEWS = 1.5  # what each cue that says "news" weighs against the way of writing
_ADDRESS = 0.5  # and a folder of the address, where it may say it of anything
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
        by_text = _by_manner(found, manner_of(article.title, article.body, article.lang))
        found += by_text or [("news", text) for kind, text in told if kind == "subject"]
    genre = _decide([genre for genre, _ in found])
    close = VIEWS if genre in VIEWS else {genre}
    evidence = dict.fromkeys(text for known, text in found if known in close)
    return replace(article, genre=genre, genre_evidence=tuple(evidence))


def _plain(told: list[tuple[Kind, str]]) -> Iterator[Told]:
    """Yield what tells a genre by itself: a blog is opinion unless it is said to be news, a subject is no genre."""
    is_news = any(kind == "news" for kind, _ in told)
    for kind, text in told:
        if kind == "blog":
            if not is_news:
                yield "opinion", text
        elif kind != "subject":
            yield kind, text


def _by_manner(found: list[Told], manner: Manner | None) -> list[Told]:
    """Return what the way of writing tells, against what says that it is news: an address says it of anything."""
    if manner is None:
        return []
    against = sum(_ADDRESS if text.startswith("url:") else _NEWS for _, text in found)
    genre: Genre = "opinion" if manner.score > against else "news"
    return [(genre, text) for text in manner.evidence] if genre == "news" or manner.score > 0 else []


def _evidence(article: Article, extracted: Extracted, discovery: Discovery) -> Iterator[tuple[Kind, str]]:
    """Yield what tells the genre, in the order of how much it tells."""
    for kind in extracted.kinds:
        if kind in _KINDS:
            yield _KINDS[kind], f"json-ld:{kind}"
    for place in filter(None, (article.section, *reversed(article.breadcrumb))):
        if genre := _cue(place):
            yield genre, f"section:{place}"
    for shown, name in _places(article.url):
        if genre := _cue(name):
            yield genre, f"url:{shown}"
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


def _places(url: str) -> Iterator[tuple[str, str]]:
    """Yield the names before the host's own, and the folders of the path, each as it is shown."""
    parts = urlsplit(url)
    yield from ((f"{name}.", name) for name in (parts.hostname or "").split(".")[:-2])
    for folder in unquote(parts.path).split("/")[1:-1]:
        # a longer one is a headline, and its words are of the matter, not of the kind
        if folder.count("-") < _HEADLINE:
            yield f"/{folder}/", folder


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
