"""`khabar run` reads a catalogue that was changed meanwhile, and serves on with the last one that was good."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from khabar.cli import khabar
from khabar.config import load_settings
from khabar.runtime import reading
from search.tree import Everything

TOPIC = "id: gates\ntitle: Gates\nquery: torkham\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "one.jsonl").write_text('{"title": "A", "body": "The gate at Torkham is shut."}\n')
    done = CliRunner().invoke(
        khabar, ["ingest", str(tmp_path / "one.jsonl"), "--home", str(tmp_path / "home")]
    )
    assert done.exit_code == 0, done.output
    (tmp_path / "home" / "catalogue" / "topics").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def running(home: Path) -> Iterator[Callable[[], str]]:
    """Run a home; returns what the command has said so far."""
    said = home / "said.txt"
    with said.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "khabar", "run", "--home", str(home)], stderr=stderr
        )
    yield said.read_text
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0, said.read_text()
    assert "ending:" in said.read_text()


def tags(home: Path) -> list[tuple[str, int]]:
    with reading(load_settings(home)) as runtime:
        (document,) = runtime.index.scan(Everything())
        return [(match.id, match.version) for match in document.article.topics]


def wait(until: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not until():
        assert time.monotonic() < ends, "nothing came of it"
        time.sleep(0.5)


def test_a_topic_that_is_added_and_changed_is_matched_without_a_new_start(
    home: Path, running: Callable[[], str]
) -> None:
    file = home / "catalogue" / "topics" / "gates.yaml"
    file.write_text(TOPIC)
    wait(lambda: tags(home) == [("gates", 1)])
    file.write_text(TOPIC.replace("query", "qwery"))
    wait(lambda: "the catalogue is left as it was" in running())
    file.write_text(TOPIC.replace("torkham", "torkham AND shut"))
    wait(lambda: tags(home) == [("gates", 2)])
    assert "the catalogue has changed: it is read again" in running()
