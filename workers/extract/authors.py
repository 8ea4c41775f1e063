"""The people who wrote an article: from JSON-LD, meta and bylines, cleaned; and the note about them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from khabar.data import read_data

_BY = (
    r"(?:(?:written |posted |reported |authored |story |words |article |compiled |translated |author |published "
    r"|opinion |analysis |op-ed |column |comment |commentary |essay |review |interview )*by|author|authors|von|par|por|door"
    r"|di|oleh|تحریر|از قلم|قلم|نویسنده|یادداشت|لیکوال|ليکوال|लेखक|लेखिका|द्वारा|লেখক{plain})(?=[\s:：])[\s:：]*"
)
_WORDS = Path(__file__).with_name("bylines.yaml")
_LABEL = re.compile(
    r"^(written|posted|published|reported|authored|story|article|words)?\s*(by|authors?)\s*:?$|^(more|insights|articles|stories) (from|by)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\s*[,|(/–—-]\s*(the\s+)?((senior|staff|special|chief|political|foreign|diplomatic|guest)\s+)*"
    r"(writer|reporter|correspondent|editor|columnist|contributor|journalist|author|analyst|producer)s?\b.*$",
    re.IGNORECASE,
)
# what a page has stuck to a name: the label of the date behind it, an office in brackets
_LABELLED = re.compile(
    r"\s+(?:published|posted|updated)(?:\s+on)?:?$|\s*\([^()]*\b(?:manager|director|founder|ceo|cto|officer|president|head|lead|expert|specialist|strategist)\b[^()]*\)$",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:;|\||•|●|·|\n)\s*")
_AND = re.compile(r"\s*,?\s+(?:&|and|und|et|اور|و|और|এবং)\s+")
_AFFILIATION = re.compile(r"\s+(?:[@–—-])\s+\S.*$")
_MONTH = re.compile(
    r"(?<=\S\s)(January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?(\s+\d.*)?$"
)
_COMMA = re.compile(r"\s*[,،]\s*")
_NOT_A_NAME = re.compile(
    r"https?:|www\.|^@|\d|^(admin|administrator|unknown|none|null|undefined|user|root|n/a|author|authors|anonymous|log ?in|member login|subscribe|follow( us)?|share|bluesky|twitter|facebook|linkedin|email|newsletter|contributor|guest|bio|biography|about)\d*$|^(courtesy|photo|image|picture|illustration|edited|reviewed|updated|fact.?checked)\b",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"\(?\S+@\S+\.\w+\)?|(?<!\S)@\w+")
_WORDS_OF_A_NAME = 8
_AFTER_NAME = re.compile(
    r"\s+[|–—·•●-]\s+|\s*[|•●]\s*|\s+on\s+(?=\S*\d)|\s+(?:in|for|on behalf of)\s+|\s*(?<!\w)[(\[]?\d|\s*[,،]\s+(?=\w+\s+\d)"
    # a sentence ends, not a title or an initial of the name
    r"|(?<!\b[A-Z])(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bSt)(?<!\bLt)(?<!\bMrs)(?<!\bGen)(?<!\bCol)(?<!\bMaj)(?<!\bProf)\.\s+(?=[A-Z]\w{3})"
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
        "&",
        "dos",
    ]
)
# What may stand before "by" in a line that tells who wrote: a date, or "This post was".
_BEFORE_BY = re.compile(
    r"^(?:(?:this|the) (?:post|article|story|piece|column) (?:was|is)|[^.!?]{0,40}\d[^.!?]{0,12}?[\s|•·,–—-]*)\s+(?=(?:written |posted )?by\s)",
    re.IGNORECASE,
)
_EDGES = " \t-–—:,،.|/&●•"
MAX_BYLINE = 120

# "The writer is a …": the last lines of an op-ed, now and then its first.
_NOTE = re.compile(
    r"^\W*((the|this) (writer|author|columnist|contributor)s?('s\b|\b.{0,80}?\b(is|are|was|were|has|have|can|may|teaches|works|holds|serves|served|tweets|writes|heads|runs)\b)"
    r"|.{0,60}?\b(is|are) (a|an|the)\b.{0,80}\b(can be reached at|tweets at)\b"
    r"|(مصنف|مصنفہ|مضمون نگار|کالم نگار|صاحب مضمون|نویسنده|لیکوال)\b(?!\s*[:：,،])|(लेखक|लेखिका|স্তম্ভকার|লেখক)(?=\s))",
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


@cache
def _by() -> re.Pattern[str]:
    """Return what stands before a name and says that it is of who wrote; the words are read once a process."""
    told: dict[str, list[str]] = read_data(_WORDS)
    labels, plain = ("|".join(sorted(map(re.escape, told[kind]), key=len, reverse=True)) for kind in told)
    bare = _BY.replace("{plain}", f"|{plain}")
    return re.compile(rf"^[\s&|•·/–—-]*(?:(?:{labels})\s*[:：,،–—-]+\s*|{bare})", re.IGNORECASE)


def clean_authors(given: Iterable[str]) -> tuple[str, ...]:
    """Return people's names as printed: without "By", roles, dates and addresses, each once."""
    found: dict[str, str] = {}
    for text in given:
        for name in _split(text):
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _split(text: str) -> Iterator[str]:
    line = " ".join(_EMAIL.sub(" ", text[:400]).split())
    plain = _by().sub("", _BEFORE_BY.sub("", line))
    for place, part in enumerate(_SPLIT.split(_ROLE.sub("", plain))):
        if place and ";" not in plain and not is_person(_bare(part)):
            continue  # what follows a bar is a title or a section, unless it looks like a person
        for piece in _conjoined(part):
            pieces = _COMMA.split(piece)
            # "Khan, Imran" and "Jane Doe, PhD" are one person; full names with commas between them are several
            several = len(pieces) > 1 and all(len(name.split()) > 1 for name in pieces)
            if several and is_person(pieces[0]) and not is_person(pieces[1]):
                pieces = pieces[:1]  # "Jane Doe, Head of Marketing"
            placed = "،" in piece and len(pieces) == 2 and is_person(pieces[0]) and not several
            if placed:  # degrees are not set off so, places are
                pieces, several = pieces[:1], True
            for name in pieces if several else [piece]:
                bare = _bare(name)
                if is_name(bare):
                    yield bare


