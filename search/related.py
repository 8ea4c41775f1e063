"""Articles like one at hand: the query tree that finds them, made of its rarest words and of its entities.

Two steps, the same on every index. First the terms of the article that say most, any of them; then the beginnings of
the nearest that these find speak too, for they name the matter in words that the article did not happen to use.
Entities are terms like words, and the same in every script.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from khabar.models import Article
from khabar.ports import Gist, Index
from khabar.text import stem, stemmed, words
from search.gist import Term, form, terms
from search.schema import ENTITY
from search.tree import Boost, EntityNode, Form, Keyword, Node, both, either, negation

# Measured on newswire with human topics (docs/decisions/0012): more terms, or other weights, find no better.
_TERMS = 50  # words of the article
_ENTITIES = 15
_TITLED = 1.6  # of a word that the article's title has too, beside one that only the body has
_KEPT = 30  # in the end
_NEIGHBOURS = 25
_SHARE = (
    50  # articles of the archive for each neighbour that is asked: in a small one they would be just anything
)
_SAY = 3.0  # what the neighbours say, all together, beside the article itself
_RARE = 5  # articles that must hold a term: what fewer hold is mostly misspelled
_SMALL = 1_000  # articles of an archive in which two are enough
_NAMED = 1.5  # of an entity beside a word as rare
_SHOWN = 8  # terms whose passages are shown

Profile = dict[Term, float]  # what an article is about: terms with their weights


@dataclass(frozen=True, slots=True)
class Likeness:
    """The tree that finds articles like one, and what each of its terms is worth there."""

    node: Node
    worth: Mapping[Term, float]


def likeness(index: Index, article: Article, within: Node | None = None) -> Likeness | None:
    """Return what finds articles like this one, itself and its copies left out; None where no other shares a term."""
    counts = terms(article)
    rarity = _Rarity(index)
    rarity.learn(counts, article.lang)
    profile = _strongest(counts, _titled(article), rarity)
    if not profile:
        return None
    neighbours = min(_NEIGHBOURS, rarity.articles // _SHARE)
    near = (
        index.gists(_query(_loudest(profile, rarity), rarity, article, within).node, neighbours)
        if neighbours
        else ()
    )
    return _query(_joined(profile, near, rarity) if near else profile, rarity, article, within)


def shared(found: Likeness, article: Article, other: Article) -> tuple[list[str], list[str]]:
    """Return the words, as `other` writes them, and the entities' names that both share, those worth most first."""
    theirs, named = _spelled(other), {ENTITY + entity.id: entity.name for entity in other.entities}
    common = terms(article).keys() & found.worth.keys() & (theirs.keys() | named.keys())
    ranked = sorted(common, key=lambda term: (-found.worth[term], term))
    return (
        [theirs[term] for term in ranked if term in theirs],
        [named[term] for term in ranked if term in named],
    )


def marking(found: Likeness, article: Article, other: Article) -> Node | None:
    """Return the query whose passages show best why another article is like one; None where it shares nothing."""
    common = terms(article).keys() & terms(other).keys() & found.worth.keys()
    strongest = sorted(common, key=lambda term: (-found.worth[term], term))[:_SHOWN]
    return either(*map(_leaf, strongest)) if strongest else None


class _Rarity(Profile):
    """How rare terms are in an index, those asked for so far; 0 where too few articles hold one.

    A word is as rare as it is among the articles of its language: in an archive of many, those of a small language
    would seem rare one and all, `and` and `of` among them.
    """

    def __init__(self, index: Index) -> None:
        super().__init__()
        self._index = index
        self._languages: dict[str, int] = {}
        self._holding: dict[Term, int] = {}
        self.articles = 0

    def learn(self, wanted: Iterable[Term], lang: str) -> None:
        """Ask for what is not known yet of terms from an article in a language."""
        found = self._index.frequencies("body_form", [term for term in wanted if term not in self])
        self.articles, least = found.articles, _RARE if found.articles >= _SMALL else 2
        if lang not in self._languages:
            self._languages.update(self._index.frequencies("lang", [lang]).holding)
        spoken = self._languages[lang]
        for term, held in found.holding.items():
            articles = self.articles if term.startswith(ENTITY) else spoken
            self[term] = _idf(held, articles) if held >= least else 0.0
        self._holding.update(found.holding)

    def correction(self, term: Term) -> float:
        """Return by what to multiply the rarity that an engine goes by, which knows no languages."""
        return self[term] / _idf(self._holding[term], self.articles)


