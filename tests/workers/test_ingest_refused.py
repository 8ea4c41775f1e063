"""What an index refuses for what it holds goes to quarantine with the index's reason; everything else is indexed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from khabar.archive.segments import outcome_key
from khabar.archive.store import Store
from khabar.codec import load
from khabar.models import ArchiveRef, Article, Batch, Discovery, OutcomeFile, Reading, attempt_name
from khabar.ports import Index
from search import elastic
from search.elastic import generations as elastic_generations
from search.elastic.fields import mapping
from search.tree import Everything
from workers.ingest import conclude, quarantine_key, write

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
SEGMENT = "segments/2025/03/01/a.warc.gz"
NO_TEXT = "A gate \ud800"  # half a character: no UTF-8, so no index takes it


@pytest.fixture
def on_elasticsearch(elasticsearch_url: str) -> Iterator[elastic.ElasticIndex]:
    index = elastic.open_index(elasticsearch_url, f"refused-{uuid.uuid4().hex}")
    yield index
    elastic_generations.drop_all(index.server, index.prefix)
    index.close()


@pytest.fixture(params=["tantivy", "elasticsearch"])
def either(request: pytest.FixtureRequest) -> Index:
    return request.getfixturevalue("index" if request.param == "tantivy" else "on_elasticsearch")


def reading(record: int, article: int, title: str, segment: str = SEGMENT) -> Reading:
    """Return what a record gave: this article under this title."""
    at, url, name = NOW + timedelta(seconds=record), f"https://a.example/{article}", f"{article:020x}"
    pointer = ArchiveRef(segment, f"urn:uuid:x-{record}", f"{record:064x}")
    found = Article(name, url, "a", title, "Peace at the border.", at, lang="en", archive=pointer)
    told = Discovery(attempt_name(at, url), url, at, "a", "new")
    return Reading(segment, pointer.record, at, told, found)


def ends(index: Index) -> dict[str, tuple[str, str | None]]:
    """Return how each record ended."""
    return {row.record[-1]: (row.outcome, row.reason) for row in index.rows()}


REFUSED = ("failed", "refused_by_index")


def test_one_that_is_refused_takes_nothing_else_of_its_segment_with_it(either: Index, store: Store) -> None:
    batch = Batch(SEGMENT, (reading(1, 1, "A gate"), reading(2, 2, NO_TEXT), reading(3, 3, "A river")))
    written = write(either, [batch])
    file = conclude(store, *written.batches, written.rows.values())
    assert [each.article.title for each in either.scan(Everything())] == ["A gate", "A river"]
    assert ends(either) == {"1": ("indexed", None), "2": REFUSED, "3": ("indexed", None)}
    assert {row.attempt: row for row in either.rows()} == written.rows
    assert load(store.get(outcome_key(SEGMENT)) or b"", OutcomeFile) == file
    assert file.articles == (f"{1:020x}", f"{3:020x}")
    assert file.counts == {"failed": 1, "indexed": 2}
    [key] = store.keys("quarantine/")
    kept = load(store.get(key) or b"", Reading)
    assert key == quarantine_key(SEGMENT, "urn:uuid:x-2")
    assert (kept.reason, kept.article) == ("refused_by_index", None)
    assert "surrogates not allowed" in str(kept.trace)


def test_it_leaves_quarantine_when_it_is_taken_later(either: Index, store: Store) -> None:
    for title in (NO_TEXT, NO_TEXT, "A gate"):
        written = write(either, [Batch(SEGMENT, (reading(1, 1, title),))])
        conclude(store, *written.batches, written.rows.values())
    assert ends(either) == {"1": ("indexed", None)}
    assert [each.article.title for each in either.scan(Everything())] == ["A gate"]
    assert list(store.keys("quarantine/")) == []


@pytest.mark.parametrize("together", [True, False])
def test_an_earlier_record_of_the_article_stays_whether_they_come_together_or_not(
    either: Index, together: bool
) -> None:
    good, bad = reading(1, 1, "A gate"), reading(2, 1, NO_TEXT)
    batches = [Batch(SEGMENT, (bad, good))] if together else [Batch(SEGMENT, (good,)), Batch(SEGMENT, (bad,))]
    for batch in batches:
        write(either, [batch])
    [document] = either.scan(Everything())
    assert (document.article.title, len(document.references)) == ("A gate", 1)
    assert ends(either) == {"1": ("indexed", None), "2": REFUSED}


def test_each_segment_learns_of_its_own(either: Index, store: Store) -> None:
    other = SEGMENT.replace("a.warc", "b.warc")
    batches = [Batch(SEGMENT, (reading(1, 1, "A gate"),)), Batch(other, (reading(2, 2, NO_TEXT, other),))]
    written = write(either, batches)
    files = [conclude(store, batch, written.rows.values()) for batch in written.batches]
    assert [file.counts for file in files] == [{"indexed": 1}, {"failed": 1}]


def test_a_mapping_conflict_on_one_document_costs_that_document(
    on_elasticsearch: elastic.ElasticIndex, store: Store
) -> None:
    alias = f"{on_elasticsearch.prefix}-articles"
    conflicting = mapping("articles")
    conflicting["properties"]["country"] = {"type": "integer"}

    def make_again(es: Any) -> None:
        es.indices.delete(index=f"{alias}-1")
        es.indices.delete_index_template(name=alias)
        es.indices.create(index=f"{alias}-1", mappings=conflicting, aliases={alias: {}})

    on_elasticsearch.server.ask(make_again)
    odd = reading(2, 2, "A river")
    assert odd.article is not None
    odd = replace(odd, article=replace(odd.article, country="PK"))
    written = write(on_elasticsearch, [Batch(SEGMENT, (reading(1, 1, "A gate"), odd))])
    conclude(store, *written.batches, written.rows.values())
    assert ends(on_elasticsearch) == {"1": ("indexed", None), "2": REFUSED}
    [key] = store.keys("quarantine/")
    kept = load(store.get(key) or b"", Reading)
    assert "failed to parse field [country] of type [integer]" in str(kept.trace)
