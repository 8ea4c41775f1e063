"""What kind of piece an article is, with the evidence: by the page's own types, its address, its section, its source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from khabar.models import Article, Discovery, Genre
from workers.extract import Extracted

_KINDS: dict[str, Genre] = {
    "OpinionNewsArticle": "opinion",
    "ReportageNewsArticle": "news",
    "BackgroundNewsArticle": "news",
}

# Words of addresses and section names, the more special genre first: an editorial page is also an opinion page.
_CUES: tuple[tuple[Genre, re.Pattern[str]], ...] = (
    ("letter", re.compile(r"\bletters?( to (the )?editor)?\b|\bایڈیٹر کے نام\b|\bمراسلات\b|\bसंपादक के नाम\b")),
    ("interview", re.compile(r"\binterviews?\b|\bانٹرویو\b|\bمصاحبه\b|\bگفتگو\b|\bمرکه\b|\bसाक्षात्कार\b|\bइंटरव्यू\b|সাক্ষাৎকার")),
    ("editorial", re.compile(r"\beditorials?\b|\bleaders?\b|\bاداریہ\b|\bاداریے\b|\bسرمقاله\b|\bسرمقالہ\b|\bسرلیکنه\b|\bसंपादकीय\b|\bसम्पादकीय\b|সম্পাদকীয়")),
    ("column", re.compile(r"\bcolumn(s|ists?)?\b|\bکالم(ز)?\b|\bستون\b|\bस्तंभ\b|কলাম")),
    ("opinion", re.compile(r"\b(opinions?|op-?eds?|oped|views?|viewpoints?|perspectives?|comments?|commentary|commentisfree|blogs?|voices|analysis|ideas)\b|\bرائے\b|\bنقطہ نظر\b|\bبلاگ\b|\bدیدگاه\b|\bنظر\b|\bیادداشت\b|\bتحلیل\b|\bلیدلوری\b|\bشننه\b|\bविचार\b|\bराय\b|\bनज़रिया\b|\bब्लॉग\b|মতামত")),
    ("news", re.compile(r"\b(news|world|national|pakistan|sports?|business|politics|latest|nation|international|headlines?)\b|\bخبریں\b|\bتازہ ترین\b|\bاخبار\b|\bپاکستان\b|\bدنیا\b|\bकھेल\b|\bसमाचार\b|\bदेश\b")),
)  # fmt: skip
_SCOPES: dict[str, Genre] = {"opinion": "opinion", "editorial": "editorial", "column": "column", "letters": "letter", "letter": "letter", "interview": "interview", "news": "news"}  # fmt: skip
_OPINION: frozenset[Genre] = frozenset({"opinion", "editorial", "column", "letter"})


def classify(article: Article, extracted: Extracted, discovery: Discovery) -> Article:
    """Return the article with its genre and the evidence for it; `unknown` where nothing tells."""
    found = list(_evidence(article, extracted, discovery))
    genre = _decide([genre for genre, _ in found])
    return replace(
        article,
        genre=genre,
        genre_evidence=tuple(
            evidence for known, evidence in found if known == genre or (genre in _OPINION and known in _OPINION)
        ),
    )


def _evidence(article: Article, extracted: Extracted, discovery: Discovery) -> Iterator[tuple[Genre, str]]:
    """Yield what tells the genre, the strongest first."""
    for kind in extracted.kinds:
        if kind in _KINDS:
            yield _KINDS[kind], f"json-ld:{kind}"
    for place in filter(None, (article.section, *reversed(article.breadcrumb))):
        if genre := _cue(place):
            yield genre, f"section:{place}"
    folders = unquote(urlsplit(article.url).path).split("/")[1:-1]
    for folder in folders:
        if genre := _cue(folder):
            yield genre, f"url:/{folder}/"
    head = re.match(r"\s*([^:：|]{3,30})[:：|]", article.title)
    if head and (genre := _cue(head[1])) and genre != "news":
        yield genre, f"title:{head[1].strip()}"
    if genre := _SCOPES.get(discovery.scope or ""):
        yield genre, f"scope:{discovery.scope}"


def _cue(text: str) -> Genre | None:
    words = re.sub(r"[-_+]", " ", text.lower())
    return next((genre for genre, pattern in _CUES if pattern.search(words)), None)


def _decide(found: list[Genre]) -> Genre:
    """Return the strongest genre; that something is opinion is made more precise by what comes after."""
    if not found:
        return "unknown"
    special = next((genre for genre in found if genre in _OPINION and genre != "opinion"), None)
    return special if found[0] == "opinion" and special else found[0]
