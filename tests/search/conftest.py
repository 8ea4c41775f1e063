"""An Elasticsearch of the tests' own, with TLS and a password, which may be killed, paused and filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import elasticsearch_node
import pytest
from elasticsearch_node import Node

PASSWORD = "test-password"
WATERMARK = "cluster.routing.allocation.disk.watermark."
SETTINGS = {
    "node.name": "one",
    # Of the machine's disk the tests want nothing known: any byte that is free is enough.
    "cluster.routing.allocation.disk.threshold_enabled": "true",
    **{WATERMARK + stage: "1b" for stage in ("low", "high", "flood_stage")},
    "cluster.info.update.interval": "10s",  # the shortest in which it looks at its disk
    # Small enough to be full: two writes at a time, and no request of more than 2 MB.
    "thread_pool.write.size": "1",
    "thread_pool.write.queue_size": "1",
    "http.max_content_length": "2mb",
}


@pytest.fixture(scope="session")
def node(elasticsearch_installed: None) -> Iterator[Node]:
    """Return a node that tests may harm as long as they mend it."""
    with elasticsearch_node.running(SETTINGS, password=PASSWORD) as started:
        yield started


@pytest.fixture(scope="session")
def access(node: Node) -> dict[str, Any]:
    """Return who is let in there, as `connect` and `open_index` take it."""
    return {"user": "elastic", "password": PASSWORD, "authority": str(node.certificate)}
