"""The linter of the gazetteer: it finds what is wrong, with its line, and what is shipped is sound."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from khabar.catalogue import SHIPPED
from khabar.catalogue.folders import located
from khabar.cli import khabar
from workers.soundness import common_words, unsound


def lint(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "gazetteer").mkdir(parents=True)
    (tmp_path / "gazetteer" / "g.yaml").write_text(text, "utf-8")
    assert len(located([tmp_path])) == text.count("id: ")
    return [
        f"{each.line}:{each.column}: {each.what} — {each.how}"
        for each in unsound(located([tmp_path]), common_words())
    ]


def test_what_is_shipped_is_sound() -> None:
    assert unsound(located([SHIPPED]), common_words()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: a, type: person, name: Abcd, parent: b}", "1:37: a: the parent `b` is no other entity"),
        (
            "- {id: a, type: person, name: Abcd, successor: a}",
            "1:37: a: the successor `a` is no other entity",
        ),
        (
            "- {id: a, type: place, name: Abcd}\n- {id: b, type: place, name: ABCD, flags: {requires: {ABCD: [xx yy]}}}",
            "2:30: b: `ABCD` is a name of a too, in the same company",
        ),
        (
            "- {id: a, type: place, name: Abcd, flags: {requires: {Abcd: [Xx Yy, zz]}}}\n"
            "- {id: b, type: place, name: Abcd, flags: {requires: {Abcd: [xx-yy]}}}",
            "2:30: b: `Abcd` is a name of a too, in the same company",
        ),
        (
            "- id: a\n  type: place\n  name: Abcd\n  aliases:\n    en: [Efg Hij, Efg-Hij]",
            "5:19: a: `Efg-Hij` is found as `Efg Hij` already",
        ),
        ("- {id: a, type: place, name: Tank}", "1:30: a: `Tank` is a common word in `en`"),
        (
            "- {id: a, type: place, name: Abcd, aliases: {ur: [مردان]}}",
            "1:51: a: `مردان` is a common word in `fa`",
        ),
        ("- {id: a, type: place, name: 'Ab, Cd'}", "1:31: a: `Ab, Cd` is never found"),
        ("- {id: a, type: place, name: Abcd, flags: {decoys: [Abcd]}}", "1:30: a: `Abcd` is never found"),
        (
            "- {id: a, type: place, name: Abcd, aliases: {fa: [گلزا]}, flags: {not_in: {گلزا: [fa]}}}",
            "1:51: a: `گلزا` is never found",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    found = lint(tmp_path, text)
    assert [line for line in found if line.startswith(said)], found


@pytest.mark.parametrize(
    "text",
    [
        "- {id: a, type: place, name: Tank, flags: {case_sensitive: [Tank]}}",
        "- {id: a, type: place, name: Tank, flags: {requires: {Tank: [Waziristan]}}}",
        "- {id: a, type: place, name: Turkey, flags: {decoys: [Turkey sandwich]}}",
        "- {id: a, type: place, name: Abcd, aliases: {ps: [مردان]}, flags: {not_in: {مردان: [fa, prs]}, requires: {مردان: [xx]}}}",
        "- {id: a, type: place, name: Abcd, aliases: {en: [EFGH, Efgh]}, flags: {case_sensitive: [EFGH, Efgh]}}",
        "- {id: a, type: place, name: Abcd, flags: {requires: {Abcd: [xx]}}}\n"
        "- {id: b, type: place, name: Abcd, flags: {requires: {Abcd: [yy]}}}",
        "- {id: a, type: event, name: 9/11}",
    ],
)
def test_what_is_guarded_is_sound(tmp_path: Path, text: str) -> None:
    assert lint(tmp_path, text) == []


def run(home: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(khabar, ["entities", *words, "--home", str(home)])
    return result.exit_code, result.output


def test_lint_says_what_is_wrong_and_ends_with_one(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue" / "gazetteer"
    folder.mkdir(parents=True)
    status, said = run(tmp_path, "lint")
    assert (status, "0 problems" in said) == (0, True)
    (folder / "own.yaml").write_text("- {id: own, type: place, name: Tank}\n", "utf-8")
    status, said = run(tmp_path, "lint")
    assert status == 1
    assert "own.yaml:1:32: own: `Tank` is a common word" in said


def test_entities_are_listed_by_type(tmp_path: Path) -> None:
    status, said = run(tmp_path, "list", "--type", "project")
    lines = said.splitlines()
    assert status == 0
    assert any(line.startswith("cpec ") for line in lines)
    assert all(" project " in line for line in lines)
    assert len(run(tmp_path, "list")[1].splitlines()) >= 400


def test_an_entity_is_shown_by_any_of_its_names(tmp_path: Path) -> None:
    status, said = run(tmp_path, "show", "ISK")
    assert status == 0
    assert said.startswith("isis-k: Islamic State Khorasan, organization\n")
    assert "part of      islamic-state (Islamic State)" in said
    assert "ISK  (only as it is spelled here; only beside Khorasan" in said
    assert run(tmp_path, "show", "isis-k")[1] == said
    assert "Baghdis  (doubtful: a misspelling" in run(tmp_path, "show", "badghis")[1]


def test_an_unknown_entity_is_answered_with_the_likely_one(tmp_path: Path) -> None:
    status, said = run(tmp_path, "show", "isisk")
    assert status == 2
    assert "unknown entity 'isisk': did you mean 'isis-k'?" in said
