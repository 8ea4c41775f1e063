"""`khabar extract`: a line for each page, in order, whichever process read it; nothing is stored."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from khabar.cli import khabar
from khabar.codec import build
from khabar.models import Article

Run = Callable[..., Result]
PAGES = Path(__file__).resolve().parents[2] / "pages"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    home = tmp_path / "home"
    return lambda *words: CliRunner().invoke(
        khabar, ["extract", *map(str, words), "--home", str(home), "--quiet"]
    )


def _lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def _page(folder: str) -> bytes:
    return (PAGES / folder / "page.html").read_bytes()


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    folder.mkdir()
    shutil.copy(PAGES / "person-and-agency" / "page.html", folder / "a.html")
    shutil.copy(PAGES / "home-page" / "page.html", folder / "b.html")
    (folder / "c.html.gz").write_bytes(gzip.compress(_page("urdu-byline-and-lunar-date")))
    return folder


def test_one_line_a_page_in_order_and_what_is_no_article_says_why(run: Run, pages: Path) -> None:
    result = run(pages, "--jobs", "1")
    assert result.exit_code == 1
    lines = _lines(result)
    assert [Path(line["path"]).name for line in lines] == ["a.html", "b.html", "c.html.gz"]
    assert lines[1] == {"path": str(pages / "b.html"), "error": "listing"}
    assert (lines[0]["title"], lines[0]["authors"], lines[0]["agency"]) == (
        "A board for the ferry",
        ["Zarmina Orakzai"],
        "AFP",
    )
    assert lines[2]["lang"] == "ur"
    assert build({k: v for k, v in lines[0].items() if k != "path"}, Article).words > 100


def test_several_processes_give_the_same_lines_in_the_same_order(run: Run, pages: Path) -> None:
    for number in range(12):
        shutil.copy(pages / ("a.html" if number % 3 else "b.html"), pages / f"d{number:02}.html")
    when = ("--fetched", "2025-11-25")
    alone, together = run(pages, *when, "--jobs", "1"), run(pages, *when, "--jobs", "2")
    assert len(_lines(alone)) == 15
    assert _lines(together) == _lines(alone)


def test_nothing_is_stored(run: Run, pages: Path, tmp_path: Path) -> None:
    run(pages / "a.html")
    assert not (tmp_path / "home").exists()


def test_a_page_takes_its_url_its_source_and_the_time_it_was_met(run: Run, pages: Path) -> None:
    url = "https://www.dawn.com/news/1?utm_source=x"
    result = run(pages / "a.html", "--url", url, "--source", "dawn", "--fetched", "2025-12-01T10:00:00+05:00")
    assert result.exit_code == 0
    (line,) = _lines(result)
    assert (line["url"], line["source"], line["country"]) == ("https://www.dawn.com/news/1", "dawn", "PK")
    assert line["fetched"] == "2025-12-01T05:00:00Z"


def test_a_date_after_the_page_was_met_is_refused(run: Run, pages: Path) -> None:
    (line,) = _lines(run(pages / "a.html", "--fetched", "2025-11-01"))
    assert line["published"] is None


def _record(name: str, status: str) -> bytes:
    """Return a WARC record of a page with this HTTP status."""
    http = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".encode() + _page(
        "agency-and-no-person"
    )
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{name}>\r\nWARC-Date: 2025-11-25T06:00:00Z\r\n"
        f"WARC-Target-URI: https://induscourier.example/opinion/{name}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def test_pages_of_a_warc_are_named_by_their_records(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(_record("a", "200 OK") + _record("b", "404 Not Found"))
    result = run(path, "--jobs", "1")
    found, missing = _lines(result)
    assert found["path"] == f"{path}#urn:uuid:a"
    assert (found["agency"], found["fetched"]) == ("Monitoring Desk", "2025-11-25T06:00:00Z")
    assert missing == {"path": f"{path}#urn:uuid:b", "error": "http_404"}
    assert result.exit_code == 1


def test_what_cannot_be_read_is_a_line_and_the_rest_is_read(run: Run, pages: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.html.gz").write_bytes(gzip.compress(_page("home-page"))[:40])
    result = run(tmp_path / "absent.html", tmp_path / "broken.html.gz", pages / "a.html", "--jobs", "1")
    lines = _lines(result)
    assert result.exit_code == 1
    assert ["error" in line for line in lines] == [True, True, False]
    assert "check the path" in lines[0]["error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["articles.jsonl"], "articles already"),
        (["report.pdf"], "unknown kind of file"),
        (["a.html", "b.html", "--url", "https://x.example/a"], "--url names one page"),
        (["a.html", "--source", "dawnn"], "did you mean 'dawn'"),
        (["a.html", "--fetched", "yesterday"], "is no time"),
        (["a.html", "--favor", "luck"], "luck"),
        (["a.html", "--url", "nowhere"], "no web address"),
        (["."], "no page"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    run: Run, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.stderr
