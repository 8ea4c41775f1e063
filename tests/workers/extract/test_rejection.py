"""Pages that are no article are told by evidence, and pages that look a little like them are kept.

tests/pages has whole pages of each kind; here are the borders.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workers.extract.markup import Page, parse
from workers.extract.metadata import describe
from workers.extract.rejection import is_live, length_of, reason_against, says

FETCHED = datetime(2025, 11, 25, tzinfo=UTC)
LINE = "The ferry at the lower crossing has never carried a timetable, and nobody has missed one. "
NODE = '<script type="application/ld+json">{"@type":"NewsArticle","headline":"A ferry","datePublished":"2025-11-19"%s}</script>'


def page_of(html: str) -> Page:
    page = parse(html)
    assert page is not None
    return page


def reason(html: str, *paragraphs: str, url: str = "https://courier.example/opinion/a-ferry") -> str | None:
    page = page_of(html)
    return reason_against(page, describe(page, url, None, None, FETCHED), paragraphs)


@pytest.mark.parametrize(
    "html",
    [
        "<title>Verify you are human: a column</title><h1>Verify you are human: a column</h1>",
        "<title>404 goats</title><h1>404 goats</h1>",
        "<title>A ferry</title><div class=paywall>Already a subscriber? Log in to read.</div>",
        "<title>A ferry</title><video></video>" + "<figure></figure>" * 9,
        "<title>A ferry</title><noscript>Please enable JavaScript</noscript><div id=root></div>",
        "<title>A ferry</title>" + "<h3><a href=/b>Another piece about the river</a></h3>" * 30,
    ],
)
def test_a_whole_text_is_an_article_whatever_stands_beside_it(html: str) -> None:
    assert reason(html, *[LINE * 3] * 5) is None


@pytest.mark.parametrize("kind", ["paywall", "video"])
def test_a_text_that_calls_itself_an_article_needs_but_a_little(kind: str) -> None:
    beside = {"paywall": "<div class=box>Subscribe to read more</div>", "video": "<video></video>"}[kind]
    assert reason(f"<title>A ferry</title>{NODE % ''}{beside}", LINE * 2) is None


def test_a_letter_of_two_lines_is_kept_and_two_words_are_not() -> None:
    assert reason("<title>A letter</title>", LINE) is None
    assert reason("<title>A letter</title>", "Read more") == "no_text"
    assert reason("<title>手紙</title>", "渡し船には時刻表がない。誰も困っていない。" * 3) is None


def test_a_paywall_needs_both_a_mark_and_a_short_text() -> None:
    marked = NODE % ',"isAccessibleForFree":"False"'
    assert reason(marked, LINE) == "paywall"
    assert reason(f"{marked}<p>This article is for subscribers only</p>", LINE * 5) == "paywall"
    assert reason(marked, *[LINE * 3] * 3) is None
    assert reason("<p>This article is for subscribers only</p>", LINE) is None


@pytest.mark.parametrize(
    ("behind", "reason_"),
    [
        ("<div>Subscribe to continue reading</div>", "paywall"),
        ("<b>पूरा लेख पढ़ने के लिए सदस्यता लें</b>", "paywall"),
        ("<p>مکمل مضمون پڑھنے کے لیے لاگ اِن کریں</p>", "paywall"),
        ("<p>Subscribe to our paper</p>", None),
        (f"<p>{LINE * 5}</p><p>Subscribe to continue reading</p>", None),  # too far off to be about this text
        ("<p>Subscribe to continue reading</p>" + NODE % ',"isAccessibleForFree":true', None),
    ],
)
def test_the_rest_is_offered_right_behind_a_beginning(behind: str, reason_: str | None) -> None:
    assert reason(f"<body><h1>A ferry</h1><p>{LINE}</p>{behind}", LINE.strip()) == reason_
    assert reason(f"<body><p>{LINE}</p>{behind}", *[LINE * 3] * 4) is None


def test_the_rest_may_be_offered_in_the_last_line_of_the_text_itself() -> None:
    assert reason("<p>x</p>", LINE, "To read the full piece, log in.") == "paywall"
    assert reason("<p>x</p>", "To read the full piece, log in.", LINE, LINE) is None


def test_summaries_that_break_off_under_linked_headings_are_a_list() -> None:
    cards = "".join(f"<h3><a href=/a/{n}>A headline of some length, number {n}</a></h3>" for n in range(10))
    cut = [LINE.strip().removesuffix(".") + "…"] * 5
    assert reason(f"<h1>Opinion</h1>{cards}", *cut) == "listing"
    assert reason("<h1>Opinion</h1>", *cut) is None
    assert reason(f"<h1>Opinion</h1>{cards}", *cut, *[LINE * 2] * 6) is None
    assert reason(f"<h1>Opinion</h1><p>By Sana Khan</p>{cards}", *cut) is None


def test_the_words_of_a_wall_are_whole_words_in_any_of_our_languages() -> None:
    assert says("error", "Page not found")
    assert says("error", "صفحہ نہیں ملا")
    assert says("script", "Please ENABLE JavaScript")
    assert not says("error", "The well was not founded by them")
    assert not says("bot", "A mere captchalike thing")


def test_an_article_on_captchas_is_no_captcha() -> None:
    html = f"<title>Why the captcha asks for bridges</title>{NODE % ''}<h1>Why the captcha asks for bridges</h1><p>{LINE}</p>"
    assert reason(html, LINE * 2) is None


def test_a_list_of_links_on_the_front_page_is_a_listing_and_below_one_article_is_none() -> None:
    cards = "".join(f"<h3><a href=/a/{n}>A headline of some length, number {n}</a></h3>" for n in range(10))
    assert (
        reason(f"<title>Courier</title>{cards}", "Welcome to the Courier.", url="https://courier.example/")
        == "listing"
    )
    assert reason(f"<title>A ferry</title>{NODE % ''}{cards}", LINE * 2) is None


def test_live_is_by_type_or_by_several_times() -> None:
    post = "<div><time>9:00</time><p>x</p></div>"
    for html, live in (
        ('<script type="application/ld+json">{"@type":"LiveBlogPosting"}</script>', True),
        (f"<div class=live-blog>{post * 3}</div>", True),
        (f"<div class=live-blog>{post}</div>", False),
        (f"<div class=deliver>{post * 3}</div>", False),
        (f"<div class=live-blog-teaser><p>x</p></div>{post * 3}", False),
        (f"<section id=top-liveBlog>{post * 3}</section>", True),
        (f"<p class=live-blog>{post * 3}</p>", False),
        ('<div itemtype="https://schema.org/LiveBlogPosting"><p>x</p></div>', True),
    ):
        page = page_of(f"<body>{html}</body>")
        assert is_live(page, describe(page, "https://courier.example/a", None, None, FETCHED)) is live


@pytest.mark.parametrize(
    ("title", "live"),
    [
        ("Live: the ferry is back", True),
        ("The ferry is back – as it happened", True),
        ("لائیو: کشتی واپس آ گئی", True),
        ("लाइव: नाव लौट आई", True),
        ("Where the ferrymen live: a walk", False),
        ("Live and let live", False),
    ],
)
def test_a_headline_may_call_a_page_live(title: str, live: bool) -> None:
    post = f"<time>9:00</time><p>{LINE}</p>"
    for times, expected in ((3, live), (2, False)):
        page = page_of(f"<body><main><h1>{title}</h1>{post * times}</main>")
        assert is_live(page, describe(page, "https://courier.example/a", None, None, FETCHED)) is expected


def test_a_script_without_spaces_says_more_in_a_letter() -> None:
    assert length_of(["渡船", "ab"]) == 8
