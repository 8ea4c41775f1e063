"""What was read is kept while the files stay as they are, and not a moment longer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from khabar.catalogue import CatalogueError, load
from khabar.catalogue.kept import MOST, contents, kept
from khabar.catalogue.problems import Place, Problems

ENTITY = "- {id: torkham, type: place, name: Torkham, aliases: {en: [Torkham gate]}}\n"
TOPIC = "id: gate\ntitle: The gate\nquery: entity:torkham\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("gazetteer/places.yaml", ENTITY), ("topics/gate.yaml", TOPIC)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_same_files_are_read_once(folder: Path) -> None:
    first, second = load([folder]), load([folder])
    assert first == second
    assert first.gazetteer is second.gazetteer and first.topics is second.topics


@pytest.mark.parametrize("name", ["gazetteer/places.yaml", "topics/gate.yaml"])
def test_a_change_is_seen_though_neither_time_nor_size_tells(folder: Path, name: str) -> None:

    before, file = load([folder]), folder / name
    seen = file.stat()
    file.write_text(file.read_text().replace("The gate", "His gate").replace("Torkham gate", "Torkham wall"))
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert file.stat().st_size == seen.st_size
    after = load([folder])
    assert (after.gazetteer if name.startswith("gazetteer") else after.topics) != (
        before.gazetteer if name.startswith("gazetteer") else before.topics
    )


def test_what_a_later_folder_adds_or_takes_away_is_seen(folder: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    assert set(load([folder, later]).topics) == {"gate"}
    (later / "topics").mkdir(parents=True)
    (later / "topics" / "gate.yaml").write_text(TOPIC.replace("The gate", "Another"))
    assert load([folder, later]).topics["gate"].title == "Another"
    (later / "topics" / "gate.yaml").unlink()
    assert load([folder, later]).topics["gate"].title == "The gate"


def test_a_name_that_a_topic_asks_for_and_that_is_gone_is_a_problem(folder: Path) -> None:
    load([folder])
    (folder / "gazetteer" / "places.yaml").write_text(
        ENTITY.replace("torkham", "chaman").replace("Tor", "Cha")
    )
    for _ in range(2):  # what is wrong is said each time
        with pytest.raises(CatalogueError, match="torkham"):
            load([folder])


def test_a_file_that_is_misnamed_is_said_each_time(folder: Path) -> None:
    load([folder])
    (folder / "gazetteer" / "more.yml").write_text(ENTITY)
    for _ in range(2):
        with pytest.raises(CatalogueError, match="would be left out"):
            load([folder])


def test_what_is_written_while_it_is_read_is_not_kept(tmp_path: Path) -> None:
    file, reads = tmp_path / "a", list[str]()
    file.write_text("one")

    def read(after: str) -> Callable[[], str]:
        def found() -> str:
            reads.append(file.read_text())
            file.write_text(after)
            return reads[-1]

        return found

    def look() -> bytes:
        return contents([tmp_path], "*")

    assert kept(look, read("two"), Problems()) == "one"
    file.write_text("one")
    assert kept(look, read("one"), Problems()) == "one"
    assert kept(look, read("never"), Problems()) == "one"
    assert reads == ["one", "one"]


def test_what_has_problems_is_not_kept() -> None:
    problems, reads = Problems(), list[int]()

    def read() -> int:
        reads.append(1)
        problems.add(Place("a", 1, 1), "is wrong", "mend it")
        return 0

    for _ in range(2):
        kept(lambda: b"wrong", read, problems)
    assert len(reads) == len(problems) == 2


def test_it_forgets_what_is_old() -> None:
    reads: list[int] = []
    for number in (*range(MOST + 1), 0):
        kept(lambda number=number: b"n%d" % number, lambda number=number: reads.append(number), Problems())
    assert reads == [*range(MOST + 1), 0]


def test_a_hash_tells_names_from_contents_and_one_folder_from_another(tmp_path: Path) -> None:
    seen: set[bytes] = set()
    for name, text in (("a", "bc"), ("ab", "c"), ("b", "bc"), ("a", "")):
        file = tmp_path / "one" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        seen |= {contents(each, "*") for each in ([tmp_path / "one"], [tmp_path / "none", tmp_path / "one"])}
        file.unlink()
    assert len(seen) == 8
