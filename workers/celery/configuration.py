"""How Celery is set up, each choice with its reason."""

from __future__ import annotations

from typing import Any

from kombu.entity import Exchange, Queue

from khabar.config import ConfigError
from khabar.settings import Settings
from workers.celery.alive import SCHEDULER
from workers.celery.messages import QUEUES

LIVE, LATER = 0, 5  # priorities as Redis counts them: what was just crawled is read before what was imported
_REDIS = "set KHABAR_REDIS_URL and KHABAR_ELASTICSEARCH_URL; without servers `khabar run` does the work"


def configuration(settings: Settings) -> dict[str, Any]:
    """Return Celery's configuration; raises ConfigError where the settings name no servers."""
    if not settings.distributed:
        raise ConfigError("settings", None, "workers need Redis and Elasticsearch", _REDIS)
    return {
        "broker_url": settings.redis_url,
        "broker_connection_retry_on_startup": True,  # Redis may start after us
        "broker_connection_max_retries": None,  # a supervisor would do no more than try again
        "broker_transport_options": {
            "visibility_timeout": 600,  # what a dead worker had fetched is forgotten after this, not after an hour
            "priority_steps": [LIVE, LATER],
            "queue_order_strategy": "priority",
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 15,
        },
        "task_queues": [Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
        "task_default_queue": "maintenance",
        "task_create_missing_queues": False,  # a typing error in -Q is an error
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,  # results are in the archive and in the index
        "task_acks_late": False,  # see above
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.2},
        "worker_prefetch_multiplier": 1,  # what a busy worker holds back another could be doing
        "worker_enable_remote_control": True,  # off, a worker hangs for ever when Redis was killed
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # the message is acknowledged already
        "worker_max_memory_per_child": 1_000_000,  # KiB: a page of 16 MiB may have blown a process up
        "worker_proc_alive_timeout": 60,
        "worker_send_task_events": False,
        "beat_schedule": {
            "tick": {
                "task": "khabar.tick",
                "schedule": settings.tick,
                # One that nobody took in time says nothing that the next does not say. Not much sooner: a machine
                # whose clock is ahead would take each of them for an old one.
                "options": {"queue": "maintenance", "expires": max(10 * settings.tick, 600)},
            }
        },
        "beat_scheduler": SCHEDULER,
        "beat_schedule_filename": str(settings.home / "beat"),
        "beat_max_loop_interval": min(settings.tick, 60),
        "enable_utc": True,
        "khabar_alive": settings.alive,
    }
