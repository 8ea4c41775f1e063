"""Topics tried and matched anew on a real index: the same on both engines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from khabar.catalogue import Topic, load_topic
from khabar.catalogue.entity import gather
from khabar.models import Article, Document, Folded, Reference
from khabar.ports import Fold, Index
from search import elastic
from search.elastic import generations
from search.grammar import parse
from search.refusal import MAX_EXPANSION, QueryError
from search.tantivy import open_index
from search.tree import DateRange, Everything
from workers.background import rarity_in
from workers.retag import retag
from workers.topics import compile_topics
from workers.trial import try_query, try_topic

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
WINDOW = DateRange(NOW - timedelta(days=30), NOW + timedelta(days=2), field="when")
BODIES = [
    "The river ran high.", "The river and the bridge.", "A border was closed.", "The border by the river.",
    "Nothing of it.", "The old river, long ago.",
]  # fmt: skip


def article(number: int) -> Article:
    published = NOW - timedelta(days=number if number < 5 else 90)
    return Article(
        f"a{number}", f"https://a.example/{number}", "a", f"Title {number}", BODIES[number], NOW, lang="en",
        published=published, published_precision="second", cluster=f"a{number}",
    )  # fmt: skip


@pytest.fixture(params=["tantivy", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    if request.param == "tantivy":
        yield _stocked(open_index(tmp_path / "index"))
        return
    prefix = f"topics-{uuid.uuid4().hex}"
    served = elastic.open_index(request.getfixturevalue("elasticsearch_url"), prefix, shards=2)
    yield _stocked(served)
    generations.drop_all(served.server, prefix)
    served.close()


def _stocked(index: Index) -> Index:
    folds: dict[str, Fold] = {}
    for each in map(article, range(len(BODIES))):
        reference = Reference(NOW, f"urn:uuid:{each.id}", "s", each.url, f"attempt {each.id}", "a", NOW, "h")
        folds[each.id] = lambda _, a=each, r=reference: Folded(Document(a, (r,)), ())
    index.update(folds)
    return index


def topic(folder: Path, id_: str, query: str, rest: str = "", version: int = 1) -> Topic:
    path = folder / f"{id_}.yaml"
    path.write_text(f"id: {id_}\ntitle: T\nquery: {query}\n{rest}", "utf-8")
    return replace(load_topic(path, gather({})), version=version)


def apply(index: Index, topic: Topic) -> None:
    for _ in retag(index, topic.id, compile_topics([topic])):
        pass


def holding(index: Index, topic: str) -> dict[str, int]:
    found = {d.article.id: d.article.topics for d in index.scan(Everything())}
    return {name: m.version for name, matches in found.items() for m in matches if m.id == topic}


def test_a_change_is_tried_before_it_is_stored_and_then_does_what_was_said(
    index: Index, tmp_path: Path
) -> None:
    first = topic(tmp_path, "river", "river")
    apply(index, first)
    assert holding(index, "river") == {"a0": 1, "a1": 1, "a3": 1, "a5": 1}
    changed = topic(tmp_path, "river", "river OR border", "veto: [{query: bridge}]\n", version=2)
    trial = try_topic(index, changed, WINDOW, 30)
    assert [d.article.id for d in trial.found] == ["a0", "a2", "a3"], "newest first, those of the window"
    assert [d.article.id for d in trial.gained] == ["a2"]
    assert [d.article.id for d in trial.lost] == ["a1"]
    assert (trial.total, trial.let_in, trial.in_use) == (5, 4, {1})
    assert holding(index, "river") == {"a0": 1, "a1": 1, "a3": 1, "a5": 1}, "nothing is stored"
    apply(index, changed)
    assert holding(index, "river") == {"a0": 2, "a2": 2, "a3": 2, "a5": 2}
    again = try_topic(index, changed, WINDOW, 30)
    assert (again.gained, again.lost, again.in_use) == ((), (), {2})


def test_what_other_topics_find_too_is_counted(index: Index, tmp_path: Path) -> None:
    river, border = topic(tmp_path, "river", "river"), topic(tmp_path, "border", "border")
    apply(index, river)
    apply(index, border)
    assert try_topic(index, border, WINDOW, 30, ["river", "border"]).shared == {"river": (1, 3)}
    query = parse("border", now=NOW)
    assert try_query(index, query, WINDOW, 30, ["river", "border"]).shared == {
        "border": (2, 2),
        "river": (1, 3),
    }


def test_days_are_told_and_what_is_too_broad(index: Index, tmp_path: Path) -> None:
    trial = try_topic(index, topic(tmp_path, "river", "river"), WINDOW, 30)
    days = trial.by_day(NOW.date())
    assert len(days) == 30
    assert {day for day, count in days.items() if count} == {
        NOW.date() - timedelta(days=n) for n in (0, 1, 3)
    }
    assert list(replace(trial, days=400).by_day(NOW.date()).values()) == [1, 1, 1], (
        "of a long time only what is"
    )
    assert trial.too_broad is None, "of three articles nothing can be said"
    many = replace(trial, found=trial.found * 4, total=40)
    assert many.too_broad == "it finds 12 of all 40 articles, 30%"
    assert replace(many, total=1000).too_broad is None
    assert "articles a day" in (replace(many, days=1, found=trial.found * 30, total=9000).too_broad or "")


def test_a_gate_that_is_too_much_for_the_index_is_matched_all_the_same(index: Index, tmp_path: Path) -> None:
    body = " ".join(f"ab{number}" for number in range(MAX_EXPANSION + 1))
    wordy = replace(article(4), id="b", cluster="b", body=body)
    index.update({"b": lambda _: Folded(Document(wordy, ()), ())})
    gate = topic(tmp_path, "river", "river OR ab*")
    with pytest.raises(QueryError):
        list(index.scan(gate.node))
    apply(index, gate)
    assert set(holding(index, "river")) == {"a0", "a1", "a3", "a5", "b"}


def test_an_archive_that_holds_little_says_nothing_of_what_is_rare(index: Index) -> None:
    assert rarity_in(index, "en") is None
