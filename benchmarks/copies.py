"""What finding the copies of an article costs as the index grows, embedded: it must stay flat.

    .venv/bin/python benchmarks/copies.py [ARTICLES…]

One index grows on disk to each of these sizes (by default 10,000, 50,000 and 200,000 articles, two thousand a day). Its
articles are drawn from made-up words that are as frequent as words are; every eighth is a copy of one of the last days,
with a few words changed, and every fiftieth is a form that a service prints each day with other figures, so that some have
far more candidates than are compared. At each size 200 new articles come in, 50 at a time as a sealed segment brings them,
an eighth of them copies too, and what is timed is the cluster pass after them: the look-up of band terms, the comparing,
the writing of the clusters that changed. Milliseconds are a new article's, of the thread that clusters: the engine merges
what it has written in threads of its own, now and then. The ratio is to the first size.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from khabar.models import Article, Document, Folded, Reference
from search.tantivy import TantivyIndex, create_index
from workers.cluster import CANDIDATES, cluster
from workers.duplicates import WINDOW, sign

SIZES = (10_000, 50_000, 200_000)
START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS, VOCABULARY, A_DAY = 250, 40_000, 2_000
COPY_EACH, FORM_EACH, CHANGED = 8, 50, 6
BATCH, SEGMENT, NEW, SEED = 2_000, 50, 200, 11


def main() -> None:
    """Grow the index to each size and print what copies cost there."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    first: float | None = None
    print("articles    look-up p50    p95    whole pass, an article    ratio    over the bound")
    with tempfile.TemporaryDirectory() as folder:
        create_index(Path(folder) / "index")
        index, press = TantivyIndex(Path(folder) / "index"), Press()
        for size in sizes:
            while press.printed < size:
                _store(index, press.print(min(BATCH, size - press.printed)))
            look, whole, capped = _measure(index, press)
            first = first or whole
            p95 = sorted(look)[int(0.95 * len(look))]
            print(
                f"{size:>8}    {statistics.median(look):>8.2f} ms {p95:>6.2f} {whole:>16.2f} ms {whole / first:>16.2f}"
                f"    {capped} of {NEW}",
                flush=True,
            )


def _measure(index: TantivyIndex, press: Press) -> tuple[list[float], float, int]:
    """Return the milliseconds of each look-up, those of a whole pass an article, and how many hit the bound."""
    look: list[float] = []
    whole, capped = 0.0, 0
    for _ in range(NEW // SEGMENT):
        new = press.print(SEGMENT)
        _store(index, new)
        for document in new:
            began = time.thread_time()
            first = document.references[0].date
            index.near(
                document.signature.bands,
                document.signature.exact,
                first - WINDOW,
                first + WINDOW,
                CANDIDATES + 2,
            )
            look.append((time.thread_time() - began) * 1000)
        began = time.thread_time()
        capped += len(cluster(index, [document.article.id for document in new]).capped)
        whole += (time.thread_time() - began) * 1000
    return look, whole / NEW, capped


def _store(index: TantivyIndex, documents: list[Document]) -> None:
    index.update({each.article.id: lambda _, each=each: Folded(each, ()) for each in documents})


class Press:
    """Prints articles in the order of time, some of them copies and some of them forms."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)
        self.printed = 0
        self.words = [f"w{number:x}" for number in range(VOCABULARY)]
        self.shares = list(accumulate(1 / (number + 5) for number in range(VOCABULARY)))
        self.lately: list[list[str]] = []
        self.form = self._text()

    def print(self, count: int) -> list[Document]:
        """Return the next articles, signed."""
        return [self._document(words) for words in self._texts(count)]

    def _texts(self, count: int) -> Iterator[list[str]]:
        for number in range(self.printed, self.printed + count):
            if number % FORM_EACH == 0:
                yield self._changed(self.form, WORDS // 12)
            elif number % COPY_EACH == 1 and self.lately:
                yield self._changed(self.chance.choice(self.lately), CHANGED)
            else:
                text = self._text()
                self.lately = [*self.lately[-3 * A_DAY :], text] if number % A_DAY < 100 else self.lately
                yield text

    def _text(self) -> list[str]:
        most = self.shares[-1]
        return [self.words[bisect_left(self.shares, self.chance.random() * most)] for _ in range(WORDS)]

    def _changed(self, text: list[str], times: int) -> list[str]:
        changed = list(text)
        for _ in range(times):
            changed[self.chance.randrange(len(changed))] = f"n{self.chance.randrange(10**6)}"
        return changed

    def _document(self, words: list[str]) -> Document:
        name, body = f"{self.chance.getrandbits(80):020x}", " ".join(words)
        at = START + timedelta(days=self.printed / A_DAY)
        self.printed += 1
        url = f"https://a.example/{name}"
        article = Article(
            id=name, url=url, source="a", title=body[:60], body=body, fetched=at, cluster=name, first=name
        )
        reference = Reference(at, f"urn:{name}", "s", url, f"t {url}", "a", at, "h")
        return Document(article, (reference,), sign(body))


if __name__ == "__main__":
    main()
