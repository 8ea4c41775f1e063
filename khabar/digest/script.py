"""Which way a text runs and what letters it needs, for whoever puts it on a page."""

from __future__ import annotations

import unicodedata
from typing import Literal

Direction = Literal["ltr", "rtl"]

# Languages whose usual script runs from right to left; a script subtag (pa-Arab) decides over the language.
_RIGHT_TO_LEFT = {
    *("ar", "arc", "bal", "bqi", "brh", "ckb", "dv", "fa", "glk", "haz", "he", "ks", "lrc", "mzn"),
    *("pnb", "prs", "ps", "sd", "skr", "ug", "ur", "yi"),
}
_SCRIPTS = {"arab", "aran", "hebr", "nkoo", "syrc", "thaa", "rohg", "adlm"}
_FACES = {
    "nastaliq": {"ur", "pnb", "skr", "ks"},
    "naskh": {"ar", "bal", "brh", "ckb", "fa", "glk", "haz", "lrc", "mzn", "prs", "ps", "sd", "ug"},
    "devanagari": {"hi", "mr", "ne", "bho", "mai", "sa"},
    "bengali": {"bn", "as"},
}


def direction(lang: str, text: str) -> Direction:
    """Return the direction of a text in a language; of an unknown one (`und`), by its first letter."""
    language, *subtags = lang.casefold().split("-")
    script = next((tag for tag in subtags if len(tag) == 4 and tag.isalpha()), None)
    if script:
        return "rtl" if script in _SCRIPTS else "ltr"
    if language in _RIGHT_TO_LEFT:
        return "rtl"
    return "ltr" if language not in {"", "und", "un"} else _by_letters(text)


def face(lang: str) -> str:
    """Return the style of letters that readers of a language expect: a name for style sheets."""
    language = lang.casefold().partition("-")[0]
    return next((name for name, languages in _FACES.items() if language in languages), "latin")


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes: marks and joiners none, wide letters two."""
    return sum(_columns(letter) for letter in text)


def _by_letters(text: str) -> Direction:
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
