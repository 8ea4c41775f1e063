"""Feeds as publishers make them: every dialect, broken ones, hostile ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery import MAX_ENTRIES, MAX_TEXT, decode, parse_time, read_feed

URL = "http://www.alpha.example/feeds/opinion.xml"
KARACHI = ZoneInfo("Asia/Karachi")

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Alpha</title><link>http://www.alpha.example/</link>
<item>
  <title>The river &amp; the dam</title>
  <link>http://www.alpha.example/opinion/1?utm_source=rss</link>
  <guid isPermaLink="false">alpha-1</guid>
  <dc:creator>Sara Khan</dc:creator>
  <pubDate>Fri, 02 Jan 2026 09:30:00 +0500</pubDate>
  <description>Only a summary.</description>
  <content:encoded><![CDATA[<p>The whole text &nbsp; with <b>tags</b>.</p>]]></content:encoded>
</item>
<item><title>No link at all</title></item>
<item><title>A trick</title><link>javascript:alert(1)</link></item>
<item><title>Another</title><link>file:///etc/passwd</link></item>
<item><title>Relative</title><link>/opinion/2</link></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://www.alpha.example/base/">
<title>Alpha</title>
<entry>
  <title type="html">On &lt;i&gt;borders&lt;/i&gt;</title>
  <link rel="self" href="http://www.alpha.example/api/3"/>
  <link rel="alternate" href="opinion/3"/>
  <id>tag:alpha.example,2026:3</id>
  <author><name>Ali Raza</name></author><author><name>Noor Jan</name></author>
  <published>2026-01-02T09:30:00+05:00</published>
  <updated>2026-01-03T10:00:00Z</updated>
  <content type="html">&lt;p&gt;Text&lt;/p&gt;</content>
</entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="http://www.alpha.example/"><title>Alpha</title></channel>
<item rdf:about="http://www.alpha.example/opinion/4"><title>Old dialect</title>
<link>http://www.alpha.example/opinion/4</link><dc:creator>Zar Gul</dc:creator><dc:date>2026-01-02T09:30:00</dc:date></item>
</rdf:RDF>"""


def rss(*items: str) -> bytes:
    return f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>".encode()


def item(n: int, more: str = "") -> str:
    return f"<item><title>Title {n}</title><link>http://www.alpha.example/{n}</link>{more}</item>"


def test_rss_gives_what_it_says() -> None:
    feed = read_feed(RSS.encode(), URL, "Asia/Karachi")
    assert feed.problem is None
    assert feed.dropped == 3
    first, second = feed.entries
    assert first.url == "http://www.alpha.example/opinion/1?utm_source=rss"
    assert first.title == "The river & the dam"
    assert first.authors == ("Sara Khan",)
    assert first.guid == "alpha-1"
    assert first.published == datetime(2026, 1, 2, 9, 30, tzinfo=timezone(timedelta(hours=5)))
    assert first.updated is None
    assert first.text == "<p>The whole text \xa0 with <b>tags</b>.</p>"
    assert second.url == "http://www.alpha.example/opinion/2"
    assert second.text is None


def test_atom_gives_what_it_says() -> None:
    (entry,) = read_feed(ATOM.encode(), URL).entries
    assert entry.url == "http://www.alpha.example/base/opinion/3"
    assert entry.title == "On borders"
    assert entry.authors == ("Ali Raza", "Noor Jan")
    assert entry.published == datetime(2026, 1, 2, 4, 30, tzinfo=UTC)
    assert entry.updated == datetime(2026, 1, 3, 10, tzinfo=UTC)
    assert entry.text == "<p>Text</p>"


def test_rdf_gives_what_it_says_and_naive_times_are_the_sources() -> None:
    (entry,) = read_feed(RDF.encode(), URL, "Asia/Karachi").entries
    assert entry.authors == ("Zar Gul",)
    assert entry.published == datetime(2026, 1, 2, 9, 30, tzinfo=KARACHI)


