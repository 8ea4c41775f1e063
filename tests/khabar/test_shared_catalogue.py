"""Two machines on the same servers: what one writes into its catalogue the other works by, and doctor says who lags."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from khabar.cli import khabar
from khabar.config import environment, load_settings
from khabar.runtime import working
from khabar.settings import Settings
from khabar.standing import EVERY, Standing
from search.elastic import connect, generations

TOPIC = "id: ferries\ntitle: Ferries\nquery: ferry\nsignals: [{query: ferry, weight: 2}]\nthreshold: 1\n"
Machine = Callable[[str], Settings]


@pytest.fixture
def machine(tmp_path: Path, empty_redis: str, elasticsearch_url: str) -> Iterator[Machine]:
    """Return the settings of a machine by its name; all have the same servers and the same archive."""
    prefix = f"shared-{uuid.uuid4().hex[:8]}"
    told = {
        "KHABAR_REDIS_URL": empty_redis,
        "KHABAR_ELASTICSEARCH_URL": elasticsearch_url,
        "KHABAR_ELASTICSEARCH_PREFIX": prefix,
        "KHABAR_ARCHIVE_URL": (tmp_path / "archive").as_uri(),
    }
    yield lambda name: load_settings(tmp_path / name, told)
    with closing(connect(elasticsearch_url)) as server:
        generations.drop_all(server, prefix)


def run(settings: Settings, *words: str) -> Result:
    return CliRunner(env=environment(settings)).invoke(khabar, [*words, "--home", str(settings.home)])


def write_topic(settings: Settings, title: str) -> None:
    path = settings.catalogue / "topics" / "ferries.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TOPIC.replace("Ferries", title), "utf-8")


def test_a_topic_written_on_one_machine_is_everybodys_with_one_version(machine: Machine) -> None:
    one, two = machine("one"), machine("two")
    write_topic(one, "Ferries")
    said = run(one, "doctor")
    assert "topics/ferries.yaml of " in said.stdout
    assert said.exit_code == 1

    with working(one) as runtime:
        first = runtime.catalogue.topics["ferries"].version
    said = run(two, "doctor")
    assert "is not the one that the machines share (version 1; topics/ferries.yaml)" in said.stdout

    with working(two) as runtime:
        assert runtime.catalogue.topics["ferries"].version == first
    for settings in (one, two):
        assert "share" not in run(settings, "doctor").stdout


def test_a_worker_that_stays_works_by_what_another_machine_has_changed(machine: Machine) -> None:
    one, two = machine("one"), machine("two")
    write_topic(one, "Ferries")
    with working(one) as runtime:
        moment = runtime.clock()
    standing = Standing(lambda: two, lambda: moment)
    for _ in range(2):  # the first opening brings the files, the second sees that they are there
        assert standing.runtime().catalogue.topics["ferries"].title == "Ferries"

    write_topic(one, "Boats")
    with working(one):
        pass
    assert standing.runtime().catalogue.topics["ferries"].title == "Ferries", "it looks now and then"
    moment += EVERY
    assert standing.runtime().catalogue.topics["ferries"].title == "Boats"
    standing.close()


def test_a_folder_that_cannot_be_written_serves_as_it_is(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = machine("one"), machine("two")
    write_topic(one, "Ferries")
    with working(one):
        pass
    two.home.mkdir()
    two.catalogue.write_text("a file where the folder should be", "utf-8")
    with working(two) as runtime:
        assert "ferries" not in runtime.catalogue.topics
    assert "the catalogue is left as it is" in caplog.text


def test_a_home_without_servers_shares_nothing(tmp_path: Path) -> None:
    alone = load_settings(tmp_path / "home", {})
    write_topic(alone, "Ferries")
    with working(alone) as runtime:
        assert not list(runtime.store.keys("catalogue/shared/"))
