"""How a text is written, by the text alone: as opinion or as news, with the strongest signs of it.

A linear model over a few cues (manner.yaml) and the common words of a language: its weights (manner-weights.yaml) can
be read, and each judgement names the cues that weighed most.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log, sqrt
from pathlib import Path

from khabar.data import read_data
from khabar.text import fold_word, tokenize

MIN_WORDS = 60  # a shorter text shows no manner
_SHORT = 30  # no rate is taken of fewer words than this
_STRONGEST = 3
_CUES = Path(__file__).with_name("manner.yaml")
_WEIGHTS = Path(__file__).with_name("manner-weights.yaml")
_LANGUAGES = {"prs": "fa", "fa-AF": "fa"}

_QUOTED = re.compile(r"[“\"«][^”\"»]{3,600}[”\"»]|‘[^’]{20,600}’(?!\w)")
_SENTENCE = re.compile(r"[^.!?؟۔।\n]{16,}[.!?؟۔।]*")
_DATELINE = re.compile(
    r"^\W*(?:[A-Z]{4,}[A-Z ,/]*(?:\([^)]*\))?\s*[:—–-]|[A-Z][\w .,]{2,25}\s*[-–—:]|به گزارش|\S+ \([^)]{2,20}\) )"
)
_AGENCY = re.compile(r"\b(AFP|Reuters|AP|APP|ANI|IRNA|Fars|TASNIM|PPI)\b|خبرگزار")
_SHAPES = {
    "quoted": "quoted words",
    "attributed": "sentences that quote somebody",
    "asked": "questions",
    "exclaimed": "exclamations",
    "length": "length",
    "numbers": "numbers",
    "dateline": "a dateline",
    "agency": "an agency in the first line",
    "title_asked": "a question in the title",
    "title_length": "length of the title",
    "title_colon": "a colon in the title",
    "title_reported": "reported speech in the title",
    "title_verb": "a verb in the title",
    "sentence": "length of the sentences",
    "first_reported": "reported speech in the first sentence",
    "last_reported": "reported speech in the last sentence",
    "last_urged": "what should be done, in the last sentence",
}


@dataclass(frozen=True, slots=True)
class Measures:
    """What is counted of a text: each cue's value, and how often each of its words stands there outside quotations."""

    cues: Mapping[str, float]
    words: Counter[str]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a text is written: above 0 as opinion, below as news; and the signs that weighed most for that."""

    score: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Weights:
    start: float
    cues: Mapping[str, float]
    usual: Mapping[str, Mapping[str, float]]  # language → cue → the value that is usual there
    words: Mapping[str, Mapping[str, float]]  # language → word → weight


def judge(title: str, body: str, lang: str) -> Manner | None:
    """Return how a text is written; None where it is too short, or in a language whose words are not known."""
    lang = _LANGUAGES.get(lang, lang.split("-", 1)[0])
    weights = _weights()
    if lang not in weights.words or len(tokenize(body)) < MIN_WORDS:
        return None
    found = measure(title, body, lang)
    usual = weights.usual[lang]
    by_cue = {name: weight * (found.cues[name] - usual[name]) for name, weight in weights.cues.items()}
    size = found.words.total()
    by_word = {
        word: weights.words[lang][word] * sqrt(count / size)
        for word, count in found.words.items()
        if word in weights.words[lang]
    }
    score = weights.start + sum(by_cue.values()) + sum(by_word.values())
    return Manner(score, tuple(_evidence(score, by_cue, by_word, found, lang)))


def measure(title: str, body: str, lang: str) -> Measures:
    """Return what is counted of a text; words inside quotations are somebody else's and count for nothing."""
    tokens = tokenize(body)
    quotes = [(match.start(), match.end()) for match in _QUOTED.finditer(body)]
    own = _outside([token.text for token in tokens], [token.start for token in tokens], quotes)
    words = Counter(own)
    size = max(_SHORT, len(own))
    cues = {
        name: sqrt(100 * sum(words[word] for word in of.get(lang, ())) / size)
        for name, of in cue_words().items()
    }
    plain = _without(body, quotes)
    cues |= _shape(title, body, plain, len(own)) | _ends(title, body, lang)
    cues["quoted"] = sum(end - start for start, end in quotes) / max(1, len(body))
    cues["numbers"] = sqrt(100 * sum(count for word, count in words.items() if word.isdigit()) / size)
    return Measures(cues, words)


def _outside(words: list[str], starts: list[int], spans: list[tuple[int, int]]) -> list[str]:
    """Return the words that begin in none of the spans, which are in order."""
    kept, at = list[str](), 0
    for start, end in spans:
        kept += words[at : bisect_left(starts, start, at)]
        at = bisect_left(starts, end, at)
    return kept + words[at:]


