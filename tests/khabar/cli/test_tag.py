"""`khabar tag`: each line comes out as it went in, with its tags, in order, whichever process read it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from khabar.cli import khabar

Run = Callable[..., Result]
BODY = "Two years ago, in August 2021, the Taliban came to Kabul. Islamabad should ask why, and so must we."
ARTICLES = [
    {"id": "mine", "path": "saved/a.html", "title": "A gate", "body": BODY, "published": "2025-01-31T00:00:00+05:00", "section": "Opinion", "note": 7, "genre": "news"},
    {"title": "سرحد", "body": "طالبان اور پاکستان کے درمیان مذاکرات ۱۵ اگست ۲۰۲۱ کو ہوئے۔"},
    {"body": "Nothing but a line about a ferry."},
]  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    home = tmp_path / "home"
    return lambda *words: CliRunner().invoke(
        khabar, ["tag", *map(str, words), "--home", str(home), "--quiet"]
    )


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    path = tmp_path / "articles.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in ARTICLES), "utf-8")
    return path


def _lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_line_comes_out_as_it_went_in_with_its_tags(run: Run, articles: Path, tmp_path: Path) -> None:
    result = run(articles, "--jobs", "1")
    assert result.exit_code == 0
    lines = _lines(result)
    first = lines[0]
    assert (first["id"], first["path"], first["note"], first["published"]) == (
        "mine",
        "saved/a.html",
        7,
        "2025-01-31T00:00:00+05:00",
    )
    assert (first["lang"], first["genre"], first["genre_evidence"]) == ("en", "opinion", ["section:Opinion"])
    assert first["mentions_dates"] == ["2023", "2021-08"]
    assert {"afghan-taliban", "kabul"} <= {entity["id"] for entity in first["entities"]}
    spans = [span for entity in first["entities"] for span in entity["mentions"]]
    assert all(first[span["field"]][span["start"] : span["end"]] == span["text"] for span in spans)
    assert (lines[1]["lang"], lines[1]["mentions_dates"]) == ("ur", ["2021-08-15"])
    assert lines[2]["topics"] == []
    assert not (tmp_path / "home").exists()


def test_several_processes_give_the_same_lines_in_the_same_order(
    run: Run, articles: Path, tmp_path: Path
) -> None:
    many = tmp_path / "many.jsonl.gz"
    many.write_bytes(gzip.compress(articles.read_bytes() * 5))
    alone, together = run(many, articles, "--jobs", "1"), run(many, articles, "--jobs", "2")
    assert len(_lines(alone)) == 18
    assert _lines(together) == _lines(alone)


def test_a_line_that_is_no_article_says_so_in_its_place(run: Run, articles: Path) -> None:
    with articles.open("a", encoding="utf-8") as file:
        file.write('{"path": "b.html", "error": "listing"}\nno json\n')
    result = run(articles, "--jobs", "1")
    assert result.exit_code == 1
    *_, listing, broken = _lines(result)
    assert (listing["line"], listing["error"]) == (4, "neither title nor body: give one of them as a text")
    assert broken["line"] == 5
    assert broken["error"].startswith("no JSON")


def test_other_files_are_refused_before_anything_is_read(run: Run, tmp_path: Path) -> None:
    assert "khabar extract" in run(tmp_path / "page.html").output
    missing = run(tmp_path / "none.jsonl")
    assert missing.exit_code == 2
    assert "no such file" in missing.output
