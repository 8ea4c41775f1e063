"""The demo's site as a crawler meets it: over HTTP, by Host header."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import feedparser
import pytest
import yaml
from lxml import etree, html
from protego import Protego

from khabar.catalogue import load
from khabar.demo.press import Outlet, outlets, pieces
from khabar.demo.site import Request, Site, serve

NOW = datetime(2026, 11, 24, 8, 15, 30, tzinfo=UTC)


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture
def site() -> Generator[Site]:
    with serve(NOW) as running:
        yield running


def ask(site: Site, url: str, **headers: str) -> Reply:
    """Ask as a crawler does that knows where the host really is."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", parts.path or "/", headers={"Host": f"{parts.hostname}:{site.port}", **names})
    answer = connection.getresponse()
    reply = Reply(answer.status, dict(answer.getheaders()), answer.read())
    connection.close()
    return reply


def feed_urls(site: Site, outlet: Outlet) -> list[str]:
    return [f"http://{outlet.host}:{site.port}{feed.path}" for feed in outlet.feeds]


def entries_of(site: Site, outlet: Outlet) -> list[Any]:
    return [
        entry for url in feed_urls(site, outlet) for entry in feedparser.parse(ask(site, url).body).entries
    ]


def everything(site: Site) -> dict[str, bytes]:
    """Fetch robots.txt, front page, feeds and every article of all outlets."""
    hosts = {outlet.id: outlet.host for outlet in outlets()}
    urls = [f"http://{outlet.host}{path}" for outlet in outlets() for path in ("/robots.txt", "/")]
    urls += [f"http://{outlet.host}{feed.path}" for outlet in outlets() for feed in outlet.feeds]
    urls += [f"http://{hosts[piece.outlet]}{piece.path}" for piece in pieces()]
    return {url: ask(site, url).body for url in urls}


def structured(body: bytes) -> dict[str, Any] | None:
    found = re.search(rb'<script type="application/ld\+json">(.*?)</script>', body, re.DOTALL)
    data: dict[str, Any] | None = json.loads(found[1]) if found else None
    return data if data is None or "@graph" not in data else data["@graph"][-1]


@pytest.mark.parametrize("outlet", outlets(), ids=lambda outlet: outlet.id)
def test_feeds_list_all_articles_of_their_outlet_with_addresses_that_answer(
    site: Site, outlet: Outlet
) -> None:
    for url in feed_urls(site, outlet):
        parsed = feedparser.parse(ask(site, url).body)
        assert not parsed.bozo
        assert parsed.version == {"rss": "rss20", "atom": "atom10"}[outlet.form]
    entries = entries_of(site, outlet)
    mine = {piece.path: piece for piece in pieces() if piece.outlet == outlet.id}
    assert len(entries) == len(mine)
    for entry in entries:
        parts = urlsplit(entry.link)
        assert parts.netloc == f"{outlet.host}:{site.port}"
        assert entry.title == mine[parts.path].title
        assert tuple(author.name for author in entry.get("authors", [])) == mine[parts.path].authors
        reply = ask(site, entry.link)
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert ("updated" in entry) == (outlet.form == "atom")


def test_news_has_a_feed_of_its_own(site: Site) -> None:
    (courier,) = [outlet for outlet in outlets() if len(outlet.feeds) > 1]
    opinion, news = (feedparser.parse(ask(site, url).body).entries for url in feed_urls(site, courier))
    assert [entry.title for entry in news] == ["Torkham crossing reopens for stranded trucks after nine days"]
    assert news[0].title not in [entry.title for entry in opinion]


def test_robots_txt_hides_exactly_one_listed_page_and_asks_for_a_short_delay(site: Site) -> None:
    hidden: list[str] = []
    for outlet in outlets():
        robots = Protego.parse(ask(site, f"http://{outlet.host}/robots.txt").body.decode())
        assert robots.crawl_delay("Khabar") == 0.05
        hidden += [
            entry.link for entry in entries_of(site, outlet) if not robots.can_fetch(entry.link, "Khabar")
        ]
    assert hidden == [f"http://khybercourier.example:{site.port}/members/48220/the-editors-letter"]


def test_every_page_is_whole_names_itself_and_carries_its_text(site: Site) -> None:
    hosts = {outlet.id: outlet.host for outlet in outlets()}
    for piece in pieces():
        body = ask(site, f"http://{hosts[piece.outlet]}{piece.path}").body
        page = html.fromstring(body.decode())
        assert (
            page.xpath("string(//link[@rel='canonical']/@href)")
            == f"https://{hosts[piece.outlet]}{piece.path}"
        )
        assert [title.text for title in page.iter("h1")] == [piece.title]
        paragraphs = {element.text_content().strip() for element in page.iter("p", "h3")}
        assert {text.removeprefix("## ") for text in piece.paragraphs} <= paragraphs
        opened, closed = (
            re.findall(pattern, body)
            for pattern in (rb"<(div|p|section|main)\b", rb"</(div|p|section|main)>")
        )
        assert sorted(opened) == sorted(closed)


