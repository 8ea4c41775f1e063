"""Hard pages of our own writing: each folder of tests/pages is a page and what a reader finds on it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from khabar.catalogue import SHIPPED, load
from khabar.catalogue.problems import Problems
from khabar.catalogue.source import read_source
from khabar.models import Article, Discovery, Record, Rules, Source, attempt_name
from workers.extract import Rejected, extract
from workers.extract.rules import rules_of
from workers.language import identify
from workers.normalize import normalize

PAGES = Path(__file__).resolve().parents[2] / "pages"
CASES = sorted(folder.name for folder in PAGES.iterdir() if (folder / "page.html").exists())
ARTICLES = [name for name in CASES if not (PAGES / name / "error.json").exists()]

REASONS = {
    "bot_wall", "consent_wall", "error_page", "listing", "needs_javascript", "no_text", "not_html", "paywall", "video_or_gallery", "http_410",
}  # fmt: skip
PARTICULARS = {
    "agency", "author_note", "breadcrumb", "canonical", "form", "image", "lang", "lang_hint", "modified", "reservations", "section",
}  # fmt: skip


def _meta(name: str) -> dict[str, Any]:
    meta: dict[str, Any] = yaml.safe_load((PAGES / name / "meta.yaml").read_text("utf-8"))
    return meta


def _json(name: str, file: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((PAGES / name / file).read_text("utf-8"))
    return facts


def _source(name: str) -> Source:
    """Return the source of a page: a file beside it, one that is shipped, or one made up of what meta.yaml says."""
    path = PAGES / name / "source.yaml"
    if path.exists():
        problems = Problems()
        found = read_source(path, problems)
        assert found is not None, problems.found
        return found[1]
    given = _meta(name)["source"]
    if isinstance(given, str):
        return load([SHIPPED]).sources[given]
    return Source("made-up", "made-up", given["country"], tuple(given["languages"]), given["timezone"])


@dataclass(frozen=True)
class Case:
    """A page, read once, and the facts about it."""

    facts: dict[str, Any]
    article: Article | None
    reason: str | None
    hint: str | None = None  # the language that the page says it is in


def _read(name: str) -> Case:
    meta, source = _meta(name), _source(name)
    fetched = meta["fetched"]  # YAML knows a time when it sees one
    facts = _json(name, "expected.json" if name in ARTICLES else "error.json")
    record = _record((PAGES / name / "page.html").read_bytes(), meta["url"], fetched, meta.get("status", 200))
    found = extract(record, source)
    if isinstance(found, Rejected):
        return Case(facts, None, found.reason)
    article = identify(normalize(found, record, source), source)
    return Case({**facts, "url": meta["url"]}, article, None, found.lang_hint)


def _record(payload: bytes, url: str, fetched: datetime, status: int) -> Record:
    discovery = Discovery(attempt_name(fetched, url), url, fetched, "made-up", "new", scope="opinion")
    return Record(
        "segments/2025/11/25/pages.warc.gz",
        "urn:uuid:1",
        fetched,
        url,
        "page",
        discovery,
        status,
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


def _uncovered(sources: Iterable[Source], pages: Iterable[tuple[str, date]]) -> list[str]:
    """Return the sources with a version of rules for which there is no page."""
    seen = list(pages)
    missing: list[str] = []
    for source in sources:
        used = {rules_of(source, day) for name, day in seen if name == source.id}
        missing += [source.id for version in source.rules if version not in used]
    return missing


def test_every_version_of_a_source_s_rules_has_a_page() -> None:
    pages = [(_source(name), _meta(name)["fetched"].date()) for name in CASES]
    made_up = {source.id: source for source, _ in pages if source.rules}
    sources = [*load([SHIPPED]).sources.values(), *made_up.values()]
    assert _uncovered(sources, [(source.id, day) for source, day in pages]) == []


def test_a_source_with_rules_and_no_page_is_noticed() -> None:
    old, new = Rules(body="p", valid_until=date(2025, 1, 31)), Rules(body="div")
    source = Source("salt", "Salt", rules=(old, new))
    assert _uncovered([source], []) == ["salt", "salt"]
    assert _uncovered([source], [("salt", date(2025, 2, 1))]) == ["salt"]
    assert _uncovered([source], [("salt", date(2025, 2, 1)), ("salt", date(2025, 1, 31))]) == []


def _article(case: Case) -> Article:
    assert case.article is not None
    return case.article


@pytest.mark.parametrize("name", sorted(set(CASES) - set(ARTICLES)))
def test_a_page_without_an_article_is_rejected_and_says_why(name: str) -> None:
    assert _read(name).reason == _json(name, "error.json")["error"]


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
    assert article.agency == case.facts.get("agency")
    assert article.author_note == case.facts.get("author_note", article.author_note)
    assert list(article.reservations) == case.facts.get("reservations", [])


def test_where_it_stands(case: Case) -> None:
    article = _article(case)
    assert article.section == case.facts.get("section", article.section)
    assert list(article.breadcrumb) == case.facts.get("breadcrumb", list(article.breadcrumb))
    assert article.image == case.facts.get("image", article.image)
    assert article.lang == case.facts.get("lang", article.lang)
    assert case.hint == case.facts.get("lang_hint", case.hint)


def test_when_it_was_changed(case: Case) -> None:
    if "modified" in case.facts:
        assert _article(case).modified == datetime.fromisoformat(case.facts["modified"])


def test_there_is_a_page_for_each_reason() -> None:
    named = {_json(name, "error.json")["error"] for name in set(CASES) - set(ARTICLES)}
    assert named >= REASONS


def test_there_is_a_page_for_each_of_the_particulars() -> None:
    named = {key for name in ARTICLES for key in _json(name, "expected.json")}
    assert named >= PARTICULARS
