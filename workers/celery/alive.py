"""A file that is touched while a worker consumes or a beat beats: what a health check can look at without a Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from celery import bootsteps
from celery.beat import PersistentScheduler

EVERY = 2.0  # seconds

SCHEDULER = f"{__name__}:Beating"


class Consuming(bootsteps.StartStopStep):  # pyright: ignore[reportUntypedBaseClass] - celery has no types
    """Touches the file from the loop in which the worker hears the broker: not while it has lost it, nor while it hangs."""

    requires: ClassVar = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._timer: Any = None

    def start(self, parent: Any) -> None:
        """Begin to touch, now that messages come in."""
        touch(parent.app)
        self._timer = parent.timer.call_repeatedly(EVERY, touch, (parent.app,))

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - celery calls it so
        """Stop touching; it begins again with the next connection."""
        if self._timer is not None:
            self._timer.cancel()


class Beating(PersistentScheduler):  # pyright: ignore[reportUntypedBaseClass] - celery has no types
    """Celery's own schedule, which touches the file each time it looks what is due."""

    def tick(self, *given: Any, **named: Any) -> Any:
        """Look what is due; returns how many seconds there are until the next look."""
        touch(self.app)
        return super().tick(*given, **named)


def touch(app: Any) -> None:
    """Touch the file that the setting `alive` names; where it cannot be, the worker works on, and the check says so."""
    named = app.conf.get("khabar_alive")
    if named:
        try:
            Path(named).touch()
        except OSError as error:
            app.log.get_default_logger().warning("%s: not touched (%s)", named, error.strerror)
