"""Spellings that may be names of known entities and are in no list: for a person to review, never tagged by themselves."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from khabar.catalogue.entity import Gazetteer
from khabar.columnists import asked
from khabar.models import Article
from khabar.text import Token, fold, tokenize
from workers.background import rarity, shipped
from workers.sounds import sound_of, sounds_much

NEAR = 82.0  # of 100: how alike two whole names must be
ALIKE = 60.0  # and each word of them to its counterpart
LONGEST = 5  # words of a name
_AROUND = 45  # characters of context on either side
_TWO = 3  # letters of each word, where a name has but two: "the government of" is no name
_SHORT = 4  # a word of fewer letters is a particle, or says too little
_COMMON = 3.0  # of a word's rarity: one article in twenty has it
_SOUNDS = 5  # of a whole name, from which on two that sound alike may be one


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A spelling that may name an entity: how often it was seen, in how many articles, and once in its place."""

    id: str
    entity: str
    alias: str  # the known name that it is like
    spelling: str  # as it is printed
    lang: str
    likeness: float
    articles: int
    count: int
    context: str
    url: str


@dataclass(frozen=True, slots=True)
class _Seen:
    spelling: str
    article: str
    lang: str
    context: str
    url: str


def suggest(articles: Iterable[Article], gazetteer: Gazetteer) -> list[Suggestion]:
    """Return unlisted spellings of known names of two words and more, the most frequent first."""
    known, heard = _by_word(gazetteer), by_sound(gazetteer)
    seen: dict[str, list[_Seen]] = defaultdict(list)
    sounding: dict[str, list[_Seen]] = defaultdict(list)
    for article in articles:
        for run, one in _candidates(article, gazetteer, known):
            seen[run].append(one)
        for run, one in _sounding(article, gazetteer, heard):
            sounding[run].append(one)
    found = [one for run, places in seen.items() if (one := _judged(run, places, known, gazetteer))]
    spelled = {(one.entity, one.spelling) for one in found}
    listed = {word for name in gazetteer.names for word in name.split()}
    by_ear = [
        _heard(run, places, heard, gazetteer)
        for run, places in sounding.items()
        if not _begins_or_ends_in_words(run.split(), listed, places[0].lang)
    ]
    found += [one for one in by_ear if (one.entity, one.spelling) not in spelled]
    return sorted(found, key=lambda one: (-one.articles, -one.likeness, one.spelling))


def suggestion_id(entity: str, spelling: str) -> str:
    """Return the id of a suggestion: the same whenever it is made."""
    return hashlib.blake2b(f"{entity} {fold(spelling)}".encode(), digest_size=5).hexdigest()


def _by_word(gazetteer: Gazetteer) -> Mapping[str, tuple[str, ...]]:
    """Return the known names of several words by each word of theirs that is long enough to tell something."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in gazetteer.names:
        words = name.split()
        if 1 < len(words) <= LONGEST:
            for word in words:
                if len(word) >= _SHORT:
                    found[word].add(name)
    return {word: tuple(sorted(names)) for word, names in found.items()}


def _candidates(
    article: Article, gazetteer: Gazetteer, known: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, _Seen]]:
    """Yield runs of words that share one with a known name; in scripts with capitals both ends have one."""
    tokens = tokenize(article.body)
    taken = {place for one in article.entities for span in one.mentions if span.field == "body" for place in (span.start, span.end)}  # fmt: skip
    done: set[tuple[int, int]] = set()
    for place, token in enumerate(tokens):
        if token.text not in known and not any(word in known for word in asked([token.text])):
            continue
        for start in range(max(0, place - LONGEST + 1), place + 1):
            for end in range(max(place + 1, start + 2), min(len(tokens), start + LONGEST) + 1):
                run = tokens[start:end]
                if (start, end) in done:
                    continue
                done.add((start, end))
                if not _is_run(article.body, run) or any(run[0].start <= at <= run[-1].end for at in taken):
                    continue
                folded = " ".join(word.text for word in run)
                if folded not in gazetteer.names:
                    yield folded, _seen(article, run)


def by_sound(gazetteer: Gazetteer) -> Mapping[str, str]:
    """Return the known Latin names of several words by how they sound; one that two entities share tells of neither.

    Names in the run's own script are likened letter by letter, which is surer.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for name in gazetteer.names:
        words = name.split()
        if name.isascii() and 1 < len(words) <= LONGEST and len(sound := sound_of(words)) >= _SOUNDS:
            names[sound].add(name)
    alone = {
        sound: every for sound, every in names.items() if len({gazetteer.names[name] for name in every}) == 1
    }
    return {sound: min(every) for sound, every in alone.items()}


