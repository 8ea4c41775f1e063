"""However a crawl ends, every claim is one attempt of one name, and nothing is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest

from khabar.runtime import now

if TYPE_CHECKING:
    from tests.crawler.conftest import Home, Reply, Site


def press(
    site: Site, home: Home, reply: type[Reply], pages: int, pause: float = 0.0, **source: object
) -> list[str]:
    """Serve a feed of slow pages, and describe it as a source."""

    def slow(_: BaseHTTPRequestHandler) -> Reply:
        time.sleep(pause)
        return reply(b"<html><body><p>A page.</p></body></html>")

    paths = [f"/a/{n}" for n in range(pages)]
    site.routes |= dict.fromkeys(paths, slow)
    site.feed("/feed", *paths)
    home.source("alpha", site.url("/feed"), **source)
    return paths


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("waited in vain")


def test_killed_at_any_moment_the_next_crawl_makes_it_whole(
    site: Site, home: Home, reply: type[Reply]
) -> None:
    """Each kill comes after another number of requests; names repeat, claims do not."""
    paths = press(site, home, reply, 90, pause=0.005)
    chance = random.Random(7)
    for _ in range(3):
        before = len(site.asked)
        crawler = home.start("alpha")
        wait_for(lambda start=before: len(site.asked) >= start + 2)
        time.sleep(chance.random() * 0.4)
        crawler.kill()
        crawler.communicate()
    home.crawl("alpha")
    assert home.frontier() == []
    attempts = {record.discovery.attempt for record in home.records()}
    urls = {record.discovery.url for record in home.records()}
    assert len(attempts) == len(urls) == home.discovered() == len(paths)
    assert list((home.folder / "spool").glob("segments~*")) == []
    ledger = home.ledger()
    assert not [lease for lease in ledger.leases(now()) if lease.name.startswith("host:")]
    ledger.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(site: Site, home: Home, reply: type[Reply], number: int) -> None:
    press(site, home, reply, 50, pause=0.1)
    crawler = home.start("alpha")
    wait_for(lambda: len(site.paths()) > 5)
    crawler.send_signal(number)
    _, log = crawler.communicate(timeout=10)
    assert crawler.returncode == 0, log
    archived = len(home.records())
    assert archived == len(site.paths()) - 1  # the one in flight included
    assert len(home.frontier()) == 50 - archived
    assert list((home.folder / "spool").glob("segments~*")) == []
    ledger = home.ledger()
    assert not [lease for lease in ledger.leases(now()) if lease.name.startswith("host:")]
    ledger.close()


def test_a_signal_does_not_wait_for_a_long_delay(site: Site, home: Home, reply: type[Reply]) -> None:
    press(site, home, reply, 5, delay=60)
    crawler = home.start("alpha")
    wait_for(lambda: site.asked)
    time.sleep(0.3)
    started = time.monotonic()
    crawler.terminate()
    crawler.communicate(timeout=10)
    assert crawler.returncode == 0
    assert time.monotonic() - started < 3


def test_a_signal_does_not_wait_for_a_site_that_hangs(site: Site, home: Home, reply: type[Reply]) -> None:
    home.environment["KHABAR_TIMEOUT"] = "60"
    press(site, home, reply, 3, pause=8)
    crawler = home.start("alpha")
    wait_for(lambda: site.paths()[1:])
    started = time.monotonic()
    crawler.terminate()
    _, log = crawler.communicate(timeout=15)
    assert crawler.returncode == 0
    assert b"Traceback" not in log
    assert time.monotonic() - started < 7
    assert len(home.frontier()) == 3


def test_it_ends_when_whoever_started_it_is_gone(site: Site, home: Home, reply: type[Reply]) -> None:
    press(site, home, reply, 200, pause=0.05)
    crawler = home.start("alpha", stdin=subprocess.PIPE)
    wait_for(lambda: len(site.paths()) > 3)
    crawler.communicate(timeout=10)  # closes the pipe
    assert crawler.returncode == 0
    assert 0 < len(home.frontier()) < 200


def test_a_full_disk_is_said_and_nothing_is_lost(site: Site, home: Home, reply: type[Reply]) -> None:
    press(site, home, reply, 5)
    (home.folder / "spool").parent.mkdir(parents=True, exist_ok=True)
    (home.folder / "spool").write_text("in the way")
    crawler = home.start("alpha")
    _, log = crawler.communicate(timeout=20)
    assert crawler.returncode == 3
    assert b"spool" in log
    assert b"Traceback" not in log
    (home.folder / "spool").unlink()
    assert home.crawl("alpha")["fetched"] == 5
    assert home.discovered() == 5


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["nobody"], 2, b"unknown source nobody"),
        (["alpha", "--since", "2026-01-01"], 2, b"--since"),
        ([], 2, b"required: source"),
    ],
)
def test_wrong_usage_has_status_2(
    site: Site, home: Home, arguments: list[str], status: int, words: bytes
) -> None:
    home.source("alpha", site.url("/feed"))
    crawler = home.start(*arguments)
    _, log = crawler.communicate(timeout=20)
    assert crawler.returncode == status
    assert words in log
    assert b"Traceback" not in log
