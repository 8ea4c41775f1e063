"""Names: every spelling of the gazetteer that stands in a text, with the words it stands on.

All names are looked for at once in the folded words of the text. Where one name lies inside a longer one, only the
longer counts: "Pakistan Army" is the army and not the country, "Pakistani Taliban" is not the Afghan one.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import regex
from ahocorasick_rs import AhoCorasick

from khabar.catalogue import Gazetteer, GazetteerEntity
from khabar.text import Token, fold, tokenize
from workers.sighting import Span, View

# What may stand between the words of one name; a comma, a dash, a blank line, a full stop part two names.
_JOINT = regex.compile(r"(?!\s*\n\s*\n)\s*|[-\u2010\u2011'’ʼ‘·.]|['’]\s|\s?&\s?|\s?\(")
_INITIAL = regex.compile(
    r"\.\s?"
)  # "Gen. Bajwa", "D. I. Khan": a full stop that ends a short word ends no sentence
_SPACE = regex.compile(r"\s+")
_MARKS = regex.compile(r"[\u0300-\u036f\u00ad\u200c-\u200f\u2060]")
_SAME = str.maketrans("\u2010\u2011’ʼ", "--''")
# Abbreviations that are words of their own in a headline of capitals, also where the text below speaks of the thing.
_WORDS = frozenset({"is", "us", "it", "who", "let", "raw", "pak", "jem", "as", "am", "so", "he", "go", "or"})
# Bengali writes its case endings at the name: "in Kabul" is one word.
_ENDINGS = {"bn": ("র", "ের", "ে", "এর", "কে", "তে", "য়", "য়ের", "দের")}


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of one entity, and when it counts; a decoy shields its entity from what stands inside it."""

    entity: str
    spelled: str | None = None
    requires: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    decoy: bool = False


@dataclass(frozen=True, slots=True)
class Matcher:
    """A gazetteer made ready for matching, once a process."""

    entities: dict[str, GazetteerEntity]
    names: tuple[tuple[Name, ...], ...]  # by number of the automaton's pattern
    automaton: AhoCorasick
    places: frozenset[str]  # the ids of places, with which a dateline begins
    people: frozenset[str]
    short: dict[str, tuple[str, ...]]  # by id, the words that stand for a person once the full name was given


def compile_gazetteer(gazetteer: Gazetteer) -> Matcher:
    """Return the gazetteer ready for matching."""
    names: dict[str, list[Name]] = defaultdict(list)
    for entity in gazetteer.entities.values():
        inflected = _inflected(entity)
        for alias in entity.spellings():
            spelled = _spelled(_words(alias)) if alias in entity.case_sensitive else None
            requires = tuple(f" {fold(word)} " for word in entity.requires.get(alias, ()))
            name = Name(entity.id, spelled, requires, entity.not_in.get(alias, ()))
            for form in (alias, *inflected.get(alias, ())):
                if name not in names[fold(form)]:
                    names[fold(form)].append(name)
        for decoy in entity.decoys:
            names[fold(decoy)].append(Name(entity.id, decoy=True))
    automaton = AhoCorasick([f" {name} " for name in names])
    entities = dict(gazetteer.entities)
    places, people = (
        frozenset(one.id for one in entities.values() if one.type == kind) for kind in ("place", "person")
    )
    short = {
        one.id: tuple(fold(word) for group in one.short.values() for word in group)
        for one in entities.values()
        if one.short
    }
    return Matcher(entities, tuple(map(tuple, names.values())), automaton, places, people, short)


def _inflected(entity: GazetteerEntity) -> dict[str, tuple[str, ...]]:
    return {
        alias: tuple(alias + ending for ending in endings)
        for lang, endings in _ENDINGS.items()
        for alias in (*entity.aliases.get(lang, ()), *entity.adjectives.get(lang, ()))
    }


class Company:
    """The whole article as the conditions of its names see it; each condition is looked up once."""

    def __init__(self, lang: str, views: Iterable[View]) -> None:
        self.lang = lang
        self._folded = "\n".join(view.folded for view in views)
        self._known: dict[tuple[str, ...], bool] = {}

    def holds(self, words: tuple[str, ...]) -> bool:
        """Tell whether any of these words stands in the article."""
        known = self._known.get(words)
        if known is None:
            known = self._known[words] = any(word in self._folded for word in words)
        return known


