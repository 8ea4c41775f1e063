"""Messages that nobody takes are found, with what to start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import celery_node
import pytest

from khabar.config import load_settings
from khabar.jobs import Ingest
from khabar.settings import Settings
from workers.celery import Sender, findings, sender


@pytest.fixture
def settings(tmp_path: Path, empty_redis: str) -> Settings:
    told = {"KHABAR_REDIS_URL": empty_redis, "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:9"}
    return load_settings(tmp_path / "home", told)


@pytest.fixture
def send(settings: Settings) -> Iterator[Sender]:
    made = sender(settings)
    yield made
    made.close()


def test_where_nothing_waits_nothing_is_wrong(settings: Settings) -> None:
    assert list(findings(settings)) == []


def test_messages_that_no_worker_takes_are_found_whatever_their_priority(
    settings: Settings, send: Sender, tmp_path: Path
) -> None:
    for number in range(1_200):
        assert send(Ingest(f"segments/2025/03/01/{number}.warc.gz"), later=number % 2 == 1)
    assert list(findings(settings)) == [
        "the queue `ingest` holds 1,200 message(s) and no worker answers: start `celery -A workers worker`"
    ]
    told = celery_node.environment(
        tmp_path / "home",
        {
            "KHABAR_REDIS_URL": str(settings.redis_url),
            "KHABAR_ELASTICSEARCH_URL": str(settings.elasticsearch_url),
        },
    )
    with celery_node.running({"other": celery_node.worker("other", "digest", 1)}, told, tmp_path):
        until = time.monotonic() + 60
        while "no worker answers" in (said := next(iter(findings(settings)))) and time.monotonic() < until:
            time.sleep(0.2)
    assert said == (
        "the queue `ingest` holds 1,200 message(s) and none of 1 worker(s) takes from it: "
        "start `celery -A workers worker -Q ingest`"
    )
