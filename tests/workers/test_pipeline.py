"""The stages in their order, on records of every kind; a stage that breaks costs one record and is explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from khabar.catalogue import SHIPPED, load
from khabar.models import Article, Discovery, Record, attempt_name
from workers.pipeline import Knowledge, prepare, read, read_safely

NOW = datetime(2025, 4, 22, 6, tzinfo=UTC)
Make = Callable[..., Record]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return prepare(load([SHIPPED]))


def test_a_page_becomes_an_article_with_all_that_the_stages_know(
    knowledge: Knowledge, make_record: Make, make_page: Callable[..., str]
) -> None:
    reading = read(make_record(make_page(), scope="opinion"), knowledge)
    article = reading.article
    assert reading.outcome == "article" and article is not None
    assert (article.title, article.lang, article.genre) == ("A gate and a stamp", "en", "opinion")
    assert article.archive is not None and article.archive.record == reading.record
    assert "torkham" in {entity.id for entity in article.entities}
    assert reading.signature.bands and reading.signature.exact


def test_an_attempt_without_a_page_ends_as_its_discovery_says(
    knowledge: Knowledge, make_record: Make
) -> None:
    bare = make_record(b"", kind="attempt")
    cases = {("robots", True): "rejected", ("timeout", False): "failed", (None, False): "failed"}
    for (failure, refused), outcome in cases.items():
        told = replace(bare.discovery, failure=failure, refused=refused)
        reading = read(replace(bare, discovery=told), knowledge)
        assert (reading.outcome, reading.reason) == (outcome, failure or "not_fetched")


def test_a_revisit_is_unchanged(knowledge: Knowledge, make_record: Make) -> None:
    reading = read(make_record(b"", kind="revisit", status=304), knowledge)
    assert (reading.outcome, reading.article, reading.reason) == ("unchanged", None, None)


@pytest.mark.parametrize(
    ("payload", "status", "reason"),
    [("", 200, "not_html"), ("<html></html>", 200, "no_text"), ("<html>gone</html>", 404, "http_404")],
)
def test_what_is_no_article_is_rejected_with_its_reason(
    knowledge: Knowledge, make_record: Make, payload: str, status: int, reason: str
) -> None:
    reading = read(make_record(payload, status=status), knowledge)
    assert (reading.outcome, reading.reason, reading.trace) == ("rejected", reason, None)


def test_a_stage_that_breaks_costs_its_record_and_leaves_a_trace(
    knowledge: Knowledge, make_record: Make, make_page: Callable[..., str]
) -> None:
    broken: Any = replace(knowledge, gazetteer=None)
    record = make_record(make_page())
    reading = read_safely(record, broken)
    assert (reading.outcome, reading.reason, reading.article) == ("failed", "broken_page", None)
    assert reading.trace is not None and "tag_entities" in reading.trace
    assert (reading.record, reading.discovery) == (record.id, record.discovery)
    assert read_safely(record, knowledge).outcome == "article"


# --- the reference op-ed ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def oped(shared_data: Path, knowledge: Knowledge) -> Article:
    page = shared_data / "reference" / "op-ed.html"
    url = "https://reference.example/op-ed"
    told = Discovery(attempt_name(NOW, url), url, NOW, "import", "import")
    record = Record("segments/x", "urn:uuid:1", NOW, url, "page", told, payload=page.read_bytes())
    article = read(record, knowledge).article
    assert article is not None
    return article


def test_the_reference_op_ed_has_its_title_author_and_body(oped: Article) -> None:
    assert oped.title == "Seeking Stability: Pakistan’s diplomatic efforts in Afghanistan"
    assert [author.split()[0] for author in oped.authors] == ["Sanaullah"]
    assert oped.body.startswith("A delegation headed by")
    assert oped.lang == "en"
    assert not any(
        line.lower() in {"related", "comments", "popular", "menu"} for line in oped.body.split("\n")
    )


def test_the_date_in_its_header_is_not_its_own(oped: Article) -> None:
    assert oped.published is None or oped.published.date() != date(2025, 1, 31)


def test_its_entities_and_topic_are_found_with_evidence_in_its_text(oped: Article) -> None:
    found = {entity.id: entity for entity in oped.entities}
    assert {"ttp", "haqqani-network", "afghan-taliban", "pakistan", "china", "russia"} <= found.keys()
    assert len({mention.text.casefold() for mention in found["ttp"].mentions}) > 1, "also written out"
    topics = {match.id: match for match in oped.topics}
    spans = [*topics["pak-taliban"].evidence, *(span for each in oped.entities for span in each.mentions)]
    fields = {"title": oped.title, "body": oped.body}
    assert topics["pak-taliban"].evidence
    assert all(fields[span.field][span.start : span.end] == span.text for span in spans)
