from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from khabar.models import Entry, Source
from workers.extract.markup import parse
from workers.extract.metadata import Metadata, describe

FETCHED = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
URL = "https://review.example/opinion/a-gate-and-a-stamp?ref=home"
ARTICLE = """<script type="application/ld+json">{"@type": "OpinionNewsArticle", "headline": "A gate and a stamp",
 "author": {"name": "By Nadia Gul"}, "datePublished": "2025-02-27T08:15:00+05:00",
 "dateModified": "2025-02-28T10:00:00+05:00", "articleSection": "Opinion", "image": ["https://review.example/i.jpg"],
 "publisher": {"name": "The Review"}, "inLanguage": "en"}</script>"""
MENU = '<div class="top"><ul class=menu><li><a href=/>Home</a><li><a href=/world>World</a></ul></div>'


@pytest.fixture
def read(make_page: Callable[..., str], karachi: Source) -> Callable[..., Metadata]:
    def read(
        url: str = URL, entry: Entry | None = None, source: Source | None = karachi, **parts: str
    ) -> Metadata:
        page = parse(make_page(**parts))
        assert page is not None
        return describe(page, url, source, entry, FETCHED)

    return read


Read = Callable[..., Metadata]


def test_json_ld_tells_most(read: Read) -> None:
    found = read(head=ARTICLE)
    assert found.title == "A gate and a stamp"
    assert found.authors == ("Nadia Gul",)
    assert found.published is not None
    assert (found.published.moment.isoformat(), found.published.precision) == (
        "2025-02-27T08:15:00+05:00",
        "second",
    )
    assert (found.published.origin, found.published.confidence) == ("json-ld", 0.97)
    assert found.modified is not None and found.modified.moment.isoformat() == "2025-02-28T10:00:00+05:00"
    assert (found.section, found.image, found.lang_hint) == ("Opinion", "https://review.example/i.jpg", "en")
    assert found.kinds == ("OpinionNewsArticle",)
    assert found.url == "https://review.example/opinion/a-gate-and-a-stamp?ref=home"


@pytest.mark.parametrize(
    ("headings", "title"),
    [
        ("<h2>Opinion pages</h2><h3>A gate and a stamp</h3>", "A gate and a stamp"),
        ("<h2>Opinion pages</h2><h3>A gate and a</h3>", "A gate and a stamp - Opinion pages"),
        ("<h1>The stamp</h1><h2>A gate and a stamp</h2>", "A gate and a stamp - Opinion pages"),
    ],
)
def test_a_page_without_an_h1_has_its_headline_in_a_lower_heading(headings: str, title: str) -> None:
    page = parse(f"<html><title>A gate and a stamp - Opinion pages</title><body>{headings}</body></html>")
    assert page is not None
    assert describe(page, URL, None, None, FETCHED).title == title


# --- the date ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "modified"),
    [
        ("<p>Published: 26 February 2025 | Updated: 27 February 2025, 09:10</p>", "2025-02-27T09:10:00+05:00"),
        ("<p>اپ ڈیٹ: 27 فروری 2025 09:15 شام</p><p>شائع: 26 فروری 2025</p>", "2025-02-27T21:15:00+05:00"),
        ("<p>Published: 26 February 2025</p>", None),
        ("<p>Updated: 27 February 2035</p>", None),
        ("<p>It was updated by hand on 27 February 2025, as the clerk told the driver who had come for the stamp</p>", None),
    ],
)  # fmt: skip
def test_a_change_is_read_where_it_is_printed_by_the_headline(
    read: Read, lines: str, modified: str | None
) -> None:
    found = read(title=f"A gate and a stamp</h1>{lines}<h1 hidden>").modified
    assert (found.moment.isoformat() if found else None) == modified


@pytest.mark.parametrize(
    ("head", "before", "origin", "iso", "precision"),
    [
        ('<meta property="article:published_time" content="2025-02-27T08:15:00+05:00">', "", "meta", "2025-02-27T08:15:00+05:00", "second"),
        ('<meta name="pubdate" content="2025-02-27">', "", "meta", "2025-02-27T00:00:00+05:00", "day"),
        ('<meta itemprop="datePublished" content="2025-02-27T03:15:00Z">', "", "meta", "2025-02-27T08:15:00+05:00", "second"),
        ("", "", None, None, None),
    ],
)  # fmt: skip
def test_then_meta(
    read: Read, head: str, before: str, origin: str | None, iso: str | None, precision: str | None
) -> None:
    found = read(head=head, before=before).published
    if origin is None:
        assert found is None
    else:
        assert found is not None
        assert (found.origin, found.moment.isoformat(), found.precision) == (origin, iso, precision)