def _conjoined(text: str) -> list[str]:
    """Return the names between which "and" stands; "Centre for Research and Reform" is one."""
    pieces = _AND.split(text)
    single = [len(piece.split()) < 2 for piece in pieces]
    return pieces if all(single) or not any(single) else [text]


def _bare(name: str) -> str:
    """Return a name without what was printed with it: a role, a month that begins a date, an affiliation."""
    bare = _LABELLED.sub("", _MONTH.sub("", _ROLE.sub("", _by().sub("", name)))).strip(_EDGES)
    person = _AFFILIATION.sub("", bare).strip(_EDGES)
    return person if len(person.split()) > 1 else bare


def byline_of(line: str) -> str | None:
    """Return the name in a line that begins with "By" or its like in another language; the date after it is cut."""
    if len(line) > MAX_BYLINE:
        return None
    line = _BEFORE_BY.sub("", line)
    found = _by().match(line)
    if not found:
        return None
    name = _bare(_AFTER_NAME.split(line[found.end() :], maxsplit=1)[0])
    words = name.split()
    return (
        name
        if is_name(name) and len(words) <= 5 and _capitalised(words) and name[-1] not in "!?۔؟।"
        else None
    )


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of a person or of those who sign: short, and no address."""
    words = text.split()
    fits = 0 < len(words) <= _WORDS_OF_A_NAME and 1 < len(text) <= 80
    return fits and not _NOT_A_NAME.search(text) and not _LABEL.match(text)


def is_person(text: str) -> bool:
    """Tell whether a text looks like a person's whole name: two to five words, each written as names are."""
    words = text.split()
    return is_name(text) and 1 < len(words) <= 5 and _capitalised(words) and text[-1] not in ".!?:۔؟।…"


def is_login(name: str) -> bool:
    """Tell whether a name is what somebody signs in with: one word of small Latin letters."""
    return name.isascii() and len(name.split()) == 1 and name[0].islower()


def _capitalised(words: list[str]) -> bool:
    return all(not word[0].islower() or word in _PARTICLES for word in words)


def is_note(paragraph: str) -> bool:
    """Tell whether a paragraph is a note about who wrote the article."""
    return len(paragraph) <= MAX_NOTE and _NOTE.search(paragraph) is not None


def may_have_note(text: str) -> bool:
    """Tell whether it is worth looking for a note about the author in the markup of a page."""
    return bool(_note_words().find_matches_as_indexes(text))


@cache
def _note_words() -> AhoCorasick:
    return AhoCorasick(list(_NOTE_WORDS))


def author_note(paragraphs: list[str]) -> str | None:
    """Return the note about the author: one of the last paragraphs, the first, or the end of the last."""
    for paragraph in [*reversed(paragraphs[-4:]), *paragraphs[:1]]:
        if is_note(paragraph):
            return paragraph
    end = _NOTE_AT_END.search(paragraphs[-1][-MAX_NOTE:]) if paragraphs else None
    return end[1] if end else None
