"""`khabar entities suggest|accept|reject`: nothing is tagged before a person says so, and then what is there is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from khabar.cli import khabar
from khabar.config import environment, load_settings
from khabar.models import Capture, Discovery, attempt_name
from khabar.runtime import Runtime
from khabar.settings import Settings
from search.elastic import connect, generations

Run = Callable[..., Result]
BODY = "The Tahreek-e-Mallahan of the salt coast met the ferry board in the morning, and said that it would meet again."
GAZETTEER = """\
# the ferry people
- id: ferry-front
  type: organization
  name: Tehrik-i-Mallahan
"""


@pytest.fixture(params=["embedded", "distributed"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Return the settings of a home of its own, and of one whose index and ledger are on servers."""
    if request.param == "embedded":
        yield load_settings(tmp_path / "home", {})
        return
    url = request.getfixturevalue("elasticsearch_url")
    told = {
        "KHABAR_REDIS_URL": request.getfixturevalue("empty_redis"),
        "KHABAR_ELASTICSEARCH_URL": url,
        "KHABAR_ELASTICSEARCH_PREFIX": f"review-{uuid.uuid4().hex[:8]}",
    }
    made = load_settings(tmp_path / "home", told)
    yield made
    with closing(connect(url)) as server:
        generations.drop_all(server, made.elasticsearch_prefix)


@pytest.fixture
def run(runtime: Runtime) -> Run:
    told = environment(runtime.settings)
    return lambda *words: CliRunner(env=told).invoke(khabar, [*words, "--home", str(runtime.settings.home)])


@pytest.fixture
def stocked(runtime: Runtime, bring_in: Callable[[], None]) -> Path:
    folder = runtime.settings.catalogue / "gazetteer"
    folder.mkdir(parents=True)
    (folder / "ferries.yaml").write_text(GAZETTEER, "utf-8")
    writer, at = runtime.writer(), runtime.clock()
    url = "https://paper.example/ferries"
    told = Discovery(attempt_name(at, url), url, at, "paper", "import")
    given = {"title": "A board", "body": BODY, "lang": "en"}
    writer.append(Capture(url, at, "article", json.dumps(given).encode()), told)
    writer.seal()
    bring_in()
    return folder


def _tagged(run: Run) -> list[str]:
    hits = json.loads(run("search", "mallahan", "--format", "json").stdout)["hits"]
    return [one["id"] for hit in hits for one in hit["article"]["entities"] if one["id"] == "ferry-front"]


def test_an_accepted_spelling_goes_into_the_gazetteer_and_the_articles_are_tagged_anew(
    stocked: Path, run: Run
) -> None:
    listed = run("entities", "suggest", "--days", "36500")
    assert listed.exit_code == 0, listed.output
    line = next(line for line in listed.stdout.splitlines() if "ferry-front" in line)
    name = line.split()[0]
    assert "Tahreek-e-Mallahan → ferry-front" in line
    assert "1 time(s) in 1 article(s), en: … The Tahreek-e-Mallahan of the salt coast" in listed.stdout
    assert _tagged(run) == []

    done = run("entities", "accept", name)
    assert done.exit_code == 0, done.output
    assert "1 article(s) tagged anew" in done.stdout
    [entity] = yaml.safe_load((stocked / "ferries.yaml").read_text("utf-8"))
    assert entity["aliases"] == {"en": ["Tahreek-e-Mallahan"]}
    assert _tagged(run) == ["ferry-front"]
    assert name not in run("entities", "suggest", "--days", "36500").stdout


def test_a_rejected_spelling_is_suggested_no_more(stocked: Path, run: Run) -> None:
    listed = run("entities", "suggest", "--days", "36500").stdout
    name = next(line.split()[0] for line in listed.splitlines() if "ferry-front" in line)
    assert run("entities", "reject", name).exit_code == 0
    assert name not in run("entities", "suggest", "--days", "36500").stdout
    assert (stocked / "ferries.yaml").read_text("utf-8") == GAZETTEER


def test_an_entity_in_a_file_with_others_is_left_to_the_person_who_wrote_it(stocked: Path, run: Run) -> None:
    with (stocked / "ferries.yaml").open("a", encoding="utf-8") as file:
        file.write("- {id: salt-board, type: organization, name: Salt Coast Board}\n")
    listed = run("entities", "suggest", "--days", "36500").stdout
    name = next(line.split()[0] for line in listed.splitlines() if "ferry-front" in line)
    done = run("entities", "accept", name)
    assert done.exit_code != 0
    assert "ferries.yaml:2" in str(done.exception)
    assert name in run("entities", "suggest", "--days", "36500").stdout


def test_a_suggestion_that_there_is_not_is_said(stocked: Path, run: Run) -> None:
    for command in ("accept", "reject"):
        done = run("entities", command, "0000000000")
        assert "there is no suggestion 0000000000" in str(done.exception)
