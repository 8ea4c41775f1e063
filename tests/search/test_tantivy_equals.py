"""However many hits score the same, they come the newest first, page by page, each once."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from khabar.models import Article, Document, Folded
from khabar.stories import mark
from search.grammar import parse
from search.tantivy import TantivyIndex, create_index

NOW = datetime(2026, 3, 14, tzinfo=UTC)
COUNT = 6_000  # more than are looked at in one go
WORDS = ("border", "borders", "wicket", "wickets")


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    """Return articles of which some have the same hour, and one in fifty the word in its title, too."""
    dice = random.Random(5)
    return [
        Article(
            f"{dice.getrandbits(80):020x}",
            f"https://daily.example/{number}",
            "daily",
            "Border" if number % 50 == 0 else "Notes",
            dice.choice(WORDS),
            NOW - timedelta(hours=dice.randrange(COUNT // 2)),
            lang="en",
            cluster=str(number),
        )
        for number in range(COUNT)
    ]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, articles: list[Article]) -> TantivyIndex:
    folder = tmp_path_factory.mktemp("equals") / "index"
    create_index(folder)
    made = TantivyIndex(folder)
    for start in range(0, COUNT, 2_500):
        some = articles[start : start + 2_500]
        made.update({each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each in some})
    return made


def expected(articles: list[Article]) -> list[str]:
    """Return what border* finds: those that hold it twice, in the title alone, in the body alone."""

    def weight(article: Article) -> int:
        return 2 * article.title.startswith("Border") + article.body.startswith("border")

    held = [each for each in articles if weight(each)]
    return [each.id for each in sorted(held, key=lambda each: (-weight(each), NOW - each.fetched, each.id))]


@pytest.mark.parametrize(
    "query",
    # The last one is asked for nothing that selects a score.
    ["border*", "border*^1.1", "border* source:daily", "bor?er* NOT zyzzy", "border* OR title:zyzzy*"],
)
@pytest.mark.parametrize("offset", [0, 25, 55, 110, 500, 2_900])
def test_a_page_is_a_piece_of_the_one_order(
    index: TantivyIndex, articles: list[Article], query: str, offset: int
) -> None:
    found = index.search(parse(query, now=NOW), limit=10, offset=offset)
    ids = expected(articles)
    assert found.total == len(ids)
    assert [hit.document.article.id for hit in found.hits] == ids[offset : offset + 10]


@pytest.mark.parametrize("limit", [7, 400])
def test_pages_that_follow_each_other_hold_each_hit_once_and_in_order(
    index: TantivyIndex, articles: list[Article], limit: int
) -> None:
    node = parse("border*", now=NOW)
    ids = expected(articles)
    page = index.search(node, limit=limit)
    seen = [hit.document.article.id for hit in page.hits]
    while page.hits and len(seen) < limit * 25:
        page = index.search(node, limit=limit, after=mark(page.hits[-1], len(seen)))
        assert page.total == len(ids)
        seen += [hit.document.article.id for hit in page.hits]
    assert seen == ids[: len(seen)]
    assert len(seen) >= min(len(ids), limit * 25)


@pytest.mark.parametrize("place", [0, 3, 2_000, 9_999_999])
def test_a_mark_that_is_wrong_about_its_place_is_followed_all_the_same(
    index: TantivyIndex, articles: list[Article], place: int
) -> None:
    node = parse("border*", now=NOW)
    ids = expected(articles)
    last = index.search(node, limit=1, offset=300).hits[0]
    page = index.search(node, limit=5, after=mark(last, place))
    assert [hit.document.article.id for hit in page.hits] == ids[301:306]
