"""How long the articles nearest to one take to find, embedded: articles of 600 words, made of a real corpus.

    .venv/bin/python benchmarks/related.py [ARTICLES] [CORPUS.jsonl]

By default 200,000 articles of the texts of ../shared/data/regional.
"""

from __future__ import annotations

import gc
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from generated import CORPUS, WORDS, Press, write

from khabar import stories
from khabar.models import Article
from search.related import likeness
from search.tantivy import TantivyIndex, create_index

QUERIES = 200


def main() -> None:
    """Build the index, find the nearest of some articles, and print what it took."""
    count = int(sys.argv[1]) if sys.argv[1:] else 200_000
    corpus = Path(sys.argv[2]) if sys.argv[2:] else CORPUS
    if not corpus.is_file():
        sys.exit(f"{corpus}: no such file: name one of JSON Lines with body and lang")
    press = Press(corpus)
    with tempfile.TemporaryDirectory() as folder:
        create_index(Path(folder) / "index")
        index = TantivyIndex(Path(folder) / "index")
        began = time.perf_counter()
        for documents in press.documents(count):
            write(index, documents)
        print(f"{count} articles of {WORDS} words indexed in {time.perf_counter() - began:.0f} s")
        measure(index, press, count)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def measure(index: TantivyIndex, press: Press, count: int) -> None:
    """Print how long the ten nearest of some articles take, alone and with their copies folded."""
    dice = random.Random(9)
    given = [press.article(dice.randrange(count)) for _ in range(QUERIES)]
    gc.freeze()

    def alone(article: Article) -> int:
        found = likeness(index, article)
        assert found is not None
        return len(index.search(found.node, limit=10, counted=False).hits)

    def folded(article: Article) -> int:
        found = likeness(index, article)
        assert found is not None
        return len(stories.search(index, found.node, limit=10, counted=False).hits)

    _print("the ten nearest of one", alone, given)
    _print("the same, copies folded", folded, given)


def _print(what: str, find: Callable[[Article], int], given: list[Article]) -> None:
    elapsed: list[float] = []
    spent: list[float] = []
    for article in (*given[:20], *given):  # the first ones warm it up
        began, used = time.perf_counter(), time.process_time()
        assert find(article) == 10
        elapsed.append((time.perf_counter() - began) * 1_000)
        spent.append((time.process_time() - used) * 1_000)
    times = sorted(elapsed[20:])
    p95, processor = times[int(0.95 * len(times))], statistics.median(spent[20:])
    print(
        f"{what}: p50 {statistics.median(times):.2f} ms, p95 {p95:.2f} ms, {len(times)} articles; "
        f"processor time, p50 {processor:.2f} ms"
    )


if __name__ == "__main__":
    main()
