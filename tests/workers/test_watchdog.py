"""A worker that hears the broker no more is ended by itself, and whoever supervises it starts it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import celery_node
import pytest
from celery import Celery
from celery_node import Service, until

from khabar.config import load_settings
from workers.celery.application import make_app


@pytest.fixture
def app(empty_redis: str, tmp_path: Path) -> Iterator[Celery]:
    """Return what sends to the worker."""
    made = make_app(lambda: load_settings(tmp_path, told(empty_redis)))
    yield made
    made.close()


@pytest.fixture
def dog(empty_redis: str, tmp_path: Path) -> Iterator[Service]:
    """Run a worker of one process, whose dog is patient for three seconds, and which can be made to hang."""
    folder = Path(celery_node.__file__).parent
    environment = celery_node.environment(tmp_path, told(empty_redis))
    environment["PYTHONPATH"] = f"{folder}:{folder.parents[1]}"
    command = celery_node.worker("dog", "crawl", 1, application="hanging")
    with celery_node.running({"dog": command}, environment, tmp_path) as services:
        until(lambda: "ready." in services["dog"].told(), 60, services["dog"].told)
        yield services["dog"]


def told(redis_url: str) -> dict[str, str]:
    return {"KHABAR_REDIS_URL": redis_url, "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:9"}


def sleep(app: Celery, seconds: float) -> None:
    app.send_task("test.sleep", args=[seconds], queue="crawl")


def done(service: Service) -> int:
    return service.told().count("succeeded in")


def test_a_worker_that_hangs_is_ended_and_started_again(app: Celery, dog: Service) -> None:
    app.control.broadcast("hang")
    sleep(app, 0)  # Redis hands it to the one that hangs
    sleep(app, 0)
    until(lambda: done(dog) == 1, 40, dog.told)
    assert "ending it, to be started again" in dog.told()
    assert dog.starts == 2


@pytest.mark.soak
def test_a_worker_that_hangs_at_work_is_ended_when_no_task_lasts_as_long(app: Celery, dog: Service) -> None:
    sleep(app, 1)
    until(lambda: "received" in dog.told(), 10, dog.told)
    app.control.broadcast("hang")
    sleep(app, 0)  # Redis hands it to the one that hangs
    sleep(app, 0)
    until(lambda: dog.starts == 2, 120, dog.told)
    until(lambda: done(dog) == 2, 40, dog.told)


def test_a_worker_that_is_long_at_work_or_gets_what_it_does_not_know_is_left_alone(
    app: Celery, dog: Service
) -> None:
    app.send_task("khabar.of_a_newer_version", kwargs={"segment": "x"}, queue="crawl")
    sleep(app, 5)
    sleep(app, 0)  # fetched ahead
    sleep(app, 0)  # waits in the queue for longer than the dog is patient
    until(lambda: done(dog) == 3, 40, dog.told)
    assert "khabar.of_a_newer_version" in dog.told()
    assert dog.starts == 1