def _without(body: str, quotes: list[tuple[int, int]]) -> str:
    edges = [0, *(edge for quote in quotes for edge in quote), len(body)]
    return " ".join(body[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


def _shape(title: str, body: str, plain: str, size: int) -> dict[str, float]:
    """Return the cues that no word list is needed for."""
    sentences = max(1, len(_SENTENCE.findall(body)))
    return {
        "asked": sqrt((plain.count("?") + plain.count("؟")) / sentences),
        "exclaimed": sqrt(plain.count("!") / sentences),
        "length": log(max(_SHORT, size)),
        "sentence": log(1 + size / sentences),
        "dateline": float(bool(_DATELINE.match(body))),
        "agency": float(bool(_AGENCY.search(body[:200]))),
        "title_asked": float("?" in title or "؟" in title),
        "title_colon": float(":" in title),
        "title_length": len(tokenize(title)) / 10,
    }


def _ends(title: str, body: str, lang: str) -> dict[str, float]:
    """Return the cues of single sentences: who speaks in them, in the first, in the last, in the title."""
    said, urged = cue_words()["reported"].get(lang, frozenset()), _urging(lang)
    spans = [match.span() for match in _SENTENCE.finditer(body)] or [(0, len(body))]
    held = _by_sentence(body, spans)
    quoting = [
        bool(words & said) or bool(_QUOTED.search(body, *span))
        for words, span in zip(held, spans, strict=True)
    ]
    top = {token.text for token in tokenize(title)}
    tenses = cue_words()["past"].get(lang, frozenset()) | cue_words()["present"].get(lang, frozenset())
    return {
        "attributed": sum(quoting) / len(quoting),
        "first_reported": float(bool(held[0] & said)),
        "last_reported": float(bool(held[-1] & said)),
        "last_urged": float(bool(held[-1] & urged)),
        "title_reported": float(bool(top & said)),
        "title_verb": float(bool(top & tenses)),
    }


def _by_sentence(body: str, spans: list[tuple[int, int]]) -> list[set[str]]:
    """Return the words of each sentence; one that reaches over the end of its sentence is the next one's."""
    tokens = tokenize(body)
    words, ends = [token.text for token in tokens], [token.end for token in tokens]
    edges = [0, *(bisect_right(ends, end) for _, end in spans[:-1]), len(words)]
    return [set(words[start:end]) for start, end in pairwise(edges)]


@lru_cache(maxsize=16)
def _urging(lang: str) -> frozenset[str]:
    return cue_words()["ought"].get(lang, frozenset()) | cue_words()["first"].get(lang, frozenset())


def _evidence(
    score: float, by_cue: Mapping[str, float], by_word: Mapping[str, float], found: Measures, lang: str
) -> list[str]:
    """Return the signs that weighed most for the verdict, cues with the words that made them."""
    side = 1 if score > 0 else -1
    heavy = sorted(by_cue, key=lambda name: -side * by_cue[name])[:_STRONGEST]
    told = [_told(name, found, lang) for name in heavy if side * by_cue[name] > 0]
    words = sorted(by_word, key=lambda word: -side * by_word[word])[:_STRONGEST]
    words = [word for word in words if side * by_word[word] > 0]
    return [*told, *([f"text:words ({', '.join(words)})"] if words else [])]


def _told(name: str, found: Measures, lang: str) -> str:
    words = sorted(cue_words().get(name, {}).get(lang, ()), key=lambda word: (-found.words[word], word))
    present = [word for word in words if found.words[word]][:_STRONGEST]
    label = _SHAPES.get(name) or _labels()[name]
    if not found.cues[name]:
        return f"text:no {label}"
    few = ", less than usual" if found.cues[name] < _weights().usual[lang][name] else ""
    return f"text:{label}" + (f" ({', '.join(present)})" if present else "") + few


# --- the data files -----------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def cue_words() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Return the words of each cue by language, folded; the file is read once a process."""
    told = read_data(_CUES)
    return {
        name: {lang: frozenset(map(fold_word, words)) for lang, words in cue["words"].items()}
        for name, cue in told.items()
    }


@lru_cache(maxsize=1)
def _labels() -> Mapping[str, str]:
    return {name: cue["as"] for name, cue in read_data(_CUES).items()}


@lru_cache(maxsize=1)
def _weights() -> _Weights:
    told = read_data(_WEIGHTS)
    return _Weights(float(told["start"]), told["cues"], told["usual"], told["words"])
