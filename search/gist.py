"""What an article is about in terms that can be counted: the forms of its words, and its entities."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from khabar.models import Article
from khabar.text import stem, stemmed, words
from search.schema import ENTITY

_LEAD = 80  # words of a beginning
_LONGEST = 5_000  # words of an article that are looked at
_LETTERS = 8  # of a word and the space after it, as a rule

Term = str  # a form of words in one language (`en:talk`), or `entity:` and an id


def terms(article: Article, most: int = _LONGEST) -> Counter[Term]:
    """Return how often title and body, so many words of it, hold each term; numbers, alike by chance, are left out."""
    lang = stemmed(article.lang)
    found = words(article.title) + words(article.body[: most * _LETTERS])[:most]
    counted: Counter[Term] = Counter([form(word, lang) for word in found])
    counted.pop("", None)
    for entity in article.entities:
        counted[ENTITY + entity.id] += max(len(entity.mentions), 1)
    return counted


def gist(article: Article) -> Counter[Term]:
    """Return the terms of its title and beginning: what it says first, it is about."""
    return terms(article, _LEAD)


@lru_cache(maxsize=200_000)
def form(word: str, lang: str) -> Term:
    """Return the form of a word, nothing of a number."""
    return "" if any(map(str.isdigit, word)) else stem(word, lang)
