"""The ordinary life of a crawl: first look, second look, one article edited, leftovers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from khabar.models import attempt_name

if TYPE_CHECKING:
    from tests.crawler.conftest import Home, Site


def test_first_crawl_archives_every_page_with_its_discovery(site: Site, home: Home) -> None:
    site.feed("/feed", "/a/1", "/a/2", "/a/3")
    site.pages("/a/1", "/a/2", "/a/3")
    home.source("alpha", {"kind": "feed", "url": site.url("/feed"), "scope": "editorial"})
    done = home.crawl("alpha")
    assert (done["endpoints"], done["claimed"], done["fetched"], done["failed"]) == (1, 3, 3, 0)
    records = {record.discovery.url: record for record in home.records()}
    assert set(records) == {site.url(f"/a/{n}") for n in (1, 2, 3)}
    record = records[site.url("/a/1")]
    assert record.kind == "page"
    assert record.status == 200
    assert record.payload == b"<html><body><p>/a/1 is a page.</p></body></html>"
    assert (record.content_type, record.charset) == ("text/html", "utf-8")
    found = record.discovery
    assert found.attempt == attempt_name(found.claimed, found.url)
    assert (found.source, found.endpoint, found.scope) == ("alpha", site.url("/feed"), "editorial")
    assert (found.why, found.robots, found.delay, found.failure) == ("new", "allowed", 0.0, None)
    assert found.entry is not None
    assert found.entry.title == "On /a/1"
    assert home.frontier() == []
    assert home.discovered() == 3


def test_first_look_second_look_and_one_article_edited(site: Site, home: Home) -> None:
    site.feed("/feed", "/a/1", "/a/2", "/a/3")
    site.pages("/a/1", "/a/2", "/a/3")
    home.source("alpha", site.url("/feed"))
    home.crawl("alpha")
    assert [each.path for each in site.asked] == ["/robots.txt", "/feed", "/a/1", "/a/2", "/a/3"]
    for each in site.asked:
        assert each.headers["User-Agent"].startswith("Khabar/")
        assert "+https://" in each.headers["User-Agent"]
        assert not {"Cookie", "If-None-Match"} & set(each.headers)

    site.asked.clear()
    done = home.crawl("alpha")
    assert (done["endpoints"], done["unchanged"], done["claimed"], done["fetched"]) == (1, 1, 0, 0)
    assert site.paths() == ["/feed"]
    assert "If-None-Match" in site.asked[-1].headers

    site.asked.clear()
    site.feed("/feed", "/a/1", ("/a/2", "2026-01-02T10:00:00Z"), "/a/3")
    done = home.crawl("alpha")
    assert (done["claimed"], done["fetched"]) == (1, 1)
    assert site.paths() == ["/feed", "/a/2"]
    assert "If-None-Match" not in site.asked[-1].headers
    whys = [record.discovery.why for record in home.records() if record.url == site.url("/a/2")]
    assert whys == ["new", "changed"]


def test_max_bounds_the_pages_and_the_rest_is_fetched_next_time(site: Site, home: Home) -> None:
    site.feed("/feed", *(f"/a/{n}" for n in range(7)))
    site.pages(*(f"/a/{n}" for n in range(7)))
    home.source("alpha", site.url("/feed"))
    assert home.crawl("--max", "3", "alpha")["fetched"] == 3
    assert len(home.frontier()) == 4
    done = home.crawl("alpha")
    assert (done["unchanged"], done["claimed"], done["fetched"]) == (1, 0, 4)
    names = [record.discovery.attempt for record in home.records()]
    assert len(names) == len(set(names)) == 7
    assert home.frontier() == []


def test_leftovers_of_other_sources_are_left_to_them(site: Site, home: Home) -> None:
    for name in ("one", "two"):
        site.feed(f"/{name}", *(f"/{name}/{n}" for n in range(3)))
        site.pages(*(f"/{name}/{n}" for n in range(3)))
        home.source(name, site.url(f"/{name}"))
    home.crawl("--max", "1", "one")
    home.crawl("two")
    assert sorted(home.frontier()) == [site.url("/one/1"), site.url("/one/2")]


def test_several_hosts_each_have_one_request_at_a_time(site: Site, home: Home) -> None:
    hosts = [f"h{n}.example" for n in range(4)]
    for host in hosts:
        site.feed(f"/{host}", *(f"/{host}/{n}" for n in range(10)), host=host)
        site.pages(*(f"/{host}/{n}" for n in range(10)))
        home.source(host[:2], site.url(f"/{host}", host))
    assert home.crawl(*(host[:2] for host in hosts))["fetched"] == 40
    assert site.crowd == 1


def test_a_sitemap_is_passed_over_aloud(site: Site, home: Home) -> None:
    home.source("alpha", {"kind": "sitemap", "url": site.url("/sitemap.xml")})
    done = home.crawl("alpha")
    assert site.asked == []
    assert done["broken"] == 1
    assert "a sitemap is not read yet" in done["log"]
