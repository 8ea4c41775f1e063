"""The people who wrote an article: from JSON-LD, meta and bylines, cleaned; and the note about them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_BY = re.compile(
    r"^\s*((written |posted |reported |story )?by|von|par|por|door|di|oleh|تحریر|از قلم|نویسنده|لیکوال|लेखक|লেখক)(?=[\s:：])[\s:：]*",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\s*[,|(/–—-]\s*(the\s+)?((senior|staff|special|chief|political|foreign|diplomatic|guest)\s+)*"
    r"(writer|reporter|correspondent|editor|columnist|contributor|journalist|author|analyst|producer)s?\b.*$",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:;|\||•|\n|\s&\s|\s(?:and|und|et|اور)\s)\s*")
_COMMA = re.compile(r"\s*[,،]\s*")
_NOT_A_NAME = re.compile(
    r"https?:|www\.|^@|\d|^(admin|administrator|unknown|none|null|undefined|user|root|n/a|author|authors)\d*$",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"\(?\S+@\S+\.\w+\)?|(?<!\S)@\w+")
_WORDS_OF_A_NAME = 8
_AFTER_NAME = re.compile(
    r"\s+[|–—·•-]\s+|\s*[|•]\s*|\s+on\s+(?=\S*\d)|\s*(?<!\w)[(\[]?\d|\s*[,،]\s+(?=\w+\s+\d)"
)
_PARTICLES = frozenset(
    [
        "de",
        "da",
        "di",
        "du",
        "la",
        "le",
        "van",
        "von",
        "der",
        "den",
        "bin",
        "bint",
        "ibn",
        "al",
        "ul",
        "el",
        "e",
        "y",
        "and",
        "und",
        "et",
    ]
)
MAX_BYLINE = 120

# "The writer is a …": the last lines of an op-ed, now and then its first.
_NOTE = re.compile(
    r"^\W*((the|this) (writer|author|columnist|contributor)s?('s\b|\b.{0,80}?\b(is|are|was|were|has|have|can|may|teaches|works|holds|serves|served|tweets|writes|heads|runs)\b)"
    r"|.{0,60}?\b(is|are) (a|an|the)\b.{0,80}\b(can be reached at|tweets at)\b"
    r"|(مصنف|مصنفہ|مضمون نگار|کالم نگار|صاحب مضمون|نویسنده|لیکوال)\b(?!\s*[:：])|(लेखक|लेखिका|স্তম্ভকার|লেখক)(?=\s))",
    re.IGNORECASE,
)
# The same, quick and without care: a page without any of these has no note.
_NOTE_WORDS = (
    "he writer", "his writer", "he author", "his author", "he columnist", "he contributor", "e reached at", "tweets at",
    "مصنف", "مضمون نگار", "کالم نگار", "نویسنده", "لیکوال", "लेखक", "लेखिका", "লেখক", "স্তম্ভকার",
)  # fmt: skip
MAX_NOTE = 600
_NOTE_AT_END = re.compile(
    r"[.!?”’\"*]\s+((?:The|This) (?:writer|author|columnist)s? (?:is|are|was|can|has|works|teaches)\b.{4,300})$"
)


def clean_authors(given: Iterable[str]) -> tuple[str, ...]:
    """Return people's names as printed: without "By", roles and addresses, each once."""
    found: dict[str, str] = {}
    for text in given:
        for name in _split(text):
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _split(text: str) -> Iterator[str]:
    plain = _BY.sub("", " ".join(_EMAIL.sub(" ", text[:400]).split()))
    for piece in _SPLIT.split(_ROLE.sub("", plain)):
        pieces = _COMMA.split(piece)
        # "Khan, Imran" and "Jane Doe, PhD" are one person; full names with commas between them are several
        several = len(pieces) > 1 and all(len(name.split()) > 1 for name in pieces)
        for name in pieces if several else [piece]:
            bare = _ROLE.sub("", _BY.sub("", name)).strip(" \t-–—:,،.|/")
            if is_name(bare):
                yield bare


def byline_of(line: str) -> str | None:
    """Return the name in a line that begins with "By" or its like in another language; the date after it is cut."""
    found = _BY.match(line)
    if not found or len(line) > MAX_BYLINE:
        return None
    name = _AFTER_NAME.split(line[found.end() :], maxsplit=1)[0].strip()
    words = name.split()
    written_as_name = all(not word[0].islower() or word in _PARTICLES for word in words)
    return name if is_name(name) and len(words) <= 5 and written_as_name and name[-1] not in "!?۔؟।" else None


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of a person or of those who sign: short, and no address."""
    words = text.split()
    return 0 < len(words) <= _WORDS_OF_A_NAME and 1 < len(text) <= 80 and not _NOT_A_NAME.search(text)


def is_note(paragraph: str) -> bool:
    """Tell whether a paragraph is a note about who wrote the article."""
    return len(paragraph) <= MAX_NOTE and _NOTE.search(paragraph) is not None


def may_have_note(text: str) -> bool:
    """Tell whether it is worth looking for a note about the author in the markup of a page."""
    return any(words in text for words in _NOTE_WORDS)


def author_note(paragraphs: list[str]) -> str | None:
    """Return the note about the author: one of the last paragraphs, the first, or the end of the last."""
    for paragraph in [*reversed(paragraphs[-4:]), *paragraphs[:1]]:
        if is_note(paragraph):
            return paragraph
    end = _NOTE_AT_END.search(paragraphs[-1][-MAX_NOTE:]) if paragraphs else None
    return end[1] if end else None
