"""Jobs go to the queues of a real Redis; where there is none they are logged, and the sender lives on."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import redis
import redis_node
from demands import demand

from khabar.config import ConfigError, load_settings
from khabar.jobs import Cluster, Crawl, Digest, Ingest, Job, Retag
from khabar.runtime import Runtime, working
from khabar.settings import Settings
from workers.celery import Sender, sender
from workers.celery.application import make_app

SEGMENT = "segments/2025/03/01/20250301T120000.000000Z-0badcafe.warc.gz"
NOWHERE = "http://127.0.0.1:9"  # an Elasticsearch that nobody asks


def on(url: str, home: Path) -> Settings:
    return load_settings(home, {"KHABAR_REDIS_URL": url, "KHABAR_ELASTICSEARCH_URL": NOWHERE})


@pytest.fixture
def settings(empty_redis: str, tmp_path: Path) -> Settings:
    return on(empty_redis, tmp_path / "home")


@pytest.fixture
def send(settings: Settings) -> Iterator[Sender]:
    made = sender(settings)
    yield made
    made.close()


def taken(settings: Settings, queue: str) -> Iterator[dict[str, Any]]:
    """Take the messages off a queue in the order in which a worker gets them; yields what is given to the task."""
    with make_app(lambda: settings).connection_for_read() as connection:
        while message := connection.default_channel.basic_get(queue, no_ack=True):
            _, keys, _ = json.loads(message.body)
            yield {"task": message.headers["task"], **keys}


def test_each_job_arrives_in_its_queue_with_its_keys(settings: Settings, send: Sender) -> None:
    jobs: list[Job] = [
        Ingest(SEGMENT),
        Cluster(),
        Crawl(("dawn", "thenews")),
        Digest(("pak-taliban",), date(2025, 3, 1)),
        Retag("pak-taliban", 2, "abc"),
    ]
    assert send.waiting() == {"crawl": 0, "ingest": 0, "digest": 0, "maintenance": 0}
    assert all(send(job) for job in jobs)
    assert send.waiting() == {"crawl": 1, "ingest": 2, "digest": 1, "maintenance": 1}
    assert list(taken(settings, "ingest")) == [
        {"task": "khabar.ingest", "segment": SEGMENT},
        {"task": "khabar.cluster"},
    ]
    assert list(taken(settings, "crawl")) == [{"task": "khabar.crawl", "sources": ["dawn", "thenews"]}]
    assert list(taken(settings, "digest")) == [
        {"task": "khabar.digest", "topics": ["pak-taliban"], "day": "2025-03-01"}
    ]
    assert list(taken(settings, "maintenance")) == [
        {"task": "khabar.retag", "topic": "pak-taliban", "version": 2, "cursor": "abc"}
    ]
    assert sum(send.waiting().values()) == 0


def test_what_is_live_is_taken_before_what_may_wait(settings: Settings, send: Sender) -> None:
    for number in range(3):
        assert send(Ingest(f"imported {number}"), later=True)
    for number in range(2):
        assert send(Ingest(f"live {number}"))
    assert send.waiting()["ingest"] == 5
    order = [message["segment"] for message in taken(settings, "ingest")]
    assert order == ["live 0", "live 1", "imported 0", "imported 1", "imported 2"]


def test_a_message_is_small_and_nothing_but_json(settings: Settings, send: Sender) -> None:
    assert send(Ingest(SEGMENT))
    with redis.Redis.from_url(str(settings.redis_url)) as admin:
        [raw] = admin.lrange("ingest", 0, -1)
    message = json.loads(raw)
    body = base64.b64decode(message["body"])
    assert message["content-type"] == "application/json" and json.loads(body)[1] == {"segment": SEGMENT}
    assert len(body) < 1_000 and len(raw) < 2_000


def test_a_redis_that_is_killed_is_logged_and_when_it_is_back_jobs_arrive_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    demand(redis_node.missing())
    with redis_node.running(tmp_path) as server:
        settings = on(server.url(), tmp_path / "home")
        send = sender(settings)
        assert send(Cluster())
        server.kill()
        began = time.monotonic()
        assert send(Ingest(SEGMENT)) is False
        assert time.monotonic() - began < 10
        assert "not sent, the next tick does it" in caplog.text and SEGMENT in caplog.text
        server.start()
        assert send(Ingest(SEGMENT))
        assert {"task": "khabar.ingest", "segment": SEGMENT} in list(taken(settings, "ingest"))
        send.close()


def test_a_runtime_on_servers_sends_what_it_seals_and_remembers_that(
    settings: Settings, send: Sender, tmp_path: Path
) -> None:
    from khabar.archive.segments import Sealed  # noqa: PLC0415 - beside its use

    def announced(runtime: Runtime, key: str, imports: dict[tuple[str, date], int]) -> None:
        runtime.announce(Sealed(key, (), (), imports))

    with working(settings) as runtime:
        announced(runtime, "imported", {("paper", date(2025, 3, 1)): 1})
        announced(runtime, "live", {})
        assert set(runtime.ledger.runs("sent:")) == {"sent:ingest:imported", "sent:ingest:live"}
    assert [message["segment"] for message in taken(settings, "ingest")] == ["live", "imported"]


def test_without_servers_there_is_no_worker_and_the_reason_is_said(tmp_path: Path) -> None:
    app = make_app(lambda: load_settings(tmp_path / "home", {}))
    with pytest.raises(ConfigError, match="KHABAR_REDIS_URL"):
        _ = app.conf.broker_url
