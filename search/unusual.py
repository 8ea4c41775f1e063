"""What is unusual in what a query finds: entities and words that it holds far more often than the whole archive does.

Read from a sample, the hits that stand first, so that it costs the same whatever is found. Copies of one text count
once: else whatever an agency wrote would be unusual.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from khabar.models import Article
from khabar.ports import Counted, Index
from khabar.text import stem, stemmed, stems, words
from search.tree import AboutNode, EntityNode, Node, Phrase, Prefix, Word, leaves

_SAMPLE = 200  # hits that are read
_WORDS = 600  # of each
_LEAST = 3  # articles of the sample that must hold what is called unusual
_TIMES = 1.5  # as often as in the whole archive, at least: chance alone makes less of a difference
_SHOWN = 10  # of each kind


@dataclass(frozen=True, slots=True)
class Oddity:
    """An entity or a word: how many articles of the sample hold it, what part that is, and of the whole archive what.

    Of a word these are parts of the articles in its language.
    """

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
    asked = _asked(query)
    named = {entity.id: entity.name for article in sample for entity in article.entities}
    mentioned = Counter(entity.id for article in sample for entity in article.entities)
    entities = _odd(index, "entity", mentioned, named, len(sample), asked)
    terms = [
        odd
        for lang in dict.fromkeys(each.lang for each in sample)
        for odd in _words(index, sample, lang, asked)
    ]
    return Unusual(len(sample), tuple(entities[:_SHOWN]), tuple(sorted(terms, key=_order)[:_SHOWN]))


def _words(index: Index, sample: Sequence[Article], lang: str, asked: frozenset[str]) -> list[Oddity]:
    """Return the words that stand out in a language: in another none of them is usual."""
    spoken = [_forms(article) for article in sample if article.lang == lang]
    held = Counter(form for forms in spoken for form in forms)
    spelled = {form: word for forms in reversed(spoken) for form, word in forms.items()}
    return _odd(
        index, "body_form", held, spelled, len(spoken), asked, index.frequencies("lang", [lang]).holding[lang]
    )


def _odd(
    index: Index,
    field: Counted,
    counts: Mapping[str, int],
    names: Mapping[str, str],
    size: int,
    asked: frozenset[str],
    articles: int | None = None,
) -> list[Oddity]:
    frequent = [key for key, count in counts.items() if count >= _LEAST and key not in asked]
    found = index.frequencies(field, frequent)
    whole = max(found.articles if articles is None else articles, 1)
    odd = [
        Oddity(key, names[key], counts[key], round(counts[key] / size, 4), round(held / whole, 4))
        for key, held in found.holding.items()
        if held and counts[key] / size >= _TIMES * held / whole
    ]
    return sorted(odd, key=_order)


def _order(odd: Oddity) -> tuple[float, str]:
    """Put first what is both much more frequent and frequent: what few articles hold may be rare anywhere else."""
    usual = max(odd.background, 0.0001)
    return -(odd.share - usual) * odd.share / usual, odd.id


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
