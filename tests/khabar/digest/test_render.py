"""Each form of a digest is a function of it, in every script and with hostile texts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest

from khabar import codec
from khabar.catalogue import Topic
from khabar.digest import build, render_html, render_json, render_text
from khabar.digest.plain import COLUMNS, wrapped
from khabar.digest.render import with_marks
from khabar.digest.script import direction, face, width
from khabar.models import Article, Digest, DigestLine
from search.tantivy import TantivyIndex

DAY = date(2025, 10, 14)
EVIL = "<script>alert('x')</script> \"><img src=x onerror=alert(1)> & {{ 7 * 7 }}"


@pytest.fixture
def digest(press: TantivyIndex, topic: Topic) -> Digest:
    return build(press, topic, DAY)


def empty() -> Digest:
    return Digest("t", "Trade", DAY, "UTC", (), 0, 0, 1.5, (*([1] * 14), *([2] * 14)))


def one(**fields: object) -> Digest:
    """Return a digest of one line, with these fields of the article or the line."""
    mine = {
        name: fields.pop(name) for name in ("why", "lead", "since", "copies", "outlets") if name in fields
    }
    article = Article(
        id="a",
        url="https://a.example/a",
        source="paper",
        title="A title",
        body="",
        fetched=datetime(2025, 10, 14, tzinfo=UTC),
    )
    line = DigestLine(replace(article, **fields), ("paper",), 1, (), "The lead.")  # type: ignore[arg-type]
    return replace(empty(), lines=(replace(line, **mine),), articles=1, outlets=1)  # type: ignore[arg-type]


class Page(HTMLParser):
    """The elements of a page with their attributes, and which were left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)


def test_the_page_says_language_and_direction_of_each_line(digest: Digest) -> None:
    page = Page(render_html(digest))
    assert not page.open
    lines = [(each["lang"], each["dir"], each["class"]) for each in page.of("article")]
    assert lines == [
        ("en", "ltr", "ltr latin"),
        ("ur", "rtl", "rtl nastaliq"),
        ("ps", "rtl", "rtl naskh"),
        ("prs", "rtl", "rtl naskh"),
        ("hi", "ltr", "ltr devanagari"),
    ]


def test_the_page_asks_nothing_of_anybody(digest: Digest) -> None:
    page = render_html(digest)
    assert {tag for tag, _ in Page(page).elements}.isdisjoint(
        {"script", "link", "img", "iframe", "form", "table"}
    )
    assert not re.search(r"url\(|@import|@font-face|\bsrc=", page)
    links = {attributes["href"] for attributes in Page(page).of("a")}
    assert links == {line.article.url for line in digest.lines}


def test_titles_evidence_and_particulars_are_on_the_page(digest: Digest) -> None:
    page = render_html(digest, {"khyber-courier": "The Khyber Courier"})
    assert "<h1>The border &amp; its crossings</h1>" in page
    assert "6 articles (5 different) from 4 outlets. The 28 days before: 0 articles a day." in page
    assert "<bdi>The Khyber Courier</bdi> · <bdi>Sana Marwat</bdi> · <bdi>08:15</bdi>" in page
    assert "also in kabul-ledger" in page
    assert "<mark>طورخم</mark>" in page
    assert "<mark>TTP</mark>" in page
    assert "<mark>सीमा</mark>" in page


@pytest.mark.parametrize("render", [render_html, render_text, render_json])
def test_built_and_rendered_twice_it_is_the_same_to_the_byte(
    render: Callable[[Digest], str], press: TantivyIndex, topic: Topic, digest: Digest
) -> None:
    assert render(build(press, topic, DAY)).encode() == render(digest).encode()
    assert render(digest).endswith("\n")


def test_another_process_renders_the_same_bytes(digest: Digest) -> None:
    code = (
        "import sys; from khabar import codec; from khabar.models import Digest; from khabar.digest import *\n"
        "digest = codec.load(sys.stdin.buffer.read(), Digest)\n"
        "sys.stdout.buffer.write((render_html(digest) + render_text(digest) + render_json(digest)).encode())"
    )
    environment = {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=codec.dump(digest),
        capture_output=True,
        check=True,
        env=environment,
    )
    assert done.stdout.decode() == render_html(digest) + render_text(digest) + render_json(digest)


def test_hostile_texts_stay_texts() -> None:
    evil = one(
        title=EVIL, authors=(EVIL,), source=EVIL, lang='"><b>', lead=EVIL, why=(EVIL,), genre="opinion"
    )
    evil = replace(evil, title=EVIL, timezone="UTC")
    page = Page(render_html(evil, {EVIL: EVIL}))
    assert not page.open
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "b"})
    assert "{{ 7 * 7 }}" in render_html(evil)
    assert json.loads(render_json(evil))["lines"][0]["article"]["title"] == EVIL


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "urn:sha256:00", "data:text/html,x", " https://a.example"]
)
def test_only_web_addresses_are_links(url: str) -> None:
    assert list(Page(render_html(one(url=url))).of("a")) == []


