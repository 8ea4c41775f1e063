"""The messages that wake somebody up for a job: a task's name, its queue and its keys, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from khabar.jobs import Cluster, Crawl, Digest, Ingest, Job, Retag

QUEUES = ("crawl", "ingest", "digest", "maintenance")
CRAWL_SOURCES = 20  # in one message: a crawler serves many hosts, and hosts are to spread over many crawlers


@dataclass(frozen=True, slots=True)
class Message:
    """A task by its name, its queue and its keys."""

    task: str
    queue: str
    keys: Mapping[str, Any]


def messages(job: Job) -> Iterator[Message]:
    """Yield the messages that wake somebody up for a job: keys alone, in JSON."""
    match job:
        case Ingest(segment, _):
            yield Message("khabar.ingest", "ingest", {"segment": segment})
        case Cluster():
            yield Message("khabar.cluster", "ingest", {})
        case Crawl(sources):
            for first in range(0, len(sources), CRAWL_SOURCES):
                some = list(sources[first : first + CRAWL_SOURCES])
                yield Message("khabar.crawl", "crawl", {"sources": some})
        case Digest(topics, day):
            yield Message("khabar.digest", "digest", {"topics": list(topics), "day": day.isoformat()})
        case Retag(topic, version, cursor):
            keys = {"topic": topic, "version": version, "cursor": cursor}
            yield Message("khabar.retag", "maintenance", keys)
        case _:
            assert_never(job)