@pytest.mark.parametrize(
    ("line", "origin", "iso"),
    [
        ('<time datetime="2025-02-27T08:15:00+05:00">yesterday</time>', "time", "2025-02-27T08:15:00+05:00"),
        ("<time>27 February 2025, 8:15 am</time>", "time", "2025-02-27T08:15:00+05:00"),
        ('<div class="post-meta">By Nadia Gul | February 27, 2025 8:15 AM</div>', "byline", "2025-02-27T08:15:00+05:00"),
        ("<div>27 فروری 2025</div>", "text", "2025-02-27T00:00:00+05:00"),
        ('<time class="updated" datetime="2025-02-28">28 February</time><time datetime="2025-02-27">27</time>', "time", "2025-02-27T00:00:00+05:00"),
    ],
)  # fmt: skip
def test_then_what_is_printed_by_the_headline(read: Read, line: str, origin: str, iso: str) -> None:
    found = read(title=f"A gate and a stamp</h1>{line}<h1 hidden>").published
    assert found is not None and (found.origin, found.moment.isoformat()) == (origin, iso)


@pytest.mark.parametrize(
    "header",
    [
        '<div class="td_data_time"><div>Friday, February 28, 2025</div></div>',
        "<div><span>Friday, February 28, 2025</span></div>" + MENU,
        "<header><p>28 February 2025</p></header>",
        '<div id="today">28/02/2025</div>',
        '<nav><time datetime="2025-02-28">Friday</time></nav>',
    ],
)
def test_a_date_above_the_menu_is_no_date_of_the_article(read: Read, header: str) -> None:
    assert read(before=header + MENU).published is None


@pytest.mark.parametrize(
    "after",
    [
        '<div class="related"><a href=/b>Another piece</a> <time datetime="2025-02-26">26 February</time></div>',
        '<div class="comments"><span class=date>2 March 2025</span></div>',
        "<footer>Last updated 28 February 2025</footer>",
        '<aside><time datetime="2025-02-20">20 February</time></aside>',
    ],
)
def test_nor_is_one_beside_or_below_it(read: Read, after: str) -> None:
    assert read(after=after).published is None


def test_a_day_in_the_address_counts_where_nothing_is_printed(read: Read) -> None:
    found = read(url="https://review.example/2025/02/27/a-gate").published
    assert found is not None and (found.origin, found.precision) == ("url", "day")
    assert found.moment.date().isoformat() == "2025-02-27"


def test_the_feed_counts_before_what_is_printed(read: Read) -> None:
    told = datetime(2025, 2, 27, 3, 15, tzinfo=UTC)
    found = read(
        entry=Entry(URL, published=told), title="A gate and a stamp</h1><time>26 February 2025</time><h1>"
    ).published
    assert found is not None and (found.origin, found.moment) == ("feed", told)


def test_a_day_gets_its_time_from_the_next_that_agrees(read: Read) -> None:
    head = '<meta name="date" content="2025-02-27">'
    found = read(head=head, entry=Entry(URL, published=datetime(2025, 2, 27, 3, 15, tzinfo=UTC))).published
    assert found is not None
    assert (found.origin, found.precision, found.moment.hour) == ("meta", "second", 8)


@pytest.mark.parametrize(
    "absurd", ["1970-01-01T00:00:00Z", "0001-01-01", "2038-01-19T03:14:07Z", "2025-03-04"]
)
def test_an_absurd_date_gives_way_to_the_next(read: Read, absurd: str) -> None:
    head = f'<meta property="article:published_time" content="{absurd}"><meta name="pubdate" content="2025-02-27">'
    found = read(head=head).published
    assert found is not None and found.moment.date().isoformat() == "2025-02-27"


def test_a_solar_date_of_an_afghan_source_is_converted(read: Read, kabul: Source) -> None:
    found = read(source=kabul, title='نان خشک</h1><span class="date">۹ حوت ۱۴۰۳</span><h1>').published
    assert found is not None and found.moment.isoformat() == "2025-02-27T00:00:00+04:30"


# --- title and authors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        "<title>A gate and a stamp - The Review</title>",
        '<title>The Review | A gate and a stamp</title><meta property="og:title" content="Why are the lorries waiting?">',
        '<meta property="og:site_name" content="Review Daily"><title>A gate and a stamp — Review Daily</title>',
    ],
)
def test_the_title_is_the_headline_without_the_site(read: Read, head: str) -> None:
    assert read(head=head).title == "A gate and a stamp"


def test_without_any_title_the_feed_s_is_taken(read: Read) -> None:
    assert read(title="", entry=Entry(URL, title="From the feed")).title == "From the feed"


