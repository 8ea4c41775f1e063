"""The fold: an article is a function of the set of its records, whatever their order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.models import ArchiveRef, Article, Discovery, Document, Folded, Reading, Signature, attempt_name
from workers.fold import fold, unread

START = datetime(2025, 1, 31, 6, tzinfo=UTC)
ID = "0123456789abcdef0123"


def reading(minute: int, text: str, url: str = "https://a.example/1", attempt: int | None = None) -> Reading:
    """Return a reading at a minute; its attempt is claimed at the minute `attempt`, by default its own."""
    claimed = START + timedelta(minutes=minute if attempt is None else attempt)
    record = f"urn:uuid:{minute:04d}"
    article = Article(
        id=ID,
        url="https://a.example/1",
        source="a",
        title="Title",
        body=text,
        fetched=START + timedelta(minutes=minute),
        cluster=ID,
        archive=ArchiveRef("segments/x", record, f"hash of {text}"),
    )
    discovery = Discovery(attempt_name(claimed, url), url, claimed, "a", "new")
    when = START + timedelta(minutes=minute)
    return Reading("segments/x", record, when, discovery, article, Signature(1, (), text))


def outcomes(folded: Folded) -> list[str]:
    return [row.outcome for row in folded.outcomes]


def fold_one_by_one(readings: Sequence[Reading]) -> Folded:
    stored: Document | None = None
    for each in readings:
        folded = fold(stored, [each])
        stored = folded.document
    return folded


def test_the_first_record_is_indexed() -> None:
    folded = fold(None, [reading(0, "one")])
    assert outcomes(folded) == ["indexed"]
    assert folded.document.article.revisions == 1
    assert folded.document.article.fetched == START


def test_another_text_is_a_revision_and_the_last_text_is_shown() -> None:
    folded = fold(fold(None, [reading(0, "one")]).document, [reading(5, "two")])
    assert outcomes(folded) == ["indexed", "revised"]
    assert folded.document.article.body == "two"
    assert folded.document.article.revisions == 2
    assert folded.document.signature.exact == "two"


def test_the_same_text_again_is_unchanged_and_kept_as_a_reference() -> None:
    folded = fold_one_by_one([reading(0, "one"), reading(5, "one")])
    assert outcomes(folded) == ["indexed", "unchanged"]
    assert len(folded.document.references) == 2


def test_another_url_of_the_same_article_is_a_duplicate_of_the_first() -> None:
    folded = fold_one_by_one([reading(0, "one"), reading(5, "one", url="https://a.example/1?view=print")])
    assert outcomes(folded) == ["indexed", "duplicate_of"]
    assert folded.outcomes[1].reason == "https://a.example/1"


def test_a_late_older_record_is_inserted_at_its_place() -> None:
    folded = fold_one_by_one([reading(5, "two"), reading(0, "one")])
    assert outcomes(folded) == ["indexed", "revised"]
    assert folded.document.article.body == "two"
    assert folded.document.article.fetched == START


def test_of_two_records_of_one_attempt_the_earlier_counts() -> None:
    folded = fold_one_by_one([reading(1, "one", attempt=0), reading(2, "two", attempt=0)])
    assert outcomes(folded) == ["indexed"]
    assert folded.outcomes[0].record == "urn:uuid:0001"
    assert folded.document.article.body == "two"


def test_a_segment_read_again_changes_nothing() -> None:
    readings = [reading(0, "one"), reading(5, "two")]
    once = fold(None, readings)
    assert fold(once.document, readings) == once


def test_newer_code_replaces_what_the_same_record_gave() -> None:
    before = fold(None, [reading(0, "menu and one")])
    after = fold(before.document, [reading(0, "one")])
    assert after.document.article.body == "one"
    assert outcomes(after) == ["indexed"]


def test_the_cluster_of_a_stored_document_stays() -> None:
    stored = fold(None, [reading(0, "one")]).document
    moved = Document(
        Article(**{**_fields(stored.article), "cluster": "0000"}), stored.references, stored.signature
    )
    assert fold(moved, [reading(5, "two")]).document.article.cluster == "0000"


@pytest.mark.parametrize("texts", [("a", "b", "a"), ("a", "a", "b"), ("a", "b", "c")])
def test_every_order_of_arrival_gives_the_same_article(texts: tuple[str, ...]) -> None:
    readings = [reading(minute, text) for minute, text in enumerate(texts)]
    results = [fold_one_by_one(order) for order in permutations(readings)]
    assert all(result == results[0] for result in results)
    assert results[0] == fold(None, readings)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["", "?p=1"]), st.integers(0, 5)),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_order_and_batching_never_matter(parts: list[tuple[str, str, int]], random: object) -> None:
    readings = [
        reading(minute, text, f"https://a.example/1{query}", min(attempt, minute))
        for minute, (text, query, attempt) in enumerate(parts)
    ]
    shuffled = list(readings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    cut = len(shuffled) // 2
    stored = fold(None, shuffled[:cut]).document if cut else None
    assert fold(stored, shuffled[cut:]) == fold(None, readings)


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=8))
def test_there_are_as_many_revisions_as_texts_in_a_row(texts: list[str]) -> None:
    folded = fold(None, [reading(minute, text) for minute, text in enumerate(texts)])
    kinds = outcomes(folded)
    assert kinds.count("indexed") == 1
    assert folded.document.article.revisions == 1 + kinds.count("revised")
    assert len(kinds) == len(texts)


def test_a_reading_without_an_article_is_a_row_with_its_reason() -> None:
    url = "https://a.example/2"
    discovery = Discovery(attempt_name(START, url), url, START, "a", "new")
    row = unread(Reading("segments/x", "urn:uuid:9", START, discovery, outcome="rejected", reason="robots"))
    assert (row.outcome, row.reason, row.day, row.url) == ("rejected", "robots", START.date(), url)


def _fields(article: Article) -> dict[str, object]:
    return {name: getattr(article, name) for name in Article.__dataclass_fields__}
