"""Whether somebody takes the messages that wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from khabar.settings import Settings
from workers.celery.sender import sender

PATIENCE = 2.0  # seconds in which a worker answers: its main process does no work of its own


def findings(settings: Settings) -> Iterator[str]:
    """Yield which queues hold messages that no worker takes, and what to start. Raises what the broker raises."""
    with closing(sender(settings)) as asked:
        waiting = {name: count for name, count in asked.waiting().items() if count}
        workers = asked.consumers(PATIENCE) if waiting else {}
    taken = {queue for queues in workers.values() for queue in queues}
    for name, count in waiting.items():
        if not workers:
            yield f"the queue `{name}` holds {count:,} message(s) and no worker answers: start `celery -A workers worker`"
        elif name not in taken:
            yield (
                f"the queue `{name}` holds {count:,} message(s) and none of {len(workers)} worker(s) takes from it: "
                f"start `celery -A workers worker -Q {name}`"
            )
