from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from khabar.codec import dump, load
from khabar.models import Article, Source
from khabar.urls import article_id
from workers.extract import Extracted
from workers.extract.dates import Dated
from workers.normalize import clean_line, clean_text, normalize

MakeRecord = Callable[..., Any]
MOMENT = datetime(2025, 2, 27, 8, 15, tzinfo=UTC)


def found(**fields: Any) -> Extracted:
    plain: dict[str, Any] = {
        "url": "https://review.example/a",
        "title": "A gate",
        "body": "One.\n\nTwo.",
        "body_confidence": 0.9,
    }
    return Extracted(**(plain | fields))


def test_an_article_is_uniform_and_knows_its_place(make_record: MakeRecord, karachi: Source) -> None:
    record = make_record(b"", "https://review.example/a")
    extracted = found(
        title=" A\u00a0 gate\u200b ",
        body="Caf\u0065\u0301  au\tlait.\r\n\r\n\r\n Two.",
        published=Dated(MOMENT, "second", "meta", 0.93),
    )
    article = normalize(extracted, record, karachi)
    assert (article.title, article.body) == ("A gate", "Café au lait.\n\nTwo.")
    assert article.id == article.cluster == article.first == article_id("https://review.example/a")
    assert (article.source, article.country, article.fetched, article.words) == (
        "review",
        "PK",
        record.date,
        4,
    )
    assert (
        article.published,
        article.published_precision,
        article.published_from,
        article.published_confidence,
    ) == (
        MOMENT,
        "second",
        "meta",
        0.93,
    )
    assert article.archive is not None
    assert article.archive.sha256 == hashlib.sha256("A gate\n\nCafé au lait.\n\nTwo.".encode()).hexdigest()
    assert (article.archive.segment, article.archive.record) == (record.segment, record.id)


def test_an_article_survives_json(make_record: MakeRecord, karachi: Source) -> None:
    article = normalize(found(published=Dated(MOMENT, "second", "meta", 0.93)), make_record(b""), karachi)
    assert load(dump(article), Article) == article


def test_an_unknown_source_keeps_the_name_that_discovery_has(make_record: MakeRecord) -> None:
    assert (
        normalize(found(source_name="The News"), make_record(b"", source="the-news"), None).source
        == "the-news"
    )
    assert normalize(found(source_name="The News"), make_record(b"", source=""), None).source == "the-news"
    assert (
        normalize(found(source_name="بی بی سی اردو"), make_record(b"", source=""), None).source
        == "بی-بی-سی-اردو"
    )
    assert normalize(found(), make_record(b"", source=""), None).source == "review.example"
    assert normalize(found(url="urn:sha256:0"), make_record(b"", source=""), None).source == "import"


def test_an_import_s_country_counts_where_the_catalogue_has_none(
    make_record: MakeRecord, karachi: Source
) -> None:
    assert normalize(found(country="IR"), make_record(b""), None).country == "IR"
    assert normalize(found(country="IR"), make_record(b""), karachi).country == "PK"


def test_joiners_stay_and_what_nobody_sees_goes() -> None:
    assert clean_text("می\u200cآید\ufeff so\u00adft \u200bzero\x07") == "می\u200cآید soft zero"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert "\n\n\n" not in once and once == once.strip()
    line = clean_line(text)
    assert clean_line(line) == line and "\n" not in line
