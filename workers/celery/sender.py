"""Sending jobs to the queues: a wake-up and no promise."""

from __future__ import annotations

import logging

from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded

from khabar.jobs import Job
from khabar.settings import Settings
from workers.celery.application import make_app
from workers.celery.configuration import LATER, LIVE
from workers.celery.messages import QUEUES, messages
from workers.celery.queues import waiting_in

log = logging.getLogger(__name__)


class Sender:
    """Sends jobs to the queues of one Redis; what cannot be sent is logged, since it stays due."""

    def __init__(self, made: Celery) -> None:
        self._app = made

    def __call__(self, job: Job, later: bool = False) -> bool:
        """Send a job, behind everything live where it may wait; False where that failed."""
        try:
            for message in messages(job):
                self._app.send_task(
                    message.task,
                    kwargs=message.keys,
                    queue=message.queue,
                    priority=LATER if later else LIVE,
                )
        except SoftTimeLimitExceeded:
            raise  # it is about the task that sends, not about Redis
        except Exception as error:  # whatever it is, the next tick sends the job again
            log.warning("not sent, the next tick does it: %s (%s)", job, error)
            return False
        return True

    def waiting(self) -> dict[str, int]:
        """Return how many messages wait in each queue. Raises what the broker raises."""
        with self._app.connection_for_read() as connection:
            return {name: waiting_in(connection.default_channel, name) for name in QUEUES}

    def consumers(self, patience: float) -> dict[str, list[str]]:
        """Return the queues that each worker takes messages from, of those that answer within `patience` seconds."""
        said = self._app.control.inspect(timeout=patience).active_queues() or {}
        return {worker: [queue["name"] for queue in queues] for worker, queues in said.items()}

    def close(self) -> None:
        """Give the connections back."""
        self._app.close()


def sender(settings: Settings) -> Sender:
    """Return what sends jobs to the Redis of these settings."""
    return Sender(make_app(lambda: settings))
