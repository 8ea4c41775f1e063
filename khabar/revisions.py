"""The revisions of an article: which records changed its words, and what they changed, word by word.

The index holds references; texts are read from the archive when somebody asks, by today's extraction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal

from khabar.archive.records import read_segment
from khabar.archive.store import Store
from khabar.errors import KhabarError
from khabar.models import Damage, Document, Record, Reference, Source
from khabar.text import fold
from workers.fold import same_text

_PIECE = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that both revisions have, or that was taken out, or put in."""

    what: Literal["kept", "out", "in"]
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """An article's words as one record has them."""

    title: str
    body: str


def revisions(document: Document) -> list[Reference]:
    """Return the records with which the words of an article changed, the first one first."""
    references = document.references
    later = [after for before, after in pairwise(references) if not same_text(before, after)]
    return [*references[:1], *later]


def text_of(store: Store, reference: Reference, source: Source | None) -> Text:
    """Return the text of a record, from the archive. Raises KhabarError where it is gone, or no article any more."""
    # Whoever shows an article imports this module; few of them extract one.
    from workers.extract import Rejected, extract  # noqa: PLC0415 - as said
    from workers.normalize import normalize  # noqa: PLC0415 - as said

    record = find_record(store, reference)
    found = extract(record, source)
    if isinstance(found, Rejected):
        why = (
            f"today's extraction finds no article in it ({found.reason}): `khabar show --raw` gives the page"
        )
        raise KhabarError(f"{reference.record}: {why}")
    article = normalize(found, record, source)
    return Text(article.title, article.body)


def find_record(store: Store, reference: Reference) -> Record:
    """Return the archived record of a reference. Raises KhabarError where the archive has it no more."""
    for found in read_segment(store, reference.segment):
        if not isinstance(found, Damage) and found.id == reference.record:
            return found
    why = "the archive has no such record: it was withdrawn, or damaged (`khabar doctor`)"
    raise KhabarError(f"{reference.segment}: {reference.record}: {why}")


def compared(before: str, after: str) -> Iterator[Piece]:
    """Yield what two texts share and where they differ, word by word; marks and spaces alone are no difference."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    matcher = SequenceMatcher(None, list(map(_word, old)), list(map(_word, new)), autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield Piece("kept", "".join(new[c:d]))
            continue
        if a < b:
            yield Piece("out", "".join(old[a:b]))
        if c < d:
            yield Piece("in", "".join(new[c:d]))


def _word(piece: str) -> str:
    return fold(piece) or piece.strip()
