"""A message holds a task's name, its queue and its keys, whatever the job."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import get_args

import msgspec
import pytest

from khabar.jobs import Cluster, Crawl, Digest, Ingest, Job, Retag
from workers.celery.messages import CRAWL_SOURCES, QUEUES, messages

SEGMENT = "segments/2025/03/01/20250301T120000.000000Z-0badcafe.warc.gz"
JOBS: list[Job] = [
    Ingest(SEGMENT),
    Cluster(),
    Crawl(tuple(f"a-newspaper-of-some-town-{n}" for n in range(45))),
    Digest(("pak-taliban",), date(2025, 3, 1)),
    Retag("pak-taliban", 12, "0123456789abcdef0123"),
]


def test_every_kind_of_job_is_among_them() -> None:
    assert {type(job) for job in JOBS} == set(get_args(Job))


@pytest.mark.parametrize("job", JOBS)
def test_a_message_is_keys_in_json_and_small(job: Job) -> None:
    sent = list(messages(job))
    assert sent
    for message in sent:
        assert message.queue in QUEUES
        written = msgspec.json.encode(message.keys)
        assert msgspec.json.decode(written) == message.keys
        assert len(written) < 1_000


def test_a_big_crawl_is_spread_over_many_messages_and_names_each_source_once() -> None:
    crawl = JOBS[2]
    assert isinstance(crawl, Crawl)
    sent = [message.keys["sources"] for message in messages(crawl)]
    assert [len(sources) for sources in sent] == [CRAWL_SOURCES, CRAWL_SOURCES, 5]
    assert tuple(name for sources in sent for name in sources) == crawl.sources
    assert list(messages(replace(crawl, sources=()))) == []
