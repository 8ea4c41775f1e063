"""How many of the nearest ten are on the same topic, beside Elasticsearch's own `more_like_this` with its defaults.

Newswire with human topics, each text a query; relevant is what shares a topic with it. The text itself and those of
the same title are left out.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch, helpers

from khabar.models import Article, Document, Folded
from khabar.text import fold
from search.related import likeness
from search.tantivy import TantivyIndex, create_index

NOW = datetime(2026, 3, 14, tzinfo=UTC)
FLOORS: dict[str, float] = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))["related"]
EVERY = 16  # of the texts is asked in the normal suite
DEPTH = 40  # hits that are looked at for ten of another title

Texts = list[tuple[Article, frozenset[str]]]
Nearest = Callable[[Article], Sequence[str]]


@pytest.fixture(scope="module")
def texts(shared_data: Path) -> Texts:
    path = shared_data / "tagging" / "reuters21578.public.jsonl"
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        (
            Article(
                f"{row['id']:020x}",
                f"urn:x:{row['id']}",
                "newswire",
                row["title"] or "",
                row["text"],
                NOW,
                lang="en",
                cluster=f"{row['id']:020x}",
            ),
            frozenset(row["topics"]),
        )
        for row in rows
        if row["topics"]
    ]


@pytest.fixture(scope="module")
def ours(texts: Texts, tmp_path_factory: pytest.TempPathFactory) -> Nearest:
    folder = tmp_path_factory.mktemp("related") / "index"
    create_index(folder)
    index = TantivyIndex(folder)
    index.update({each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each, _ in texts})

    def nearest(article: Article) -> Sequence[str]:
        found = likeness(index, article)
        assert found is not None
        return [hit.document.article.id for hit in index.search(found.node, limit=DEPTH).hits]

    return nearest


def precision(texts: Texts, every: int, nearest: Nearest) -> float:
    """Return the part of the nearest ten that share a topic with the text, over every so many-th text."""
    topics = {article.id: topics for article, topics in texts}
    titles = {article.id: fold(article.title) for article, _ in texts}
    shares: list[float] = []
    for article, wanted in texts[::every]:
        others = [id_ for id_ in nearest(article) if titles[id_] != titles[article.id]]
        shares.append(sum(bool(topics[id_] & wanted) for id_ in others[:10]) / 10)
    return sum(shares) / len(shares)


def test_most_of_the_nearest_ten_are_on_the_same_topic(texts: Texts, ours: Nearest) -> None:
    assert len(texts) == 5_179
    found = precision(texts, EVERY, ours)
    print(f"related: P@10 {found:.4f} over every {EVERY}th text")  # noqa: T201
    assert found >= FLOORS["p10_sample"] - 1e-4


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_the_nearest_ten_are_better_than_elasticsearchs_own(
    texts: Texts, ours: Nearest, elasticsearch_url: str
) -> None:
    name = f"more-like-this-{uuid.uuid4().hex}"
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        rows = ({"_id": each.id, "title": each.title, "body": each.body} for each, _ in texts)
        helpers.bulk(client, rows, index=name, refresh=True)

        def theirs(article: Article) -> Sequence[str]:
            like = {"more_like_this": {"like": [{"_index": name, "_id": article.id}]}}
            found = client.search(index=name, query=like, size=DEPTH, source=False)
            return [hit["_id"] for hit in found["hits"]["hits"]]

        own, other = precision(texts, 1, ours), precision(texts, 1, theirs)
        client.indices.delete(index=name)
    print(f"related: P@10 {own:.4f}, more_like_this {other:.4f}")  # noqa: T201
    assert own >= FLOORS["p10"] - 1e-4
    assert own - other >= FLOORS["lead_over_more_like_this"]
