"""What a crawler process says on stdout, and to whom."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING

from khabar.archive.segments import SEGMENTS
from khabar.archive.store import open_store

if TYPE_CHECKING:
    from tests.crawler.conftest import Home, Site


def press(site: Site, home: Home, pages: int) -> None:
    site.feed("/feed", *(f"/a/{n}" for n in range(pages)))
    site.pages(*(f"/a/{n}" for n in range(pages)))
    home.source("alpha", site.url("/feed"))


def test_it_names_every_segment_that_it_sealed(site: Site, home: Home) -> None:
    press(site, home, 60)
    crawler = home.start("alpha")
    said, _ = crawler.communicate(timeout=30)
    lines = [json.loads(line) for line in said.splitlines()]
    sealed = [line for line in lines if line["event"] == "sealed"]
    store = open_store((home.folder / "archive").as_uri())
    kept = [key for key in store.keys(SEGMENTS) if key.endswith(".warc.gz")]
    assert sorted(line["segment"] for line in sealed) == sorted(kept)
    assert [line["attempts"] for line in sealed] == [50, 10]
    assert lines[-1]["event"] == "done"


def test_a_listener_that_is_gone_ends_it_in_good_order(site: Site, home: Home) -> None:
    press(site, home, 2)
    home.source("alpha", site.url("/feed"), delay=0.5)
    crawler = home.start("alpha", stdin=subprocess.PIPE)
    assert crawler.stdout
    assert crawler.stdin
    crawler.stdout.close()
    while len(site.paths()) < 2:
        time.sleep(0.02)
    crawler.stdin.close()
    assert crawler.wait(20) == 0
    assert crawler.stderr
    with crawler.stderr:
        assert b"Traceback" not in crawler.stderr.read()
    assert len(home.records()) == len(site.paths()) - 1
    assert list((home.folder / "spool").glob("segments~*")) == []
