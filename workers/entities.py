"""Entities: every name of the gazetteer in an article, with its place in the original, and how much it matters there.

All names are looked for at once in the folded words of the text. Where one name lies inside a longer one, only the
longer counts: "Pakistan Army" is the army and not the country, "Pakistani Taliban" is not the Afghan one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise

import regex
from ahocorasick_rs import AhoCorasick

from khabar.catalogue import Gazetteer, GazetteerEntity
from khabar.models import Article, Entity, Field, Mention
from khabar.text import fold, tokenize

LEAD = 60  # words of the body that count as its beginning
QUARTERS = 4  # parts of the body over which a subject spreads, and a mere mention does not

# What may stand between the words of one name; a comma, a dash, a blank line, a full stop part two names.
_JOINT = regex.compile(r"(?!\s*\n\s*\n)\s*|[-\u2010\u2011'’ʼ‘·.]|['’]\s|\s?&\s?|\s?\(")
_INITIAL = regex.compile(
    r"\.\s?"
)  # "Gen. Bajwa", "D. I. Khan": a full stop that ends a short word ends no sentence
_SPACE = regex.compile(r"\s+")
_SAME = str.maketrans("\u2010\u2011’ʼ", "--''")


@dataclass(frozen=True, slots=True)
class _Name:
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
    names: tuple[tuple[_Name, ...], ...]  # by number of the automaton's pattern
    automaton: AhoCorasick


@dataclass(frozen=True, slots=True)
class _Span:
    """Words `start` up to, not including, `end` of one field, as one entity's name."""

    start: int
    end: int
    entity: str


