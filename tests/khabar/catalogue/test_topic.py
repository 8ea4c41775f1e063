"""Topic files: queries with places, signals, and a hash that changes exactly when the findings may."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from khabar.catalogue import DigestPlan, GazetteerEntity, Topic
from khabar.catalogue.entity import gather
from khabar.catalogue.problems import Problems
from khabar.catalogue.topic import read_topic
from search.tree import And, EntityNode, Or, Word

ENTITIES = [
    GazetteerEntity("ttp", "organization", "TTP"),
    GazetteerEntity("afghan-taliban", "organization", "Taliban", aliases={"ur": ("طالبان",)}),
    GazetteerEntity("pakistan", "country", "Pakistan"),
]
GAZETTEER = gather({entity.id: entity for entity in ENTITIES})
LEAST = "id: t\ntitle: T\nquery: entity:ttp AND border\n"


def read(tmp_path: Path, text: str) -> tuple[Topic | None, list[str]]:
    path = tmp_path / "t.yaml"
    path.write_text(text, "utf-8")
    problems = Problems()
    found = read_topic(path, GAZETTEER, problems)
    said = [f"{each.line}:{each.column}: {each.what} — {each.how}" for each in sorted(problems.found)]
    return (found[1] if found else None), said


def good(tmp_path: Path, text: str) -> Topic:
    topic, problems = read(tmp_path, text)
    assert not problems
    assert topic is not None
    return topic


def test_a_query_alone_is_a_topic(tmp_path: Path) -> None:
    topic = good(tmp_path, LEAST)
    assert topic.node == And((EntityNode("ttp"), Word("border")))
    assert (topic.threshold, topic.signals, topic.veto, topic.digest, topic.enabled) == (
        0.0,
        (),
        (),
        None,
        True,
    )


def test_everything_that_can_be_said_is_kept(tmp_path: Path) -> None:
    topic = good(
        tmp_path,
        """
id: t
title: T
query: >-
  entity:(ttp OR طالبان)
  AND border
groups: {militants: [ttp, Taliban]}
signals:
  - {query: talks, weight: 2}
  - {entity: pakistan, weight: 1, in: title}
  - {entity: [militants, pakistan], weight: 1.5, times: 3, per: 200}
  - {about: militants, weight: -2}
  - {near: [militants, pakistan], within: 5, weight: 3}
