"""A crawl in slices: each ends in time and in good order, says whether there is more, and asks for no feed twice."""

from __future__ import annotations

import subprocess
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from khabar.runtime import holder_name, now

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from tests.crawler.conftest import Home, Reply, Site


def slow_press(site: Site, home: Home, reply: type[Reply], pages: int, pause: float) -> list[str]:
    """Serve a feed of pages that take their time."""

    def slow(_: BaseHTTPRequestHandler) -> Reply:
        time.sleep(pause)
        return reply(b"<html><body><p>A page.</p></body></html>")

    paths = [f"/a/{n}" for n in range(pages)]
    site.routes |= dict.fromkeys(paths, slow)
    site.feed("/feed", *paths)
    home.source("alpha", site.url("/feed"))
    return paths


def in_slices(home: Home, seconds: float, *sources: str) -> list[dict[str, Any]]:
    """Crawl as who cuts a crawl into slices does: again with the same start, as long as there is more."""
    started = now().isoformat()
    slices: list[dict[str, Any]] = []
    while not slices or slices[-1]["more"]:
        assert len(slices) < 30
        slices.append(home.crawl("--seconds", str(seconds), "--looked-since", started, *sources))
    return slices


def hosts_left_held(home: Home) -> list[str]:
    ledger = home.ledger()
    held = [lease.name for lease in ledger.leases(now()) if lease.name.startswith("host:")]
    ledger.close()
    return held


def test_a_slice_ends_in_good_order_and_the_next_goes_on(site: Site, home: Home, reply: type[Reply]) -> None:
    paths = slow_press(site, home, reply, 15, pause=0.1)
    first = home.crawl("--seconds", "0.8", "alpha")
    assert first["more"] is True
    assert 0 < first["fetched"] == len(home.records()) == len(site.paths()) - 1 < len(paths)
    assert len(home.frontier()) == len(paths) - first["fetched"]
    assert list((home.folder / "spool").glob("segments~*")) == []
    assert hosts_left_held(home) == []
    rest = in_slices(home, 1, "alpha")
    assert first["fetched"] + sum(each["fetched"] for each in rest) == len(paths)
    assert home.frontier() == []
    assert rest[-1]["more"] is False
    assert sorted(site.paths()) == sorted([*paths, "/feed", "/feed"])
    assert [record.discovery.why for record in home.records()] == ["new"] * len(paths)


def test_slices_of_one_crawl_look_once_at_each_endpoint_also_at_a_broken_one(
    site: Site, home: Home, reply: type[Reply]
) -> None:
    slow_press(site, home, reply, 15, pause=0.1)
    site.routes["/broken"] = reply(b"no feed at all", kind="text/plain")
    home.source("beta", site.url("/broken", "beta.example"), site.url("/away", "gamma.example"))
    slices = in_slices(home, 1, "alpha", "beta")
    assert len(slices) > 1
    assert site.paths().count("/feed") == 1
    assert (site.paths("beta.example"), site.paths("gamma.example")) == (["/broken"], ["/away"])
    assert sum(each["broken"] for each in slices) == 2


def test_an_endpoint_looked_at_before_the_time_is_looked_at_again(site: Site, home: Home) -> None:
    site.feed("/feed", "/a/1")
    site.pages("/a/1")
    home.source("alpha", site.url("/feed"))
    before = now()
    home.crawl("alpha")
    after = now()
    assert home.crawl("--looked-since", before.isoformat(), "alpha")["endpoints"] == 0
    assert home.crawl("--looked-since", after.isoformat(), "alpha")["endpoints"] == 1
    elsewhere = (now() + timedelta(hours=5)).isoformat().replace("+00:00", "+05:00")
    assert home.crawl("--looked-since", elsewhere, "alpha")["unchanged"] == 1


def test_a_slice_does_not_wait_for_a_long_delay_and_says_what_it_did_not_look_at(
    site: Site, home: Home
) -> None:
    site.feed("/feed", "/a/1")
    home.source("alpha", site.url("/feed"), delay=10)
    started = time.monotonic()
    done = home.crawl("--seconds", "1", "alpha")
    assert time.monotonic() - started < 6
    assert (done["endpoints"], done["more"]) == (0, True)
    assert hosts_left_held(home) == []


def test_a_slice_that_looked_at_all_has_no_more(site: Site, home: Home) -> None:
    site.feed("/feed", "/a/1", "/a/2")
    site.pages("/a/1", "/a/2")
    home.source("alpha", site.url("/feed"))
    done = home.crawl("--seconds", "30", "alpha")
    assert (done["fetched"], done["more"]) == (2, False)


def test_what_was_postponed_for_a_moment_is_more_and_what_rests_for_long_is_not(
    site: Site, home: Home, reply: type[Reply]
) -> None:
    site.feed("/feed", "/moment", host="alpha.example")
    site.routes["/moment"] = reply(b"", 500)
    home.source("alpha", site.url("/feed"))
    assert home.crawl("--seconds", "1.2", "alpha")["more"] is True
    site.feed("/feed/b", "/early", "/later", host="beta.example")
    site.routes["/early"] = reply(b"", 404)
    site.routes["/later"] = reply(b"", 503, headers={"Retry-After": "600"})
    home.source("beta", site.url("/feed/b", "beta.example"))
    done = home.crawl("beta")
    assert (done["postponed"], done["more"]) == (2, False)


def test_a_host_that_rests_and_one_that_another_holds_are_not_more(
    site: Site, home: Home, reply: type[Reply]
) -> None:
    site.routes["/feed"] = reply(b"", 429, headers={"Retry-After": "600"})
    site.feed("/b", "/b/1", host="beta.example")
    home.source("alpha", site.url("/feed"), site.url("/b", "beta.example"))
    home.folder.mkdir(exist_ok=True, parents=True)
    ledger = home.ledger()
    held = ledger.acquire("host:beta.example", holder_name(), 3600, now())
    assert held is not None
    done = home.crawl("alpha")
    assert (done["busy"], done["resting"], done["more"]) == (1, 0, False)
    done = home.crawl("alpha")
    ledger.close()
    assert (done["busy"], done["resting"], done["more"]) == (1, 1, False)
    assert site.paths() == ["/feed"]


def test_a_crawl_that_has_had_its_pages_has_no_more(site: Site, home: Home) -> None:
    site.feed("/feed", "/a/1", "/a/2", "/a/3")
    site.pages("/a/1", "/a/2", "/a/3")
    home.source("alpha", site.url("/feed"))
    done = home.crawl("--max", "2", "alpha")
    assert (done["fetched"], done["more"]) == (2, False)


def test_a_host_that_is_down_is_not_more(site: Site, home: Home) -> None:
    home.environment["KHABAR_TIMEOUT"] = "1"
    dead = "http://dead.example:9"
    site.feed("/feed", *(f"{dead}/{n}" for n in range(6)))
    home.source(
        "alpha",
        site.url("/feed"),
        domains=["alpha.example", "dead.example"],
        addresses={"alpha.example": "127.0.0.1", "dead.example": "127.0.0.1"},
    )
    done = home.crawl("alpha")
    assert (done["claimed"], done["fetched"], done["more"]) == (6, 0, False)


@pytest.mark.parametrize("time_", ["2026-03-14T09:30:00", "yesterday"])
def test_a_time_without_a_zone_is_wrong_usage(site: Site, home: Home, time_: str) -> None:
    home.source("alpha", site.url("/feed"))
    crawler = home.start("--looked-since", time_, "alpha", stdout=subprocess.DEVNULL)
    _, log = crawler.communicate(timeout=20)
    assert crawler.returncode == 2
    assert b"write a time with its zone" in log
