"""A topic's new version on the articles that are there: only it changes, and only where it says something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from khabar.catalogue import Topic, load
from khabar.models import Article, Document, Folded, Reference, TopicMatch
from search.tantivy import TantivyIndex
from search.tree import Everything
from workers.retag import retag
from workers.topics import compile_topics

NOW = datetime(2025, 3, 1, tzinfo=UTC)
OTHER = TopicMatch("zoo", 3.0, 1)
BODIES = {
    "a": "The river ran high and the bridge held.",
    "b": "The border was closed.",
    "c": "A river is no border.",
    "d": "",
}


@pytest.fixture
def stocked(index: TantivyIndex) -> TantivyIndex:
    def put(name: str, body: str) -> Folded:
        article = Article(
            name, f"https://a.example/{name}", "a", "", body, NOW, topics=(OTHER,), cluster=name
        )
        reference = Reference(NOW, f"urn:uuid:{name}", "s", article.url, f"attempt {name}", "a", NOW, "hash")
        return Folded(Document(article, (reference,)), ())

    index.update({name: lambda _, name=name, body=body: put(name, body) for name, body in BODIES.items()})
    return index


def topic(folder: Path, query: str, version: int) -> Topic:
    (folder / "topics").mkdir(exist_ok=True)
    text = f"id: river\ntitle: Rivers\nquery: {query}\nsignals:\n  - {{query: {query}, weight: 2}}\nthreshold: 1\n"
    (folder / "topics" / "river.yaml").write_text(text)
    return replace(load([folder]).topics["river"], version=version)


def tagged(index: TantivyIndex) -> Mapping[str, list[tuple[str, int]]]:
    found = {document.article.id: document.article.topics for document in index.scan(Everything())}
    return {name: [(match.id, match.version) for match in topics] for name, topics in found.items()}


def test_articles_gain_and_lose_the_topic_and_keep_the_others(stocked: TantivyIndex, tmp_path: Path) -> None:
    list(retag(stocked, "river", compile_topics([topic(tmp_path, "river", 1)])))
    assert tagged(stocked) == {
        "a": [("river", 1), ("zoo", 1)],
        "b": [("zoo", 1)],
        "c": [("river", 1), ("zoo", 1)],
        "d": [("zoo", 1)],
    }
    list(retag(stocked, "river", compile_topics([topic(tmp_path, "border", 2)])))
    assert tagged(stocked) == {
        "a": [("zoo", 1)],
        "b": [("river", 2), ("zoo", 1)],
        "c": [("river", 2), ("zoo", 1)],
        "d": [("zoo", 1)],
    }
    evidence = stocked.get(["b"])["b"].article.topics[0].evidence
    assert {BODIES["b"][span.start : span.end] for span in evidence} == {"border"}


def test_a_topic_that_is_gone_is_taken_off(stocked: TantivyIndex) -> None:
    list(retag(stocked, "zoo", compile_topics([])))
    assert not any(tagged(stocked).values())


def test_the_cursor_tells_how_far_it_is_and_where_it_goes_on(stocked: TantivyIndex, tmp_path: Path) -> None:
    compiled = compile_topics([topic(tmp_path, "river", 1)])
    assert list(retag(stocked, "river", compiled)) == ["c"], "the last that the gate lets in"
    list(retag(stocked, "zoo", compile_topics([]), cursor="b"))
    assert [name for name, topics in tagged(stocked).items() if ("zoo", 1) in topics] == ["a", "b"]
    assert list(retag(stocked, "river", compiled, cursor="d")) == []


def test_nothing_is_written_where_nothing_changes(stocked: TantivyIndex, tmp_path: Path) -> None:
    compiled = compile_topics([topic(tmp_path, "river", 1)])
    list(retag(stocked, "river", compiled))
    before = _written(tmp_path)
    list(retag(stocked, "river", compiled))
    assert _written(tmp_path) == before


def _written(home: Path) -> list[tuple[str, int]]:
    files = (path for path in (home / "index").rglob("*") if path.is_file() and "lock" not in path.name)
    return sorted((path.name, path.stat().st_mtime_ns) for path in files)
