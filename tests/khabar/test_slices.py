"""A crawl in slices: each goes on where the last one ended, whatever ended it, and nobody is asked twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from khabar.jobs import Crawl
from khabar.runner import Crawling
from khabar.runtime import Runtime, now, working
from khabar.settings import Settings
from khabar.slices import _end, crawl
from khabar.tick import Bench

NAMES = ("gate", "bridge")
PAGES = 12


@pytest.fixture
def paper(settings: Settings, clock: Any) -> Iterator[Runtime]:
    """Make a home with two sources where nobody answers."""
    folder = settings.catalogue / "sources" / "xx"
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / f"{name}.yaml").write_text(
            f"id: {name}\nname: The {name}\ncountry: PK\nlanguages: [en]\ntimezone: Asia/Karachi\n"
            f"endpoints:\n  - {{kind: feed, url: 'http://{name}.example:1/feed', scope: opinion}}\n"
            f"every: 1h\naddresses: {{{name}.example: 127.0.0.1}}\n"
        )
    clock.now = now()  # a crawler's own clock is the machine's
    with working(settings, clock) as made:
        yield made


def test_a_source_is_asked_once_however_often_its_message_comes(paper: Runtime, clock: Any) -> None:
    crawl(paper, NAMES[:1])
    first = paper.ledger.last_run("crawl:gate")
    assert first == clock() == paper.ledger.last_run("began:gate")
    clock.later(minutes=1)
    crawl(paper, NAMES)
    assert paper.ledger.last_run("began:gate") == paper.ledger.last_run("crawl:gate") == first
    assert paper.ledger.last_run("crawl:bridge") == clock()
    clock.later(hours=1)
    crawl(paper, NAMES[:1])
    assert paper.ledger.last_run("began:gate") == clock()
    assert paper.ledger.leases(clock()) == []


def test_sources_whose_crawler_was_killed_come_back_together(paper: Runtime, clock: Any) -> None:
    leases = [paper.ledger.acquire(f"crawl:{name}", paper.holder, 60, clock()) for name in NAMES]
    _end(paper, [lease for lease in leases if lease], Crawling(status=-signal.SIGKILL))
    resting = paper.ledger.leases(clock())
    assert [(lease.name, lease.holder, lease.tries) for lease in resting] == [
        ("crawl:bridge", "", 1),
        ("crawl:gate", "", 1),
    ]
    assert resting[0].until == resting[1].until > clock()
    assert paper.ledger.last_run("crawl:gate") is None


# --- with a publisher that answers --------------------------------------------------------------------------


class Press:
    """A publisher of some pages that take their time; knows what it was asked for."""

    def __init__(self) -> None:
        asked = self.asked = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                if self.path.startswith("/a/"):
                    time.sleep(0.15)
                host = self.headers["Host"]
                links = "".join(f"<item><link>http://{host}/a/{n}</link></item>" for n in range(PAGES))
                body = {"/robots.txt": "", "/feed": f"<rss version='2.0'><channel>{links}</channel></rss>"}
                answer = body.get(self.path, "<html><body><p>A page.</p></body></html>").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain" if "robots" in self.path else "text/html")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pages(self) -> list[str]:
        return sorted(path for path in self.asked if path.startswith("/a/"))


@pytest.fixture
def press() -> Iterator[Press]:
    made = Press()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def printed(settings: Settings, clock: Any, press: Press) -> Iterator[Runtime]:
    """Make a home with a source of that publisher, whose jobs go onto a bench."""
    folder = settings.catalogue / "sources" / "xx"
    folder.mkdir(parents=True)
    url = f"http://press.example:{press.server.server_port}/feed"
    (folder / "press.yaml").write_text(
        "id: press\nname: The press\ncountry: PK\nlanguages: [en]\ntimezone: Asia/Karachi\n"
        f"endpoints:\n  - {{kind: feed, url: '{url}', scope: opinion}}\n"
        "every: 1h\ndelay: 0\naddresses: {press.example: 127.0.0.1}\n"
    )
    clock.now = now()
    with working(settings, clock) as made:
        made.__dict__["submit"] = Bench()
        yield made


def sent(runtime: Runtime) -> list[object]:
    bench: Any = runtime.submit
    return [job for job in bench.take() if isinstance(job, Crawl)]


def test_a_crawl_that_is_cut_is_sent_on_and_goes_on_where_it_was(
    printed: Runtime, clock: Any, press: Press
) -> None:
    crawl(printed, ["press"], seconds=0.8)
    assert sent(printed) == [Crawl(("press",))]
    assert 0 < len(press.pages()) < PAGES
    assert printed.ledger.last_run("crawl:press") is None
    assert not [lease for lease in printed.ledger.leases(now()) if lease.name == "crawl:press"]
    clock.later(minutes=4)
    crawl(printed, ["press"], seconds=60)
    assert sent(printed) == []
    assert press.pages() == sorted(f"/a/{n}" for n in range(PAGES)), "each once"
    assert press.asked.count("/feed") == 1
    assert printed.ledger.last_run("crawl:press") == clock()
    assert list(printed.ledger.frontier()) == []


def test_a_crawler_that_is_killed_rests_and_comes_again(printed: Runtime, clock: Any, press: Press) -> None:
    killing = threading.Thread(target=_kill_crawler, args=(printed.settings.home, press))
    killing.start()
    crawl(printed, ["press"], seconds=60)
    killing.join()
    [lease] = [lease for lease in printed.ledger.leases(clock()) if lease.name == "crawl:press"]
    assert (lease.holder, lease.tries) == ("", 1)
    assert timedelta(seconds=5) <= lease.until - clock() <= timedelta(seconds=10)
    assert sent(printed) == [] and printed.ledger.last_run("crawl:press") is None
    asked = len(press.asked)
    crawl(printed, ["press"], seconds=60)
    assert len(press.asked) == asked, "it rests"
    clock.later(minutes=1)
    crawl(printed, ["press"], seconds=60)
    assert set(press.pages()) == {f"/a/{n}" for n in range(PAGES)}
    assert press.asked.count("/feed") == 1, "it goes on, and does not begin anew"
    assert printed.ledger.last_run("crawl:press") == clock()
    assert printed.ledger.tries("crawl:press") == 0 and list(printed.ledger.frontier()) == []


def _kill_crawler(home: Path, press: Press) -> None:
    deadline = time.monotonic() + 30
    while len(press.pages()) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdecimal() else []
        except OSError:
            continue
        if b"crawler.run" in words and str(home).encode() in words:
            os.kill(int(folder.name), signal.SIGKILL)


def test_a_crawler_in_whose_way_the_machine_stands_rests_without_blame(printed: Runtime, clock: Any) -> None:
    in_the_way = printed.settings.spool / "segments~a.warc.gz"
    in_the_way.mkdir(parents=True)
    crawl(printed, ["press"], seconds=60)
    [lease] = printed.ledger.leases(clock())
    assert (lease.name, lease.holder, lease.tries) == ("crawl:press", "", 0)
    assert printed.ledger.last_run("crawl:press") is None and sent(printed) == []


def test_what_is_not_or_no_longer_followed_and_what_another_is_at_is_left(paper: Runtime, clock: Any) -> None:
    other = paper.ledger.acquire("crawl:bridge", "other:1:1", 60, clock())
    assert other is not None
    asleep = paper.settings.catalogue / "sources" / "xx" / "gate.yaml"
    asleep.write_text(asleep.read_text() + "enabled: false\n")
    with working(paper.settings, clock) as runtime:
        crawl(runtime, ["gone", "gate", "bridge"])
        assert runtime.ledger.runs("began:") == {}
        assert [lease.holder for lease in runtime.ledger.leases(clock())] == ["other:1:1"]
