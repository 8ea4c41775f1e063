"""The commands that see to topics: what is tried is not stored, what is added is matched, what is wrong changes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from khabar.catalogue import SHIPPED
from khabar.cli import khabar
from khabar.config import load_settings
from khabar.jobs import Retag
from khabar.runtime import reading
from khabar.tick import Bench, tick
from search.tree import Everything
from workers.celery import sender

Run = Callable[..., Result]
GATES = "id: gates\ntitle: Gates\nquery: torkham\nsignals: [{query: lorries, weight: 2}]\nthreshold: 1\n"
TEXTS = [
    "The gate at Torkham was shut and the lorries waited at the border.",
    "At Torkham nobody waited for lorries any more.",
    "Torkham is a place where the wind blows.",
    "A budget for schools, with no border in it.",
    *(f"The weather of day {day}." for day in range(8)),
]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked")
    day = datetime.now(UTC) - timedelta(days=2)
    rows = [
        {"title": f"Article {n}", "body": text, "published": (day - timedelta(days=n)).isoformat(), "url": f"https://a.example/{n}"}
        for n, text in enumerate(TEXTS)
    ]  # fmt: skip
    (folder / "some.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = CliRunner().invoke(khabar, ["ingest", str(folder / "some.jsonl"), "--home", str(folder / "home")])
    assert done.exit_code == 0, done.output
    (folder / "home" / "catalogue").mkdir(exist_ok=True)
    return folder / "home"


@pytest.fixture
def home(stocked: Path, tmp_path: Path) -> Path:
    shutil.copytree(stocked, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Run:
    return lambda *words, **rest: CliRunner().invoke(khabar, [*words, "--home", str(home)], **rest)


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    path = tmp_path / "gates.yaml"
    path.write_text(GATES)
    return path


def tagged(home: Path) -> dict[str, list[int]]:
    with reading(load_settings(home)) as runtime:
        found = [document.article for document in runtime.index.scan(Everything())]
    return {a.title: [m.version for m in a.topics if m.id == "gates"] for a in found}


def test_a_file_is_tried_then_added_and_matched(run: Run, home: Path, gates: Path) -> None:
    tried = run("topics", "test", str(gates))
    assert tried.exit_code == 1, "it would change what is stored"
    assert tried.stdout.startswith("2 article(s) in 30 days, 0.1 a day, of 12 in all; its gate lets in 3\n")
    assert "gains 2 and loses 0" in tried.stderr and "topics add" in tried.stderr
    assert not any(tagged(home).values())
    added = run("topics", "add", str(gates))
    assert added.exit_code == 0, added.output
    assert "gates version 1: 2 articles" in added.stdout
    assert {title: versions for title, versions in tagged(home).items() if versions} == {
        "Article 0": [1],
        "Article 1": [1],
    }
    assert run("topics", "test", "gates").exit_code == 0, "now nothing would change"
    listed = run("topics", "list").stdout
    assert [line for line in listed.splitlines() if line.startswith("gates ")]


def test_a_change_says_what_it_gains_and_loses_against_the_version_in_use(
    run: Run, home: Path, gates: Path
) -> None:
    assert run("topics", "add", str(gates)).exit_code == 0
    gates.write_text(GATES.replace("lorries", "wind"))
    tried = run("topics", "test", str(gates))
    assert "as it is now gates against version 1, in use, gains 1 and loses 2 article(s)" in tried.stdout
    assert [line[:4] for line in tried.stdout.splitlines() if line.startswith(("  + ", "  - "))] == [
        "  + ", "  - ", "  - ",
    ]  # fmt: skip
    refused = run("topics", "add", str(gates))
    assert refused.exit_code == 2 and "--replace" in refused.output
    assert run("topics", "add", str(gates), "--replace").exit_code == 0
    assert {title: versions for title, versions in tagged(home).items() if versions} == {"Article 2": [2]}


def test_what_is_left_for_later_is_due(run: Run, home: Path, gates: Path) -> None:
    assert run("topics", "add", str(gates), "--later").exit_code == 0
    assert not any(tagged(home).values())
    assert run("topics", "retag", "gates").exit_code == 0
    assert tagged(home)["Article 0"] == [1]


def test_a_file_with_a_mistake_is_named_with_its_line_and_changes_nothing(
    run: Run, home: Path, gates: Path
) -> None:
    gates.write_text(GATES.replace("threshold", "treshold"))
    result = run("topics", "add", str(gates))
    assert "gates.yaml:5:1: unknown key `treshold` — did you mean `threshold`?" in str(result.exception)
    assert not (home / "catalogue" / "topics").exists()
    assert run("topics", "add", str(gates.with_name("none.yaml"))).exit_code == 2


def test_a_shipped_topic_is_switched_by_a_copy_and_what_came_meanwhile_is_matched(
    run: Run, home: Path, gates: Path
) -> None:
    assert run("topics", "disable", "pak-taliban").exit_code == 0
    assert "pak-taliban" in (home / "catalogue" / "topics" / "pak-taliban.yaml").read_text("utf-8")
    assert "(disabled)" in run("topics", "list").stdout
    assert "enabled" not in (SHIPPED / "topics" / "pak-taliban.yaml").read_text("utf-8")
    assert run("topics", "add", str(gates)).exit_code == 0
    assert run("topics", "disable", "gates").exit_code == 0
    assert tagged(home)["Article 0"] == [1], "what has it keeps it"
    more = home.parent / "more.jsonl"
    more.write_text(json.dumps({"title": "Article 99", "body": TEXTS[0] + " Again and again."}) + "\n")
    assert run("ingest", str(more)).exit_code == 0
    assert tagged(home)["Article 99"] == []
    assert run("topics", "enable", "gates").exit_code == 0
    assert tagged(home)["Article 99"] == [1]
    wrong = run("topics", "enable", "gate")
    assert wrong.exit_code == 2 and "did you mean 'gates'" in wrong.output


def test_an_edited_topic_takes_the_place_of_the_shipped_one_once_it_is_good(
    run: Run, home: Path, gates: Path, tmp_path: Path
) -> None:
    assert run("topics", "add", str(gates)).exit_code == 0
    file = home / "catalogue" / "topics" / "gates.yaml"

    def edit(command: str) -> Result:
        return run("topics", "edit", "gates", env={"EDITOR": command, "VISUAL": command})

    assert edit("true").exit_code == 0
    assert file.read_text() == GATES, "nothing was changed"
    broken = edit("sed -i s/torkham/(torkham/")
    assert "is never closed" in str(broken.exception)
    renamed = edit("sed -i s/^id:.*/id:other/;s/id:/id:\\ /")
    assert renamed.exit_code != 0
    assert file.read_text() == GATES, "what is wrong changes nothing"
    assert edit("sed -i s/lorries/wind/").exit_code == 0
    assert tagged(home)["Article 2"] == [2]


def test_what_finds_too_much_is_said(run: Run) -> None:
    result = run("topics", "test", "the OR torkham OR border")
    assert result.exit_code == 1
    assert "too broad: it finds 12 of all 12 articles, 100%: a mention is not a subject" in result.stderr


def test_a_topic_is_drafted_from_a_file_or_from_an_article_that_is_there(
    run: Run, home: Path, tmp_path: Path
) -> None:
    text = tmp_path / "example.txt"
    text.write_text(
        "Why the gate stays shut\n\n" + "Torkham is shut, and the tollkeeper of Torkham sleeps. " * 3
    )
    result = run("topics", "draft", str(text), "--id", "shut")
    assert result.exit_code == 0, result.output
    assert "query: 'entity:torkham'" in result.stdout and "tollkeeper" in result.stdout
    drafted = tmp_path / "drafted.yaml"
    drafted.write_text(result.stdout)
    assert run("topics", "test", str(drafted)).exit_code in {0, 1}
    assert run("topics", "add", str(drafted)).exit_code == 0
    by_url = run("topics", "draft", "https://a.example/0", "https://a.example/1")
    assert by_url.exit_code == 0 and "2 example(s)" in by_url.stdout
    nobody = run("topics", "draft", "0123456789")
    assert nobody.exit_code == 2 and "neither a file nor an article" in nobody.output


def test_a_page_is_read_as_an_example_and_what_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    body = "".join(
        f"<p>Torkham and its tollkeeper, told for the {n}th time, at length.</p>" for n in range(9)
    )
    page.write_text(
        f"<html><head><title>The tollkeeper</title></head><body><article><h1>The tollkeeper</h1>{body}</article></body></html>"
    )
    assert "entity:torkham" in run("topics", "draft", str(page)).stdout
    page.write_text("<html><body>nothing</body></html>")
    assert "no article" in str(run("topics", "draft", str(page)).exception)


def test_on_servers_a_new_version_is_sent_to_the_workers_and_no_index_is_asked(
    tmp_path: Path, gates: Path, empty_redis: str
) -> None:
    env = {
        "KHABAR_HOME": str(tmp_path / "served"),
        "KHABAR_REDIS_URL": empty_redis,
        "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:9",
    }
    done = CliRunner().invoke(khabar, ["topics", "add", str(gates)], env=env)
    assert done.exit_code == 0, done.output
    assert "in the background" in done.stderr
    settings = load_settings(tmp_path / "served", env)
    send = sender(settings)
    assert send.waiting()["maintenance"] == 1
    send.close()
    with reading(settings) as runtime:
        due = [job for job in tick(runtime, Bench()) if isinstance(job, Retag)]
    assert Retag("gates", 1) in due, "what is lost on its way is due all the same"
