"""THE text analysis: index, query, tagger and highlighter see the same words.

A token is a run of Unicode letters, numbers and marks of the original, folded; its offsets are code points of
the original. `regex` is used for its own Unicode tables: tokens do not change with the Python underneath.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache, partial
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

import regex
import Stemmer

TEXT_VERSION = 1
MAX_TOKEN = 100  # Elasticsearch's whitespace tokenizer splits longer ones, Tantivy does not

# Joiners and soft hyphens stand inside words and are not part of their spelling.
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+(?:[\u00ad\u200c-\u200f\u2060]+[\p{L}\p{N}\p{M}]+)*")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")  # the same in a text of ASCII in small letters
_PLAIN_WORDS = re.compile(f"({_PLAIN_WORD.pattern})")
_BETWEEN = "’‘“”–—…\u00a0"  # all that keeps most English texts from being ASCII stands between words
_WORDS = regex.compile(
    f"({_WORD.pattern})"
)  # splits a text into what is between the words and the words, in turn

# Marks that readers leave out or type at will: Latin accents, Arabic vowel signs, tatweel, the Devanagari nukta.
# Vowel signs of the Indic scripts are marks too, and stay.
_DROP = regex.compile(
    r"[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u093c\u00ad\u200c-\u200f\u2060\s]"
)

_LETTERS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ې": "ی", "ۍ": "ی",
        "ك": "ک", "ڪ": "ک", "ګ": "گ", "ڬ": "گ",
        "ہ": "ه", "ھ": "ه", "ە": "ه", "ة": "ه", "ۃ": "ه",
        "ı": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe",
    }
)  # fmt: skip

_SNOWBALL = {
    "en": "english",
    "ar": "arabic",
    "hi": "hindi",
    "ne": "nepali",
    "fa": "persian",
    "prs": "persian",
}
_stemmers: dict[str, Stemmer.Stemmer] = {}
_stemming = threading.Lock()


class Token(NamedTuple):
    """A word of a text: folded, with the code points it was cut from."""

    text: str
    start: int
    end: int


_token = partial(tuple.__new__, Token)
_folded = itemgetter(0)


@lru_cache(maxsize=200_000)
def fold_word(word: str) -> str:
    """Return one word without case, diacritics and spelling variants of its script; it may become empty."""
    if word.isascii() and word.isalnum():
        return word.lower()[:MAX_TOKEN]  # nothing of what follows changes it
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    plain = _DROP.sub("", plain).translate(_LETTERS)
    if not plain.isascii():
        plain = "".join(str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c for c in plain)
    return plain[:MAX_TOKEN]


@lru_cache(maxsize=16)  # the stages look at the same title and body one after the other
def tokenize(text: str) -> tuple[Token, ...]:
    """Return the words of a text in order, folded, with their code point offsets into it."""
    plain = _plain(text)
    parts = _WORDS.split(text) if plain is None else _PLAIN_WORDS.split(plain)
    ends = list(accumulate(map(len, parts)))
    # A part begins where the one before it ends. All of it runs in C: this is the largest share of tagging.
    tokens = tuple(map(_token, zip(map(fold_word, parts[1::2]), ends[0::2], ends[1::2], strict=False)))
    return tokens if all(map(_folded, tokens)) else tuple(filter(_folded, tokens))


def words(text: str) -> list[str]:
    """Return the folded words of a text in order, without offsets: the texts of its tokens, in half the time."""
    plain = _plain(text)
    if plain is not None:
        return [word[:MAX_TOKEN] for word in _PLAIN_WORD.findall(plain)]
    return [folded for folded in map(fold_word, _WORD.findall(text)) if folded]


def _plain(text: str) -> str | None:
    """Return ASCII in small letters with the same words in the same places; None of a text that has other letters."""
    if not text.isascii():
        for mark in _BETWEEN:
            text = text.replace(mark, " ")
    return text.lower() if text.isascii() else None


def fold(text: str) -> str:
    """Return the folded words of a text, joined by single spaces: for comparing, never for display."""
    return " ".join(words(text))


def slug(name: str) -> str:
    """Return a name as an id: folded words joined by hyphens (`The News` → `the-news`)."""
    return "-".join(words(name))


@lru_cache(maxsize=200_000)
def stem(word: str, lang: str) -> str:
    """Return the stem of a folded word, marked with its language (`en:talk`); without a stemmer, the word itself."""
    name = _SNOWBALL.get(lang)
    if name is None:
        return f"{lang}:{word}"
    with _stemming:  # PyStemmer's C object is not safe to share between threads; its words are cached above
        stemmer = _stemmers.get(lang)
        if stemmer is None:
            stemmer = _stemmers[lang] = Stemmer.Stemmer(name)
        return f"{lang}:{stemmer.stemWord(word)}"


def stemmed(lang: str) -> str:
    """Return the language whose stemmer serves texts in `lang` (`en-GB` → `en`), `und` where there is none."""
    short = lang.split("-", 1)[0].lower()
    return short if short in _SNOWBALL else "und"


@lru_cache(maxsize=50_000)
def stems(word: str) -> tuple[str, ...]:
    """Return every stem by which texts of any language hold a form of a folded word; the word itself is `und:`."""
    return tuple(stem(word, lang) for lang in (*_SNOWBALL, "und"))
