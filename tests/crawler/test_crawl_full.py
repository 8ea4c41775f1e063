"""A Redis that is full: no endpoint is looked at, pages that wait are fetched, and it goes on where there is room."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import redis_node
from demands import demand

from khabar.runtime import now

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from tests.crawler.conftest import Home, Reply, Route, Site

FULL = "the ledger is full"
# A crawl that waits for room for a second, where a command waits for a minute.
IMPATIENT = """
import sys
from pathlib import Path
from crawler.crawl import crawl
from khabar.config import load_settings
from khabar.errors import KhabarError
from khabar.runtime import working
with working(load_settings(Path(sys.argv[1]))) as runtime:
    source = runtime.catalogue.sources["alpha"]
    try:
        crawl([source], runtime.ledger, runtime.writer(), runtime.settings, runtime.clock, holder="me", patience=1)
    except KhabarError as error:
        sys.exit(f"{error.status} {error}")
"""


class Memory:
    """A Redis that is filled and freed by a key that is not ours."""

    def __init__(self, node: redis_node.Redis) -> None:
        self.node = node

    def fill(self) -> None:
        with self.node.admin() as admin:
            before = int(admin.info("memory")["used_memory"])
            admin.set("somebody:else", "x" * 20_000_000)
            admin.config_set("maxmemory", str(before + 10_000_000))

    def free(self) -> None:
        with self.node.admin() as admin:
            admin.delete("somebody:else")


@pytest.fixture
def memory(tmp_path_factory: pytest.TempPathFactory, home: Home) -> Iterator[Memory]:
    demand(redis_node.missing())
    with redis_node.running(tmp_path_factory.mktemp("redis")) as node:
        home.on_redis(node.url())
        yield Memory(node)


def once_after(count: Callable[[], int], wanted: int, then: Callable[[], None], route: Route) -> Route:
    """Answer once so much was asked; the first time after doing something."""
    first = [then]

    def serve(handler: BaseHTTPRequestHandler) -> Reply | None:
        while count() < wanted:
            time.sleep(0.01)
        if first:
            first.pop()()
        return route(handler) if callable(route) else route

    return serve


def two_presses(site: Site, home: Home, memory: Memory, reply: type[Reply]) -> list[str]:
    """Serve two hosts; the memory is full as soon as the second one's feed is read, in the middle of the first's pages."""

    def slow(_: BaseHTTPRequestHandler) -> Reply:
        time.sleep(0.02)
        return reply(b"<html><body><p>A page.</p></body></html>")

    first, second = [f"/a/{n}" for n in range(30)], [f"/b/{n}" for n in range(12)]
    site.routes |= dict.fromkeys([*first, *second], slow)
    site.feed("/feed", *first)
    site.feed("/feed/b", *second, host="beta.example")
    served = site.routes["/feed/b"]
    site.routes["/feed/b"] = once_after(lambda: len(site.paths()), 4, memory.fill, served)
    home.source("alpha", site.url("/feed"))
    home.source("beta", site.url("/feed/b", "beta.example"), site.url("/feed/c", "beta.example"))
    site.feed("/feed/c", "/b/0", "/b/extra", host="beta.example")
    site.pages("/b/extra")
    return [*first, *second, "/b/extra"]


def said_until(crawler: subprocess.Popen[bytes], is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    assert crawler.stdout
    for line in crawler.stdout:
        said = json.loads(line)
        if is_it(said):
            return said
    pytest.fail(f"it ended before: {crawler.communicate()[1].decode()}")


def test_it_pauses_says_so_once_fetches_on_and_resumes(
    site: Site, home: Home, memory: Memory, reply: type[Reply]
) -> None:
    pages = two_presses(site, home, memory, reply)
    crawler = home.start("alpha", "beta")
    said_until(crawler, lambda said: said.get("paused") == FULL and said["fetched"] == 30)
    time.sleep(3)  # several tries
    assert site.paths("beta.example") == ["/feed/b"]
    ledger = home.ledger()
    assert ledger.endpoint(site.url("/feed/b", "beta.example")).etag is None
    memory.free()
    done = said_until(crawler, lambda said: said["event"] == "done")
    _, log = crawler.communicate(timeout=20)
    assert crawler.returncode == 0, log.decode()
    assert (done["paused"], done["more"], done["fetched"], done["endpoints"]) == (None, False, 43, 3)
    assert ledger.endpoint(site.url("/feed/b", "beta.example")).etag is not None
    ledger.close()
    asked = [*site.paths(), *site.paths("beta.example")]
    assert sorted(asked) == sorted([*pages, "/feed", "/feed/b", "/feed/c"])
    assert log.count(b"no endpoint is looked at for now") == log.count(b"the ledger takes claims again") == 1
    attempts = {record.discovery.attempt for record in home.records()}
    assert len(attempts) == len(home.records()) == home.discovered() == len(pages)
    assert home.frontier() == []


def test_a_slice_that_ends_in_a_full_ledger_says_so_and_nothing_is_lost(
    site: Site, home: Home, memory: Memory, reply: type[Reply]
) -> None:
    pages = two_presses(site, home, memory, reply)
    crawler = home.start("alpha", "beta", "--seconds", "4")
    said, log = crawler.communicate(timeout=20)
    assert crawler.returncode == 3
    assert FULL in [json.loads(line).get("paused") for line in said.splitlines()]
    assert log.decode().splitlines()[-1].startswith("crawler: redis://")
    assert b"Redis is full (" in log.splitlines()[-1]
    assert b"Traceback" not in log
    assert (len(home.records()), home.discovered(), home.frontier()) == (30, 30, [])
    memory.free()
    assert home.crawl("alpha", "beta")["fetched"] == 13
    attempts = {record.discovery.attempt for record in home.records()}
    assert len(attempts) == len(home.records()) == home.discovered() == len(pages)


def test_it_gives_up_where_nothing_is_left_to_do(site: Site, home: Home, memory: Memory) -> None:
    site.feed("/feed", "/a/1")
    site.pages("/a/1")
    home.source("alpha", site.url("/feed"))
    assert home.crawl("alpha")["fetched"] == 1
    memory.fill()
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT, str(home.folder)],
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr.splitlines()[-1].startswith("3 redis://"), done.stderr
    assert "Redis is full (" in done.stderr
    assert 1 < time.monotonic() - started < 15
    ledger = home.ledger()
    assert not [lease for lease in ledger.leases(now()) if lease.name.startswith("host:")]
    ledger.close()


def test_a_redirect_to_another_domain_waits_until_there_is_room(
    site: Site, home: Home, memory: Memory, reply: type[Reply]
) -> None:
    def fill_and_go(_: BaseHTTPRequestHandler) -> Reply:
        memory.fill()
        return reply(status=302, headers={"Location": site.url("/page", "beta.example")})

    site.feed("/feed", "/away", "/a/1")
    site.routes |= {"/away": fill_and_go}
    site.pages("/a/1", "/page")
    home.source(
        "alpha",
        site.url("/feed"),
        domains=["alpha.example", "beta.example"],
        addresses={"alpha.example": "127.0.0.1", "beta.example": "127.0.0.1"},
    )
    crawler = home.start("alpha")
    _, log = crawler.communicate(timeout=20)
    assert crawler.returncode == 3, log
    assert home.frontier() == [site.url("/away")]
    memory.free()
    site.routes["/away"] = reply(status=302, headers={"Location": site.url("/page", "beta.example")})
    assert home.crawl("alpha", later=700)["fetched"] == 1
    assert site.paths("beta.example") == ["/page"]
    assert home.frontier() == []
    assert home.failures() == {"/away": "redirected"}
    assert home.discovered() == len({record.discovery.attempt for record in home.records()}) == 3
