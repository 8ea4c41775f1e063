"""What searches and shows print for other programs: JSON in the agreed shape, lines, and CSV that runs no formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from khabar.cli import khabar
from khabar.codec import load
from khabar.exports import COLUMNS
from khabar.models import Article, Capture, Discovery, attempt_name
from khabar.runtime import Runtime

Run = Callable[..., Result]
BODY = "The gate at the border was shut for nine days, and nobody knew whom to ask about it."


@pytest.fixture
def run(runtime: Runtime) -> Run:
    """Run a command on the home, in this process."""
    return lambda *words: CliRunner().invoke(khabar, [*words, "--home", str(runtime.settings.home)])


@pytest.fixture
def stocked(runtime: Runtime, bring_in: Callable[[], None]) -> Runtime:
    rows: list[dict[str, Any]] = [
        {
            "title": "A gate",
            "body": BODY,
            "authors": ["A. Writer", "Zahra"],
            "published": "2025-01-31T08:00:00+05:00",
        },
        {"title": "=HYPERLINK(1)", "body": f"Another {BODY}", "authors": ["=Ann Writer"]},
        {"title": 'دروازہ, "بند"', "body": f"A third {BODY}"},
        {"title": "", "body": f"A fourth {BODY}"},
    ]
    writer = runtime.writer()
    for number, row in enumerate(rows):
        url, at = f"https://paper.example/{number}", runtime.clock().replace(microsecond=number)
        told = Discovery(attempt_name(at, url), url, at, "paper", "import")
        writer.append(Capture(url, at, "article", json.dumps(row).encode()), told)
    writer.seal()
    bring_in()
    return runtime


def test_json_has_the_agreed_shape(stocked: Runtime, run: Run) -> None:
    done = run("search", 'title:"A gate"', "--format", "json", "--facets", "--timeline", "month", "--explain")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert set(found) == {"query", "total", "took_ms", "hits", "facets", "timeline", "explain", "copies"}
    assert found["copies"] == "folded"
    assert (found["query"], found["total"], len(found["hits"])) == ('title:"A gate"', 1, 1)
    [hit] = found["hits"]
    assert set(hit) == {"score", "article", "snippets"}
    assert "body" not in hit["article"] and hit["article"]["published"] == "2025-01-31T08:00:00+05:00"
    assert set(hit["article"]) == set(Article.__dataclass_fields__) - {"body"}
    assert found["facets"]["source"] == {"paper": 1}
    assert found["timeline"] == [{"start": "2025-01", "count": 1}]
    assert found["explain"] == {
        hit["article"]["id"]: [{"field": "title", "start": 0, "end": 6, "text": "A gate"}]
    }


def test_without_being_asked_json_counts_and_explains_nothing(stocked: Runtime, run: Run) -> None:
    found = json.loads(run("search", "gate", "--format", "json", "--limit", "1", "--offset", "1").stdout)
    assert (found["total"], len(found["hits"])) == (4, 1)
    assert (found["facets"], found["timeline"], found["explain"]) == ({}, [], {})


def test_jsonl_gives_every_article_whole(stocked: Runtime, run: Run) -> None:
    lines = run("search", "gate", "--format", "jsonl", "--limit", "1").stdout.splitlines()
    articles = [load(line, Article) for line in lines]
    assert len(articles) == 4 and all(BODY in article.body for article in articles)
    assert all(article.copies >= 1 and article.first for article in articles)


def test_csv_runs_no_formula_and_quotes_what_must_be(stocked: Runtime, run: Run) -> None:
    text = run("search", "gate", "--format", "csv").stdout
    assert text.startswith("\ufeffid,")  # by which a spreadsheet knows that it is UTF-8
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 4
    by_url = {row["url"][-1]: row for row in rows}
    assert by_url["0"]["authors"] == "A. Writer; Zahra"
    assert by_url["0"]["published"] == "2025-01-31T08:00:00+05:00"
    assert by_url["1"]["title"] == "'=HYPERLINK(1)"
    assert by_url["1"]["authors"] == "'=Ann Writer"
    assert by_url["2"]["title"] == 'دروازہ, "بند"'
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row.values() if cell)


def test_copies_are_one_hit_or_each_by_itself(
    runtime: Runtime, bring_in: Callable[[], None], run: Run
) -> None:
    writer = runtime.writer()
    for number in range(3):
        url, at = f"https://paper.example/{number}", runtime.clock().replace(microsecond=number)
        told = Discovery(attempt_name(at, url), url, at, "paper", "import")
        text = (
            f"{BODY} " * 12
            if number < 2
            else "Another gate altogether, and what they say about it in the bazaar."
        )
        payload = json.dumps({"title": f"Gate {number}", "body": text, "published": f"2025-01-0{3 - number}"})
        writer.append(Capture(url, at, "article", payload.encode()), told)
    writer.seal()
    bring_in()

    def search(*words: str) -> tuple[int, list[tuple[str, int]]]:
        found = json.loads(run("search", "gate", "--format", "json", "--sort", "newest", *words).stdout)
        return found["total"], [(hit["article"]["title"], hit["article"]["copies"]) for hit in found["hits"]]

    assert search() == (3, [("Gate 0", 2), ("Gate 2", 1)])
    assert search("--copies", "all") == (3, [("Gate 0", 2), ("Gate 1", 2), ("Gate 2", 1)])
    assert search("--offset", "1") == (3, [("Gate 2", 1)])
    table = run("search", "gate").stdout
    assert table.startswith("3 article(s), copies as one, ") and "2 copies" in table
    assert len(run("search", "gate", "--format", "jsonl").stdout.splitlines()) == 3
    assert len(run("search", "gate", "--format", "jsonl", "--copies", "folded").stdout.splitlines()) == 2


def test_where_else_a_text_was_printed_is_told_in_order_with_what_is_shared(
    runtime: Runtime, bring_in: Callable[[], None], run: Run
) -> None:
    writer = runtime.writer()
    text = " ".join(f"word{number}" for number in range(120))
    cut = " ".join(f"word{number}" for number in range(90)) + " and a new ending of our own"
    for number, body in enumerate((cut, text, text)):
        url, at = f"https://paper.example/{number}", runtime.clock().replace(microsecond=number)
        told = Discovery(attempt_name(at, url), url, at, "paper", "import")
        payload = json.dumps({"title": f"Gate {number}", "body": body, "published": f"2025-01-0{3 - number}"})
        writer.append(Capture(url, at, "article", payload.encode()), told)
    writer.seal()
    bring_in()
    told = [
        line
        for line in run("show", "https://paper.example/0", "--copies").stdout.splitlines()
        if "Gate" in line
    ]
    assert [line.split("paper · ")[1] for line in told] == ["Gate 2", "Gate 1", "Gate 0"]
    assert "  first  " in told[0]
    assert "100 % of the text" in told[1]
    assert "92 % of the text" in told[2], "of the 95 runs of three words in the shorter 88 are the first's"


def test_a_choice_narrows_and_the_unusual_is_told(stocked: Runtime, run: Run) -> None:
    found = json.loads(
        run("search", "gate", "--format", "json", "--facets", "--unusual", "--choose", "author=Zahra").stdout
    )
    assert (found["total"], found["facets"]["author"]) == (1, {"=Ann Writer": 1, "A. Writer": 1, "Zahra": 1})
    assert set(found["unusual"]) == {"articles", "entities", "terms"}
    assert (
        len(run("search", "gate", "--format", "jsonl", "--choose", "author=Zahra").stdout.splitlines()) == 1
    )


def test_a_table_names_an_untitled_article_by_its_first_words(stocked: Runtime, run: Run) -> None:
    assert "[untitled] A fourth The gate at the border" in run("search", "fourth").stdout


def test_nothing_found_is_no_error(stocked: Runtime, run: Run) -> None:
    done = run("search", "pomegranates")
    assert (done.exit_code, done.stdout.startswith("0 article(s)")) == (0, True)
    assert run("search", "pomegranates", "--format", "jsonl").stdout == ""
    assert run("search", "pomegranates", "--format", "csv").stdout.strip("\ufeff\n") == ",".join(COLUMNS)
    assert run("search", "pomegranates", "--format", "ris").stdout == ""


@pytest.mark.parametrize("name", ["https://www.paper.example/0/", "http://paper.example/0?utm_source=x"])
def test_an_article_is_shown_by_any_of_its_addresses(stocked: Runtime, run: Run, name: str) -> None:
    done = run("show", name)
    assert done.exit_code == 0 and done.stdout.startswith("[A gate]")
    assert json.loads(run("show", name, "--json").stdout)["title"] == "A gate"
    assert json.loads(run("show", name, "--raw").stdout)["body"] == BODY


def test_what_matches_a_query_is_marked_and_what_does_not_is_said(stocked: Runtime, run: Run) -> None:
    done = run("show", "https://paper.example/0", "--why", "border NEAR/4 shut")
    assert done.exit_code == 0 and "the [border] was [shut]" in done.stdout
    assert run("show", "https://paper.example/0", "--why", "pomegranates").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "https://paper.example/none"], "no article"),
        (["show", "http://"], "no web address"),
        (["trace", "nonsense"], "no web address"),
        (["search", "gate", "--timezone", "Mars/Base"], "no time zone"),
        (["search", "gate", "--choose", "colour=red"], "a facet and its value"),
        (["search", "gate", "--choose", "source="], "a facet and its value"),
        (["related", "https://paper.example/none"], "no article"),
        (["related", "nothing-of-this-name"], "no article"),
    ],
)
def test_wrong_words_are_said_in_one_line(stocked: Runtime, run: Run, words: list[str], said: str) -> None:
    done = run(*words)
    assert done.exit_code == 2 and said in done.output