def test_pages_say_their_date_in_many_ways(site: Site) -> None:
    def page(url: str) -> bytes:
        return ask(site, url).body

    courier = structured(
        page("http://khybercourier.example/opinion/48211/kabul-cannot-lease-out-the-ttp-question")
    )
    assert courier
    assert courier["datePublished"] == "2026-11-23T07:10:00+05:00"
    news = structured(
        page(
            "http://khybercourier.example/news/48202/torkham-crossing-reopens-for-stranded-trucks-after-nine-days"
        )
    )
    assert news
    assert (news["@type"], news["author"][0]["@type"]) == ("NewsArticle", "Organization")
    urdu = page("http://sarhadnama.example/kalam/7731").decode()
    assert structured(urdu.encode()) is None
    assert '<meta property="article:published_time" content="2026-11-23T08:00:00+05:00">' in urdu
    assert "۲۳ نومبر ۲۰۲۶" in urdu
    assert "published_time" not in page("http://sarhadnama.example/kalam/7728").decode()
    pashto = page("http://kabulledger.example/ps/likane/torkham-bazar").decode()
    assert '<time datetime="2026-11-23T09:35:00+04:30">۲ لیندۍ ۱۴۰۵</time>' in pashto
    dari = page("http://kabulledger.example/prs/maqala/doha-va-shenakht").decode()
    assert "<time" not in dari
    assert "۲ قوس ۱۴۰۵" in dari
    review = structured(page("http://delhifrontier.example/essays/recognition-by-instalments"))
    assert review
    assert review["datePublished"] == "2026-11-23T13:00:00+05:30"


def test_the_header_of_the_magazine_page_prints_today_and_not_its_own_date(site: Site) -> None:
    page = html.fromstring(
        ask(site, "http://khybercourier.example/magazine/doha-and-the-empty-scorecard/").body
    )
    assert page.xpath("string(//div[@class='td_data_time'])").strip() == "24 November 2026"
    (own,) = page.xpath("//header[@class='td-post-title']//time")
    assert (own.get("datetime"), own.text) == ("2026-11-23T11:45:00+05:00", "23 November 2026")


def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    for url in [url for outlet in outlets() for url in feed_urls(site, outlet)]:
        first = ask(site, url)
        assert ask(site, url, If_None_Match=first.headers["ETag"]).status == 304
        assert ask(site, url, If_Modified_Since=first.headers["Last-Modified"]).status == 304
        assert (
            ask(site, url, If_None_Match='"other"', If_Modified_Since=first.headers["Last-Modified"]).status
            == 200
        )
        assert ask(site, url, If_Modified_Since="Thu, 01 Jan 2015 00:00:00 GMT").status == 200
        assert ask(site, url, If_Modified_Since="yesterday").status == 200
        assert ask(site, url, If_None_Match=first.headers["ETag"]).body == b""


def test_an_edit_changes_one_page_and_one_feed_and_moves_updated(site: Site) -> None:
    before = everything(site)
    old = ask(site, "http://delhifrontier.example/feeds/essays.atom")
    site.edit()
    after = everything(site)
    page, feed = (
        "http://delhifrontier.example/essays/recognition-by-instalments",
        "http://delhifrontier.example/feeds/essays.atom",
    )
    assert {url for url in before if before[url] != after[url]} == {page, feed}
    assert "Recognition by instalments, and what it costs Islamabad" in after[page].decode()
    was, now = (feedparser.parse(body) for body in (old.body, after[feed]))
    moved = [
        two.updated for one, two in zip(was.entries, now.entries, strict=True) if one.updated != two.updated
    ]
    assert moved == ["2026-11-24T13:45:30+05:30"]
    assert [one.published for one in was.entries] == [one.published for one in now.entries]
    again = ask(site, feed, If_None_Match=old.headers["ETag"])
    assert again.status == 200
    assert ask(site, feed, If_Modified_Since=old.headers["Last-Modified"]).status == 200


def test_the_site_follows_from_now_alone(site: Site) -> None:
    first = everything(site)
    with serve(NOW) as other:
        second = {
            url: body.replace(str(other.port).encode(), b"PORT") for url, body in everything(other).items()
        }
    assert {url: body.replace(str(site.port).encode(), b"PORT") for url, body in first.items()} == second
    with serve(NOW + timedelta(days=1)) as later:
        moved = everything(later)
    assert all(first[url] != moved[url] for url in first if not url.endswith("robots.txt"))


def test_what_was_asked_is_remembered_and_strangers_get_nothing(site: Site) -> None:
    ask(site, "http://sarhadnama.example/rss.xml")
    ask(site, "http://sarhadnama.example/kalam/1")
    ask(site, "http://elsewhere.example/")
    assert site.requests == [
        Request("sarhadnama.example", "/rss.xml", 200),
        Request("sarhadnama.example", "/kalam/1", 404),
        Request("elsewhere.example", "/", 404),
    ]


def test_one_connection_may_be_kept_for_many_pages(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/rss.xml", headers={"Host": f"sarhadnama.example:{site.port}"})
        assert etree.fromstring(connection.getresponse().read()).tag == "rss"
    connection.close()


def test_source_files_are_installed_with_the_port_of_this_site(site: Site, tmp_path: Path) -> None:
    files = site.install(tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "sources/af/kabul-ledger.yaml",
        "sources/in/delhi-frontier-review.yaml",
        "sources/pk/khyber-courier.yaml",
        "sources/pk/sarhad-nama.yaml",
    ]
    by_id = {outlet.id: outlet for outlet in outlets()}
    for file in files:
        source = yaml.safe_load(file.read_text("utf-8"))
        outlet = by_id[source["id"]]
        assert source["name"] == outlet.name
        assert source["timezone"] == outlet.timezone
        assert source["addresses"] == {outlet.host: "127.0.0.1"}
        assert [endpoint["url"] for endpoint in source["endpoints"]] == feed_urls(site, outlet)
    assert site.install(tmp_path) == files


def test_the_catalogue_reads_the_installed_source_files(site: Site, tmp_path: Path) -> None:
    site.install(tmp_path)
    sources = load([tmp_path]).sources
    assert set(sources) == {outlet.id for outlet in outlets()}
    for outlet in outlets():
        source = sources[outlet.id]
        assert source.addresses == ((outlet.host, "127.0.0.1"),)
        assert source.domains == (outlet.host,)
        assert source.delay == 0.05
        assert {piece.lang for piece in pieces() if piece.outlet == outlet.id} <= set(source.languages)
