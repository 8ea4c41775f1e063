"""Files that somebody else collected: what each kind gives, under which name, and what is said of the rest."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard

from crawler.imports import MAX_LINE, Importer, Item, Problem, check, files, page_url
from khabar.archive.records import members, read
from khabar.models import Capture, Discovery, Endpoint, Record, Source, attempt_name

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
SOURCES = {
    "gate": Source("gate", "The Gate", endpoints=(Endpoint("feed", "https://www.gate.example/feed"),)),
    "sada": Source("sada", "Sada-e-Kabul", domains=("sada.example",)),
}


@pytest.fixture
def importer() -> Importer:
    # The clock stands still, as it seems to when files are small and machines fast.
    return Importer(SOURCES, lambda: NOON, 1 << 20)


def html(head: str = "", body: str = "<p>A gate is a gate.</p>") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def items(importer: Importer, path: Path, url: str | None = None) -> list[Item]:
    found = list(importer.read(path, url))
    assert not [each for each in found if isinstance(each, Problem)], found
    return [each for each in found if not isinstance(each, Problem)]


def one(importer: Importer, path: Path, url: str | None = None) -> Item:
    [item] = items(importer, path, url)
    return item


def problem(importer: Importer, path: Path) -> str:
    [found] = [each for each in importer.read(path) if isinstance(each, Problem)]
    return str(found)


# --- pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.html.gz", "a.htm.gz", "A.HTML", "a.Html.GZ"])
def test_a_page_is_read_as_it_is(importer: Importer, tmp_path: Path, name: str) -> None:
    page = html('<link rel="canonical" href="https://gate.example/1">').encode()
    file = write(tmp_path / name, gzip.compress(page) if name.lower().endswith(".gz") else page)
    capture, discovery = one(importer, file)
    assert (capture.kind, capture.payload, capture.url) == ("page", page, "https://gate.example/1")
    assert (discovery.why, discovery.source, discovery.claimed) == ("import", "gate", NOON)
    assert discovery.attempt == attempt_name(NOON, "https://gate.example/1")


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ('<link rel="canonical" href="https://a.example/1?utm_source=x">', "https://a.example/1"),
        ("<LINK href='https://a.example/1' REL='Canonical nofollow'>", "https://a.example/1"),
        ('<meta property="og:url" content="https://a.example/2">', "https://a.example/2"),
        (
            '<meta property="og:url" content="https://a.example/2"><link rel=canonical href="https://a.example/1">',
            "https://a.example/1",
        ),
        (
            '<link rel=canonical href="/1"><meta property="og:url" content="https://a.example/2">',
            "https://a.example/2",
        ),
        (
            '<link rel=canonical href="https://a.example/"><meta property="og:url" content="https://a.example/2">',
            "https://a.example/2",
        ),
        ('<link rel=canonical href="http://[broken">', None),
        ('<link rel=alternate href="https://a.example/1">', None),
        ("", None),
    ],
)
def test_the_url_a_page_gives_itself(head: str, url: str | None) -> None:
    name = page_url(html(head).encode())
    assert name == url if url else name.startswith("urn:sha256:")


def test_a_link_in_the_text_of_a_page_is_not_its_name() -> None:
    page = html("<title>A</title>", '<p><link rel=canonical href="https://spam.example/1"></p>')
    assert page_url(page.encode()).startswith("urn:sha256:")


def test_pages_without_a_url_are_told_apart_by_their_bytes(importer: Importer, tmp_path: Path) -> None:
    first, again, other = (
        one(importer, write(tmp_path / f"{n}.html", html(body=text)))
        for n, text in enumerate(["<p>x</p>", "<p>x</p>", "<p>y</p>"])
    )
    assert first[0].url == again[0].url != other[0].url
    assert first[1].source == "import"


def test_the_url_that_is_given_wins(importer: Importer, tmp_path: Path) -> None:
    file = write(tmp_path / "a.html", html('<link rel=canonical href="https://gate.example/1">'))
    assert one(importer, file, "https://www.sada.example/7#top")[0].url == "https://www.sada.example/7"


def test_attempts_are_never_named_twice_while_the_clock_stands_or_goes_back(tmp_path: Path) -> None:
    times = iter([NOON, NOON, NOON - timedelta(hours=1), NOON + timedelta(seconds=1)])
    importer = Importer(SOURCES, lambda: next(times), 1 << 20)
    file = write(tmp_path / "a.html", html('<link rel=canonical href="https://gate.example/1">'))
    claimed = [one(importer, file)[1].claimed for _ in range(4)]
    assert claimed == sorted(set(claimed))
    assert claimed[-1] == NOON + timedelta(seconds=1)


def test_an_empty_page_is_a_page(importer: Importer, tmp_path: Path) -> None:
    assert one(importer, write(tmp_path / "a.html", b""))[0].payload == b""


def test_a_bomb_is_an_attempt_that_was_too_large(importer: Importer, tmp_path: Path) -> None:
    file = write(tmp_path / "bomb.html.gz", gzip.compress(b"<html>" + b" " * (200 << 20), 1))
    capture, discovery = one(importer, file)
    assert (capture.kind, capture.payload) == ("attempt", b"")
    assert (discovery.failure, discovery.refused) == ("too_large", True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(os.urandom(5000))[:-30], "ends too early"),
        (b"\x1f\x8b\x08\x00" + bytes(range(256)), "damaged"),
        (b"this is no gzip", "gzip"),
    ],
)
def test_a_broken_page_is_said_in_one_line(
    importer: Importer, tmp_path: Path, content: bytes, said: str
) -> None:
    file = write(tmp_path / "a.html.gz", content)
    line = problem(importer, file)
    assert line.startswith(f"{file}: ") and said in line and "\n" not in line


def test_a_file_that_is_gone_meanwhile_costs_itself_alone(importer: Importer, tmp_path: Path) -> None:
    assert "No such file" in problem(importer, tmp_path / "a.html")
    assert "o such file" in problem(importer, tmp_path / "a.warc.gz")
    assert "No such file" in problem(importer, tmp_path / "a.jsonl")


# --- JSON Lines ---------------------------------------------------------------------------------------------


def lines(*rows: Any) -> bytes:
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


PACK: dict[str, Callable[[bytes], bytes]] = {
    "a.jsonl": lambda data: data,
    "a.jsonl.gz": lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:]),
    "a.jsonl.zst": lambda data: zstandard.compress(data[:50]) + zstandard.compress(data[50:]),
}


@pytest.mark.parametrize("name", PACK)
def test_lines_are_read_however_they_are_packed(importer: Importer, tmp_path: Path, name: str) -> None:
    rows = [{"title": f"Gate {n}", "body": "x " * 300, "url": f"https://gate.example/{n}"} for n in range(30)]
    found = items(importer, write(tmp_path / name, PACK[name](lines(*rows))))
    assert [capture.url for capture, _ in found] == [row["url"] for row in rows]
    assert [json.loads(capture.payload) for capture, _ in found] == rows
    assert len({discovery.attempt for _, discovery in found}) == 30
    assert {(capture.kind, capture.content_type) for capture, _ in found} == {("article", "application/json")}


def test_empty_lines_crlf_a_byte_order_mark_and_a_missing_last_newline(
    importer: Importer, tmp_path: Path
) -> None:
    data = b'\xef\xbb\xbf{"title": "a"}\r\n\r\n   \n{"title": "b"}'
    assert len(items(importer, write(tmp_path / "a.jsonl", data))) == 2


@pytest.mark.parametrize("url", [None, "", "no address", 7, "ftp://a.example/x"])
def test_an_article_without_a_web_address_is_named_by_its_text(
    importer: Importer, tmp_path: Path, url: object
) -> None:
    same = {"title": "A gate", "body": "It is shut."}
    found = items(importer, write(tmp_path / "a.jsonl", lines(same | {"url": url}, same, {"title": "B"})))
    names = [capture.url for capture, _ in found]
    assert names[0] == names[1] != names[2] and names[0].startswith("urn:sha256:")


def test_fields_that_an_article_lacks_are_left_out_and_remembered(importer: Importer, tmp_path: Path) -> None:
    row = {"title": "A", "id": "theirs", "mood": "sad", "Likes": 3, "lang": "ur"}
    capture, _ = one(importer, write(tmp_path / "a.jsonl", lines(row)))
    assert json.loads(capture.payload) == {"title": "A", "lang": "ur"}
    assert importer.left_out == {"mood", "Likes"}


@pytest.mark.parametrize(
    ("row", "source"),
    [
        ({"source": "gate", "url": "https://sada.example/1"}, "gate"),
        ({"source": "The Gate"}, "gate"),
        ({"source": "  sada-e-kabul "}, "sada"),
        ({"source": "Daily Unknown"}, "daily-unknown"),
        ({"source": "روزنامہ جنگ"}, "روزنامه-جنگ"),
        ({"source": "…", "url": "https://epaper.sada.example/1"}, "sada"),
        ({"source": 7, "url": "https://epaper.sada.example/1"}, "sada"),
        ({"url": "https://www.other.example/1"}, "other.example"),
        ({}, "import"),
    ],
)
def test_the_source_is_the_one_named_else_the_addresses(
    importer: Importer, tmp_path: Path, row: dict[str, object], source: str
) -> None:
    _, discovery = one(importer, write(tmp_path / "a.jsonl", lines({"title": "A", **row})))
    assert discovery.source == source


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b'{"title": ', "no JSON ("),
        (b'{"title": "\xff\xfe"}', "no JSON ("),
        (b"[1, 2]", "no JSON object"),
        (b"null", "no JSON object"),
        (b"{}", "neither title nor body"),
        (b'{"title": "", "body": " \\n "}', "neither title nor body"),
        (b'{"title": 3}', "neither title nor body"),
        (b'{"body": ["a", "b"]}', "neither title nor body"),
    ],
)
def test_a_line_that_is_no_article_is_named_and_the_others_are_read(
    importer: Importer, tmp_path: Path, bad: bytes, said: str
) -> None:
    file = write(tmp_path / "a.jsonl", lines({"title": "a"}, bad, {"title": "b"}))
    first, wrong, last = importer.read(file)
    assert not isinstance(first, Problem) and not isinstance(last, Problem)
    assert isinstance(wrong, Problem) and str(wrong).startswith(f"{file}:2: ") and said in str(wrong)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_lines_that_break_off_are_said_to(importer: Importer, tmp_path: Path, name: str) -> None:
    rows = [{"title": f"Gate {n}", "body": os.urandom(40).hex()} for n in range(3000)]
    packed = (gzip.compress if name.endswith(".gz") else zstandard.compress)(lines(*rows))
    found = list(importer.read(write(tmp_path / name, packed[: len(packed) * 2 // 3])))
    problems = [each for each in found if isinstance(each, Problem)]
    assert problems and "ends inside" in str(problems[0])
    assert 1000 < len(found) < 3000


def test_a_file_that_is_no_json_lines_is_left_at_its_first_endless_line(
    importer: Importer, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.jsonl.gz", gzip.compress(b'{"title": "a"}\n' + b" " * (MAX_LINE + 5000), 1))
    first, endless = importer.read(file)
    assert not isinstance(first, Problem)
    assert isinstance(endless, Problem) and "64 MiB" in str(endless)


def test_an_article_that_is_too_large_is_an_attempt(importer: Importer, tmp_path: Path) -> None:
    row = {"title": "a", "body": "x" * (1 << 20), "source": "The Gate"}
    capture, discovery = one(importer, write(tmp_path / "a.jsonl", lines(row)))
    assert (capture.kind, discovery.failure, discovery.source) == ("attempt", "too_large", "gate")


# --- WARC ---------------------------------------------------------------------------------------------------


def warc(*captures: Capture) -> bytes:
    """Segments are plain WARC files: what another crawler would have written."""
    parts: list[bytes] = []
    for number, capture in enumerate(captures):
        discovery = Discovery(f"theirs {number}", capture.url, NOON, "theirs", "new")
        parts.append(members(capture, discovery, f"urn:uuid:{number:032d}"))
    return b"".join(parts)


def response(url: str, status: int = 200, payload: bytes = b"<html><p>x</p></html>") -> Capture:
    headers = (("Content-Type", "text/html"),)
    return Capture(url, NOON - timedelta(days=900), "page", payload, status, headers, "text/html")


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc", "a.warc.zst"])
def test_pages_of_a_warc_keep_their_time_and_are_claimed_now(
    importer: Importer, tmp_path: Path, name: str
) -> None:
    plain = warc(response("http://www.gate.example/1?utm_source=x"), response("https://b.example/2"))
    data = gzip.decompress(plain)
    packed = {"a.warc.gz": plain, "a.warc": data, "a.warc.zst": zstandard.compress(data)}[name]
    found = items(importer, write(tmp_path / name, packed))
    assert [capture.date for capture, _ in found] == [NOON - timedelta(days=900)] * 2
    assert [(d.claimed - NOON).total_seconds() * 1e6 for _, d in found] == [0, 1]
    assert [(d.source, d.url) for _, d in found] == [
        ("gate", "http://www.gate.example/1"),
        ("b.example", "https://b.example/2"),
    ]
    assert all(discovery.attempt == attempt_name(discovery.claimed, discovery.url) for _, discovery in found)


@pytest.mark.parametrize("status", [301, 404, 503])
def test_an_answer_without_a_page_is_an_attempt_that_failed(
    importer: Importer, tmp_path: Path, status: int
) -> None:
    found = items(importer, write(tmp_path / "a.warc.gz", warc(response("https://gate.example/1", status))))
    [(capture, discovery)] = found
    assert (capture.kind, capture.payload) == ("attempt", b"")
    assert (discovery.failure, discovery.refused) == (f"http_{status}", False)
    [(_, record)] = read(members(capture, discovery, "urn:uuid:1"), "segments/x")
    assert isinstance(record, Record) and record.kind == "attempt"


def test_a_page_of_a_warc_that_is_too_large(importer: Importer, tmp_path: Path) -> None:
    page = response("https://gate.example/1", payload=b"<html>" + b"x" * (1 << 20))
    [(capture, discovery)] = items(importer, write(tmp_path / "a.warc.gz", warc(page)))
    assert (capture.kind, discovery.failure, discovery.refused) == ("attempt", "too_large", True)


def test_a_broken_record_is_named_and_the_rest_read(importer: Importer, tmp_path: Path) -> None:
    pages = [warc(response(f"https://gate.example/{n}")) for n in range(3)]
    pages[1] = pages[1][:60] + b"\0" * 40 + pages[1][100:]
    file = write(tmp_path / "a.warc.gz", b"".join(pages))
    found = list(importer.read(file))
    assert [each[0].url[-1] for each in found if not isinstance(each, Problem)] == ["0", "2"]
    problems = [str(each) for each in found if isinstance(each, Problem)]
    assert problems and all(f"at byte {len(pages[0])}" in line or "byte" in line for line in problems)


# --- which files --------------------------------------------------------------------------------------------


def test_a_folder_gives_its_pages_and_warcs_in_order_of_name(tmp_path: Path) -> None:
    for name in ("b/2.html", "b/10.html.gz", "a.warc.gz", "c.jsonl", "d.pdf", "z.htm"):
        write(tmp_path / name, b"")
    (tmp_path / "mirror.html").mkdir()
    write(tmp_path / "mirror.html" / "index.html", b"")
    found = [path.relative_to(tmp_path).as_posix() for path in files([tmp_path])]
    assert found == ["a.warc.gz", "b/10.html.gz", "b/2.html", "mirror.html/index.html", "z.htm"]


def test_named_files_come_as_they_are_named(tmp_path: Path) -> None:
    named = [write(tmp_path / name, b"") for name in ("z.jsonl", "a.html")]
    assert list(files(named)) == named


@pytest.mark.parametrize(
    ("name", "said"),
    [("gone", "no such file"), ("empty", "no page"), ("a.pdf", "unknown kind of file")],
)
def test_what_cannot_be_read_is_said_before_anything_is_done(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty" / "a.jsonl", b"{}")
    write(tmp_path / "a.pdf", b"")
    good = write(tmp_path / "a.html", b"")
    assert said in str(check([good, tmp_path / name], None))
    assert check([good], None) is None


def test_a_url_is_for_one_page_and_is_one(tmp_path: Path) -> None:
    page, more = write(tmp_path / "a.html", b""), write(tmp_path / "a.jsonl", b"")
    assert check([page], "https://a.example/1") is None
    assert "--url names one page" in str(check([page, page], "https://a.example/1"))
    assert "--url names one page" in str(check([more], "https://a.example/1"))
    assert "--url names one page" in str(check([tmp_path], "https://a.example/1"))
    assert "no web address" in str(check([page], "a.example"))
