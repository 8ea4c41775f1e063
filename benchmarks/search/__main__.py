"""Searches on Tantivy and on Elasticsearch, side by side in one run, and then through the whole of Khabar.

    .venv/bin/python benchmarks/search [--articles 50000] [--queries 40] [--seed 1] [--home DIR]
                                       [--elasticsearch URL] [--corpus FILE]

Fills both with the same generated articles of 600 words, and asks both the same queries in turn through `Index.search`,
which returns whole documents. Needs what `make services` fetches, or the URL of an Elasticsearch 9. What is kept (a
home, an index there) is filled once.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests" / "services")]

import elasticsearch_node  # noqa: E402 - found by the line above
from generated import BATCH, CORPUS, Press, write  # noqa: E402
from questions import DEEP, Question, questions, whole  # noqa: E402

from khabar.codec import dump  # noqa: E402
from khabar.config import load_settings  # noqa: E402
from khabar.finding import Page, find, shown  # noqa: E402
from khabar.ports import Index, Mark  # noqa: E402
from khabar.runtime import Runtime, working  # noqa: E402
from khabar.stories import mark  # noqa: E402
from search import elastic  # noqa: E402
from search.elastic.index import ElasticIndex  # noqa: E402
from search.snippets import snippets  # noqa: E402
from search.tree import Everything, Keyword  # noqa: E402

HITS = 10
UPSERTS = 20
_MANY = 40_000_000  # numbers that no generated article has

Times = list[float]  # milliseconds


def main() -> None:
    """Fill, ask and print."""
    options = _options()
    press = Press(options.corpus)
    asked = questions(press, options.queries, options.seed)
    print(f"{options.articles} articles, {options.queries} queries a kind, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as place, _server(options.elasticsearch) as (url, pids):
        home = options.home or Path(place) / "home"
        with working(load_settings(home, {})) as runtime:
            served = elastic.open_index(url, "searches")
            _fill(press, options.articles, {"Tantivy": runtime.index, "Elasticsearch": served})
            print(f"size: Tantivy {_folder_size(runtime.settings.index)} MB, {_served_size(served)}")
            _compare(asked, runtime.index, served)
            _through_khabar(asked, runtime)
            _upserts(press, {"Tantivy": runtime.index, "Elasticsearch": served})
        print(f"peak memory: this process, with Tantivy, {_peak()} MB", end="")
        print(f", Elasticsearch {max(map(_peak, pids))} MB" if pids else "")


def _options() -> argparse.Namespace:
    told = argparse.ArgumentParser()
    told.add_argument("--articles", type=int, default=50_000)
    told.add_argument("--queries", type=int, default=40)
    told.add_argument("--seed", type=int, default=1)
    told.add_argument("--home", type=Path)
    told.add_argument("--elasticsearch")
    told.add_argument("--corpus", type=Path, default=CORPUS)
    options = told.parse_args()
    if not options.corpus.is_file():
        sys.exit(f"{options.corpus}: no such file: name one of JSON Lines with body and lang by --corpus")
    return options


@contextmanager
def _server(url: str | None) -> Generator[tuple[str, list[int]]]:
    """Have an Elasticsearch: its address and, where it was started here, its processes."""
    if url:
        yield url, []
        return
    with elasticsearch_node.running(heap="2g", brief=False) as node:
        yield node.url, node.processes()


# --- filling ------------------------------------------------------------------------------------------------


def _fill(press: Press, count: int, indexes: dict[str, Index]) -> None:
    """Write the same articles into both, and say how fast each took them; their making is not counted."""
    there = {name: index.search(Everything(), limit=0).total for name, index in indexes.items()}
    seconds = dict.fromkeys(indexes, 0.0)
    begin = min(there.values())
    for place, documents in enumerate(press.documents(count - begin, begin)):
        for name, index in indexes.items():
            if there[name] <= begin + place * BATCH:
                began = time.perf_counter()
                write(index, documents)
                seconds[name] += time.perf_counter() - began
    for name, took in seconds.items():
        if took:
            print(f"{name} indexed {(count - there[name]) / took:.0f} articles/s, {took:.0f} s in all")


def _folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) >> 20


def _served_size(served: ElasticIndex) -> str:
    stats = served.server.ask(lambda es: es.indices.stats(index="searches*", metric="store")).body
    return f"Elasticsearch {stats['_all']['primaries']['store']['size_in_bytes'] >> 20} MB"


# --- asking -------------------------------------------------------------------------------------------------


def _compare(asked: dict[str, list[Question]], ours: Index, theirs: Index) -> None:
    print(f"\n{'milliseconds':<12}{'Tantivy':>14}{'':>8}{'Elasticsearch':>16}{'':>8}{'ratio':>9}")
    print(f"{'':<12}{'p50':>14}{'p95':>8}{'p50':>16}{'p95':>8}{'of p50':>9}")
    ratios: list[float] = []
    for kind, some in asked.items():
        times: tuple[Times, Times] = ([], [])
        for question in (*some[:5], *some):  # the first ones warm it up
            for index, took in zip((ours, theirs), times, strict=True):
                after = _mark(index, question) if question.deep else None
                took.append(
                    _timed(lambda index=index, question=question, after=after: _ask(index, question, after))
                )
        own, other = (_ranks(took[5:]) for took in times)
        ratios.append(own[0] / other[0])
        print(
            f"{kind:<12}{own[0]:>14.2f}{own[1]:>8.2f}{other[0]:>16.2f}{other[1]:>8.2f}{ratios[-1]:>9.2f}",
            flush=True,
        )
    fast = sum(ratio <= 0.5 for ratio in ratios)
    print(f"at most half of Elasticsearch's p50: {fast} of {len(ratios)}; the slowest {max(ratios):.2f}")


def _mark(index: Index, question: Question) -> Mark:
    """Return where the page before a deep one ended."""
    return mark(index.search(question.node, offset=DEEP - 1, limit=1).hits[0], DEEP)


def _ask(index: Index, question: Question, after: Mark | None) -> None:
    found = index.search(question.node, limit=HITS, after=after, **question.options)
    if question.highlighted:
        for hit in found.hits:
            snippets(question.node, hit.document.article)


def _through_khabar(asked: dict[str, list[Question]], runtime: Runtime) -> None:
    """Answer as the API does: parse, compile, every facet, snippets, copies folded, JSON."""

    def answer(question: Question, after: Mark | None) -> None:
        page = Page(limit=HITS, copies="folded", after=after, **whole(question))
        found, _ = find(runtime, runtime.parse(question.text), page)
        dump(shown(question.text, found))

    gc.collect()
    gc.freeze()  # as the server does with its catalogue
    print(f"\n{'all of Khabar':<14}{'p50':>12}{'p95':>8}")
    everything: Times = []
    for kind, some in asked.items():
        took: Times = []
        for question in (*some[:2], *some):
            after = _mark(runtime.index, question) if question.deep else None
            took.append(_timed(lambda question=question, after=after: answer(question, after)))
        took = took[2:]
        everything += took
        print(f"{kind:<14}{_ranks(took)[0]:>12.1f}{_ranks(took)[1]:>8.1f}", flush=True)
    print(f"{'all kinds':<14}{_ranks(everything)[0]:>12.1f}{_ranks(everything)[1]:>8.1f}")


def _upserts(press: Press, indexes: dict[str, Index]) -> None:
    """Write one article that is there already, changed, and find what changed."""
    for name, index in indexes.items():
        took: Times = []
        for number in range(_MANY, _MANY + UPSERTS):
            document = press.document(number)

            def upsert(document: Any = document, index: Index = index) -> None:
                write(index, [document])
                assert index.search(Keyword("id", document.article.id)).total == 1

            upsert()  # there is nothing to replace yet
            took.append(_timed(upsert))
        index.delete([press.article(number).id for number in range(_MANY, _MANY + UPSERTS)])
        p50, p95 = _ranks(took)
        print(f"upsert to searchable on {name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms")


def _timed(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1_000


def _ranks(times: Sequence[float]) -> tuple[float, float]:
    ranked = sorted(times)
    return statistics.median(ranked), ranked[int(0.95 * (len(ranked) - 1))]


def _peak(pid: int | None = None) -> int:
    """Return the most memory that a process had, in MB; of this one without a number."""
    if pid is None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) >> 10 if found else 0


if __name__ == "__main__":
    main()
