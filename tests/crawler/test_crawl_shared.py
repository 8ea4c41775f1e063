"""Crawlers of several machines on one Redis: a host has one holder at a time, whatever becomes of the crawlers."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from khabar.runtime import now

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from tests.crawler.conftest import Asked, Home, Reply, Site

HOSTS = [f"h{n}.example" for n in range(6)]
# The crawler with a clock that a file puts forward while it runs.
DRIFTING = (
    "import sys; from datetime import timedelta; from pathlib import Path; from crawler.run import main;"
    "from khabar.runtime import now; clock = Path(sys.argv[1]);"
    "sys.exit(main(sys.argv[2:], lambda: now() + timedelta(seconds=float(clock.read_text()))))"
)


@pytest.fixture
def machines(home: Home, tmp_path: Path, empty_redis: str) -> list[Home]:
    """Make two machines: each has a home of its own, and they share the ledger and the archive."""
    both = [home, type(home)(tmp_path / "other")]
    for number, each in enumerate(both):
        each.on_redis(empty_redis)
        each.environment["KHABAR_ARCHIVE_URL"] = (home.folder / "archive").as_uri()
        each.environment["KHABAR_USER_AGENT"] = f"Khabar/{number} (+https://khabar.example/bot)"
    return both


def press(site: Site, machines: list[Home], pages: int, delay: float) -> list[str]:
    """Serve six hosts and describe them on both machines; returns the sources' ids."""
    for host in HOSTS:
        paths = [f"/{host}/{n}" for n in range(pages)]
        site.feed(f"/{host}/feed", *paths, host=host)
        site.pages(*paths)
        for each in machines:
            each.source(host[:2], site.url(f"/{host}/feed", host), delay=delay)
    return [host[:2] for host in HOSTS]


def ended(crawlers: list[subprocess.Popen[bytes]]) -> list[dict[str, Any]]:
    """Wait for crawlers to end well; returns the last word of each."""
    told: list[dict[str, Any]] = []
    for crawler in crawlers:
        said, log = crawler.communicate(timeout=60)
        assert crawler.returncode == 0, log.decode()
        assert b"Traceback" not in log
        told.append(json.loads(said.splitlines()[-1]) | {"log": log.decode()})
    return told


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("waited in vain")


def is_page(each: Asked) -> bool:
    return not each.path.endswith(("/feed", "robots.txt"))


def shortest_gap(site: Site) -> float:
    times = [[each.time for each in site.asked if each.host.startswith(host)] for host in HOSTS]
    return min(after - before for asked in times for before, after in itertools.pairwise(asked))


def agents(site: Site, number: int) -> list[str]:
    """Return what one of the machines has asked for."""
    return [each.path for each in site.asked if each.headers["User-Agent"].startswith(f"Khabar/{number} ")]


def assert_each_page_once(site: Site, machines: list[Home], pages: int) -> None:
    asked = Counter(each.path for each in site.asked if is_page(each))
    assert set(asked.values()) == {1}
    assert len(asked) == pages
    names = [record.discovery.attempt for record in machines[0].records()]
    assert len(names) == len(set(names)) == machines[0].discovered() == pages
    assert machines[0].frontier() == []


def test_two_crawlers_of_the_same_sources_share_no_host(site: Site, machines: list[Home]) -> None:
    sources = press(site, machines, pages=5, delay=0.1)
    told = ended([each.start(*sources) for each in machines])
    assert site.crowd == 1
    assert shortest_gap(site) >= 0.1
    assert sum(each["fetched"] for each in told) == 30
    assert_each_page_once(site, machines, 30)


def test_a_crawler_takes_over_every_host_that_another_gives_back_at_its_pace(
    site: Site, machines: list[Home]
) -> None:
    sources = press(site, machines, pages=6, delay=0.2)
    first = machines[0].start(*sources)
    wait_for(lambda: sum(map(is_page, site.asked)) > 6)
    second = machines[1].start(*sources)
    time.sleep(0.1)
    first.terminate()
    told = ended([first, second])
    assert told[0]["more"] is True
    assert told[0]["fetched"] + told[1]["fetched"] == 36
    assert told[1]["fetched"] > 6
    assert site.crowd == 1
    assert shortest_gap(site) >= 0.2
    assert_each_page_once(site, machines, 36)


@pytest.mark.parametrize("delay", [0.0, 0.5])
def test_a_crawler_that_stood_still_longer_than_its_lease_asks_no_more(
    site: Site, machines: list[Home], reply: type[Reply], tmp_path: Path, delay: float
) -> None:
    """It is stopped with a request in flight or, with a delay, before its turn; meanwhile the other takes over."""
    answer = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> Reply:
        if handler.path == "/a/2" and not delay:
            answer.wait(20)
        time.sleep(0.1)
        return reply(b"<html><body><p>A page.</p></body></html>")

    paths = [f"/a/{n}" for n in range(6)]
    site.routes |= dict.fromkeys(paths, slow)
    site.feed("/feed", *paths)
    clock = tmp_path / "clock"
    clock.write_text("0")
    for each in machines:
        each.source("alpha", site.url("/feed"), delay=delay)
    first, second = (
        [sys.executable, "-c", DRIFTING, str(clock), "--home", str(each.folder), "alpha"] for each in machines
    )
    pipes: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    stopped = subprocess.Popen(first, env=machines[0].environment, **pipes)
    wait_for(lambda: "/a/2" in site.paths())
    time.sleep(0.3)
    stopped.send_signal(signal.SIGSTOP)
    answer.set()
    before = agents(site, 0)
    clock.write_text("60")
    successor = subprocess.Popen(second, env=machines[1].environment, **pipes)
    wait_for(lambda: len(agents(site, 1)) >= 4)
    stopped.send_signal(signal.SIGCONT)
    told = ended([stopped, successor])
    assert agents(site, 0) == before
    assert (told[0]["busy"], told[0]["more"]) == (1, False)
    assert "held by another crawler" in told[0]["log"]
    records = machines[0].records()
    assert {record.discovery.url for record in records} == {site.url(path) for path in paths}
    assert len({record.discovery.attempt for record in records}) == machines[0].discovered() == len(paths)
    # What the first had archived but not sealed was fetched again, under the same names; what was in flight is not its.
    assert told[0]["fetched"] == (3 if delay else 2)
    assert machines[0].frontier() == []
    ledger = machines[0].ledger()
    assert not [lease for lease in ledger.leases(now()) if lease.name.startswith("host:")]
    ledger.close()
