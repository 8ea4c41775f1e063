"""The best hits, uncounted, are those that counting finds, whatever a query leaves out."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from khabar.models import Article, Document, Folded
from search.grammar import parse
from search.tantivy import TantivyIndex, create_index

NOW = datetime(2026, 3, 14, tzinfo=UTC)
WORDS = ("river", "dam", "border", "truck", "wicket", "bowler", "school")
COUNT = 600


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> TantivyIndex:
    """Return an index of several segments; every third article is in one cluster, every other one from one source."""
    folder = tmp_path_factory.mktemp("best") / "index"
    create_index(folder)
    made = TantivyIndex(folder)
    dice = random.Random(7)
    articles = [written(number, dice) for number in range(COUNT)]
    for start in range(0, COUNT, 150):
        some = articles[start : start + 150]
        made.update({each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each in some})
    made.delete([f"{number:020x}" for number in range(0, COUNT, 50)])
    return made


def written(number: int, dice: random.Random) -> Article:
    return Article(
        f"{number:020x}",
        f"https://daily.example/{number}",
        "daily" if number % 2 else "weekly",
        " ".join(dice.choices(WORDS, k=2)),
        # Few words, so that many score the same.
        " ".join(dice.choices(WORDS, k=dice.choice((3, 3, 9)))),
        NOW - timedelta(hours=number % 100),
        lang="en",
        cluster="c" if number % 3 == 0 else f"{number:020x}",
    )


@pytest.mark.parametrize(
    "query",
    [
        "river OR dam OR border",
        "(river OR dam^2 OR body:border) NOT wicket",
        "(river OR dam) -source:daily",
        "river dam NOT bowler",
        "(river OR dam) NOT source:daily NOT source:weekly",
        "(river OR truck) NOT zzyzx",
        "river",
        "-source:daily",
    ],
)
def test_any_page_is_the_one_that_counting_gives(index: TantivyIndex, query: str) -> None:
    node = parse(query, now=NOW)
    for limit, offset in ((10, 0), (1, 0), (7, 33), (COUNT, 0), (10, COUNT)):
        counted = index.search(node, limit=limit, offset=offset)
        best = index.search(node, limit=limit, offset=offset, counted=False)
        assert best.hits == counted.hits, (limit, offset)


def test_few_that_are_left_out_are_not_among_the_best(index: TantivyIndex) -> None:
    node = parse("river OR dam", now=NOW)
    first = [hit.document.article.id for hit in index.search(node, limit=5, counted=False).hits]
    less = parse("(river OR dam) " + " ".join(f"-id:{name}" for name in first), now=NOW)
    rest = [hit.document.article.id for hit in index.search(less, limit=5, counted=False).hits]
    assert rest == [hit.document.article.id for hit in index.search(node, limit=10).hits][5:]
