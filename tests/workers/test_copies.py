"""Which copy came out first, as far as the pages tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from khabar.models import Article, Document, Reference
from workers.copies import came_out, in_order

FETCHED = datetime(2025, 10, 20, 12, tzinfo=UTC)


def article(
    name: str, published: str | None = None, precision: str | None = None, fetched: datetime = FETCHED
) -> Article:
    moment = datetime.fromisoformat(published) if published else None
    return Article(
        name,
        f"https://a.example/{name}",
        "a",
        "T",
        "B",
        fetched,
        published=moment,
        published_precision=precision,  # type: ignore[arg-type]
    )


def order(*articles: Article) -> list[str]:
    documents = [
        Document(each, (Reference(each.fetched, each.id, "s", each.url, "t", "a", each.fetched, "h"),))
        for each in articles
    ]
    assert in_order(reversed(documents)) == in_order(documents)
    return [document.article.id for document in in_order(documents)]


def test_the_first_published_is_first_whatever_its_offset_and_whenever_it_was_fetched() -> None:
    late_fetch = FETCHED + timedelta(days=3)
    assert order(
        article("a", "2025-10-14T09:00:00+05:00", "second"),
        article("b", "2025-10-14T03:59:00+00:00", "second", late_fetch),
        article("c", "2025-10-14T08:00:00+04:30", None),
    ) == ["c", "b", "a"]


def test_an_undated_copy_is_known_since_its_fetch() -> None:
    assert order(article("a"), article("b", "2025-10-20T11:59:00+00:00", "second")) == ["b", "a"]
    assert order(article("b", "2025-10-20T12:01:00+00:00", "second"), article("a")) == ["a", "b"]


def test_a_copy_dated_to_the_day_is_not_before_one_of_that_morning() -> None:
    day = article("a", "2025-10-14T00:00:00+00:00", "day")
    assert order(day, article("b", "2025-10-14T08:00:00+00:00", "second")) == ["b", "a"]
    assert order(day, article("c", "2025-10-15T08:00:00+00:00", "second")) == ["a", "c"]


def test_a_copy_dated_to_the_day_was_out_when_it_was_fetched_on_it() -> None:
    noon = datetime(2025, 10, 14, 12, tzinfo=UTC)
    day = article("a", "2025-10-14T00:00:00+00:00", "day", noon)
    assert came_out(day)[0] == noon
    assert order(day, article("b", "2025-10-14T13:00:00+00:00", "second")) == ["a", "b"]


@pytest.mark.parametrize(("precision", "days"), [("day", 1), ("month", 31), ("year", 366)])
def test_the_coarser_the_date_the_later_it_is_known(precision: str, days: int) -> None:
    published = datetime(2020, 1, 1, tzinfo=UTC)
    assert came_out(article("a", published.isoformat(), precision))[0] == published + timedelta(days=days)


def test_a_page_fetched_before_the_day_it_claims_counts_from_that_day() -> None:
    early = datetime(2025, 10, 13, 20, tzinfo=UTC)
    assert came_out(article("a", "2025-10-14T00:00:00+00:00", "day", early))[0] == datetime(
        2025, 10, 14, tzinfo=UTC
    )


def test_equal_copies_are_in_the_order_of_fetch_then_id() -> None:
    same = "2025-10-14T09:00:00+00:00"
    assert order(
        article("c", same, "second", FETCHED - timedelta(hours=1)),
        article("b", same, "second"),
        article("a", same, "second"),
    ) == ["c", "a", "b"]
