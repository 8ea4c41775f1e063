"""A redeploy in the middle: the old worker finishes what it is at, the new one takes over, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import celery_node
import pytest
from celery_node import Service, until

from khabar import audit
from khabar.config import load_settings
from khabar.runtime import Runtime, reading
from search.tree import Everything
from workers import celery
from workers.celery.application import make_app

QUEUES = ",".join(celery.QUEUES)


@pytest.fixture
def start(home: Path, servers: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start a service under a name; it is ended with the test."""
    with ExitStack() as stack:

        def begin(name: str, command: list[str]) -> Service:
            environment = celery_node.environment(home, servers)
            return stack.enter_context(celery_node.running({name: command}, environment, tmp_path))[name]

        yield begin


def is_at(runtime: Runtime, service: Service, kind: str) -> bool:
    """Tell whether a process of a worker holds a lease of this kind."""
    pids = {f":{pid}:" for pid in service.children()}
    return any(
        lease.name.startswith(kind) and any(pid in lease.holder for pid in pids)
        for lease in runtime.ledger.leases(runtime.clock())
    )


def test_the_old_worker_finishes_and_the_new_one_takes_over(
    press: Callable[..., Any], start: Callable[..., Service], home: Path, servers: dict[str, str]
) -> None:
    site = press(hosts=2, articles=20, delay=0.2)
    site.install(home)
    settings = load_settings(home, servers)
    with reading(settings) as runtime:
        start("beat", celery_node.beat())
        old = start("old", celery_node.worker("old", QUEUES))
        until(lambda: is_at(runtime, old, "crawl:"), 60, old.told)
        pids = old.children()
        new = start("new", celery_node.worker("new", QUEUES))
        newer_messages(settings)
        assert old.stop() == 0, old.told()
        assert set(runtime.ledger.runs("crawl:")) == {"crawl:press0", "crawl:press1"}, "its crawl is whole"
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        held = [each.name for each in runtime.ledger.leases(runtime.clock()) if f":{pids[0]}:" in each.holder]
        assert held == []
        until(lambda: indexed(runtime) == 40 and not list(runtime.store.keys("pending/")), 60, new.told)
        assert "of_a_newer_version" not in new.told() + old.told()
        assert new.stop() == 0
        assert list(audit.findings(runtime.store, runtime.ledger, runtime.index)) == []


def newer_messages(settings: Any) -> None:
    """Send what a worker of another version would: a key that this one does not know, a key too few."""
    app = make_app(lambda: settings)
    app.send_task("khabar.crawl", kwargs={"sources": ["press0"], "of_a_newer_version": 1}, queue="crawl")
    app.send_task("khabar.retag", kwargs={"topic": "pak-taliban", "version": 1}, queue="maintenance")
    app.close()


def indexed(runtime: Runtime) -> int:
    return runtime.index.search(Everything(), limit=0).total
