"""Hard pages of our own writing: each folder of tests/pages is a page and what a reader finds on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from khabar.models import Article, Discovery, Record, Source, attempt_name
from workers.extract import Rejected, extract
from workers.normalize import normalize

PAGES = Path(__file__).resolve().parents[2] / "pages"
CASES = sorted(folder.name for folder in PAGES.iterdir() if (folder / "page.html").exists())


def _facts(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((PAGES / name / "expected.json").read_text("utf-8"))
    return facts


ARTICLES = [name for name in CASES if not _facts(name).get("rejected")]


@dataclass(frozen=True)
class Case:
    """A page, read once, and the facts about it."""

    facts: dict[str, Any]
    article: Article | None


def _read(name: str) -> Case:
    facts = _facts(name)
    source = Source(
        "made-up",
        "made-up",
        facts["source"]["country"],
        tuple(facts["source"]["languages"]),
        facts["source"]["timezone"],
    )
    record = _record(
        (PAGES / name / "page.html").read_bytes(), facts["url"], datetime.fromisoformat(facts["fetched"])
    )
    found = extract(record, source)
    return Case(facts, None if isinstance(found, Rejected) else normalize(found, record, source))


def _record(payload: bytes, url: str, fetched: datetime) -> Record:
    discovery = Discovery(attempt_name(fetched, url), url, fetched, "made-up", "new", scope="opinion")
    return Record(
        "segments/2025/11/25/pages.warc.gz",
        "urn:uuid:1",
        fetched,
        url,
        "page",
        discovery,
        200,
        "text/html",
        None,
        payload,
    )


@pytest.fixture(params=ARTICLES)
def case(request: pytest.FixtureRequest) -> Case:
    read = _read(request.param)
    for gap in read.facts.get("gaps", []):
        reason = f"a known gap of {request.param}: once closed, take it out of its expected.json"
        request.applymarker(pytest.mark.xfail(gap in request.node.name, reason=reason, strict=True))
    return read


def _article(case: Case) -> Article:
    assert case.article is not None
    return case.article


@pytest.mark.parametrize("name", sorted(set(CASES) - set(ARTICLES)))
def test_a_page_without_an_article_is_rejected(name: str) -> None:
    assert _read(name).article is None


def test_title(case: Case) -> None:
    assert _article(case).title == case.facts["title"]


def test_authors(case: Case) -> None:
    assert list(_article(case).authors) == case.facts["authors"]


def test_published(case: Case) -> None:
    article, expected = _article(case), case.facts["published"]
    if expected is None:
        assert article.published is None
    elif "T" in expected:
        assert article.published == datetime.fromisoformat(expected)
        assert article.published_precision == "second"
    else:
        assert article.published is not None
        assert article.published.date() == date.fromisoformat(expected)
        assert article.published_precision == "day"


def test_body(case: Case) -> None:
    body = _article(case).body
    assert body.startswith(case.facts.get("begins", ""))
    assert body.endswith(case.facts.get("ends", ""))
    assert [text for text in case.facts.get("contains", []) if text not in body] == []
    assert [text for text in case.facts["without"] if text in body] == []


def test_the_rest(case: Case) -> None:
    article = _article(case)
    assert article.form == case.facts.get("form", "article")
    assert article.url == case.facts.get("canonical", case.facts["url"])
    assert list(article.reservations) == case.facts.get("reservations", [])


def test_there_are_hard_pages_enough() -> None:
    assert len(CASES) >= 20
