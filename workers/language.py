"""The language of an article, by its words; what its source writes in decides close cases."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache

import pycld2
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from khabar.models import Article, Source

ENOUGH = 4000  # characters; more does not change the answer
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Letters that one language in Arabic script has and its neighbours have not.
_PASHTO = frozenset("ټډړږښڼۍځڅ")
_URDU = frozenset("ٹڈڑے")
_SHORTEST = {
    "uzs": "uz",
    "iw": "he",
    "in": "id",
    "zh-Hant": "zh",
    "zh-CN": "zh",
    "zh-TW": "zh",
    "jw": "jv",
}


def identify(article: Article, source: Source | None) -> Article:
    """Return the article with its language, as the shortest BCP 47 code, and how sure that is."""
    text = f"{article.title}\n{article.body[:ENOUGH]}"
    expected = source.languages if source else ()
    lang, confidence = detect(text, tuple("fa" if name == "prs" else name for name in expected))
    if lang == "fa" and _is_afghan(source, article.country):
        lang = "prs"
    return replace(article, lang=lang, lang_confidence=round(confidence, 3))


def _is_afghan(source: Source | None, country: str | None) -> bool:
    return country == "AF" or (source is not None and "prs" in source.languages)


def detect(text: str, expected: tuple[str, ...] = ()) -> tuple[str, float]:
    """Return a text's language and confidence; `und` where there are no words.

    `expected` are the languages a source writes in: they decide where the text alone leaves a doubt.
    """
    plain = _UNPRINTABLE.sub(" ", text[:ENOUGH])
    if not any(map(str.isalpha, plain)):
        return "und", 0.0
    lang, confidence = _cld2(plain, expected)
    if lang == "un":
        lang, confidence = _langid(plain)
    lang = _by_letters(plain, lang)
    if expected and lang not in expected and confidence < 0.7:
        likely, sure = _langid(plain)
        if likely in expected:
            return likely, sure
    return _SHORTEST.get(lang, lang), confidence


def _cld2(text: str, expected: tuple[str, ...]) -> tuple[str, float]:
    hint = expected[0] if len(expected) == 1 else None
    try:
        reliable, _, found = pycld2.detect(text, hintLanguage=hint) if hint else pycld2.detect(text)
    except pycld2.error:
        return "un", 0.0
    _, lang, share, _ = found[0]
    return lang, share / 100 * (1.0 if reliable else 0.6)


def _langid(text: str) -> tuple[str, float]:
    lang, confidence = _identifier().classify(text)
    return str(lang), float(confidence)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """Return langid's model; reading it takes a moment, so once a process."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _by_letters(text: str, lang: str) -> str:
    """Return the language among Persian, Pashto, Urdu and Arabic that the letters allow."""
    if lang not in {"fa", "ps", "ur", "ar", "ku", "ug", "sd"}:
        return lang
    letters = Counter(text)
    pashto, urdu = (sum(letters[c] for c in own) for own in (_PASHTO, _URDU))
    if lang != "ps" and pashto > 2 * urdu and pashto * 60 > len(text):
        return "ps"
    return lang
