"""All of tagging: genre, dates, entities and topics of an article of about 800 words, 5,000 names, 100 topics, one core.

    .venv/bin/python benchmarks/tagging.py [--names 5000] [--topics 100]

The names are the shipped gazetteer's, with made-up ones where it has fewer; the topics are the shipped ones and made-up
ones beside them, each with a gate, five signals and a veto. The articles are real ones of ../shared/data where it is there,
else made up of the same names. spaCy's PhraseMatcher over the same names, which finds spans and nothing more, is timed
beside it where spaCy is installed; it is no dependency of ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from khabar.catalogue import SHIPPED, Catalogue, GazetteerEntity, load
from khabar.catalogue.entity import gather
from khabar.models import Article, Discovery
from khabar.text import tokenize
from workers.entities import compile_gazetteer, tag_entities
from workers.extract import Extracted
from workers.genre import classify
from workers.mentions import mention_dates
from workers.topics import compile_topics, tag_topics

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ROOT.parent / "shared" / "data" / "regional" / "background.public.jsonl"
ARTICLES, ROUNDS, SEED = 200, 5, 7
SYLLABLES = (
    "ba",
    "da",
    "fa",
    "ga",
    "ha",
    "ka",
    "la",
    "ma",
    "na",
    "pa",
    "ra",
    "sa",
    "ta",
    "za",
    "shi",
    "khi",
    "ghu",
    "lu",
    "mu",
    "nu",
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANYWHERE = Discovery("a", "urn:x", NOW, "benchmark", "import")
BAR = 2.5  # milliseconds


def main() -> None:
    """Print the milliseconds an article of each part, best of several rounds, and of the peer."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--names", type=int, default=5000)
    options.add_argument("--topics", type=int, default=100)
    asked = options.parse_args()
    chance = random.Random(SEED)
    catalogue = _catalogue(chance, asked.names, asked.topics)
    gazetteer, topics = compile_gazetteer(catalogue.gazetteer), compile_topics(catalogue.topics.values())
    articles = _articles(chance, catalogue)
    names = sum(len(one.spellings()) for one in catalogue.gazetteer.entities.values())
    words = sum(len(tokenize(article.body)) for article in articles) // len(articles)

    def entities(article: Article) -> Article:
        tokenize.cache_clear()  # as for an article that was never seen
        return tag_entities(article, gazetteer)

    def everything(article: Article) -> Article:
        tokenize.cache_clear()
        article = mention_dates(classify(article, _extracted(article), ANYWHERE))
        return tag_topics(tag_entities(article, gazetteer), topics)

    alone = _milliseconds(entities, articles)
    named = _milliseconds(lambda article: tag_topics(entities(article), topics), articles)
    whole = _milliseconds(everything, articles)
    print(
        f"{len(articles)} articles of {words} words, {names} names, {len(catalogue.topics)} topics, one core, best of {ROUNDS}"
    )
    print(f"khabar, entities alone:      {alone:.2f} ms an article")
    print(f"khabar, entities and topics: {named:.2f} ms an article")
    print(f"khabar, all of tagging:      {whole:.2f} ms an article (bar {BAR})")
    print(f"spaCy PhraseMatcher, alone:  {_spacy(catalogue, articles)}")


def _extracted(article: Article) -> Extracted:
    return Extracted(article.url, article.title, article.body, 1.0)


def _milliseconds(work: Callable[[Article], object], articles: Sequence[Article]) -> float:
    rounds: list[float] = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for article in articles:
            work(article)
        rounds.append((time.process_time() - began) * 1000 / len(articles))
    return min(rounds)


def _catalogue(chance: random.Random, names: int, topics: int) -> Catalogue:
    """Return the shipped catalogue, filled up with made-up names and topics to these numbers."""
    shipped = load([SHIPPED])
    entities = dict(shipped.gazetteer.entities)
    held = sum(len(one.spellings()) for one in entities.values())
    for number in range(max(0, names - held)):
        name = " ".join(_word(chance).title() for _ in range(2))
        entities[f"made-{number}"] = GazetteerEntity(f"made-{number}", "person", name)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "topics"
        made.mkdir()
        for number in range(topics - len(shipped.topics)):
            (made / f"made-{number}.yaml").write_text(
                _topic(chance, number, sorted(shipped.gazetteer.entities)), "utf-8"
            )
        filled = load([SHIPPED, Path(folder)])
    return replace(filled, gazetteer=gather(entities))


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(SYLLABLES, k=3))


def _topic(chance: random.Random, number: int, ids: Sequence[str]) -> str:
    """Return a topic as people write them: two groups that the gate asks for, and signals that speak of both."""
    ones, others = (" OR ".join(chance.sample(ids, 8)) for _ in range(2))
    listed = [f"[{of.replace(' OR ', ', ')}]" for of in (ones, others)]
    terms = " OR ".join(
        f'"{_word(chance)} border"' if at % 2 else f"talk{_word(chance)}*" for at in range(10)
    )
    return f"""id: made-{number}
title: Made up {number}
query: entity:({ones}) OR (entity:({others}) AND (border OR talks OR "security forces"))
groups: {{ones: {listed[0]}, others: {listed[1]}}}
signals:
  - {{about: ones, weight: 5}}
  - {{entity: ones, times: 2, per: 200, weight: 3}}
  - {{near: [ones, others], within: 12, times: 2, per: 200, weight: 4}}
  - {{entity: others, in: lead, weight: 2}}
  - {{query: 'security NEAR/6 (force* OR border) OR {terms}', weight: 2}}
threshold: 6
veto:
  - {{query: "cricket OR wicket*", unless_score: 14}}
"""


def _articles(chance: random.Random, catalogue: Catalogue) -> list[Article]:
    """Return articles of about 800 words: real ones, or made up of common words with a name in every twelve."""
    if TEXTS.exists():
        rows = map(json.loads, TEXTS.open(encoding="utf-8"))
        real = [row for row in rows if 650 <= len((row["body"] or "").split()) <= 1000]
        return [
            _article(row["title"] or "", row["body"], row["lang"]) for row in chance.sample(real, ARTICLES)
        ]
    names = [one.name for one in catalogue.gazetteer.entities.values()]
    words = [
        "the",
        "of",
        "border",
        "talks",
        "said",
        "security",
        "forces",
        *(_word(chance) for _ in range(3000)),
    ]
    made = [
        " ".join(chance.choice(names) if at % 12 == 0 else chance.choice(words) for at in range(750))
        for _ in range(ARTICLES)
    ]
    return [_article(text[:60], text, "en") for text in made]


def _article(title: str, body: str, lang: str) -> Article:
    return Article(
        id="x",
        url="https://a.example/x",
        source="a",
        title=title,
        body=body,
        fetched=NOW,
        lang=lang,
        published=NOW,
    )


def _spacy(catalogue: Catalogue, articles: Sequence[Article]) -> str:
    if importlib.util.find_spec("spacy") is None:
        return "not installed (measured at 0.9 ms with 5,000 names when the design was made)"
    spacy = importlib.import_module("spacy")
    matching = importlib.import_module("spacy.matcher")
    blank = spacy.blank("en")
    matcher = matching.PhraseMatcher(blank.vocab, attr="LOWER")
    names = [name for one in catalogue.gazetteer.entities.values() for name in one.spellings()]
    matcher.add("names", [blank.make_doc(name) for name in names])
    docs = [blank.make_doc(article.body) for article in articles]
    began = time.process_time()
    for doc in docs:
        matcher(doc)
    return f"{(time.process_time() - began) * 1000 / len(docs):.2f} ms an article, its tokenizer not counted"


if __name__ == "__main__":
    main()
