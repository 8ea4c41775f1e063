"""Articles like one, by its id, its address, a page or a text that somebody pasted; nothing of it is stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from khabar.cli import khabar
from khabar.codec import load
from khabar.models import Article, Capture, Discovery, attempt_name
from khabar.runtime import Runtime
from search.tree import Everything

Run = Callable[..., Result]
DAM = (
    "The dam above the valley holds less water each winter. Engineers say the reservoir fills with silt, the turbines "
    "stand still for weeks, and nobody has asked the farmers below what they would do with a dry canal."
)
GATE = (
    "The crossing was shut for nine days. Truckers waited with rotting fruit, customs officers played cards, and the "
    "traders of both bazaars counted what a closed gate costs them every winter."
)
TEXTS = {
    "dam": ("What a dam is for", DAM),
    "silt": ("Silt", f"Silt is patient. {DAM.replace('valley', 'plain').replace('holds', 'has')} The reservoir is old."),
    "gate": ("A shut gate", GATE),
    "toll": ("A toll", f"There is a toll on the road. {GATE.replace('nine', 'two').replace('rotting', 'fresh')} The gate!"),
    "poem": ("A poem", "Roses were late this spring, and the poets of the old city blamed the moon, the mayor and the snow."),
}  # fmt: skip


@pytest.fixture
def run(runtime: Runtime) -> Run:
    return lambda *words: CliRunner().invoke(khabar, [*words, "--home", str(runtime.settings.home)])


@pytest.fixture
def stocked(runtime: Runtime, bring_in: Callable[[], None]) -> Runtime:
    writer = runtime.writer()
    for number, (name, (title, body)) in enumerate(TEXTS.items()):
        url, at = f"https://paper.example/{name}", runtime.clock().replace(microsecond=number)
        told = Discovery(attempt_name(at, url), url, at, "paper", "import")
        payload = json.dumps({"title": title, "body": body}).encode()
        writer.append(Capture(url, at, "article", payload), told)
    writer.seal()
    bring_in()
    return runtime


def nearest(run: Run, *words: str) -> tuple[dict[str, Any], list[str]]:
    done = run("related", *words, "--format", "json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    return found, [hit["article"]["url"].rsplit("/", 1)[1] for hit in found["hits"]]


def test_json_is_as_a_search_gives_it_and_says_what_is_shared(stocked: Runtime, run: Run) -> None:
    found, names = nearest(run, "https://paper.example/dam", "--explain")
    assert names[0] == "silt" and "dam" not in names
    assert set(found) == {"query", "total", "took_ms", "hits", "facets", "timeline", "explain", "copies"}
    assert (found["query"], found["total"]) == ("https://paper.example/dam", len(names))
    hit = found["hits"][0]
    assert set(hit) == {"score", "article", "snippets"} and "body" not in hit["article"]
    assert any("<mark>" in passage for passage in hit["snippets"])
    explained = found["explain"][hit["article"]["id"]]
    assert "dam" in explained["terms"] and explained["entities"] == []
    assert nearest(run, hit["article"]["id"])[1][0] == "dam"  # by id as well
    assert nearest(run, "https://paper.example/dam")[0]["explain"] == {}


def test_a_table_and_lines(stocked: Runtime, run: Run) -> None:
    table = run("related", "https://paper.example/gate", "--limit", "1", "--explain").stdout
    assert table.startswith("1 article(s) nearest to: A shut gate, ") and "1. A toll" in table
    assert "\n     terms " in table
    [line] = run(
        "related", "https://paper.example/gate", "--limit", "1", "--format", "jsonl"
    ).stdout.splitlines()
    assert load(line, Article).title == "A toll"


def test_a_pasted_text_or_page_has_its_nearest_and_is_not_stored(
    stocked: Runtime, run: Run, tmp_path: Path
) -> None:
    pasted = tmp_path / "pasted.txt"
    pasted.write_text("Why was the crossing shut? The truckers and the customs officers tell us.", "utf-8")
    assert set(nearest(run, str(pasted))[1][:2]) == {"gate", "toll"}
    page = tmp_path / "page.html.gz"
    html = f"<html><head><title>Silt</title></head><body><article><h1>Silt</h1><p>{DAM}</p><p>{DAM}</p></article></body></html>"
    page.write_bytes(gzip.compress(html.encode()))
    assert set(nearest(run, str(page))[1][:2]) == {"dam", "silt"}
    assert stocked.index.search(Everything(), limit=0).total == len(TEXTS)
    assert list(stocked.store.keys("pending/")) == []


def test_a_query_keeps_to_what_it_finds(stocked: Runtime, run: Run) -> None:
    assert nearest(run, "https://paper.example/dam", "--within", "pomegranates")[1] == []
    assert nearest(run, "https://paper.example/gate", "--within", "toll -poets")[1] == ["toll"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "nothing in it"), (b"\xff\xfe\xfa", "no text in UTF-8"), (b"a " * 600_000, "longer than 1 MiB")],
)
def test_a_file_without_a_text_is_said_in_one_line(
    stocked: Runtime, run: Run, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(content)
    done = run("related", str(file))
    assert done.exit_code != 0 and said in str(done.exception) and str(file) in str(done.exception)


def test_a_page_that_is_no_article_is_said(stocked: Runtime, run: Run, tmp_path: Path) -> None:
    page = tmp_path / "empty.html"
    page.write_text("<html><body><nav>Menu</nav></body></html>", "utf-8")
    assert "no article in it" in str(run("related", str(page)).exception)
