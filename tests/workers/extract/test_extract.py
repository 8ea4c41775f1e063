from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from khabar.models import Entry, Source
from workers.extract import Extracted, Rejected, extract
from workers.extract.markup import MAX_BYTES, MAX_NODES

MakeRecord = Callable[..., Any]
MakePage = Callable[..., str]


def article(found: Extracted | Rejected) -> Extracted:
    assert isinstance(found, Extracted), found
    return found


# --- pages ---------------------------------------------------------------------------------------------------


def test_a_page_gives_its_paragraphs_and_nothing_else(
    make_record: MakeRecord, make_page: MakePage, prose: str
) -> None:
    page = make_page(
        before="<nav><a href=/>Home</a> <a href=/world>World news</a></nav>",
        after="<div class=comments><p>I was in that line of lorries myself and it was longer than you say it was.</p></div>"
        "<div class=related><h4>Related articles</h4><a href=/b>A budget in search of a plan</a></div><footer>All rights reserved.</footer>",
    )
    found = article(extract(make_record(page), None))
    assert found.body == prose
    assert found.body_confidence > 0.9
    assert (found.form, found.author_note) == ("article", None)


def test_a_few_words_are_a_body_where_their_part_is_called_so(make_record: MakeRecord) -> None:
    words = "This is where my notes used to be. I keep the name, since nobody else would want it."
    for name, there in (("post-body entry-content", True), ("words", False), ("related post-body", False)):
        # a script uncovers it
        page = f"<body><h1>Notes</h1><div class='{name}' style='display: none'>{words}</div></body>"
        found = extract(make_record(page), None)
        assert found.body == words if isinstance(found, Extracted) else not there


@pytest.mark.parametrize("lead", ["<div>{}</div>", "<p><em>{}</em></p>", '<div class="bio"><p>{}</p></div>'])
def test_the_note_on_the_author_is_the_last_paragraph_and_a_field(
    make_record: MakeRecord, make_page: MakePage, lead: str
) -> None:
    note = "The writer is a retired teacher in Chaman."
    page = make_page().replace("</article>", lead.format(note) + "</article>")
    found = article(extract(make_record(page), None))
    assert found.author_note == note
    assert found.body.endswith(f"\n\n{note}") and found.body.count(note) == 1


def test_joiners_inside_words_are_kept(make_record: MakeRecord, make_page: MakePage) -> None:
    sentence = "در کوچهٔ ما مردی هر روز با کراچی می‌آید و نان خشک می‌خرد و خانه‌ها را می‌شناسد."
    written = f"{sentence}\n\n{sentence.replace('‌', '&zwnj;').replace('هر روز', 'شام')}"
    found = article(extract(make_record(make_page(prose=written)), None))
    assert found.body.count("می‌آید") == 2
    assert found.body.startswith(sentence)


def test_lists_stay_together_and_tables_lose_their_rules(
    make_record: MakeRecord, make_page: MakePage, prose: str
) -> None:
    listed = "<ul><li>Two clerks and a telephone, so that drivers can ask.</li><li>A published list of fees, in both languages.</li></ul>"
    page = make_page().replace("</article>", f"{listed}<p>{prose[:120]}.</p></article>")
    found = article(extract(make_record(page), None))
    assert (
        "- Two clerks and a telephone, so that drivers can ask.\n- A published list of fees, in both languages."
        in found.body
    )


def test_a_live_blog_says_so(make_record: MakeRecord, make_page: MakePage) -> None:
    head = '<script type="application/ld+json">{"@type": "LiveBlogPosting"}</script>'
    assert article(extract(make_record(make_page(head=head)), None)).form == "live"


def test_a_heavy_page_gets_the_plain_walk_without_furniture(
    make_record: MakeRecord, make_page: MakePage, prose: str
) -> None:
    menu = (
        "<nav>"
        + "<p>A long line of a menu that nobody reads, which repeats itself until the page is full of it.</p>"
        * 3
        + "</nav>"
    )
    page = make_page(before=menu + "<i></i>" * MAX_NODES)
    found = article(extract(make_record(page), None))
    assert found.body == prose
    assert found.body_confidence == 0.3


@pytest.mark.parametrize(
    ("payload", "status", "content_type", "reason"),
    [
        (b"<html><body></body></html>", 200, "text/html", "no_text"),
        (b"<html><body><p>Only a few words</p></body></html>", 200, "text/html", "no_text"),
        (b"<html><body><noscript>You need to enable JavaScript to run this app.</noscript></body></html>", 200, "text/html", "needs_javascript"),
        (b"", 200, "text/html", "not_html"),
        (b"%PDF-1.7", 200, "application/pdf", "not_html"),
        (b'{"a": 1}', 200, "application/json", "not_html"),
        (b"<html><body><p>Gone</p></body></html>", 404, "text/html", "http_404"),
        (b"<html>" + b" " * MAX_BYTES, 200, "text/html", "too_large"),
    ],
    ids=["empty", "few-words", "javascript", "nothing", "pdf", "json", "gone", "large"],
)  # fmt: skip
def test_what_is_no_article_has_a_reason(
    make_record: MakeRecord, payload: bytes, status: int, content_type: str, reason: str
) -> None:
    assert extract(make_record(payload, status=status, content_type=content_type), None) == Rejected(reason)


@pytest.mark.parametrize("kind", ["revisit", "attempt"])
def test_a_record_without_a_page_is_not_read(make_record: MakeRecord, kind: str) -> None:
    assert extract(make_record(b"", kind=kind), None) == Rejected("no_page")