@pytest.mark.parametrize(
    ("printed", "moment"),
    [
        ("2026-01-02T09:30:00Z", datetime(2026, 1, 2, 9, 30, tzinfo=UTC)),
        ("2026-01-02T09:30:00.5+04:30", datetime(2026, 1, 2, 5, 0, 0, 500000, tzinfo=UTC)),
        ("2026-01-02 09:30:00", datetime(2026, 1, 2, 9, 30, tzinfo=KARACHI)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=KARACHI)),
        ("Fri, 02 Jan 2026 09:30:00 GMT", datetime(2026, 1, 2, 9, 30, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 09:30:00 +0000", datetime(2026, 1, 2, 9, 30, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 09:30:00 PKT", datetime(2026, 1, 2, 9, 30, tzinfo=KARACHI)),
        ("Fri, 02 Jan 2026 09:30:00", datetime(2026, 1, 2, 9, 30, tzinfo=KARACHI)),
        ("02 Jan 26 09:30 EST", datetime(2026, 1, 2, 14, 30, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 09:30:00 +9900", None),
        ("yesterday", None),
        ("", None),
        ("9999999999999999", None),
    ],
)
def test_times_keep_their_offset_or_take_the_sources_zone(printed: str, moment: datetime | None) -> None:
    assert parse_time(printed, KARACHI) == moment


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(printed: str) -> None:
    moment = parse_time(printed, KARACHI)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    ("name", "declared", "header"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8", "windows-1256", "iso-8859-1"),  # both lie
        ("utf-8-sig", None, None),
        ("utf-16", "utf-16", None),
        ("windows-1256", "windows-1256", None),
        ("windows-1256", None, "windows-1256"),
    ],
)
def test_charsets_are_found_out(name: str, declared: str | None, header: str | None) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f"{head}<rss version='2.0'><channel><item><title>پشتو او اردو</title><link>/1</link></item></channel></rss>"
    text = text.replace("پشتو او اردو", "صبح بخیر پاکستان")
    (entry,) = read_feed(
        text.encode("windows-1256" if name == "windows-1256" else name, "replace"), URL, charset=header
    ).entries
    assert entry.title is not None
    assert entry.title.startswith("صبح")


def test_no_charset_at_all_is_still_text() -> None:
    assert decode(b"caf\xe9", "no-such-charset") == "café"
    assert decode(b"\x81\xff") != ""


@pytest.mark.parametrize(
    "broken",
    [
        "<item><title>Cats & dogs</title><link>http://www.alpha.example/1</link></item>",
        "<item><title>One</title><link>http://www.alpha.example/1</link><guid>g</item>",
        "<item><dc:creator>X</dc:creator><link>http://www.alpha.example/1</link><title>One</title></item>",
        "<item><odd:thing>X</odd:thing><link>http://www.alpha.example/1</link><title>One</title></item>",
        "<item><title>One &nbsp;&rsquo;</title><link>http://www.alpha.example/1</link></item>",
        "<item><title>One \x08</title><link>http://www.alpha.example/1</link></item>",
        "<item><link><![CDATA[http://www.alpha.example/1]]></link><title>a < b</title></item>",
        "<item><title>One</title><link>http://www.alpha.example/1</link></item><item><title>cut of",
    ],
)
def test_broken_xml_gives_what_can_be_read(broken: str) -> None:
    feed = read_feed(f"\n <!-- x --><rss version='2.0'><channel>{broken}".encode(), URL)
    assert [entry.url for entry in feed.entries] == ["http://www.alpha.example/1"]
    assert feed.entries[0].title


def test_an_ampersand_in_a_cdata_link_stays_itself() -> None:
    feed = read_feed(
        b"<rss><channel><item><link><![CDATA[http://a.example/?a=1&b=2]]></link><title>x & y</title></item>",
        URL,
    )
    assert [entry.url for entry in feed.entries] == ["http://a.example/?a=1&b=2"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"<html><body><a href='/1'>Read</a></body></html>", "not_a_feed"),
        (b'{"items": []}', "not_a_feed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_a_feed"),
        (b"<rss version='2.0'><channel></channel></rss>", None),
    ],
)
def test_what_is_no_feed_says_so(data: bytes, problem: str | None) -> None:
    feed = read_feed(data, URL)
    assert (feed.entries, feed.problem) == ((), problem)


