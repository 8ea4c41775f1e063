"""`khabar show --revisions` and `--diff`: what a changed page changed, and changes that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from khabar.cli import khabar
from khabar.models import Capture, Discovery, attempt_name
from khabar.runtime import Runtime

Run = Callable[..., Result]
URL = "https://paper.example/gate"
BODY = "The gate at the border was shut for nine days, and nobody knew whom to ask about it."
TEXTS = [
    ("A gate is shut", BODY),
    ("A gate is shut", BODY.replace(",", " —")),  # other marks are no other words
    ("A gate is opened", BODY.replace("nine", "ten")),
    ("A gate is opened", f"{BODY.replace('nine', 'ten')} Now they know."),
]


@pytest.fixture
def run(runtime: Runtime) -> Run:
    return lambda *words: CliRunner().invoke(khabar, [*words, "--home", str(runtime.settings.home)])


@pytest.fixture
def stocked(runtime: Runtime, bring_in: Callable[[], None]) -> Runtime:
    writer = runtime.writer()
    for number, (title, body) in enumerate(TEXTS):
        at = runtime.clock() + timedelta(minutes=number)
        told = Discovery(attempt_name(at, URL), URL, at, "paper", "import")
        writer.append(Capture(URL, at, "article", json.dumps({"title": title, "body": body}).encode()), told)
    writer.seal()
    bring_in()
    return runtime


def test_a_change_of_words_is_a_revision_and_one_of_marks_is_none(stocked: Runtime, run: Run) -> None:
    done = run("show", URL, "--revisions")
    assert done.exit_code == 0, done.output
    lines = [line for line in done.stdout.splitlines() if URL in line]
    assert [line.split("  ")[1].strip() for line in lines] == [
        "revision 1",
        "unchanged",
        "revision 2",
        "revision 3",
    ]
    titles = [line.strip() for line in done.stdout.splitlines() if URL not in line]
    assert titles == ["title: A gate is shut", "title: A gate is opened"]
    assert json.loads(run("show", URL, "--json").stdout)["revisions"] == 3


def test_a_diff_shows_the_words_that_were_taken_out_and_put_in(stocked: Runtime, run: Run) -> None:
    first = run("show", URL, "--diff", "1", "2").stdout
    assert first.startswith("A gate is [-shut-]{+opened+}\n\n")
    assert "was shut for [-nine-] {+ten+} days" in first
    assert run("show", URL, "--diff", "2", "3").stdout.rstrip().endswith("ask about it. {+Now they know.+}")
    assert "[-" not in run("show", URL, "--diff", "2", "2").stdout


def test_a_revision_that_there_is_not_is_said_in_one_line(stocked: Runtime, run: Run) -> None:
    done = run("show", URL, "--diff", "1", "4")
    assert done.exit_code == 2
    assert "there is no revision 4, the article has 3" in done.output


def test_changed_headlines_are_searched_for(stocked: Runtime, run: Run) -> None:
    for query in ("changed:title", "changed:body"):
        assert json.loads(run("search", query, "--format", "json").stdout)["total"] == 1, query
