"""A crawl in slices: a message that comes twice or late asks nobody twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from khabar.runner import Crawling
from khabar.runtime import Runtime, now, working
from khabar.settings import Settings
from khabar.slices import _end, crawl

NAMES = ("gate", "bridge")


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