def test_one_article_twice_is_one_entry() -> None:
    feed = read_feed(rss(item(1), item(1, "<guid>again</guid>"), item(2)), URL)
    assert [entry.guid for entry in feed.entries] == [None, None]


def test_a_text_too_long_to_keep_is_left_out() -> None:
    text = f"<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>{'x' * (MAX_TEXT + 1)}</content:encoded>"
    (entry,) = read_feed(rss(item(1, text)), URL).entries
    assert entry.text is None


@pytest.mark.parametrize(
    "attack",
    [
        b"<!DOCTYPE r ["
        + b"".join(b"<!ENTITY e%d '%s'>" % (n + 1, b"&e%d;" % n * 10) for n in range(12))
        + b"]>",
        b"<!DOCTYPE r [<!ENTITY e12 '" + b"a" * 100_000 + b"'>]>",
        b"<!DOCTYPE r [<!ENTITY e12 SYSTEM 'file:///etc/passwd'>]>",
        b"<!DOCTYPE r SYSTEM 'http://evil.example/x.dtd'>",
    ],
)
def test_entities_are_never_expanded(attack: bytes) -> None:
    items = f"<item><link>http://www.alpha.example/1</link><title>{'&e12;' * 1000}</title></item>"
    feed = read_feed(attack + rss(items), URL)
    assert [entry.url for entry in feed.entries] == ["http://www.alpha.example/1"]
    assert "aaaa" not in (feed.entries[0].title or "")
    assert "root:" not in (feed.entries[0].title or "")


@pytest.mark.parametrize(
    "attack",
    [
        b"<item/>" * 300_000,
        b"<item>" * 300_000,
        b"<a " * 300_000,
        b"<" * 300_000,
        b"&" * 300_000,
        b"<![CDATA[" * 100_000,
        b"<!DOCTYPE" * 100_000,
        b"<x:y>" * 200_000,
        b"<item " + b"".join(b"a%d='' " % n for n in range(60_000)) + b">",
        b"<item><title>" + b"&lt;" * 300_000,
        b"<item><link>" + b"http://a.example/" * 50_000 + b"</link></item>",
    ],
)
def test_hostile_feeds_end_soon(attack: bytes) -> None:
    started = time.process_time()
    feed = read_feed(b"<rss version='2.0'><channel>" + attack, URL)
    assert time.process_time() - started < 4
    assert len(feed.entries) + feed.dropped <= MAX_ENTRIES


def test_a_feed_without_end_is_cut() -> None:
    feed = read_feed(rss(*(item(n) for n in range(MAX_ENTRIES + 500))), URL)
    assert [entry.url for entry in feed.entries] == [
        f"http://www.alpha.example/{n}" for n in range(MAX_ENTRIES)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["<item>", "</item>", "<title>", "<link>", "</link>", "<![CDATA[", "]]>", "&", "<", ">"]
            ),
            st.sampled_from(
                ["http://www.alpha.example/1", "<pubDate>", "<dc:date>2026</dc:date>", "&#0;", "&#xD800;"]
            ),
            st.text(max_size=8),
        ),
        max_size=40,
    )
)
def test_any_text_is_read_without_an_error(parts: list[str]) -> None:
    feed = read_feed(f"<rss><channel>{''.join(parts)}".encode("utf-8", "replace"), URL)
    for entry in feed.entries:
        assert entry.url.startswith(("http://", "https://"))


def test_a_feed_that_the_parser_trips_over_is_no_feed_and_ends_no_crawl() -> None:
    assert read_feed(b"<rss><channel><item><link><item>", URL).problem == "not_a_feed"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    read_feed(data, URL)
    read_feed(b"<rss>" + data, URL)
