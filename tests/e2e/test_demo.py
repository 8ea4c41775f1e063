"""The demo, as a newcomer sees it, held against what is known of each of its articles."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from khabar import accounts
from khabar.config import load_settings
from khabar.models import Article
from khabar.nearest import related
from khabar.runtime import reading
from search.tree import Everything
from workers.copies import with_copies

FACTS = Path(__file__).parents[1] / "khabar" / "demo" / "expected.yaml"
EXPECTED: dict[str, dict[str, Any]] = {
    facts["url"]: facts for facts in yaml.safe_load(FACTS.read_text("utf-8"))
}
Khabar = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shown(khabar: Khabar) -> str:
    done = khabar("demo")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_tells_its_story_and_what_it_indexed_is_right(shown: str, home: Path) -> None:
    lines = [line.split() for line in shown.splitlines()]
    counted = [
        (line[0], int(line[1]))
        for line in lines
        if len(line) > 1 and line[0] in {"indexed", "revised", "attempts"}
    ]
    assert counted == [("indexed", 16), ("attempts", 17), ("attempts", 0), ("revised", 1), ("attempts", 1)]
    assert "robots 1" in shown
    torkham = "https://khybercourier.example/opinion/48214/torkham-is-a-lifeline-not-a-lever"
    with reading(load_settings(home / "demo")) as runtime:
        documents = with_copies(runtime.index, runtime.index.scan(Everything()))
        found = {document.article.url: document.article for document in documents}
        assert set(found) == set(EXPECTED)
        nearest = related(runtime, found[torkham])
        traced = list(accounts.steps(runtime, torkham))
    for url, facts in EXPECTED.items():
        _check(found[url], facts, found)
    # The page calls that its own; it was fetched from the port where the press listens.
    assert traced[0].what.startswith("claimed as new") and traced[-1].what.startswith("indexed")
    _check_digest(home / "demo", shown)
    langs = [hit["article"]["lang"] for hit in nearest["hits"]]
    assert {"en", "ur", "ps"} <= set(langs)  # the same matter, in whatever script


def _check(article: Article, facts: dict[str, Any], found: dict[str, Article]) -> None:
    facts = facts | (facts.get("edited") or {})
    assert article.title == facts["title"]
    # An agency is not told from a person yet: it may stand as the author.
    assert list(article.authors) in (facts["authors"], [facts.get("agency")]), article.url
    assert article.lang == facts["lang"]
    assert article.genre in facts["genre"], article.url
    assert any(match.id == "pak-taliban" for match in article.topics) == facts["topic"], article.url
    assert set(facts["entities"]) <= {entity.id for entity in article.entities}, article.url
    # A standfirst may stand before, a note about the author after.
    assert facts["begins"] in article.body[:400] and facts["ends"] in article.body[-400:], article.url
    assert article.published is not None, article.url
    assert datetime.now(UTC) - article.published < timedelta(days=30)
    if original := facts.get("copy_of"):
        assert article.cluster == found[original].cluster
        assert (article.copies, article.first) == (2, found[original].id)
    elif article.url not in {facts.get("copy_of") for facts in EXPECTED.values()}:
        assert article.copies == 1, article.url


def _check_digest(home: Path, shown: str) -> None:
    day = datetime.now(ZoneInfo("Asia/Karachi")).date() - timedelta(days=1)
    page = home / "digests" / f"pak-taliban-{day}.html"
    assert str(page) in shown
    html = page.read_text("utf-8")
    assert 'dir="rtl"' in html and "http-equiv" not in html and "<script" not in html
    digest = json.loads(page.with_suffix(".json").read_text("utf-8"))
    assert len(digest["lines"]) >= 6 and {line["article"]["lang"] for line in digest["lines"]} >= {
        "en",
        "ur",
        "ps",
        "hi",
    }
    assert any(line["copies"] == 2 for line in digest["lines"])
