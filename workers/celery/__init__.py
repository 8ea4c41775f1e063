"""The Celery application: queues, messages, schedule. `celery -A workers worker`, `celery -A workers beat`.

A message is a wake-up and nothing rests on it: a job is due until its result exists, and the tick sends again what was
lost. So messages are taken off Redis before the work begins, and no setting has to make them survive a kill.
"""

from khabar.config import load_settings
from workers.celery.application import make_app
from workers.celery.health import findings
from workers.celery.messages import QUEUES
from workers.celery.sender import Sender, sender

__all__ = ["QUEUES", "Sender", "app", "findings", "sender"]

app = make_app(load_settings)
