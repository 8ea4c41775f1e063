"""How long the articles nearest to one take to find, embedded: articles of 600 words, drawn from a real corpus.

    .venv/bin/python benchmarks/related.py [ARTICLES] [CORPUS.jsonl]

Half of an article's words are drawn from one text of the corpus, half from all of it: so each has a matter of its own,
and words are as frequent as they are. By default 200,000 articles and the texts of ../shared/data/regional.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from khabar.models import Article, Document, Folded
from search.related import likeness
from search.tantivy import TantivyIndex, create_index

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "data" / "regional" / "background.public.jsonl"
NOW = datetime(2026, 3, 14, tzinfo=UTC)
WORDS, TITLE = 600, 8
BATCH = 2_000
QUERIES = 200


def main() -> None:
    """Build the index, find the nearest of some articles, and print what it took."""
    count = int(sys.argv[1]) if sys.argv[1:] else 200_000
    corpus = Path(sys.argv[2]) if sys.argv[2:] else CORPUS
    if not corpus.is_file():
        sys.exit(f"{corpus}: no such file: name one of JSON Lines with body and lang")
    texts = _texts(corpus)
    with tempfile.TemporaryDirectory() as folder:
        create_index(Path(folder) / "index")
        index = TantivyIndex(Path(folder) / "index")
        began = time.perf_counter()
        for batch in _batches(_articles(count, texts)):
            index.update({each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each in batch})
        print(f"{count} articles of {WORDS} words indexed in {time.perf_counter() - began:.0f} s")
        _measure(index, count)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _measure(index: TantivyIndex, count: int) -> None:
    rng = random.Random(9)
    names = [f"{rng.randrange(count):020x}" for _ in range(QUERIES)]
    given = [document.article for document in index.get(names).values()]
    elapsed: list[float] = []
    for article in (*given[:20], *given):  # the first ones warm it up
        began = time.perf_counter()
        found = likeness(index, article)
        assert found is not None
        hits = index.search(found.node, limit=10, counted=False).hits
        elapsed.append((time.perf_counter() - began) * 1_000)
        assert len(hits) == 10
    times = sorted(elapsed[20:])
    p95 = times[int(0.95 * len(times))]
    print(
        f"the ten nearest of one: p50 {statistics.median(times):.2f} ms, p95 {p95:.2f} ms, {len(times)} articles"
    )


def _texts(corpus: Path) -> list[tuple[str, list[str]]]:
    texts: list[tuple[str, list[str]]] = []
    for line in corpus.read_text("utf-8").rstrip().split("\n"):
        row: dict[str, str | None] = json.loads(line)
        texts.append((row.get("lang") or "und", str(row.get("body") or "").split()))
    return [(lang, words) for lang, words in texts if len(words) >= 100]


def _articles(count: int, texts: list[tuple[str, list[str]]]) -> Iterator[Article]:
    rng = random.Random(1)
    pools: dict[str, list[str]] = {}
    for lang, words in texts:
        pools.setdefault(lang, []).extend(words)
    for number in range(count):
        lang, words = texts[rng.randrange(len(texts))]
        body = rng.choices(words, k=WORDS // 2) + rng.choices(pools[lang], k=WORDS // 2)
        name = f"{number:020x}"
        yield Article(
            name,
            f"https://paper.example/{number}",
            "paper",
            " ".join(rng.choices(words, k=TITLE)),
            " ".join(body),
            NOW - timedelta(minutes=number),
            lang=lang,
            cluster=name,
        )


def _batches(articles: Iterator[Article]) -> Iterator[list[Article]]:
    batch: list[Article] = []
    for article in articles:
        batch.append(article)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


if __name__ == "__main__":
    main()
