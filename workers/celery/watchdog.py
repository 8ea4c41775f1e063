"""Ends a worker that no longer consumes: Celery on Redis may hang for good after Redis was killed."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any, ClassVar

from celery import bootsteps
from celery.worker import state

from workers.celery.queues import waiting_in

log = logging.getLogger(__name__)

LOOK = 5.0  # seconds between two looks
PATIENCE = 60.0  # seconds that messages may wait beside an idle process; `khabar_patience` is another
BUSY = 20  # times as long they may wait for a busy one: no task's limit is as long
STATUS = 70  # what it exits with; whoever supervises it starts it again


class Watchdog(bootsteps.StartStopStep):  # pyright: ignore[reportUntypedBaseClass] - celery has no types
    """Looks whether messages wait while the worker does nothing; then only a new process helps."""

    requires: ClassVar = {"celery.worker.components:Pool"}

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._ended = threading.Event()

    def start(self, parent: Any) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, args=(parent,), name="watchdog", daemon=True).start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - celery calls it so
        """Stop watching: a worker that shuts down consumes no more, and is not to be ended for it."""
        self._ended.set()

    def _watch(self, worker: Any) -> None:
        patience = float(worker.app.conf.get("khabar_patience", PATIENCE))
        moved_at = idle_since = time.monotonic()
        taken = -1
        while not self._ended.wait(min(LOOK, patience / 3)):
            count, now = sum(state.total_count.values()), time.monotonic()
            if count != taken or not _messages_wait(worker.app):
                moved_at, idle_since, taken = now, now, count
            elif len(state.active_requests) >= worker.concurrency:
                idle_since = now
            if now - idle_since > patience or now - moved_at > BUSY * patience:
                log.critical("messages wait and this worker takes none: ending it, to be started again")
                logging.shutdown()
                os._exit(STATUS)  # a hung main thread would not hear anything milder


def _messages_wait(app: Any) -> bool:
    """Tell whether a queue of this worker holds anything; a Redis that is away is asked again at the next look."""
    try:
        with app.connection_for_read() as connection:
            channel = connection.default_channel
            return any(waiting_in(channel, name) for name in app.amqp.queues.consume_from)
    except Exception as error:  # the dog must outlive whatever befalls Redis
        log.debug("the queues cannot be asked: %s", error)
        return False