class _View:
    """One field of an article as the automaton sees it: its folded words between spaces."""

    def __init__(self, field: Field, text: str) -> None:
        self.field: Field = field
        self.text = text
        self.tokens = tokenize(text)
        self.folded = f" {' '.join([token[0] for token in self.tokens])} "

    @cached_property
    def starts(self) -> list[int]:
        """Where each word begins in `folded`, and where the next one would."""
        return list(accumulate([len(token[0]) + 1 for token in self.tokens], initial=1))

    def original(self, start: int, end: int) -> str:
        """Return the words from `start` up to `end` as the article spells them."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end]

    def mention(self, span: _Span) -> Mention:
        """Return a span as it is stored: cut from the original."""
        first, last = self.tokens[span.start].start, self.tokens[span.end - 1].end
        return Mention(self.field, first, last, self.text[first:last])


def compile_gazetteer(gazetteer: Gazetteer) -> Matcher:
    """Return the gazetteer ready for matching."""
    names: dict[str, list[_Name]] = defaultdict(list)
    for entity in gazetteer.entities.values():
        for alias in entity.spellings():
            spelled = _spelled(_words(alias)) if alias in entity.case_sensitive else None
            requires = tuple(fold(word) for word in entity.requires.get(alias, ()))
            names[fold(alias)].append(_Name(entity.id, spelled, requires, entity.not_in.get(alias, ())))
        for decoy in entity.decoys:
            names[fold(decoy)].append(_Name(entity.id, decoy=True))
    automaton = AhoCorasick([f" {name} " for name in names])
    return Matcher(dict(gazetteer.entities), tuple(map(tuple, names.values())), automaton)


def tag_entities(article: Article, gazetteer: Matcher) -> Article:
    """Return the article with its entities: those that matter most first, each with all its mentions in order."""
    title, body = _View("title", article.title), _View("body", article.body)
    places: dict[str, dict[Field, list[_Span]]] = defaultdict(lambda: {"title": [], "body": []})
    for view in (title, body):
        for span in _spans(view, gazetteer, article.lang, (title, body)):
            places[span.entity][view.field].append(span)
    entities = [_entity(gazetteer.entities[name], found, title, body) for name, found in places.items()]
    entities.sort(key=lambda entity: (-entity.salience, entity.id))
    return replace(article, entities=tuple(entities))


def _entity(entity: GazetteerEntity, found: dict[Field, list[_Span]], title: _View, body: _View) -> Entity:
    mentions = [*map(title.mention, found["title"]), *map(body.mention, found["body"])]
    weight = salience(bool(found["title"]), [span.start for span in found["body"]], len(body.tokens))
    return Entity(entity.id, entity.name, entity.type, weight, tuple(mentions))


def salience(in_title: bool, positions: list[int], words: int) -> float:
    """Return how much an article is about an entity, 0 to 1, from the places of its mentions among the words.

    Being in the title counts most, then how often it comes, then being in the lead and coming again through the text.
    """
    often = min(1.0, len(positions) / (2 + words / 150))
    parts = {position * QUARTERS // max(words, 1) for position in positions}
    spread = (len(parts) - 1) / (QUARTERS - 1) if parts else 0.0
    lead = any(position < LEAD for position in positions)
    return round(min(1.0, 0.4 * in_title + 0.2 * lead + 0.45 * often + 0.2 * spread), 3)


# --- matching -----------------------------------------------------------------------------------------------


def _spans(view: _View, gazetteer: Matcher, lang: str, views: Iterable[_View]) -> list[_Span]:
    """Return the names in one field, those of an entity in their order, none inside a longer one."""
    found: list[_Span] = []
    shields: list[_Span] = []
    for pattern, first, last in gazetteer.automaton.find_matches_as_indexes(view.folded, overlapping=True):
        start, end = bisect_left(view.starts, first + 1), bisect_left(view.starts, last)
        if end - start > 1 and not _joined(view, start, end):
            continue
        for name in gazetteer.names[pattern]:
            if _counts(name, view, start, end, lang, views):
                (shields if name.decoy else found).append(_Span(start, end, name.entity))
    return _longest(span for span in found if not _shielded(span, shields))


def _joined(view: _View, start: int, end: int) -> bool:
    """Tell whether these words stand together as one name may, with no punctuation that parts them."""
    for before, after in pairwise(view.tokens[start:end]):
        gap = view.text[before.end : after.start]
        short = before.end - before.start <= 3 and _INITIAL.fullmatch(gap)
        if gap != " " and not short and not _JOINT.fullmatch(gap):
            return False
    return True


def _counts(name: _Name, view: _View, start: int, end: int, lang: str, views: Iterable[_View]) -> bool:
    if lang in name.not_in:
        return False
    if name.spelled is not None and not _as_spelled(name.spelled, view, start, end):
        return False
    return not name.requires or any(f" {word} " in view.folded for view in views for word in name.requires)


def _as_spelled(spelled: str, view: _View, start: int, end: int) -> bool:
    return _spelled(view.original(start, end)) == spelled and not _shouted(view, start, end)


def _words(alias: str) -> str:
    """Return an alias from its first word to its last, as a span of a text is: `U.S.` without its last dot."""
    tokens = tokenize(alias)
    return alias[tokens[0].start : tokens[-1].end]


def _spelled(text: str) -> str:
    return _SPACE.sub(" ", text).translate(_SAME)


def _shouted(view: _View, start: int, end: int) -> bool:
    """Tell whether the words around are all in capitals, so that capitals say nothing."""
    around = range(max(0, start - 4), min(len(view.tokens), end + 4))
    words = [view.original(at, at + 1) for at in around if not start <= at < end]
    cased = [word for word in words if word.lower() != word.upper()]
    return len(cased) >= 3 and all(word.isupper() for word in cased)


def _shielded(span: _Span, shields: list[_Span]) -> bool:
    return any(shield.entity == span.entity and _inside(span, shield) for shield in shields)


def _inside(span: _Span, other: _Span) -> bool:
    return other.start <= span.start and span.end <= other.end


def _longest(spans: Iterable[_Span]) -> list[_Span]:
    """Return the spans that lie in no longer one, entity by entity; two entities may share one span."""
    reach = _Span(0, 0, "")
    kept: dict[str, list[_Span]] = defaultdict(list)
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
