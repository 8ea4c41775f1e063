"""The tasks: a name, keys, and a duty of khabar.duties. A task of an older or newer version is understood or left.

Keys are added with a default and never change their meaning; what a newer version sends beside them is passed over.
A task that was left, or fell over its job, is no loss: the job is due until its result exists.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps
from typing import Any

from celery.signals import after_setup_logger, worker_process_init, worker_process_shutdown

from khabar import duties, slices
from khabar.config import load_settings
from khabar.errors import KhabarError
from khabar.standing import Standing
from workers.celery import Sender, app
from workers.pool import end_with

log = logging.getLogger(__name__)

standing = Standing(load_settings)


def task(name: str, limit: float) -> Callable[[Callable[..., None]], Any]:
    """Make a task that is ended after `limit` seconds; what the machine stands in the way of is one line in the log."""

    def make(function: Callable[..., None]) -> Any:
        @wraps(function)
        def run(**keys: Any) -> None:
            try:
                function(**keys)
            except KhabarError as error:
                log.error("%s: %s", name, error)

        return app.task(name=name, soft_time_limit=limit, time_limit=limit + 30)(run)

    return make


@task("khabar.tick", limit=120)
def tick(**_newer: Any) -> None:
    """Send what is due."""
    waiting = Sender(app).waiting()
    duties.look(standing.runtime(), waiting)


@task("khabar.ingest", limit=900)
def ingest(segment: str, **_newer: Any) -> None:
    """Bring a segment into the index."""
    duties.ingest(standing.runtime(), standing.knowledge, segment, standing.is_current)


@task("khabar.cluster", limit=900)
def cluster(**_newer: Any) -> None:
    """Cluster what was indexed and left."""
    duties.cluster(standing.runtime())


@task("khabar.crawl", limit=duties.SLICE + 120)
def crawl(sources: Sequence[str], **_newer: Any) -> None:
    """Crawl these sources for a while."""
    slices.crawl(standing.runtime(), sources)


@task("khabar.digest", limit=900)
def digest(topics: Sequence[str], day: str, **_newer: Any) -> None:
    """Make the digests of a day."""
    duties.make_digests(standing.runtime(), topics, date.fromisoformat(day))


@task("khabar.retag", limit=duties.SLICE + 300)
def retag(topic: str, version: int, cursor: str = "", **_newer: Any) -> None:
    """Match a new version of a topic on what is there."""
    duties.retag(standing.runtime(), topic, version, cursor)


@after_setup_logger.connect
def _be_quiet(**_: Any) -> None:
    """Keep out what the client of Elasticsearch tells of every request and of every try: what came of a job is told."""
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)


@worker_process_init.connect
def _follow(**_: Any) -> None:
    """End with the worker: a child whose parent was killed would wait for its next task for ever."""
    threading.Thread(target=end_with, args=(os.getppid(),), name="parent", daemon=True).start()


@worker_process_shutdown.connect
def _close(**_: Any) -> None:
    """Give the connections back."""
    standing.close()