veto: [{query: cricket, unless_score: 10}, {query: hockey}]
threshold: 7
digest: {time: 06:30, timezone: Asia/Karachi, readers: [desk@example.org], weekly: yes}
alert: {when: spike}
enabled: false
""",
    )
    assert topic.node == And((Or((EntityNode("ttp"), EntityNode("afghan-taliban"))), Word("border")))
    militants, pakistan = frozenset({"ttp", "afghan-taliban"}), frozenset({"pakistan"})
    assert [(each.measure, each.sets, each.weight) for each in topic.signals] == [
        ("query", (), 2.0),
        ("entity", (pakistan,), 1.0),
        ("entity", (militants, pakistan), 1.5),
        ("about", (militants,), -2.0),
        ("near", (militants, pakistan), 3.0),
    ]
    assert topic.signals[0].node == Word("talks")
    assert [each.where for each in topic.signals] == ["text", "title", "text", "text", "text"]
    assert (topic.signals[2].times, topic.signals[2].per, topic.signals[4].within) == (3, 200, 5)
    assert [(veto.query, veto.unless_score) for veto in topic.veto] == [("cricket", 10.0), ("hockey", None)]
    assert topic.digest == DigestPlan(time(6, 30), "Asia/Karachi", ("desk@example.org",), weekly=True)
    assert (topic.threshold, topic.alert, topic.enabled) == (7.0, "spike", False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("signals: [{query: 'border NEAR/6', weight: 1}]", "4:33: the query cannot be read: something to search is missing"),
        ("signals: [{query: 'published:7d', weight: 1}]", "4:19: the query means something else each day — write the date"),
        ("signals: [{query: 'entity:tpp', weight: 1}]", "4:27: the query cannot be read: no entity is known as tpp"),
        ("signals: [{entity: tpp, weight: 1}]", "4:20: unknown entity `tpp` — did you mean `ttp`?"),
        ("groups: {g: [ttp, nobody]}", "4:19: unknown entity `nobody` — add it to the gazetteer"),
        ("signals: [{weight: 1}]", "4:11: a signal needs one thing to look for — give one of query, entity"),
        ("signals: [{query: a, entity: ttp, weight: 1}]", "4:11: a signal needs one thing to look for"),
        ("signals: [{query: talks}]", "4:11: `weight` is missing — add `weight: 2`"),
        ("signals: [{query: talks, weight: two}]", "4:34: `two` is no number — write a number from -1000 to 1000"),
        ("signals: [{near: ttp, weight: 1}]", "4:11: near needs two — write near: [one, other]"),
        ("signals: [{about: ttp, within: 3, weight: 1}]", "4:24: `within` says nothing of `about` — remove it"),
        ("signals: [{query: talks, within: 3, weight: 1}]", "4:26: `within` says nothing of `query` — remove it"),
        ("veto: [{query: '(a'}]", "4:17: the query cannot be read: this ( is never closed"),
        ("veto: [{query: a, unless: 3}]", "4:19: unknown key `unless` — did you mean `unless_score`?"),
        ("digest: {time: 25:00, timezone: UTC}", '4:16: `25:00` is no time of day — write it as "06:30"'),
        ("digest: {time: 06:30}", "4:9: `timezone` is missing — add `timezone: Asia/Karachi`"),
        ("digest: {time: 06:30, timezone: UTC, readers: [desk]}", "4:48: `desk` is no mail address — write name@host"),
        ("alert: {when: daily}", "4:15: unknown `daily` — use now, hourly, spike"),
        ("version: 3", "4:1: unknown key `version`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place_and_its_mending(tmp_path: Path, line: str, said: str) -> None:
    topic, problems = read(tmp_path, LEAST + line + "\n")
    assert topic is None
    assert [problem for problem in problems if problem.startswith(said)], problems


def test_a_bad_place_in_a_folded_query_is_found_on_its_own_line(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "id: t\ntitle: T\nquery: >-\n  entity:ttp AND\n  (border\n")
    assert problems[0].startswith(
        "5:3: the query cannot be read: this ( is never closed — did you mean entity:ttp"
    )


def test_queries_are_judged_though_something_else_is_wrong(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "titel: T\nquery: (a\nveto: [{query: b AND}]\n")
    assert [problem.split(": ", 1)[0] for problem in problems] == ["1:1", "1:1", "1:1", "2:8", "3:20"]


CHANGES = [
    ("query: entity:ttp AND border", "query: entity:ttp OR border"),
    ("weight: 2", "weight: 3"),
    ("in: title", "in: lead"),
    ("within: 5", "within: 6"),
    ("[ttp, afghan-taliban]", "[ttp]"),
    ("unless_score: 10", "unless_score: 11"),
    ("threshold: 7", "threshold: 8"),
]
FULL = (
    LEAST
    + """\
groups: {g: [ttp, afghan-taliban]}
signals: [{entity: g, weight: 2, in: title}, {near: [g, pakistan], within: 5, weight: 1}]
veto: [{query: cricket, unless_score: 10}]
threshold: 7
"""
)


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_the_hash_changes_with_what_decides_the_findings(tmp_path: Path, old: str, new: str) -> None:
    assert old in FULL
    assert good(tmp_path, FULL).digest_of != good(tmp_path, FULL.replace(old, new)).digest_of


def test_the_hash_does_not_change_with_anything_else(tmp_path: Path) -> None:
    other = (
        FULL.replace("title: T", "title: Another")
        + "digest: {time: 06:30, timezone: UTC}\nenabled: false\n# x\n"
    )
    assert good(tmp_path, FULL).digest_of == good(tmp_path, other).digest_of
