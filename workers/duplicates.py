"""Near copies: a signature that finds candidates, and the exact comparison that decides."""

from __future__ import annotations

import hashlib
import struct
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import NamedTuple

from rensa import RMinHash  # pyright: ignore[reportAttributeAccessIssue]  # a compiled module without stubs

from khabar.models import Document, Signature
from khabar.text import tokenize

SIGNATURE_VERSION = 1
WINDOW = timedelta(days=45)  # between the first records of two copies
COPY = 0.6  # the share of the smaller text's shingles from which on it is a copy
SHORT = 40  # words; below, chance and boilerplate reach COPY, so only equal texts are copies
TRIVIAL = 8  # words; below, even equal texts ("Read more in the paper") say nothing

_BANDS = 64
_SEED = 42  # part of every stored signature, like the version


class Words(NamedTuple):
    """A body as copies are compared: its folded words, and all runs of three of them (its shingles)."""

    words: tuple[str, ...]
    shingles: frozenset[tuple[str, str, str]]


def read(body: str) -> Words:
    """Return the words of a body; reading costs far more than comparing, so who compares often keeps them."""
    words = tuple([token.text for token in tokenize(body)])
    return Words(words, frozenset(zip(words, words[1:], words[2:], strict=False)))


def sign(body: str) -> Signature:
    """Return the signature of a body; a short one has no bands, and a trivial one is no copy of anything."""
    words, shingles = read(body)
    if len(words) < TRIVIAL:
        return Signature(SIGNATURE_VERSION)
    exact = hashlib.blake2b(" ".join(words).encode(), digest_size=12).digest()
    bands = _bands(shingles) if len(words) >= SHORT else ()
    return Signature(SIGNATURE_VERSION, bands, urlsafe_b64encode(exact).decode())


def contained(a: str, b: str) -> float:
    """Return which share of the smaller text's shingles the larger has too; 0.0 where one has none."""
    return overlap(read(a), read(b))


def is_copy(a: str, b: str) -> bool:
    """Tell whether two bodies are copies; titles are no evidence, for "Editorial" is the title of many."""
    return same(read(a), read(b))


def overlap(a: Words, b: Words) -> float:
    """Return which share of the smaller set of shingles the larger holds."""
    smaller = min(len(a.shingles), len(b.shingles))
    return len(a.shingles & b.shingles) / smaller if smaller else 0.0


def same(a: Words, b: Words) -> bool:
    """Tell whether two texts are copies; symmetric."""
    if min(len(a.words), len(b.words)) < SHORT:
        return len(a.words) >= TRIVIAL and a.words == b.words
    return overlap(a, b) >= COPY


def comparable(a: Document, b: Document) -> bool:
    """Tell whether two documents are candidates: a common band or equal words, first seen within the window."""
    if abs(a.references[0].date - b.references[0].date) > WINDOW:
        return False
    one, other = a.signature, b.signature
    return bool(one.exact and one.exact == other.exact) or not set(one.bands).isdisjoint(other.bands)


def linked(a: Document, b: Document) -> bool:
    """Tell whether two documents belong into one cluster by themselves; symmetric, but not transitive."""
    return comparable(a, b) and is_copy(a.article.body, b.article.body)


def _bands(shingles: frozenset[tuple[str, str, str]]) -> tuple[str, ...]:
    """Return one short key a band: its number and its two minima, so that equal keys mean the same band."""
    minhash = RMinHash(num_perm=2 * _BANDS, seed=_SEED)
    minhash.update([" ".join(shingle) for shingle in shingles])
    minima = minhash.digest()
    return tuple(
        urlsafe_b64encode(struct.pack(">BII", band, *minima[2 * band : 2 * band + 2])).decode()
        for band in range(_BANDS)
    )
