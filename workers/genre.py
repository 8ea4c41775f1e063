"""What kind of piece an article is, with the evidence.

The page's own types, its address, its section and its source tell first; where they tell nothing, or only "news", which
many say of all they have, the way it is written decides (workers/manner.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from khabar.models import Article, Discovery, Genre
from workers.extract import Extracted
from workers.manner import Manner, judge

_KINDS: dict[str, Genre] = {
    "OpinionNewsArticle": "opinion",
    "ReportageNewsArticle": "news",
    "BackgroundNewsArticle": "news",
}

# Words of addresses, section names and headline kickers; the more special genre first: editorials are opinion too.
_CUES: tuple[tuple[Genre, re.Pattern[str]], ...] = (
    ("letter", re.compile(r"\bletters?( to (the )?editor)?\b|ایڈیٹر کے نام|\bمراسلات\b|संपादक के नाम")),
    ("interview", re.compile(r"\binterviews?\b|\bانٹرویو\b|\bمصاحبه\b|\bمرکه\b|साक्षात्कार|इंटरव्यू|সাক্ষাৎকার")),
    ("editorial", re.compile(r"\b(editorials?|leaders?)\b|\bاداری[ہے]\b|\bسرمقال[هہ]\b|\bسرلیکنه\b|संपादकीय|सम्पादकीय|সম্পাদকীয়")),
    ("column", re.compile(r"\b(column|columns|columnists?)\b|\bکالمز?\b|\bستون\b|स्तंभ|কলাম")),
    ("opinion", re.compile(
        r"\b(opinions?|op-? ?eds?|views|viewpoints?|perspectives?|comment|commentary|commentisfree|blogs?|voices|analys[ie]s)\b"
        r"|\b(رائے|نقطہ نظر|بلاگز?|دیدگاه|یادداشت|تحلیل|لیدلوری|شننه)\b|विचार|नज़रिया|ब्लॉग|মতামত"
    )),
    ("news", re.compile(r"\b(news|latest|headlines?|sports?)\b|\b(خبریں|تازہ ترین|اخبار|خبرونه)\b|समाचार|खबरें|সংবাদ")),
)  # fmt: skip
_QUESTION = re.compile(r"(?:^|\s)(?:Q|Question|سوال|سؤال|پرسش|پوښتنه|सवाल|प्रश्न)\s?[:：]\s")
_INTERVIEWED = re.compile(
    r"\binterview(?!\w)|انٹرویو|مصاحب[هہ]|گفت‌?و‌?گو|\bمرکه\b|साक्षात्कार|সাক্ষাৎকার", re.IGNORECASE
)
_OPENING = 1_500  # characters in which an interview says that it is one
_QUESTIONS = 4
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
_VIEWS: frozenset[Genre] = frozenset({"opinion", "editorial", "column", "letter"})


def classify(article: Article, extracted: Extracted, discovery: Discovery) -> Article:
    """Return the article with its genre and all the evidence that speaks for it; `unknown` where nothing tells."""
    found = list(_evidence(article, extracted, discovery))
    if all(genre == "news" for genre, _ in found):
        found += _by_manner(found, judge(article.title, article.body, article.lang))
    genre = _decide([genre for genre, _ in found])
    close = _VIEWS if genre in _VIEWS else {genre}
    evidence = dict.fromkeys(text for known, text in found if known in close)
    return replace(article, genre=genre, genre_evidence=tuple(evidence))


def _by_manner(found: list[tuple[Genre, str]], manner: Manner | None) -> list[tuple[Genre, str]]:
    """Return what the way of writing tells, against what says that it is news: an address says it of anything."""
    if manner is None:
        return []
    against = sum(_ADDRESS if text.startswith("url:") else _NEWS for _, text in found)
    genre: Genre = "opinion" if manner.score > against else "news"
    return [(genre, text) for text in manner.evidence] if genre == "news" or manner.score > 0 else []


def _evidence(article: Article, extracted: Extracted, discovery: Discovery) -> Iterator[tuple[Genre, str]]:
    """Yield what tells the genre, in the order of how much it tells."""
    for kind in extracted.kinds:
        if kind in _KINDS:
            yield _KINDS[kind], f"json-ld:{kind}"
    for place in filter(None, (article.section, *reversed(article.breadcrumb))):
        if genre := _cue(place):
            yield genre, f"section:{place}"
    for folder in unquote(urlsplit(article.url).path).split("/")[1:-1]:
        # a longer one is a headline, and its words are of the matter, not of the kind
        if folder.count("-") < 3 and (genre := _cue(folder)):
            yield genre, f"url:/{folder}/"
    kicker = re.match(r"\s*([^:：|]{3,30})[:：|]", article.title)
    if kicker and (genre := _cue(kicker[1])) and genre != "news":
        yield genre, f"title:{kicker[1].strip()}"
    if len(_QUESTION.findall(article.body)) >= 3:
        yield "interview", "body:questions"
    elif (said := _INTERVIEWED.search(article.body, 0, _OPENING)) and _asked(article.body) >= _QUESTIONS:
        yield "interview", f"body:{said[0].lower()}, and questions"
    if article.author_note:
        yield "opinion", "author-note"
    if article.agency:
        yield "news", f"agency:{article.agency}"
    if genre := _SCOPES.get(discovery.scope or ""):
        yield genre, f"scope:{discovery.scope}"


def _asked(body: str) -> int:
    return body.count("?") + body.count("؟")


def _cue(text: str) -> Genre | None:
    words = re.sub(r"[-_+]", " ", text.lower())
    return next((genre for genre, pattern in _CUES if pattern.search(words)), None)


def _decide(found: list[Genre]) -> Genre:
    """Return the genre that is told first. `news` yields to anything else: addresses say /news/ of all they have."""
    told: list[Genre] = [genre for genre in found if genre != "news"]
    if not told:
        return "news" if found else "unknown"
    special: Genre | None = next((genre for genre in told if genre in _VIEWS and genre != "opinion"), None)
    return special if special and told[0] in _VIEWS else told[0]
