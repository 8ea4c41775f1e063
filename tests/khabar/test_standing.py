"""A process that stays: one runtime for the job at hand, a newer one for the next when the catalogue has changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from khabar.catalogue.problems import CatalogueError
from khabar.settings import Settings
from khabar.standing import Standing
from search.tree import Everything


@pytest.fixture
def standing(settings: Settings) -> Iterator[Standing]:
    made = Standing(lambda: settings)
    yield made
    made.close()


def write_source(folder: Path, name: str) -> None:
    (folder / "sources" / "xx").mkdir(parents=True, exist_ok=True)
    (folder / "sources" / "xx" / f"{name}.yaml").write_text(
        f"id: {name}\nname: The {name}\ncountry: PK\nlanguages: [en]\ntimezone: UTC\n"
        f"endpoints:\n  - {{kind: feed, url: 'https://{name}.example/feed', scope: opinion}}\n"
    )


def test_the_runtime_stays_until_the_catalogue_changes(standing: Standing, settings: Settings) -> None:
    first = standing.runtime()
    assert standing.runtime() is first
    write_source(settings.catalogue, "gate")
    second = standing.runtime()
    assert second is not first and "gate" in second.catalogue.sources


def test_a_catalogue_that_changes_during_a_job_takes_nothing_from_it(
    standing: Standing, settings: Settings
) -> None:
    at_work = standing.runtime()
    assert at_work.index.search(Everything()).total == 0
    assert standing.is_current()
    write_source(settings.catalogue, "gate")
    assert not standing.is_current()
    assert standing.knowledge() is standing.knowledge()
    assert at_work.ledger.last_run("crawl:gate") is None, "its ledger is open"
    known = standing.knowledge()
    assert "gate" in standing.runtime().catalogue.sources
    assert standing.knowledge() is not known


def test_a_catalogue_that_cannot_be_read_is_logged_and_the_last_one_serves_on(
    standing: Standing, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    first = standing.runtime()
    write_source(settings.catalogue, "gate")
    (settings.catalogue / "sources" / "xx" / "gate.yaml").write_text("id: gate\n")
    assert standing.runtime() is first and standing.runtime() is first
    assert caplog.text.count("the catalogue is left as it was") == 1


def test_a_catalogue_that_is_mended_serves_from_then_on(
    standing: Standing, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    write_source(settings.catalogue, "gate")
    gate = settings.catalogue / "sources" / "xx" / "gate.yaml"
    right = gate.read_text()
    first = standing.runtime()
    gate.write_text("id: gate\n")
    assert standing.runtime() is first
    gate.write_text(right.replace("The gate", "The old gate"))
    assert standing.runtime().catalogue.sources["gate"].name == "The old gate"
    gate.unlink()
    assert "gate" not in standing.runtime().catalogue.sources
    assert caplog.text.count("the catalogue is left as it was") == 1


def test_where_no_catalogue_can_be_read_at_first_it_is_said_each_time_until_it_can(
    standing: Standing, settings: Settings
) -> None:
    write_source(settings.catalogue, "gate")
    gate = settings.catalogue / "sources" / "xx" / "gate.yaml"
    right = gate.read_text()
    gate.write_text("id: gate\n")
    for _ in range(2):
        with pytest.raises(CatalogueError, match=r"gate\.yaml"):
            standing.runtime()
    gate.write_text(right)
    assert "gate" in standing.runtime().catalogue.sources


def test_a_file_that_points_nowhere_is_no_part_of_a_catalogues_look(
    standing: Standing, settings: Settings
) -> None:
    first = standing.runtime()
    settings.catalogue.mkdir(parents=True, exist_ok=True)
    (settings.catalogue / "gone.yaml").symlink_to("nowhere")
    assert standing.runtime() is first


def test_what_was_opened_is_given_back_and_opened_again(standing: Standing) -> None:
    first = standing.runtime()
    assert first.ledger.last_run("crawl:gate") is None
    standing.close()
    assert standing.runtime() is not first
    assert standing.runtime().ledger.last_run("crawl:gate") is None
