"""The file that health checks look at: fresh while a worker hears its broker, left to grow old when it does not."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import celery_node
import pytest
import redis_node
from demands import demand

from khabar.config import load_settings
from workers.celery.alive import EVERY, touch
from workers.celery.application import make_app


def await_that(holds: Callable[[], bool], what: Callable[[], str], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, what()
        time.sleep(0.05)


def test_a_worker_is_alive_while_it_hears_redis(tmp_path: Path) -> None:
    demand(redis_node.missing())
    alive = tmp_path / "alive"
    with redis_node.running(tmp_path) as server:
        told = celery_node.environment(
            tmp_path / "home",
            {
                "KHABAR_REDIS_URL": server.url(),
                "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:1",
                "KHABAR_ALIVE": str(alive),
            },
        )
        command = celery_node.worker("one", "maintenance", 1)
        with celery_node.running({"one": command}, told, tmp_path) as services:
            worker = services["one"]

            def age() -> None:
                os.utime(alive, (0, 0))

            def fresh() -> bool:
                return alive.exists() and alive.stat().st_mtime > 0

            await_that(fresh, worker.told)
            age()
            await_that(fresh, worker.told, EVERY * 3)
            server.stop()
            await_that(lambda: "Trying again" in worker.told(), worker.told)
            age()
            time.sleep(EVERY * 2)
            assert not fresh(), worker.told()
            server.start()
            await_that(fresh, worker.told)


def test_a_file_that_cannot_be_touched_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    servers = {"KHABAR_REDIS_URL": "redis://cache", "KHABAR_ELASTICSEARCH_URL": "https://search:9200"}
    for name, logged in ((tmp_path / "none" / "alive", True), (tmp_path / "alive", False)):
        caplog.clear()
        settings = load_settings(tmp_path, servers | {"KHABAR_ALIVE": str(name)})
        with caplog.at_level(logging.WARNING):
            touch(make_app(lambda settings=settings: settings))
        assert name.exists() is not logged
        assert (str(name) in caplog.text) is logged


def test_without_the_setting_nothing_is_touched(tmp_path: Path) -> None:
    servers = {"KHABAR_REDIS_URL": "redis://cache", "KHABAR_ELASTICSEARCH_URL": "https://search:9200"}
    touch(make_app(lambda: load_settings(tmp_path, servers)))
    assert list(tmp_path.iterdir()) == []