def test_a_script_without_spaces_between_words_is_text_too(make_record: MakeRecord) -> None:
    text = "橋の下の水はとても深いが、誰もその深さを測ったことがない。" * 6
    assert article(extract(make_record(f"<html><body><article><p>{text}</p></article>"), None)).body == text


# --- the reference page --------------------------------------------------------------------------------------


def test_the_reference_page(make_record: MakeRecord, shared_data: Path) -> None:
    page = (shared_data / "reference" / "op-ed.html").read_bytes()
    found = article(extract(make_record(page, "https://regional-review.example/x/"), None))
    assert found.title == "Seeking Stability: Pakistan’s diplomatic efforts in Afghanistan"
    assert found.authors == ("Sanaullah",)
    assert found.published is None
    paragraphs = found.body.split("\n\n")
    assert len(paragraphs) == 20
    assert paragraphs[0].startswith("A delegation headed by")
    assert found.author_note == paragraphs[-1]
    assert paragraphs[-1].startswith("The author is a Freelance Researcher")
    leftovers = ["RELATED", "REPLY", "Akismet", "Most Popular", "Facebook", "January 31, 2025", "All rights"]
    assert [text for text in leftovers if text in found.body] == []


# --- feeds' texts and imported articles ----------------------------------------------------------------------


def test_a_feed_s_text_is_an_article_with_the_feed_s_facts(make_record: MakeRecord) -> None:
    told = datetime(2025, 2, 27, 3, 15, tzinfo=UTC)
    entry = Entry("https://review.example/a", "A gate and a stamp", ("By Nadia Gul",), told, told)
    text = "<p>The bridge was closed.</p>Loose words between<br>and a line<ul><li>fees</li></ul><script>x()</script>"
    found = article(
        extract(make_record(text, "https://review.example/a?utm_source=rss", "text", entry=entry), None)
    )
    assert (found.url, found.title, found.authors) == (
        "https://review.example/a",
        "A gate and a stamp",
        ("Nadia Gul",),
    )
    assert found.published is not None and (found.published.moment, found.published.origin) == (told, "feed")
    assert found.modified is not None and found.modified.moment == told
    assert found.body == "The bridge was closed.\n\nLoose words between\n\nand a line\n\nfees"


def test_an_empty_feed_text_is_rejected(make_record: MakeRecord) -> None:
    assert extract(make_record("<p></p>", kind="text", entry=Entry("https://a.example/x")), None) == Rejected(
        "no_text"
    )
    assert extract(make_record("<p>No entry</p>", kind="text"), None) == Rejected("no_text")


def test_an_imported_article_keeps_what_it_says(make_record: MakeRecord, karachi: Source) -> None:
    given = """{"title": " A  gate ", "body": "One line.\\nAnother line.", "authors": ["Nadia Gul"], "source": "The Review",
      "published": "2025-02-27", "modified": "2025-02-28T10:00:00Z", "section": "Views", "lang": "xx", "genre": "news",
      "country": "PK", "agency": "Wire", "author_note": "The writer is a pilot.", "form": "live", "mood": "glum"}"""
    found = article(extract(make_record(given, "https://review.example/a", "article"), karachi))
    assert (found.title, found.body, found.authors) == (
        "A gate",
        "One line.\n\nAnother line.",
        ("Nadia Gul",),
    )
    assert found.published is not None
    assert (found.published.moment.isoformat(), found.published.precision, found.published.origin) == (
        "2025-02-27T00:00:00+05:00",
        "day",
        "import",
    )
    assert (found.section, found.agency, found.form, found.country) == ("Views", "Wire", "live", "PK")
    assert (found.author_note, found.source_name) == ("The writer is a pilot.", "The Review")


@pytest.mark.parametrize(
    ("given", "title", "body"),
    [
        ('{"title": "Only a title"}', "Only a title", ""),
        ('{"body": "Only a body"}', "", "Only a body"),
        ('{"body": ["One.", "Two.", 3]}', "", "One.\n\nTwo."),
        ('{"body": "One\\nstill one.\\n\\nTwo."}', "", "One\nstill one.\n\nTwo."),
        (
            '{"title": "T", "published": "soon", "authors": "Nadia Gul", "breadcrumb": 7, "image": null}',
            "T",
            "",
        ),
    ],
)
def test_imports_are_read_leniently(make_record: MakeRecord, given: str, title: str, body: str) -> None:
    found = article(extract(make_record(given, kind="article"), None))
    assert (found.title, found.body, found.published) == (title, body, None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("{", "not_an_article"),
        ("[]", "not_an_article"),
        ("{}", "no_text"),
        ('{"title": " "}', "no_text"),
        ('{"body": 7}', "no_text"),
    ],
)
def test_imports_without_an_article_are_rejected(make_record: MakeRecord, given: str, reason: str) -> None:
    assert extract(make_record(given, kind="article"), None) == Rejected(reason)


@pytest.mark.parametrize(
    ("fields", "precision", "confidence"),
    [
        ('"published": "2025-02-27T00:00:00+05:00"', "day", 0.9),
        ('"published": "2025-02-01T00:00:01Z", "published_precision": "month"', "month", 0.9),
        ('"published": "2025-02-27T08:00:00Z", "published_confidence": 0.4', "second", 0.4),
        (
            '"published": "2025-02-27T08:00:00Z", "published_confidence": 7, "published_precision": "hour"',
            "second",
            0.9,
        ),
    ],
)
def test_an_import_may_say_how_sure_its_date_is(
    make_record: MakeRecord, fields: str, precision: str, confidence: float
) -> None:
    found = article(extract(make_record(f'{{"title": "T", {fields}}}', kind="article"), None)).published
    assert found is not None and (found.precision, found.confidence) == (precision, confidence)