@pytest.mark.parametrize(
    ("head", "line", "authors"),
    [
        ('<meta name="author" content="Nadia Gul">', "", ("Nadia Gul",)),
        ('<meta name="author" content="The Review">', "<p>By Nadia Gul</p>", ("Nadia Gul",)),
        ('<meta name="author" content="The Review">', "", ("The Review",)),
        ("", '<a rel="author" href="/x">Nadia Gul</a>', ("Nadia Gul",)),
        ("", '<a href="/authors/nadia-gul">Nadia Gul</a>', ("Nadia Gul",)),
        (
            "",
            '<div class="byline"><span class="author">Nadia Gul</span> <i>27 February</i></div>',
            ("Nadia Gul",),
        ),
        ("", '<div itemprop="author">تحریر: نادیہ گل</div>', ("نادیہ گل",)),
        ("", "<div>لیکوال: نادیه ګل — ۱۴۰۳</div>", ("نادیه ګل",)),
        ("", "", ()),
    ],
)
def test_authors_from_meta_then_from_the_byline(
    read: Read, head: str, line: str, authors: tuple[str, ...]
) -> None:
    assert read(head=head, title=f"A gate and a stamp</h1>{line}<h1>").authors == authors


def test_the_feed_s_authors_come_last(read: Read) -> None:
    assert read(entry=Entry(URL, authors=("Nadia Gul",))).authors == ("Nadia Gul",)


# --- the rest ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "url", "expected"),
    [
        ("https://review.example/opinion/a-gate", URL, "https://review.example/opinion/a-gate"),
        ("/opinion/a-gate", URL, "https://review.example/opinion/a-gate"),
        ("https://elsewhere.example/a-gate", URL, URL),
        ("https://review.example/", URL, URL),
        ("javascript:void(0)", URL, URL),
        ("", URL, URL),
        ("https://review.example/opinion/a-gate", "urn:sha256:00", "https://review.example/opinion/a-gate"),
        ("https://review.example/", "urn:sha256:00", "urn:sha256:00"),
    ],
)
def test_the_address_is_the_believable_canonical(read: Read, link: str, url: str, expected: str) -> None:
    assert read(head=f'<link rel="canonical" href="{link}">', url=url).url == expected


def test_og_url_is_the_second_witness(read: Read) -> None:
    head = '<link rel=canonical href="https://other.example/x"><meta property="og:url" content="https://review.example/x">'
    assert read(head=head).url == "https://review.example/x"


def test_printed_breadcrumbs_without_home_and_the_title_itself(read: Read) -> None:
    crumbs = '<ul class="breadcrumbs"><li><a href=/>Home</a><li><a href=/v>Views</a><li><a href=/v/1>A gate and a stamp</a></ul>'
    found = read(before=crumbs)
    assert (found.breadcrumb, found.section) == (("Views",), "Views")


def test_an_image_is_absolute_or_none(read: Read) -> None:
    assert (
        read(head='<meta property="og:image" content="/i/1.jpg">').image == "https://review.example/i/1.jpg"
    )
    assert read(head='<meta property="og:image" content="data:image/png;base64,xx">').image is None
    assert read(head='<meta property="og:image" content="http://[broken">').image is None


def test_reservations_are_read_from_robots_and_tdm(read: Read) -> None:
    head = '<meta name=robots content="index, NOARCHIVE,noai"><meta name="tdm-reservation" content="1">'
    assert read(head=head).reservations == ("noai", "noarchive", "tdm-reservation")


def test_a_moment_in_utc_takes_the_offset_in_which_the_page_prints_it(read: Read, prose: str) -> None:
    meta = '<meta property="article:published_time" content="2025-02-27T22:30:00Z">'
    for printed in ("2025-02-28T03:30:00+05:00", "2025-02-28T03:30:00"):
        found = read(head=meta, prose=f'<time datetime="{printed}">28 February</time>\n\n{prose}').published
        assert found is not None
        assert found.moment.isoformat() == "2025-02-28T03:30:00+05:00"


def test_an_address_may_tell_the_country_of_an_unknown_source() -> None:
    page = parse('<title>x</title><meta property="article:published_time" content="2025-02-27T08:15:00">')
    assert page is not None
    for host, said in (
        ("review.example.pk", "+05:00"),
        ("review.example", "+00:00"),
        ("review.example.us", "+00:00"),
    ):
        found = describe(page, f"https://{host}/a", None, None, datetime(2025, 3, 1, tzinfo=UTC)).published
        assert found is not None
        assert found.moment.isoformat() == f"2025-02-27T08:15:00{said}"


def test_json_that_is_broken_still_gives_its_dates(read: Read) -> None:
    broken = '{"@type": "NewsArticle", "headline": "A "gate"", "datePublished": "2025-02-27T08:15:00+05:00", "image": {"@type": "ImageObject"}}'
    found = read(head=f'<script type="application/ld+json">{broken}</script>').published
    assert found is not None
    assert (found.moment.isoformat(), found.origin) == ("2025-02-27T08:15:00+05:00", "json-ld")


def test_who_signs_for_the_house_is_an_agency(read: Read) -> None:
    found = read(head='<meta name=author content="Web Desk">', before="<p>By Nadia Gul</p>")
    assert found.agency == "Web Desk"
