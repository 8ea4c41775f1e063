"""What a person does with Khabar, by its commands alone, on real HTTP and real files."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Khabar = Callable[..., subprocess.CompletedProcess[str]]
TEXT = (
    "Traders at the border waited for nine days while envoys from Islamabad and the Afghan Taliban talked about the "
    "TTP, the customs office and the price of a lorry load of pomegranates. Nobody in Torkham expected an answer."
)


def page(title: str, url: str, text: str = TEXT) -> str:
    return (
        f"<html><head><title>{title}</title><link rel='canonical' href='{url}'></head><body><nav>Home</nav>"
        f"<article><h1>{title}</h1><p>{text}</p><p>{text[::-1]}</p></article></body></html>"
    )


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    assert done.returncode == 0, done.stdout + done.stderr
    words = (line.split() for line in done.stdout.splitlines())
    return {
        line[0]: int(line[1])
        for line in words
        if len(line) > 1 and line[1].isdigit() and line[0] != "crawled"
    }


def found(khabar: Khabar, query: str, *words: str) -> dict[str, Any]:
    done = khabar("search", query, "--format", "json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_site_is_crawled_then_asked_for_its_feeds_alone_then_for_the_edited_page(
    press: Callable[..., Any], home: Path, khabar: Khabar
) -> None:
    site = press(hosts=2, articles=6)
    sources = site.install(home)
    assert outcomes(khabar("crawl", *sources)) == {"indexed": 12, "attempts": 12}
    before = len(site.requests)
    assert outcomes(khabar("crawl", *sources)) == {"attempts": 0}
    assert {path.split("/", 1)[1] for path in site.requests[before:]} <= {"feed", "robots.txt"}
    before = len(site.requests)
    site.edits.add((site.names()[0], 4))
    assert outcomes(khabar("crawl", *sources)) == {"revised": 1, "attempts": 1}
    assert [path for path in site.requests[before:] if "/opinion/" in path] == [
        f"{site.names()[0]}/opinion/4"
    ]
    hit = found(khabar, '"added to the page after its first publication"')["hits"][0]["article"]
    assert hit["revisions"] == 2
    shown = khabar("show", hit["id"], "--revisions").stdout
    assert "revision 1" in shown and "revision 2" in shown
    assert "all is well" in khabar("doctor").stdout


def test_folders_warcs_and_lines_come_in_by_one_door(khabar: Khabar, home: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.html").write_text(page("A closed gate", "https://a.example/opinion/1"))
    (pages / "b.html.gz").write_bytes(
        gzip.compress(page("An open gate", "https://a.example/opinion/2").encode())
    )
    lines = [
        {
            "title": "A third gate",
            "body": TEXT,
            "url": "https://b.example/3",
            "source": "The Gate",
            "mood": "sad",
        },
        {
            "title": "ایک دروازہ",
            "body": "طورخم کا دروازہ نو دن سے بند ہے اور تاجر سڑک پر بیٹھے ہیں۔ کابل اور اسلام آباد کے درمیان بات چیت جاری ہے۔",
        },
    ]
    (tmp_path / "more.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    done = khabar("ingest", pages, tmp_path / "more.jsonl")
    assert outcomes(done) == {"indexed": 4, "attempts": 4}
    assert done.stderr.count("mood") == 1
    assert found(khabar, "source:the-gate")["total"] == 1
    assert found(khabar, "entity:ttp")["total"] == 3
    assert found(khabar, "طورخم")["hits"][0]["article"]["url"].startswith("urn:sha256:")
    # What another Khabar archived comes in as anybody's WARC does.
    segment = next((home / "archive" / "segments").rglob("*.warc.gz"))
    again = tmp_path / "other"
    shutil.copy(segment, tmp_path / "theirs.warc.gz")
    done = khabar("ingest", tmp_path / "theirs.warc.gz", "--home", again)
    assert outcomes(done)["indexed"] >= 2


def test_a_page_read_twice_is_one_article_with_two_records(khabar: Khabar, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text(page("A closed gate", "https://a.example/opinion/1"))
    assert outcomes(khabar("ingest", file)) == {"indexed": 1, "attempts": 1}
    assert outcomes(khabar("ingest", file)) == {"unchanged": 1, "attempts": 1}
    file.write_text(
        page("A closed gate", "https://a.example/opinion/1", TEXT + " The gate opened on Friday.")
    )
    assert outcomes(khabar("ingest", file)) == {"revised": 1, "attempts": 1}
    assert found(khabar, "*")["total"] == 1


def test_what_no_page_is_gets_an_honest_outcome(khabar: Khabar, home: Path, tmp_path: Path) -> None:
    (home / "khabar.toml").write_text('max_bytes = "1 MiB"\n')
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "bomb.html.gz").write_bytes(gzip.compress(b" " * 50_000_000))
    (pages / "empty.html").write_text("")
    (pages / "good.html").write_text(page("A closed gate", "https://a.example/opinion/1"))
    (pages / "zeros.html").write_bytes(b"\0" * 5000)
    counted = outcomes(khabar("ingest", pages))
    assert counted == {"indexed": 1, "rejected": 3, "attempts": 4}
    listed = khabar("missed").stdout
    assert "too_large" in listed and listed.count("rejected(") == 3


def test_the_index_and_the_ledger_can_be_lost(press: Callable[..., Any], home: Path, khabar: Khabar) -> None:
    site = press(hosts=2, articles=5)
    sources = site.install(home)
    khabar("crawl", *sources)
    before = khabar("search", "*", "--format", "jsonl").stdout
    shutil.rmtree(home / "index")
    done = khabar("reindex")
    assert done.returncode == 0 and "10 articles" in done.stdout, done.stderr
    assert khabar("search", "*", "--format", "jsonl").stdout == before
    for file in home.glob("ledger.sqlite*"):
        file.write_bytes(b"this was a ledger")
    assert "khabar ledger rebuild" in khabar("stats").stderr
    done = khabar("ledger", "rebuild")
    assert done.returncode == 0 and "10 attempts" in done.stdout, done.stderr
    assert "all is well" in khabar("doctor").stdout
    pages = sum("/opinion/" in path for path in site.requests)
    assert outcomes(khabar("crawl", *sources))["attempts"] == 0
    assert sum("/opinion/" in path for path in site.requests) == pages


def test_a_damaged_index_is_left_and_made_again(khabar: Khabar, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page("A closed gate", "https://a.example/opinion/1"))
    khabar("ingest", tmp_path / "a.html")
    for file in (home / "index").rglob("meta.json"):
        file.write_text("not what it was")
    done = khabar("search", "gate")
    assert done.returncode == 3 and "khabar reindex" in done.stderr
    assert khabar("reindex").returncode == 0
    assert found(khabar, "gate")["total"] == 1


def test_run_catches_up_once(press: Callable[..., Any], home: Path, khabar: Khabar) -> None:
    site = press(hosts=1, articles=4)
    site.install(home)
    done = khabar("run", "--once")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("digest of pak-taliban") == 1
    assert found(khabar, "source:press0")["total"] == 4
    kept = sorted(path.name for path in (home / "archive" / "digests" / "pak-taliban").iterdir())
    assert [name.rsplit(".", 1)[1] for name in kept] == ["html", "json", "txt"]
    asked = len(site.requests)
    again = khabar("run", "--once")
    assert "digest of" not in again.stderr and len(site.requests) == asked


def test_a_query_is_explained(khabar: Khabar, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page("A closed gate", "https://a.example/opinion/1"))
    khabar("ingest", tmp_path / "a.html")
    answer = found(khabar, "envoys NEAR/6 taliban", "--explain", "--facets", "--timeline", "month")
    spans = answer["explain"][answer["hits"][0]["article"]["id"]]
    assert {TEXT[span["start"] : span["end"]] for span in spans if span["field"] == "body"} == {
        "envoys",
        "Taliban",
    }
    assert answer["facets"]["lang"] == {"en": 1}
    assert sum(row["count"] for row in answer["timeline"]) == 1
    assert "<mark>envoys</mark>" in answer["hits"][0]["snippets"][0]
    shown = khabar("show", "https://a.example/opinion/1", "--why", "envoys NEAR/6 taliban").stdout
    assert "[envoys]" in shown
    assert "indexed" in khabar("trace", "https://a.example/opinion/1").stdout


@pytest.mark.parametrize("shape", ["jsonl", "csv"])
def test_exports_hold_everything(khabar: Khabar, tmp_path: Path, shape: str) -> None:
    lines = [
        {"title": f"Gate {n}", "body": f"{TEXT} {n}", "url": f"https://b.example/{n}"} for n in range(30)
    ]
    (tmp_path / "more.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    khabar("ingest", tmp_path / "more.jsonl")
    exported = khabar("search", "*", "--format", shape).stdout.splitlines()
    assert len(exported) == 30 + (shape == "csv")
