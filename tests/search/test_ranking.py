"""What stands on top is the same on both engines: words in title and body are weighed alike, ties aside."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from joined import NOW, joined, some_words

from khabar.models import Article, Document, Folded, Hit
from khabar.ports import Index
from search import elastic
from search.elastic import generations as elastic_generations
from search.grammar import parse
from search.refusal import QueryError
from search.tantivy import TantivyIndex, create_index

TOP = 10
ALLOWED = 0.05  # of the queries may have others on top
FORMS = (
    "{0}", "{0} {1}", "{0} OR {1}", "{0} OR {1} OR {2} OR {3}", "{0} -{1}", "({0} OR {1}) {2}", "title:{0} OR {1}",
    "{0}^3 OR {1}", "({0} OR {1}) -{2} -{3}", "{0} OR ({1} {2})", "body:{0} OR {1}", "{0} lang:en OR {1}^0.5",
    "source:dawn^2 OR {0}", "entity:ttp^3 {0} OR {1}", "{0} OR {1}~1",
)  # fmt: skip


def queries(articles: list[Article], count: int) -> list[str]:
    """Return queries of words and of boolean operators: half of words of titles, which are asked for more often."""
    seed = random.Random(20261124)
    titles = [word for each in articles for word in some_words([each]) if word.isalpha()]
    return [seed.choice(FORMS).format(*(seed.choice(titles) for _ in range(4))) for _ in range(count)]


def filled(index: Index, articles: list[Article]) -> Index:
    for start in range(0, len(articles), 500):
        index.update(
            {
                each.id: lambda _, each=each: Folded(Document(each, ()), ())
                for each in articles[start : start + 500]
            }
        )
    return index


def disagreement(one: Sequence[Hit], other: Sequence[Hit]) -> str | None:
    """Return what only one has among its first, unless it is tied with the last of them there."""
    first, second = ({hit.document.article.id: hit.score for hit in hits[:TOP]} for hits in (one, other))
    for mine, theirs in ((first, second), (second, first)):
        last = min(mine.values(), default=0.0)
        for name in mine.keys() - theirs.keys():
            if mine[name] > last * (1 + 1e-5):
                return f"{name} scores {mine[name]}, the last {last}"
    return None


class Engines:
    """The same articles on both."""

    def __init__(self, one: Index, other: Index, articles: list[Article]) -> None:
        self.articles = articles
        self.one, self.other = (filled(each, articles) for each in (one, other))

    def apart(self, count: int) -> list[str]:
        """Return the queries, of so many that find more than ten, that do not have the same ten on top."""
        asked: list[str] = []
        apart: list[str] = []
        for query in queries(self.articles, count * 2):
            try:
                node = parse(query, now=NOW)
            except QueryError:
                continue
            one, other = (index.search(node, limit=TOP) for index in (self.one, self.other))
            if one.total <= TOP:  # all that is found is on top
                continue
            asked.append(query)
            if difference := disagreement(one.hits, other.hits):
                apart.append(f"{query}: {difference}")
            if len(asked) == count:
                break
        assert len(asked) == count
        return apart


@pytest.fixture
def empty(elasticsearch_url: str, tmp_path: Path) -> Iterator[tuple[Index, Index]]:
    create_index(tmp_path / "index")
    prefix = f"ranking-{uuid.uuid4().hex}"
    with closing(elastic.open_index(elasticsearch_url, prefix, shards=2)) as index:
        yield TantivyIndex(tmp_path / "index"), index
        elastic_generations.drop_all(index.server, prefix)


def test_the_first_ten_are_the_same_on_both_engines(empty: tuple[Index, Index], shared_data: Path) -> None:
    apart = Engines(*empty, joined(shared_data, every=9)).apart(60)
    assert len(apart) <= 60 * ALLOWED, apart


@pytest.mark.soak
def test_the_first_ten_of_all_real_texts_are_the_same(empty: tuple[Index, Index], shared_data: Path) -> None:
    apart = Engines(*empty, joined(shared_data)).apart(400)
    assert len(apart) <= 400 * ALLOWED, apart


def test_a_title_counts_as_much_on_both_though_many_have_none(empty: tuple[Index, Index]) -> None:
    articles = [
        Article(
            f"{n:020x}",
            f"urn:x:{n}",
            "s",
            "Peace" if n % 4 == 0 else "",
            "talks of peace " * (n + 1),
            NOW,
            lang="en",
        )
        for n in range(12)
    ]
    engines = Engines(*empty, articles)
    for query in (
        "peace",
        "title:peace",
        "talk peace",
        '"of peace"',
        "peac*",
        "author:none OR peace",
        "peace^2 OR s",
    ):
        one, other = (
            [hit.score for hit in index.search(parse(query, now=NOW), limit=12).hits]
            for index in (engines.one, engines.other)
        )
        assert one == pytest.approx(other, rel=1e-5), query
        assert one[0] > one[-1] or query == "title:peace"
