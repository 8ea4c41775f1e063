"""What is unusual in what a query finds: entities and words that it holds far more often than the whole archive does.

Read from a sample, the hits that stand first, so that it costs the same whatever is found. Copies of one text count
once: else whatever an agency wrote would be unusual.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from khabar.models import Article
from khabar.ports import Index
from khabar.text import stem, stemmed, stems, words
from search.tree import AboutNode, EntityNode, Node, Phrase, Prefix, Word, leaves

_SAMPLE = 200  # hits that are read
_WORDS = 600  # of each
_LEAST = 3  # articles of the sample that must hold what is called unusual
_TIMES = 1.5  # as often as in the whole archive, at least: chance alone makes less of a difference
_SHOWN = 10  # of each kind


@dataclass(frozen=True, slots=True)
class Oddity:
    """An entity or a word: how many articles of the sample hold it, and what part of the whole archive does."""

    id: str
    name: str
    count: int
    share: float
    background: float


@dataclass(frozen=True, slots=True)
class Unusual:
    """What stands out in so many articles that were read, the most unusual first; what was asked for is left out."""

    articles: int
    entities: tuple[Oddity, ...]
    terms: tuple[Oddity, ...]


def unusual(index: Index, query: Node) -> Unusual:
    """Return what stands out in what a query finds."""
    sample = _apart([hit.document.article for hit in index.search(query, limit=_SAMPLE).hits])
    named = {entity.id: entity.name for article in sample for entity in article.entities}
    spelled: dict[str, Counter[str]] = {}
    held: Counter[str] = Counter()
    for article in sample:
        forms = _forms(article)
        held.update(forms.keys())
        for form, word in forms.items():
            spelled.setdefault(form, Counter())[word] += 1
    mentioned = Counter(entity.id for article in sample for entity in article.entities)
    asked = _asked(query)

    def background(field: str) -> Callable[[Sequence[str]], Mapping[str, float]]:
        def of(names: Sequence[str]) -> Mapping[str, float]:
            found = index.frequencies(field, names)  # pyright: ignore[reportArgumentType] - both are Counted
            return {name: count / max(found.articles, 1) for name, count in found.holding.items()}

        return of

    size = len(sample)
    entities = _odd(mentioned, size, background("entity"), asked, lambda id_: named[id_])
    terms = _odd(held, size, background("body_form"), asked, lambda form: spelled[form].most_common(1)[0][0])
    return Unusual(size, entities, terms)


def _odd(
    counts: Mapping[str, int],
    size: int,
    background: Callable[[Sequence[str]], Mapping[str, float]],
    asked: frozenset[str],
    name: Callable[[str], str],
) -> tuple[Oddity, ...]:
    frequent = [key for key, count in counts.items() if count >= _LEAST and key not in asked]
    usual = background(frequent)
    found = [
        Oddity(key, name(key), counts[key], round(counts[key] / size, 4), round(usual[key], 4))
        for key in frequent
        if counts[key] / size >= _TIMES * usual[key]
    ]
    # Both how much more often and how often: what few articles hold may be rare anywhere else.
    found.sort(key=lambda odd: (-_weight(odd, usual[odd.id]), odd.id))
    return tuple(found[:_SHOWN])


def _weight(odd: Oddity, usual: float) -> float:
    return (odd.share - usual) * odd.share / usual if usual else 0.0


def _apart(articles: Sequence[Article]) -> list[Article]:
    """Return one article of each cluster."""
    return list({article.cluster or article.id: article for article in reversed(articles)}.values())


def _forms(article: Article) -> dict[str, str]:
    """Return the forms an article holds, numbers left out, each with a word that has it."""
    lang = stemmed(article.lang)
    found = words(article.title) + words(article.body)[:_WORDS]
    return {stem(word, lang): word for word in found if not any(map(str.isdigit, word))}


def _asked(query: Node) -> frozenset[str]:
    """Return what a query itself asks for: no wonder that it is found."""
    asked: set[str] = set()
    for leaf in leaves(query):
        match leaf:
            case Word(text) | Prefix(text):
                asked.update(stems(text))
            case Phrase(texts):
                asked.update(form for text in texts for form in stems(text))
            case EntityNode(name) | AboutNode(name):
                asked.add(name)
            case _:
                pass
    return frozenset(asked)