def find_names(view: View, gazetteer: Matcher, company: Company) -> tuple[list[Span], list[Span]]:
    """Return the names in one field, none inside a longer one, and those in capitals that only others can confirm."""
    found: list[Span] = []
    shouted: list[Span] = []
    shields: list[Span] = []
    for pattern, first, last in gazetteer.automaton.find_matches_as_indexes(view.folded, overlapping=True):
        start, end = bisect_left(view.starts, first + 1), bisect_left(view.starts, last)
        if end - start > 1 and not _joined(view, start, end):
            continue
        for name in gazetteer.names[pattern]:
            if not _in_place(name, company):
                continue
            span = Span(start, end, name.entity)
            if name.decoy:
                shields.append(span)
            elif name.spelled is None:
                found.append(span)
            elif (into := _as_spelled(name.spelled, view, start, end)) is not None:
                (shouted if into else found).append(span)
    if shields:
        keep: Callable[[Span], bool] = lambda span: not _shielded(span, shields)  # noqa: E731 - used twice, here
        found, shouted = list(filter(keep, found)), list(filter(keep, shouted))
    return longest(found), shouted


def _in_place(name: Name, company: Company) -> bool:
    return company.lang not in name.not_in and (not name.requires or company.holds(name.requires))


def _joined(view: View, start: int, end: int) -> bool:
    """Tell whether these words stand together as one name may, with no punctuation that parts them."""
    for before, after in pairwise(view.tokens[start:end]):
        gap = view.text[before.end : after.start]
        if gap == " ":
            continue
        short = before.end - before.start <= 3 and _INITIAL.fullmatch(gap)
        if not short and not _JOINT.fullmatch(gap) and not _date(view.text, before, gap, after):
            return False
    return True


def _date(text: str, before: Token, gap: str, after: Token) -> bool:
    """Tell whether these are the two numbers of a day that became a name, 9/11, and not a part of a longer date."""
    numbers = gap == "/" and before.text.isdecimal() and after.text.isdecimal()
    return numbers and "/" not in (text[before.start - 1 : before.start], text[after.end : after.end + 1])


def _as_spelled(spelled: str, view: View, start: int, end: int) -> bool | None:
    """Tell whether a name stands here amid capitals (True) or small letters (False), None where it is no such name."""
    original = _spelled(view.original(start, end))
    if original == spelled and not _shouted(view, start, end):
        return False
    if original == spelled.upper() and original.lower() not in _WORDS and _shouted(view, start, end):
        return True
    return None


def _words(alias: str) -> str:
    """Return an alias from its first word to its last, as a span of a text is: `U.S.` without its last dot."""
    tokens = tokenize(alias)
    return alias[tokens[0].start : tokens[-1].end]


def _spelled(text: str) -> str:
    """Return a name with its capitals but without accents, joiners and kinds of dashes, which make no other name."""
    plain = text if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", text)).translate(_SAME)
    return _SPACE.sub(" ", plain)


def _shouted(view: View, start: int, end: int) -> bool:
    """Tell whether the words around are all in capitals, so that capitals say nothing."""
    around = range(max(0, start - 4), min(len(view.tokens), end + 4))
    words = [view.original(at, at + 1) for at in around if not start <= at < end]
    cased = [word for word in words if word.lower() != word.upper()]
    return len(cased) >= 3 and all(word.isupper() for word in cased)


def _shielded(span: Span, shields: list[Span]) -> bool:
    return any(shield.entity == span.entity and _inside(span, shield) for shield in shields)


def _inside(span: Span, other: Span) -> bool:
    return other.start <= span.start and span.end <= other.end


def longest(spans: Iterable[Span]) -> list[Span]:
    """Return the spans that lie in no longer one, entity by entity; two entities may share one span."""
    reach = Span(0, 0, "")
    kept: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(set(spans), key=lambda span: (span.start, -span.end, span.entity)):
        if span.end <= reach.end and (span.start, span.end) != (reach.start, reach.end):
            continue
        reach = max(reach, span, key=lambda span: span.end)
        before = kept[span.entity][-1:]
        # "General Faiz" and "Faiz Hameed" in "General Faiz Hameed" are one mention.
        if before and span.start < before[0].end:
            span = replace(span, start=kept[span.entity].pop().start)  # noqa: PLW2901 - the two become one
        kept[span.entity].append(span)
    return [span for found in kept.values() for span in found]
