"""The workers' application with a way to hang, for a real worker: `celery -A hanging worker`."""

from __future__ import annotations

import time
from typing import Any

from celery.worker.control import control_command

from khabar.config import load_settings
from workers.celery.application import make_app

app = make_app(load_settings)
app.conf.khabar_patience = 3


@control_command()
def hang(_state: Any) -> None:
    """Keep the thread that hears the broker for ever, as a connection does that tells of nothing."""
    time.sleep(3600)


@app.task(name="test.sleep")
def sleep(seconds: float) -> None:
    """Be at work for a while."""
    time.sleep(seconds)
