"""The real texts of all sets joined, as articles: in twenty languages, from a sentence to thousands of words."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from khabar.models import Article, Entity, TopicMatch

NOW = datetime(2025, 10, 12, 9, 30, tzinfo=UTC)
ENTITIES = ("ttp", "pakistan", "haqqani-network")
_SIGNS = str.maketrans(dict.fromkeys('()[]{}"“”„«»＂‟:^~*|!/<>=%', " "))
SETS = {  # each with how many of its lines are left out for one that is taken
    "regional/judged.public.jsonl": 1,
    "regional/background.public.jsonl": 2,
    "regional/counter_urdu_reuse.public.jsonl": 2,
    "tagging/reuters21578.public.jsonl": 6,
    "tagging/isaf_press.public.jsonl": 1,
    "tagging/sib200.public.jsonl": 6,
    "extraction/fundus/truth.jsonl": 1,
}


def joined(folder: Path, every: int = 1) -> list[Article]:
    """Return some 5,700 texts, or every so many of them; what no set tells (entities, topics) is drawn by a fixed seed."""
    lines = [line for name, step in SETS.items() for line in _lines(folder / name, step * every)]
    seed = random.Random(20251012)
    return [_drawn(_article(number, line), seed) for number, line in enumerate(lines)]


def some_words(articles: list[Article], each: int = 3) -> list[str]:
    """Return words of every text as they stand there, without what a query would read as more than a word."""
    seed = random.Random(7)
    found = (article.body.translate(_SIGNS).split() or ["x"] for article in articles)
    return [seed.choice(words) for words in found for _ in range(each)]


def _lines(path: Path, step: int) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                yield json.loads(line)


def _article(number: int, line: dict[str, Any]) -> Article:
    published = line.get("published") or None
    moment = datetime.fromisoformat(published) if published else None
    return Article(
        id=f"{number:020x}",
        url=line.get("url") or f"urn:x:{number}",
        source=str(line.get("source") or line.get("domain") or "wire").lower(),
        title=line.get("title") or "",
        body=line.get("body") or line.get("text") or "",
        fetched=NOW,
        authors=tuple(line.get("authors") or ()),
        lang=line.get("lang") or "en",
        published=moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC),
    )


def some_entities(seed: random.Random) -> tuple[Entity, ...]:
    """Return some of the entities, each with a salience, as they happen to be drawn."""
    return tuple(
        Entity(name, name, "organization", seed.choice((0.1, 0.5, 0.9)))
        for name in ENTITIES
        if seed.random() < 0.3
    )


def _drawn(article: Article, seed: random.Random) -> Article:
    when = article.published or NOW - timedelta(minutes=seed.randrange(60 * 24 * 500))
    precision = seed.choice(("second", "second", "day", None))
    told = tuple(f"202{seed.randrange(6)}-{month:02}" for month in range(1, 13) if seed.random() < 0.05)
    return replace(
        article,
        published=when if precision else None,
        published_precision=precision,
        genre=seed.choice(("opinion", "news", "unknown")),
        country=seed.choice(("PK", "AF", None)),
        entities=some_entities(seed),
        topics=(TopicMatch("pak-taliban", 9.0, 1),) if seed.random() < 0.3 else (),
        mentions_dates=told,
        changed=seed.choice(((), (), ("title",), ("title", "body"))),
    )