def _sounding(
    article: Article, gazetteer: Gazetteer, heard: Mapping[str, str]
) -> Iterator[tuple[str, _Seen]]:
    """Yield runs of words in other scripts than the Latin one that sound like a known name, the longest at each place."""
    tokens = tokenize(article.body)
    taken = {at for one in article.entities for span in one.mentions if span.field == "body" for at in range(span.start, span.end)}  # fmt: skip
    place = 0
    while place < len(tokens) - 1:
        ends = (
            range(min(len(tokens), place + LONGEST), place + 1, -1) if sounds_much(tokens[place].text) else ()
        )
        end = next(
            (end for end in ends if _sounds_known(article.body, tokens[place:end], heard, taken)), None
        )
        if end is None:
            place += 1
            continue
        folded = " ".join(word.text for word in tokens[place:end])
        if folded not in gazetteer.names:
            yield folded, _seen(article, tokens[place:end])
        place = end


def _sounds_known(text: str, run: tuple[Token, ...], heard: Mapping[str, str], taken: Container[int]) -> bool:
    words = [word.text for word in run]
    if words[0].isascii() or not sounds_much(words[-1]):
        return False
    name = heard.get(sound_of(words))
    if name is None or run[0].start in taken or run[-1].start in taken or not _is_run(text, run):
        return False
    # A few sounds in fewer or more words than the name has are chance.
    return len(name.split()) == len(words) or len(sound_of(words)) > _SOUNDS


def _heard(run: str, places: list[_Seen], heard: Mapping[str, str], gazetteer: Gazetteer) -> Suggestion:
    """Return the suggestion of a run that sounds like a known name: the more sounds they share, the more alike."""
    sound = sound_of(run.split())
    return _suggestion(heard[sound], min(NEAR + len(sound), 99.0), places, gazetteer)


def _is_run(text: str, run: tuple[Token, ...]) -> bool:
    """Tell whether words stand side by side in one line, and are written as names are."""
    if len(run) == 2 and min(len(word.text) for word in run) < _TWO:
        return False
    gaps = (text[before.end : after.start] for before, after in pairwise(run))
    if any(gap.strip(" -–'’\u200c") for gap in gaps):
        return False
    ends = (text[run[0].start], text[run[-1].start])
    return all(first.isupper() or first.lower() == first.upper() for first in ends)


def _seen(article: Article, run: tuple[Token, ...]) -> _Seen:
    start, end = run[0].start, run[-1].end
    around = article.body[max(0, start - _AROUND) : end + _AROUND]
    return _Seen(article.body[start:end], article.id, article.lang, " ".join(around.split()), article.url)


def _judged(
    run: str, places: list[_Seen], known: Mapping[str, tuple[str, ...]], gazetteer: Gazetteer
) -> Suggestion | None:
    """Return the suggestion that a run makes: the known name it is most like, if it is like one at all."""
    words = run.split()
    latin = asked(words)
    names = {name for word in (*words, *latin) for name in known.get(word, ())}
    scored = [(max(likeness(words, name.split()), likeness(latin, name.split())), name) for name in names]
    score, name = max(scored, default=(0.0, ""))
    if score < NEAR or _says_another_word(words, name.split(), places[0].lang):
        return None
    return _suggestion(name, score, places, gazetteer)


def _begins_or_ends_in_words(words: list[str], listed: Container[str], lang: str) -> bool:
    """Tell whether a run has a word of the language at either end that is in no name: it only sounds like one."""
    counted = shipped(lang)
    if counted is None:
        return False
    rare = rarity(counted, lang)
    return any(word not in listed and rare(word) < _COMMON for word in (words[0], words[-1]))


def _says_another_word(words: list[str], name: list[str], lang: str) -> bool:
    """Tell whether a word that is not the name's is one of the language's own: "and" is no misspelling."""
    counted = shipped(lang)
    if counted is None or len(words) != len(name):
        return False
    rare = rarity(counted, lang)
    return any(a != b and len(a) > 1 and rare(a) < _COMMON for a, b in zip(words, name, strict=True))


def _suggestion(name: str, score: float, places: list[_Seen], gazetteer: Gazetteer) -> Suggestion:
    spelling = Counter(one.spelling for one in places).most_common(1)[0][0]
    entity = gazetteer.names[name]
    articles = len({one.article for one in places})
    first = places[0]
    return Suggestion(suggestion_id(entity, spelling), entity, name, spelling, first.lang, round(score, 1), articles, len(places), first.context, first.url)  # fmt: skip


def likeness(words: Iterable[str], name: Iterable[str]) -> float:
    """Return how alike two names are, of 100; 0 where they have not as many words, or one has no counterpart."""
    one, other = list(words), list(name)
    if len(one) != len(other) or any(_unlike(a, b) for a, b in zip(one, other, strict=True)):
        return 0.0
    told = [pair for pair in zip(one, other, strict=True) if max(map(len, pair)) > 1] or [
        *zip(one, other, strict=True)
    ]
    return fuzz.ratio(*(" ".join(side) for side in zip(*told, strict=True)))


def _unlike(word: str, other: str) -> bool:
    if max(len(word), len(other)) < _SHORT:  # e and i between the words of a name
        return False
    return word[0] != other[0] or fuzz.ratio(word, other) < ALIKE
