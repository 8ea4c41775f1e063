"""A digest is a function of the index: what was published on a topic on one day, one line a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from khabar.catalogue import Topic
from khabar.digest import build
from khabar.models import Article, Digest
from search.tantivy import TantivyIndex

DAY = date(2025, 10, 14)
Publish = Callable[..., Article]
COLUMN = " ".join(f"word{number}" for number in range(80))


def names(digest: Digest) -> list[str]:
    return [line.article.id for line in digest.lines]


def test_each_text_of_the_day_is_one_line_best_first(press: TantivyIndex, topic: Topic) -> None:
    digest = build(press, topic, DAY)
    assert names(digest) == ["en", "ur", "ps", "prs", "hi"]
    assert (digest.articles, digest.outlets) == (6, 4)
    first = digest.lines[0]
    assert first.outlets == ("khyber-courier", "kabul-ledger")
    assert (first.copies, first.score, first.since) == (2, 9.5, None)
    assert (first.article.first, first.article.copies) == ("en", 2)


def test_the_day_is_that_of_the_topic_s_time_zone(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    publish("late", "2025-10-13T23:59:59+05:00")
    publish("first", "2025-10-14T00:00:00+05:00")
    publish("elsewhere", "2025-10-13T19:30:00+00:00")  # half past midnight in Karachi
    publish("last", "2025-10-14T23:59:59+05:00")
    publish("early", "2025-10-14T19:00:00+00:00")  # midnight in Karachi
    assert set(names(build(index, topic, DAY))) == {"first", "elsewhere", "last"}
    assert build(index, topic, DAY).timezone == "Asia/Karachi"


def test_a_topic_without_a_plan_takes_the_time_zone_given_else_utc(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    publish("night", "2025-10-13T21:00:00+00:00")
    plain = replace(topic, digest=None)
    assert names(build(index, plain, DAY)) == []
    assert names(build(index, plain, DAY, "Asia/Kabul")) == ["night"]
    assert names(build(index, topic, DAY, "America/New_York")) == ["night"]


def test_a_printed_day_is_that_day_wherever_it_is_read(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    publish("printed", "2025-10-14T00:00:00+00:00", published_precision="day")
    american = replace(topic, digest=replace(topic.digest, timezone="America/Los_Angeles"))  # type: ignore[type-var]
    assert names(build(index, topic, DAY)) == names(build(index, american, DAY)) == ["printed"]


def test_the_undated_stand_on_the_day_of_their_first_fetch_and_last_of_equals(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    fetched = datetime(2025, 10, 14, 3, tzinfo=UTC)
    publish("a-undated", None, fetched=fetched)
    publish("b-noon", "2025-10-14T12:00:00+05:00", fetched=fetched)
    publish("c-morning", "2025-10-14T06:00:00+05:00", fetched=fetched)
    publish("d-high", "2025-10-14T20:00:00+05:00", fetched=fetched, score=7.0)
    assert names(build(index, topic, DAY)) == ["d-high", "c-morning", "b-noon", "a-undated"]


def test_the_line_is_the_earliest_copy_and_outlets_come_in_the_order_of_printing(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    publish("z", "2025-10-14T06:00:00+05:00", COLUMN, source="first-paper")
    publish("a", "2025-10-14T09:00:00+05:00", COLUMN, source="second-paper")
    publish("b", "2025-10-14T10:00:00+05:00", COLUMN, source="first-paper")
    digest = build(index, topic, DAY)
    assert names(digest) == ["z"]
    assert digest.lines[0].outlets == ("first-paper", "second-paper")
    assert (digest.articles, digest.outlets, digest.lines[0].copies) == (3, 2, 3)


def test_a_copy_that_was_not_found_to_be_on_the_topic_still_counts_as_one(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    publish("cut", "2025-10-14T06:00:00+05:00", COLUMN, source="other-paper", topics=())
    publish("whole", "2025-10-14T09:00:00+05:00", COLUMN)
    digest = build(index, topic, DAY)
    assert names(digest) == ["whole"]
    assert digest.lines[0].outlets == ("other-paper", "paper")
    assert digest.articles == 1


def test_a_reprint_says_since_when_the_text_is_out_and_later_copies_are_not_known_yet(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    publish("original", "2025-10-10T09:00:00+05:00", COLUMN)
    publish("reprint", "2025-10-14T09:00:00+05:00", COLUMN)
    before = build(index, topic, DAY)
    publish("again", "2025-10-20T09:00:00+05:00", COLUMN)
    line = build(index, topic, DAY).lines[0]
    assert (line.article.id, line.article.first, line.article.copies) == ("reprint", "original", 2)
    assert (line.copies, line.since) == (1, date(2025, 10, 10))
    assert build(index, topic, DAY) == before


def test_the_days_before_are_counted_as_their_own_digests_count(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    for days, articles in {1: 2, 2: 1, 27: 3, 28: 4, 29: 5}.items():
        for number in range(articles):
            publish(f"{days}-{number}", f"{DAY - timedelta(days=days)}T00:00:00+05:00")
    digest = build(index, topic, DAY)
    assert digest.before == (4, 3, *([0] * 24), 1, 2)
    assert digest.usual == 0.4  # 10 in 28 days
    assert build(index, topic, DAY - timedelta(days=28)).articles == 4


def test_a_day_without_articles_is_a_digest_too(index: TantivyIndex, topic: Topic) -> None:
    digest = build(index, topic, DAY)
    assert (digest.lines, digest.articles, digest.outlets, digest.usual) == ((), 0, 0, 0.0)
    assert digest.before == (0,) * 28


def test_it_holds_neither_archive_nor_time_of_fetch_nor_other_topics(
    press: TantivyIndex, topic: Topic
) -> None:
    for line in build(press, topic, DAY).lines:
        article = line.article
        assert (article.body, article.archive) == ("", None)
        assert article.fetched == datetime(2025, 10, 13, 19, tzinfo=UTC)  # when the day began in Karachi
        assert [match.id for match in article.topics] == ["border"]
        assert [(entity.id, entity.mentions) for entity in article.entities] == [("torkham", ())]


def test_fetched_at_another_time_it_is_the_same_digest(
    index: TantivyIndex, topic: Topic, publish: Publish
) -> None:
    publish("a", "2025-10-14T09:00:00+05:00", COLUMN)
    before = build(index, topic, DAY)
    publish("a", "2025-10-14T09:00:00+05:00", COLUMN, fetched=datetime(2026, 1, 1, tzinfo=UTC))
    assert build(index, topic, DAY) == before
