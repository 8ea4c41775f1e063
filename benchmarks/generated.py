"""Articles of a wanted length made of real texts: their words come as often, and beside the same neighbours, as in them.

Half of an article is runs of words of one text, half is runs from all texts of its language, so that there are matters
as well as common words. The same number always gives the same article.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from khabar.models import Article, Document, Entity, Folded, Reference, TopicMatch, attempt_name
from khabar.ports import Index
from khabar.text import words

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "data" / "regional" / "background.public.jsonl"
START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS, TITLE = 600, 8
RUN = 4  # words that stay together
SHORTEST = 100  # words of a text that is used
ENTITIES = ("ttp", "pakistan", "afghanistan", "kabul", "islamabad", "iran", "china", "torkham", "un", "doha")
COUNTRIES = ("PK", "AF", "IN", "IR")
SOURCES = tuple(f"paper{number}" for number in range(40))
SPAN = 730 * 24 * 60  # minutes over which they were published
BATCH = 2_000


class Press:
    """Writes articles out of the texts of a corpus: JSON Lines with `body` and `lang`."""

    def __init__(self, corpus: Path = CORPUS) -> None:
        self.texts: list[tuple[str, list[str]]] = []
        self.pools: dict[str, list[str]] = {}
        for line in corpus.read_text("utf-8").rstrip().split("\n"):
            row: dict[str, str | None] = json.loads(line)
            lang, said = row.get("lang") or "und", str(row.get("body") or "").split()
            if len(said) >= SHORTEST:
                self.texts.append((lang, said))
                self.pools.setdefault(lang, []).extend(said)

    def ranked(self, lang: str) -> list[str]:
        """Return the words of a language by falling frequency, those of three letters or more."""
        counted = Counter(word for text in self.pools[lang] for word in words(text))
        return [word for word, _ in counted.most_common() if len(word) > 2 and word.isalpha()]

    def article(self, number: int) -> Article:
        """Return the article of a number."""
        dice = random.Random(number)
        lang, said = self.texts[dice.randrange(len(self.texts))]
        half = WORDS // 2
        body = _runs(dice, said, half) + _runs(dice, self.pools[lang], half)
        source = dice.choice(SOURCES)
        at = START + timedelta(minutes=dice.randrange(SPAN), seconds=number % 60)
        name = f"{number * 0x9E3779B97F4A7C15 % 2**80:020x}"
        return Article(
            id=name,
            url=f"https://{source}.example/{number}",
            source=source,
            title=" ".join(_runs(dice, said, TITLE)).capitalize(),
            body=" ".join(body),
            fetched=at,
            published=at,
            published_precision="second",
            authors=(f"Author {number % 500}",),
            lang=lang,
            genre=dice.choice(("opinion", "opinion", "editorial", "column")),
            country=dice.choice(COUNTRIES),
            words=WORDS,
            entities=tuple(
                Entity(each, each.title(), "place", round(dice.random(), 2))
                for each in sorted(dice.sample(ENTITIES, 2))
            ),
            topics=(TopicMatch("pak-taliban", 8.0, 1),) if number % 9 == 0 else (),
            cluster=name,
        )

    def document(self, number: int) -> Document:
        """Return the article of a number as an index keeps it."""
        article = self.article(number)
        at, url = article.fetched, article.url
        reference = Reference(
            at, f"urn:uuid:{number}", "segments/made", url, attempt_name(at, url), article.source, at, "t"
        )
        return Document(article, (reference,))

    def documents(self, count: int, first: int = 0) -> Iterator[list[Document]]:
        """Yield the documents of so many numbers, some at a time."""
        for start in range(first, first + count, BATCH):
            yield [self.document(number) for number in range(start, min(start + BATCH, first + count))]


def write(index: Index, documents: Sequence[Document]) -> None:
    """Put documents into an index as they are."""
    index.update({each.article.id: (lambda _, each=each: Folded(each, ())) for each in documents})


def _runs(dice: random.Random, words: list[str], count: int) -> list[str]:
    chosen: list[str] = []
    while len(chosen) < count:
        start = dice.randrange(len(words))
        chosen += words[start : start + min(RUN, count - len(chosen))]
    return chosen
