"""Rules in a source file: what they may say, and what is said of wrong ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from khabar.catalogue.problems import Problems
from khabar.catalogue.source import read_source
from khabar.models import Rules

HEAD = "id: salt\nname: Salt\nlanguages: [en]\ntimezone: UTC\nendpoints: []\n"


def read(tmp_path: Path, rules: str) -> tuple[tuple[Rules, ...], list[str]]:
    path = tmp_path / "salt.yaml"
    path.write_text(HEAD + rules, "utf-8")
    problems = Problems()
    found = read_source(path, problems)
    said = [f"{each.line}:{each.column}: {each.what} — {each.how}" for each in sorted(problems.found)]
    return (found[1].rules if found else ()), said


def test_versions_are_kept_in_their_order(tmp_path: Path) -> None:
    text = "rules:\n  - {body: 'div.a > p', valid_until: 2024-12-31}\n  - {title: h2, author: '.by', date: time, drop: [.ad]}\n"
    assert read(tmp_path, text) == (
        (
            Rules(body="div.a > p", valid_until=date(2024, 12, 31)),
            Rules(title="h2", author=".by", date="time", drop=(".ad",)),
        ),
        [],
    )


@pytest.mark.parametrize(
    ("rules", "place", "said"),
    [
        ("rules:\n  - {body: 'div[['}\n", "7:12", "is no CSS selector"),
        ("rules:\n  - {text: p}\n", "7:6", "unknown key `text`"),
        ("rules: {body: p}\n", "6:8", "write a list of versions"),
        ("rules:\n  - {valid_until: 2025-01-31}\n", "7:5", "a version without a rule"),
        ("rules:\n  - {body: p}\n  - {body: div}\n", "8:5", "the oldest first"),
        ("rules:\n  - {body: p, valid_until: 2025-02-01}\n  - {body: a, valid_until: 2025-01-01}\n", "8:5", "the oldest first"),
        ("rules:\n  - {body: p, valid_until: soon}\n", "7:28", "is no date"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, rules: str, place: str, said: str) -> None:
    found, problems = read(tmp_path, rules)
    assert found == ()
    assert any(line.startswith(place) and said in line for line in problems), problems