def test_marks_are_kept_in_pairs_only() -> None:
    assert with_marks("a <mark>b & c</mark> <d>") == "a <mark>b &amp; c</mark> &lt;d&gt;"
    assert "<mark>" not in with_marks("a <mark>b")
    assert "</mark>" not in with_marks("a</mark> b")
    assert Page(with_marks("</mark><mark><mark>a</mark></mark>")).open == []


def test_a_day_with_nothing_says_so() -> None:
    for render in (render_html, render_text):
        assert "No article on this topic was published on Tuesday, 14 October 2025." in render(empty())
        assert "The 28 days before: 1.5 articles a day." in render(empty())
        assert "▅" * 14 + "█" * 14 + "▁" in render(empty())
    assert json.loads(render_json(empty()))["lines"] == []


def test_the_particulars_name_what_is_known() -> None:
    text = render_text(one(published=None, copies=3))
    assert "undated" in text
    assert "3 copies" in text
    moment = datetime(2025, 10, 14, 3, 5, tzinfo=UTC)
    assert "03:05" in render_text(one(published=moment, published_precision="second"))
    assert (
        "14 October 2025" in render_text(one(published=moment, published_precision="day")).split("====")[-1]
    )
    text = render_text(one(outlets=("other", "paper"), since=date(2025, 10, 2)), {"other": "The Other"})
    assert "also in The Other" in text
    assert "first published 2 October 2025" in text


def test_an_article_without_a_title_is_headed_by_its_first_words() -> None:
    lead = "<mark>Border</mark> one two three four five six seven eight nine ten eleven twelve."
    text = render_text(one(title=" ", lead=lead))
    assert " 1. Border one two three four five six seven eight nine ten eleven …" in text
    assert " 1. https://a.example/a" in render_text(one(title="", lead=""))


def test_json_is_the_digest_without_what_is_not_its_own(digest: Digest) -> None:
    found = json.loads(render_json(digest))
    assert list(found) == [
        "topic",
        "title",
        "day",
        "timezone",
        "lines",
        "articles",
        "outlets",
        "usual",
        "before",
    ]
    assert found["day"] == "2025-10-14"
    assert [line["article"]["id"] for line in found["lines"]] == ["en", "ur", "ps", "prs", "hi"]
    for line in found["lines"]:
        assert line["article"].keys().isdisjoint({"body", "archive", "fetched"})
        assert line["article"]["published"].startswith("2025-10-14T")
    assert "سرحد" in render_json(digest)


def test_plain_text_fits_its_columns_and_every_line_of_urdu_runs_to_the_left(digest: Digest) -> None:
    rows = render_text(digest).splitlines()
    assert max(map(width, rows)) <= COLUMNS
    body = rows[rows.index(next(row for row in rows if "طورخم کا راستہ" in row)) :]
    urdu = body[: next(at for at, row in enumerate(body) if "https://" in row)]
    assert len(urdu) > 4
    assert all(row.startswith("\u200f") for row in urdu)
    assert not any(row.startswith("\u200f") for row in rows if "border" in row)


def test_control_characters_and_overrides_do_not_reach_the_terminal() -> None:
    digest = one(
        title="red \x1b[31m\u202eturned\nover", authors=("two\nlines\u2069",), url="https://a.example/\x07"
    )
    text = render_text(digest)
    assert " 1. red [31mturned over" in text
    assert "\u2068two lines\u2069" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", text)


def test_wrapping_counts_what_letters_take_and_keeps_long_words_whole() -> None:
    assert list(wrapped("aaa " * 30, "- ", "  "))[1].startswith("  aaa")
    assert width(next(wrapped("कि " * 60))) > 70
    long = "https://a.example/" + "x" * 100
    assert list(wrapped(f"see {long} there", "", "  ")) == ["see", f"  {long}", "  there"]
    assert list(wrapped("")) == [""]


@pytest.mark.parametrize(
    ("lang", "text", "way"),
    [
        ("en", "سرحد", "ltr"),
        ("ur", "TTP", "rtl"),
        ("pa-Arab", "", "rtl"),
        ("ps-Latn", "", "ltr"),
        ("und", "“سرحد”", "rtl"),
        ("und", "12 border", "ltr"),
        ("und", "123", "ltr"),
        ("fa-IR", "", "rtl"),
    ],
)
def test_the_direction_is_that_of_script_then_language_then_letters(lang: str, text: str, way: str) -> None:
    assert direction(lang, text) == way


def test_faces_follow_the_readers_of_a_language() -> None:
    assert [face(lang) for lang in ("ur", "prs", "fa-AF", "hi", "bn", "en", "und")] == [
        "nastaliq",
        "naskh",
        "naskh",
        "devanagari",
        "bengali",
        "latin",
        "latin",
    ]
