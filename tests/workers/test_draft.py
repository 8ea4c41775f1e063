"""A topic drafted from examples: whom they are about, what is peculiar to them, and a file that can be used as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khabar.catalogue import SHIPPED, GazetteerEntity, Topic, load, load_topic
from khabar.catalogue.entity import Gazetteer, gather
from khabar.examples import split_title
from khabar.models import Article
from workers.background import Counted, Rarity, count, rarity, shipped, written
from workers.draft import Draft, draft, quoted, render, threshold
from workers.entities import compile_gazetteer, tag_entities
from workers.topics import compile_topics, tag_topics

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GAZETTEER = gather({
    "dam": GazetteerEntity("dam", "project", "High Dam"),
    "water-board": GazetteerEntity("water-board", "organization", "Water Board"),
    "upland": GazetteerEntity("upland", "country", "Upland"),
    "lowland": GazetteerEntity("lowland", "country", "Lowland"),
})  # fmt: skip
COMMON = Counted(
    1000, dict.fromkeys(["the", "of", "and", "said", "a", "to", "in", "it"], 900) | {"river": 100}
)
TEXT = (
    "The Water Board of Upland said the sluice of the High Dam stays shut. Upland and Lowland quarrel over the silt.\n\n"
    "The Water Board said to Lowland: the sluice opens in spring. Upland wants silt rights, and the river the sluice.\n\n"
    "Silt rights, said the Water Board of Upland, and silt rights, said Lowland."
)


def rarities(_lang: str) -> Rarity:
    return rarity(COMMON, "en")


def article(title: str, body: str = TEXT, gazetteer: Gazetteer = GAZETTEER, **rest: str) -> Article:
    bare = Article("x", "u", "s", title, body, NOW, lang=rest.get("lang", "en"), authors=("Ada Quill",))
    return tag_entities(bare, compile_gazetteer(gazetteer))


def read(drafted: Draft, folder: Path, scores: list[float]) -> Topic:
    path = folder / "t.yaml"
    path.write_text(render(drafted, scores), "utf-8")
    return load_topic(path, GAZETTEER)


def score(topic: Topic, example: Article) -> float:
    found = tag_topics(
        replace(example, topics=()), compile_topics([replace(topic, threshold=-1000.0)])
    ).topics
    return found[0].score if found else -1000


def test_the_gate_asks_for_whom_the_example_is_about_and_for_their_places(tmp_path: Path) -> None:
    drafted = draft([article("Upland and Lowland at odds")], rarities)
    assert drafted.gate == "entity:water-board AND entity:lowland AND entity:upland"
    assert "Water Board (salience" in drafted.gate_why
    assert read(drafted, tmp_path, [9.0]).node


def test_words_and_phrases_that_others_do_not_say_become_signals_with_their_reasons() -> None:
    drafted = draft([article("Upland and Lowland at odds")], rarities)
    texts = [signal.text for signal in drafted.signals]
    assert any("'sluice'" in text for text in texts)
    assert any('"silt rights"' in text for text in texts)
    assert not any(f"'{common}'" in text for text in texts for common in ("said", "the", "river", "upland"))
    whys = {signal.text: signal.why for signal in drafted.signals}
    assert next(why for text, why in whys.items() if "'sluice'" in text).startswith("said 3 times")


def test_a_drafted_file_holds_its_examples_and_says_the_reason_of_every_line(tmp_path: Path) -> None:
    example = article("Upland and Lowland at odds")
    drafted = draft([example], rarities, "silt")
    reached = score(read(drafted, tmp_path, [0.0]), example)
    topic = read(drafted, tmp_path, [reached])
    assert topic.id == "silt"
    assert 0.45 * reached <= topic.threshold <= 0.55 * reached
    assert tag_topics(example, compile_topics([topic])).topics
    off = article(
        "A budget", "The budget of Upland and Lowland. The Water Board was not asked. " + "It rains. " * 200
    )
    assert not tag_topics(off, compile_topics([topic])).topics
    lines = render(drafted, [reached]).splitlines()
    for number, line in enumerate(lines):
        if line.startswith(("query:", "threshold:", "  - ")):
            assert lines[number - 1].lstrip().startswith("# "), line


def test_of_several_examples_what_half_of_them_share(tmp_path: Path) -> None:
    second = article(
        "The Water Board again", "The Water Board of Lowland mends the weir. " * 3 + "The sluice is old."
    )
    third = article(
        "Weir and sluice", "The Water Board of Lowland looks at the weir and the sluice of Lowland."
    )
    drafted = draft([article("Upland and Lowland at odds"), second, third], rarities)
    assert "water-board" in drafted.gate and "lowland" in drafted.gate and "upland" not in drafted.gate
    texts = " ".join(signal.text for signal in drafted.signals)
    assert "'sluice'" in texts and "'weir'" in texts and "'silt'" not in texts
    assert read(drafted, tmp_path, [5.0, 7.0, 6.0]).threshold == 2.5


@pytest.mark.parametrize(
    ("body", "gate"),
    [
        ("Lowland is dry. Lowland waits. Lowland prays.", "entity:lowland"),
        ("The sluice and the weir. The sluice and the weir. Nobody known.", "sluice OR weir"),
        ("of the", "*"),
    ],
)
def test_an_example_with_fewer_names_gets_what_gate_there_is(tmp_path: Path, body: str, gate: str) -> None:
    drafted = draft([article("", body)], rarities)
    assert drafted.gate == gate
    assert read(drafted, tmp_path, [1.0]).query == gate


def test_scripts_without_a_shipped_background_are_drafted_too(tmp_path: Path) -> None:
    body = "বাঁধের পানি নিয়ে বিরোধ। বাঁধের পানি কে পাবে? বাঁধের পানি সবার।"
    drafted = draft([article("পানি", body, lang="bn")], lambda _: lambda _word: 4.0)
    assert any("পানি" in signal.text for signal in drafted.signals)
    assert read(drafted, tmp_path, [2.0]).signals


@given(st.text(max_size=80), st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_whatever_the_example_says_the_file_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, title: str, body: str
) -> None:
    example = article(title.replace("\r", " "), body)
    topic = read(draft([example], rarities), tmp_path_factory.getbasetemp(), [1.0])
    assert re.fullmatch(r"[a-z0-9-]+", topic.id)
    assert topic.title


def test_a_text_is_quoted_on_one_line() -> None:
    assert quoted("it's\n  “so”: #1") == "'it''s “so”: #1'"


def test_the_threshold_is_half_of_the_weakest() -> None:
    assert [threshold(scores) for scores in ([20.0, 9.0], [0.0], [5.1])] == [4.5, 0.5, 2.5]


# --- the background -------------------------------------------------------------------------------------------


def test_words_are_counted_once_an_article_by_what_their_forms_share() -> None:
    counted = count(["Talks, talks and talk"] * 5 + ["and"] * 6, "en")
    assert counted == Counted(11, {"and": 11, "talk": 5})
    rare = rarity(counted, "en")
    assert rare("unheard") > rare("talked") > rare("and")
    assert written(counted).splitlines() == ["articles 11", "11 and", "5 talk"]


@pytest.mark.parametrize("lang", ["en", "ur", "ps", "fa"])
def test_what_is_shipped_tells_common_words_from_rare_ones(lang: str) -> None:
    counted = shipped(lang)
    assert counted is not None
    rare = rarity(counted, lang)
    common = max(counted.forms, key=counted.forms.__getitem__)
    assert rare(common) < 0.5
    assert rare("qwertyuiop") > 3


def test_of_another_language_nothing_is_shipped() -> None:
    assert shipped("xx") is None


# --- the reference op-ed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("A title\n\nBody one.\n\nBody two.", "A title"),
        ("Friday, 1 May\nHome > News\n\nA title\n\nBody.", "A title"),
        ("Just one paragraph that ends.", ""),
        ("First sentence here.\n\nSecond sentence.", ""),
        ("", ""),
    ],
)
def test_a_short_line_alone_is_the_title_of_a_plain_text(text: str, title: str) -> None:
    assert split_title(text)[0] == title


def test_from_the_reference_op_ed_alone_its_subject_is_drafted(
    shared_data: Path, tmp_path: Path, background: Callable[[str], Rarity]
) -> None:
    title, body = split_title((shared_data / "reference" / "op-ed.txt").read_text("utf-8"))
    gazetteer = load([SHIPPED]).gazetteer
    example = article(title, body, gazetteer)
    drafted = draft([example], background)
    actors, *places = drafted.gate.split(" AND ")
    assert "afghan-taliban" in actors or "ttp" in actors
    assert "entity:pakistan" in places
    path = tmp_path / "drafted.yaml"
    path.write_text(render(drafted, [10.0]), "utf-8")
    reached = score(load_topic(path, gazetteer), example)
    path.write_text(render(drafted, [reached]), "utf-8")
    assert tag_topics(example, compile_topics([load_topic(path, gazetteer)])).topics


@pytest.fixture
def background() -> Callable[[str], Rarity]:
    def of(lang: str) -> Rarity:
        counted = shipped(lang)
        assert counted is not None
        return rarity(counted, lang)

    return of
