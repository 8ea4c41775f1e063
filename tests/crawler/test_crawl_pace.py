"""Politeness: delays as robots.txt and source files ask, one holder a host, also across crawls."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from khabar.runtime import holder_name, now

if TYPE_CHECKING:
    from tests.crawler.conftest import Home, Reply, Site


def gaps(site: Site, host: str = "alpha.example") -> list[float]:
    times = [each.time for each in site.asked if each.host.startswith(host)]
    return [after - before for before, after in itertools.pairwise(times)]


def test_crawl_delay_is_kept_between_all_requests_and_written_down(
    site: Site, home: Home, reply: type[Reply]
) -> None:
    site.routes["/robots.txt"] = reply(
        b"User-agent: khabar\nCrawl-delay: 0.5\n\nUser-agent: *\nDisallow: /\n", kind="text/plain"
    )
    site.feed("/feed", "/a/1", "/a/2")
    site.pages("/a/1", "/a/2")
    home.source("alpha", site.url("/feed"))
    home.crawl("alpha")
    assert len(site.asked) == 4
    assert min(gaps(site)) >= 0.5
    assert {record.discovery.delay for record in home.records()} == {0.5}


def test_a_killed_crawl_leaves_its_last_request_behind(site: Site, home: Home) -> None:
    site.feed("/feed", "/a/1")
    site.pages("/a/1")
    home.source("alpha", site.url("/feed"), delay=1.5)
    crawler = home.start("alpha")
    while not site.asked:
        time.sleep(0.02)
    crawler.kill()
    crawler.communicate()
    crawler = home.start("alpha")
    while len(site.asked) < 2:
        time.sleep(0.02)
    crawler.kill()
    crawler.communicate()
    assert gaps(site)[0] >= 1.5


def test_two_crawlers_share_no_host(site: Site, home: Home) -> None:
    site.feed("/feed", *(f"/a/{n}" for n in range(10)))
    site.pages(*(f"/a/{n}" for n in range(10)))
    home.source("alpha", site.url("/feed"), delay=0.1)
    crawlers = [home.start("alpha") for _ in range(2)]
    for crawler in crawlers:
        _, log = crawler.communicate(timeout=60)
        assert crawler.returncode == 0, log
    assert site.crowd == 1
    assert min(gaps(site)) >= 0.1
    names = [record.discovery.attempt for record in home.records()]
    assert len(names) == len(set(names)) == home.discovered() == 10


def test_a_host_that_somebody_keeps_is_left_to_them_aloud(site: Site, home: Home) -> None:
    site.feed("/feed", "/a/1")
    site.feed("/b", host="beta.example")
    home.source("alpha", site.url("/feed"), site.url("/b", "beta.example"))
    home.folder.mkdir(exist_ok=True, parents=True)
    ledger = home.ledger()
    held = ledger.acquire("host:alpha.example", holder_name(), 3600, now())
    assert held is not None
    done = home.crawl("alpha", later=0)
    ledger.close()
    assert done["busy"] == 1
    assert "alpha.example is held by another crawler" in done["log"]
    assert site.paths() == []
    assert site.paths("beta.example") == ["/b"]
