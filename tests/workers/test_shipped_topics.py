"""The topics that are shipped, on passages of our own writing: what each is on, and what it only seems to be on."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from khabar.catalogue import SHIPPED, load
from khabar.models import Article, TopicMatch
from workers.entities import Matcher, compile_gazetteer, tag_entities
from workers.topics import Compiled, compile_topics, tag_topics

PASSAGES: list[dict[str, Any]] = [
    passage
    for name in ("topic_passages", "topic_passages_blind")
    for passage in yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text("utf-8"))
]
NAMES = [f"{passage['lang']} {passage['title'][:40]}" for passage in PASSAGES]


@pytest.fixture(scope="module")
def names() -> Matcher:
    return compile_gazetteer(load([SHIPPED]).gazetteer)


@pytest.fixture(scope="module")
def topics() -> Compiled:
    return compile_topics(load([SHIPPED]).topics.values())


def found(passage: dict[str, Any], names: Matcher, topics: Compiled) -> dict[str, TopicMatch]:
    bare = Article(
        id="x",
        url="https://a.example/x",
        source="a",
        title=passage["title"],
        body=passage["text"],
        fetched=datetime(2026, 1, 1, tzinfo=UTC),
        lang=passage["lang"],
    )
    return {match.id: match for match in tag_topics(tag_entities(bare, names), topics).topics}


@pytest.mark.parametrize("passage", PASSAGES, ids=NAMES)
def test_a_passage_has_the_topics_that_it_is_on_and_not_those_that_it_seems_to_be_on(
    passage: dict[str, Any], names: Matcher, topics: Compiled
) -> None:
    said = found(passage, names, topics)
    assert set(passage.get("has", ())) <= said.keys()
    assert not said.keys() & set(passage.get("not", ()))
    for match in said.values():
        assert match.evidence, "whoever asks why is shown the words"


def test_each_topic_is_tried_in_several_languages_and_on_traps(topics: Compiled) -> None:
    languages = {
        topic.id: Counter(passage["lang"] for passage in PASSAGES if topic.id in passage.get("has", ()))
        for topic in topics.topics
    }
    assert len(languages) == 6
    for topic, counted in languages.items():
        traps = [passage for passage in PASSAGES if topic in passage.get("not", ())]
        assert traps, topic
        assert len(counted) >= (5 if topic != "pak-taliban" else 2), topic  # its own are in test_topics.py


def test_every_shipped_topic_has_a_digest_and_a_threshold_that_no_single_signal_reaches(
    topics: Compiled,
) -> None:
    for topic in topics.topics:
        assert topic.digest is not None, topic.id
        assert max(signal.weight for signal in topic.signals) < topic.threshold, topic.id
