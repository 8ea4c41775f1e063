"""Near copies: a signature that finds candidates, and the exact comparison that decides."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import timedelta

from khabar.models import Document, Signature
from khabar.text import tokenize

SIGNATURE_VERSION = 1
WINDOW = timedelta(days=45)  # between the first records of two copies
COPY = 0.6  # the share of the smaller text's shingles from which on it is a copy
SHORT = 40  # words; below, chance and boilerplate reach COPY, so only equal texts are copies
TRIVIAL = 8  # words; below, even equal texts ("Read more in the paper") say nothing

_SHINGLE = 3
_BANDS = 64
_PERMUTATIONS = 2 * _BANDS
_SEED = 42  # part of every stored signature, like SIGNATURE_VERSION

Shingles = frozenset[tuple[str, ...]]


def sign(body: str) -> Signature:
    """Return the signature of a body; what is too short to be compared has no bands, and at last no hash either."""
    words = folded_words(body)
    if len(words) < TRIVIAL:
        return Signature(SIGNATURE_VERSION)
    exact = hashlib.blake2b(" ".join(words).encode(), digest_size=12).digest()
    bands = _bands(words) if len(words) >= SHORT else ()
    return Signature(SIGNATURE_VERSION, bands, urlsafe_b64encode(exact).decode())


def folded_words(body: str) -> list[str]:
    """Return the words of a body as copies are compared: folded, without punctuation."""
    return [token.text for token in tokenize(body)]


def contained(a: str, b: str) -> float:
    """Return which share of the shorter text's shingles the other one has too; 0.0 where one has none."""
    return overlap(shingles(folded_words(a)), shingles(folded_words(b)))


def is_copy(a: str, b: str) -> bool:
    """Tell whether two bodies are copies; a title is no evidence, because titles such as "Editorial" repeat."""
    return same_words(folded_words(a), folded_words(b))


def linked(a: Document, b: Document) -> bool:
    """Tell whether two documents are copies that the index would bring together; symmetric."""
    return near(a, b) and same_words(words_of(a), words_of(b))


def near(a: Document, b: Document) -> bool:
    """Tell whether two documents are candidates: a common band or equal words, first seen within the window."""
    one, other = a.signature, b.signature
    if abs(a.references[0].date - b.references[0].date) > WINDOW:
        return False
    return bool(one.exact and one.exact == other.exact) or not set(one.bands).isdisjoint(other.bands)


def same_words(a: Sequence[str], b: Sequence[str]) -> bool:
    """Tell whether two texts, given as folded words, are copies."""
    if min(len(a), len(b)) < SHORT:
        return len(a) >= TRIVIAL and a == b
    return overlap(shingles(a), shingles(b)) >= COPY


def shingles(words: Sequence[str]) -> Shingles:
    """Return the runs of three words of a text."""
    return frozenset(zip(*(words[start:] for start in range(_SHINGLE)), strict=False))


def overlap(a: Shingles, b: Shingles) -> float:
    """Return which share of the smaller set the larger one holds."""
    smaller = min(len(a), len(b))
    return len(a & b) / smaller if smaller else 0.0
