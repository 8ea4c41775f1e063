"""How long hostile queries take to be refused or answered, embedded, and how much memory they leave behind.

    .venv/bin/python benchmarks/refusals.py [ARTICLES]

The queries are those of tests/quality/hostile.py, with NEAR, phrases and open words over the most frequent words added; the
articles, 20,000 by default, are made of the texts of ../shared/data/regional.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests" / "quality")]

from generated import CORPUS, Press, write  # noqa: E402 - found by the line above
from hostile import QUERIES  # noqa: E402

from search.grammar import parse  # noqa: E402
from search.refusal import QueryError  # noqa: E402
from search.tantivy import TantivyIndex, create_index  # noqa: E402

NOW = datetime(2026, 3, 14, tzinfo=UTC)
RUNS = 3
SOON = 0.2  # seconds
FREQUENT = {
    "frequent words, NEAR/50": "the NEAR/50 of",
    "frequent words, ONEAR/50": "the ONEAR/50 of",
    "frequent words, NEAR/50 of groups": "(the OR to OR in) NEAR/50 (of OR and OR a)",
    "frequent words, NEAR/50 both sides alike": "(the OR to) NEAR/50 (the OR of)",
    "frequent words, slop": '"the of"~30',
    "frequent words, phrase": '"of the"',
    "open words": "st* OR th* OR af* OR al* OR pa* OR re*",
    "open words, NEAR/20": "af* NEAR/20 the",
    "a letter open": "t?e OR a?d OR s?id OR w?th OR ha?",
    "everything": "* OR *",
}


def main() -> None:
    """Fill an index, ask each query, and print the slowest of some runs."""
    count = int(sys.argv[1]) if sys.argv[1:] else 20_000
    if not CORPUS.is_file():
        sys.exit(f"{CORPUS}: no such file")
    with tempfile.TemporaryDirectory() as folder:
        create_index(Path(folder) / "index")
        index = TantivyIndex(Path(folder) / "index")
        for documents in Press().documents(count):
            write(index, documents)
        before = _peak()
        slow = [name for name, query in (QUERIES | FREQUENT).items() if _shown(name, query, index) > SOON]
        print(
            f"{count:,} articles: {len(slow)} of {len(QUERIES | FREQUENT)} took more than {SOON * 1000:.0f} ms: {slow}"
        )
        print(f"peak memory {before} MB before, {_peak()} MB after")


def _shown(name: str, query: str, index: TantivyIndex) -> float:
    """Print what a query comes to and how long it takes; returns the seconds of the best run, as others may be busy."""
    times, answers = zip(*(_timed(lambda: _answer(query, index)) for _ in range(RUNS)), strict=True)
    print(f"{min(times) * 1000:9.1f} ms  {name:40} {answers[0][:100]}")
    return min(times)


def _answer(query: str, index: TantivyIndex) -> str:
    try:
        return f"{index.search(parse(query, now=NOW)).total:,} found"
    except QueryError as refused:
        return f"refused: {refused.reason}"


def _timed(task: Callable[[], str]) -> tuple[float, str]:
    began = time.perf_counter()
    answer = task()
    return time.perf_counter() - began, answer


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
