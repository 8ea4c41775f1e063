"""Clusters on a real index, the same on both engines: a function of the set, with lost ids that lead on."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from khabar.archive.segments import outcome_key
from khabar.archive.store import open_store
from khabar.codec import dump
from khabar.ledger.sqlite import open_ledger
from khabar.models import Article, Document, Folded, OutcomeFile, Reference
from khabar.ports import Fold, Index
from search import elastic
from search.elastic import generations
from search.tantivy import open_index
from workers.cluster import CANDIDATES, ClusterReport, cluster
from workers.copies import with_copies
from workers.duplicates import sign
from workers.ingest import cluster_indexed

START = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.fixture(params=["tantivy", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    if request.param == "tantivy":
        yield open_index(tmp_path / "index")
        return
    prefix = f"clusters-{uuid.uuid4().hex}"
    served = elastic.open_index(request.getfixturevalue("elasticsearch_url"), prefix, shards=2)
    yield served
    generations.drop_all(served.server, prefix)
    served.close()


def text(*paragraphs: int) -> str:
    """Return paragraphs of forty-five words that no other paragraph has."""
    return " ".join(f"w{number}x{place}" for number in paragraphs for place in range(45))


def document(name: str, body: str, day: float = 0) -> Document:
    at = START + timedelta(days=day)
    url = f"https://a.example/{name}"
    article = Article(name, url, "a", f"Title {name}", body, at, published=at, cluster=name, first=name)
    return Document(article, (Reference(at, f"urn:{name}", "s", url, f"t {url}", "a", at, "h"),), sign(body))


def put(index: Index, *documents: Document) -> ClusterReport:
    folds: dict[str, Fold] = {each.article.id: lambda _, each=each: Folded(each, ()) for each in documents}
    index.update(folds)
    return cluster(index, [each.article.id for each in documents])


def labels(index: Index, names: str) -> dict[str, str]:
    return {name: each.article.cluster for name, each in index.get(names).items()}


def test_the_clusters_hang_on_the_articles_and_not_on_the_order_they_came_in(index: Index) -> None:
    bodies = {
        "a": text(1),
        "b": text(2),
        "c": text(1, 3),
        "d": text(4),
        "e": text(3),
        "f": text(4),
        "g": text(5),
    }
    names = list(bodies)
    random.Random(3).shuffle(names)
    for name in names:
        put(index, document(name, bodies[name], "abcdefg".index(name)))
    assert labels(index, "abcdefg") == {"a": "a", "b": "b", "c": "a", "d": "d", "e": "a", "f": "d", "g": "g"}


def test_a_lost_id_leads_to_the_cluster_that_took_it_in(index: Index) -> None:
    put(index, document("b", text(1)), document("d", text(2)))
    report = put(index, document("c", text(1, 2)))
    assert labels(index, "bcd") == {"b": "b", "c": "b", "d": "b"}
    assert set(report.relabelled) == {"c", "d"}
    put(index, document("a", text(2)))
    # Whoever remembers `b` or `d` as a cluster, in a digest say, asks for that article and is told where it is now.
    for remembered in ("b", "d"):
        assert index.get([remembered])[remembered].article.cluster == "a"
    assert [each.article.id for each in index.members(["a"])] == ["a", "b", "c", "d"]
    assert index.members(["b", "d"]) == []


def test_the_first_and_the_number_of_copies_are_told_as_they_are_when_read(index: Index) -> None:
    put(index, document("b", text(1), 1), document("c", text(1), 2), document("d", text(9), 2))
    [found] = with_copies(index, index.get(["c"]).values())
    assert (found.article.first, found.article.copies) == ("b", 2)
    put(index, document("e", text(1), 0))
    [found] = with_copies(index, index.get(["c"]).values())
    assert (found.article.first, found.article.copies) == ("e", 3)
    index.delete(["e"])
    cluster(index, ["b", "c"])
    [found] = with_copies(index, index.get(["c"]).values())
    assert (found.article.first, found.article.copies) == ("b", 2)


def test_an_article_with_more_candidates_than_are_compared_is_counted(index: Index) -> None:
    copies = [
        document(f"x{number:03}", f"{text(1)} {number}", number / 100) for number in range(CANDIDATES + 1)
    ]
    assert put(index, *copies).capped == ()
    assert put(index, document("y", text(1), 1)).capped == ("y",)
    assert labels(index, "y") == {"y": "x000"}


def test_whoever_runs_the_pass_is_told_of_a_bound_that_was_hit(
    index: Index, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, segment = open_store(str(tmp_path / "archive")), "segments/2026/03/14/one.warc.gz"
    put(index, *(document(f"x{number:03}", f"{text(1)} {number}") for number in range(CANDIDATES + 1)))
    late: dict[str, Fold] = {"y": lambda _: Folded(document("y", text(1), 1), ())}
    index.update(late)
    store.put(outcome_key(segment), dump(OutcomeFile(segment, ("y",), {})))
    with closing(open_ledger(tmp_path / "ledger.sqlite")) as ledger:
        report = cluster_indexed(store, index, ledger, "here:1:1", lambda: START, [segment])
    assert report is not None
    assert report.capped == ("y",)
    assert "1 article(s) had more likely copies than are compared: y" in caplog.text
