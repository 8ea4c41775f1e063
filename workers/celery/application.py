"""The Celery application, made from settings that are read when they are first needed."""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from khabar.settings import Settings
from workers.celery.alive import Consuming
from workers.celery.configuration import configuration
from workers.celery.watchdog import Watchdog


def make_app(settings: Callable[[], Settings]) -> Celery:
    """Return an application that asks for its settings when it first needs them, not before."""
    made = Celery("khabar", set_as_current=False, include=["workers.tasks"])
    made.add_defaults(lambda: configuration(settings()))
    made.steps["worker"].add(Watchdog)  # pyright: ignore[reportOptionalSubscript] - made by the line above
    made.steps["consumer"].add(Consuming)  # pyright: ignore[reportOptionalSubscript] - as above
    return made
