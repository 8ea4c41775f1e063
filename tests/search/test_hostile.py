"""Hostile queries are refused or answered in bounded memory, and no engine breaks over one; benchmarks/refusals.py times them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hostile import QUERIES

from khabar.models import Article, Document, Folded
from khabar.ports import Fold, Index
from search import elastic
from search.elastic import generations as elastic_generations
from search.elastic.query import compiled
from search.grammar import hints, parse
from search.matcher import analyse, match
from search.refusal import QueryError
from search.snippets import snippets
from search.tantivy import create_index, open_index

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
LARGEST = 2_000_000  # bytes of a compiled query
ROOM = 400 * 2**20  # bytes that all of them together may take beyond what the index takes by itself

# Run in a process of its own, which may not take more memory than it has and ROOM.
ANSWER = """
import re, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from hostile import QUERIES
from search.grammar import parse
from search.refusal import QueryError
from search.tantivy import open_index

index = open_index(Path(sys.argv[1]))
now = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
assert index.search(parse("gate", now=now)).total  # threads and files are there
taken = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (taken + int(sys.argv[2]),) * 2)
for name, query in QUERIES.items():
    try:
        node = parse(query, now=now)
        print(name, index.search(node).total, sum(1 for _ in index.scan(node)), sep="\\t")
    except QueryError as refused:
        assert len(str(refused)) < 1_000, refused
        print(name, "refused", refused.reason, sep="\\t")
"""


@cache
def articles() -> list[Article]:
    seed = random.Random(11)
    return [
        Article(f"{n:020x}", f"urn:x:{n}", "s", "gate of peace", " ".join(text(seed)), NOW, lang="en")
        for n in range(400)
    ]


def text(seed: random.Random) -> Iterator[str]:
    for _ in range(120):
        yield seed.choice(
            (
                "gate",
                "peace",
                "ab",
                f"word{seed.randrange(2_000):03}",
                "".join(seed.choices("abcdefghij", k=3)),
            )
        )


def folds(given: list[Article]) -> dict[str, Fold]:
    return {each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each in given}


def test_the_embedded_index_answers_or_refuses_in_bounded_memory(tmp_path: Path) -> None:
    create_index(tmp_path / "index")
    open_index(tmp_path / "index").update(folds(articles()))
    path = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "quality")]
    done = subprocess.run(
        [sys.executable, "-c", ANSWER, str(tmp_path / "index"), str(ROOM)],
        env={"PYTHONPATH": ":".join(path), "PYTHONUTF8": "1"}, capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    answers = dict(line.split("\t", 1) for line in done.stdout.splitlines())
    assert answers.keys() == QUERIES.keys()
    refused = {name for name, answer in answers.items() if answer.startswith("refused")}
    assert {
        "10,000 nested brackets",
        "1 MB of words",
        "10,000 alternatives",
        "a~9",
        "open at both ends",
    } <= refused
    assert {
        "900 alternatives",
        "widest NEAR",
        "20 fuzzy words",
        "40 nested brackets",
        "right to left",
    }.isdisjoint(refused)


@pytest.fixture(scope="module")
def server(elasticsearch_url: str) -> Iterator[Index]:
    prefix = f"hostile-{uuid.uuid4().hex}"
    with closing(elastic.open_index(elasticsearch_url, prefix, shards=2)) as index:
        index.update(folds(articles()))
        yield index
        elastic_generations.drop_all(index.server, prefix)


def read(query: str) -> Any:
    try:
        return parse(query, now=NOW)
    except QueryError as refused:
        assert 0 <= refused.position <= len(query) and refused.reason and len(str(refused)) < 1_000
        return None


@pytest.mark.parametrize("name", list(QUERIES))
def test_what_elasticsearch_is_asked_has_bounds_and_is_answered_or_refused(server: Index, name: str) -> None:
    node = read(QUERIES[name])
    if node is None:
        return
    assert len(json.dumps(compiled(node))) < LARGEST
    try:
        found = server.search(node)
        assert found.total == server.search(node, sort="newest", limit=0).total
    except QueryError as refused:
        assert "stands for more than" in refused.reason


@pytest.mark.parametrize("name", list(QUERIES))
def test_the_matcher_answers_what_is_read(name: str) -> None:
    query = QUERIES[name]
    assert len(hints(query)) <= 10_000
    node = read(query)
    if node is not None:
        view = analyse(articles()[7])
        assert (match(node, view) is None) or len(snippets(node, view)) <= 2