@lru_cache(maxsize=100_000)
def _idf(held: int, articles: int) -> float:
    """Return the rarity that BM25 goes by."""
    return math.log(1 + (max(articles - held, 0) + 0.5) / (held + 0.5))


def _titled(article: Article) -> set[Term]:
    lang = stemmed(article.lang)
    return {form(word, lang) for word in words(article.title)}


def _strongest(counts: Mapping[Term, int], titled: Container[Term], rarity: _Rarity) -> Profile:
    loud = {term: _TITLED if term in titled else 1.0 for term in counts}
    ranked = sorted(
        (-math.sqrt(count) * loud[term] * rare, term)
        for term, count in counts.items()
        if (rare := rarity[term])
    )
    forms = [term for _, term in ranked if not term.startswith(ENTITY)][:_TERMS]
    named = [term for _, term in ranked if term.startswith(ENTITY)][:_ENTITIES]
    return {term: loud[term] * (1 + math.log(counts[term])) for term in forms + named}


def _loudest(profile: Profile, rarity: _Rarity) -> Profile:
    """Return the part of a profile that neighbours are found by: twice as quick as by all of it."""
    ranked = sorted(profile, key=lambda term: (-round(profile[term] * rarity[term], 6), term))
    return {term: profile[term] for term in ranked[:_KEPT]}


def _joined(profile: Profile, near: Sequence[Gist], rarity: _Rarity) -> Profile:
    """Return the article's profile with what its neighbours say, each as loud as it is near."""
    spread = Counter(chain.from_iterable(each.terms for each in near))
    # What one of them alone says is its own affair.
    told = {term for term, count in spread.items() if count > 1}
    for lang in dict.fromkeys(each.lang for each in near):
        spoken = set[Term]().union(*(each.terms for each in near if each.lang == lang))
        rarity.learn(told & spoken, lang)
    whole = sum(weight * rarity[term] for term, weight in profile.items())
    joined = dict(profile)
    total = sum(each.score for each in near)
    for each in near:
        own = [
            (term, rare, 1.0 if count == 1 else 1 + math.log(count))
            for term, count in each.terms.items()
            if (rare := rarity.get(term))
        ]
        worth = sum([rare * weight for _, rare, weight in own]) or 1.0
        loud = _SAY * whole * each.score / (total * worth)
        for term, _, weight in own:
            joined[term] = joined.get(term, 0.0) + weight * loud
    # The last digits of scores are not the same on every engine; what is kept must be.
    ranked = sorted((-round(weight * rarity[term], 6), term) for term, weight in joined.items())
    return {term: joined[term] / (1 + _SAY) for _, term in ranked[:_KEPT]}


def _query(profile: Profile, rarity: _Rarity, article: Article, within: Node | None) -> Likeness:
    # Bodies alone, and entities as words of them: an engine passes over what cannot be among the best only where all
    # that is asked for are words, and titles say little that bodies do not (P@10 .001 to .003).
    leaves = [
        Boost(
            Form(term, "body"), weight * rarity.correction(term) * (_NAMED if term.startswith(ENTITY) else 1)
        )
        for term, weight in profile.items()
    ]
    itself = either(Keyword("id", article.id), Keyword("cluster", article.cluster or article.id))
    kept = (within,) if within else ()
    worth = {term: weight * rarity[term] for term, weight in profile.items()}
    return Likeness(both(either(*leaves), *kept, negation(itself)), worth)


def _spelled(article: Article) -> dict[Term, str]:
    """Return how an article most often writes the words of each form, folded."""
    lang = stemmed(article.lang)
    spelled: dict[Term, str] = {}
    for word, _ in Counter(words(article.title) + words(article.body)).most_common():
        spelled.setdefault(stem(word, lang), word)
    return spelled


def _leaf(term: Term) -> Node:
    return EntityNode(term.removeprefix(ENTITY)) if term.startswith(ENTITY) else Form(term)
