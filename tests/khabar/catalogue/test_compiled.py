"""A gazetteer that is written down is the one that the files tell, and a file that is no good costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from khabar.catalogue import SHIPPED, Compiled, Gazetteer, GazetteerEntity
from khabar.catalogue.compiled import compiled
from khabar.catalogue.entity import gather
from khabar.catalogue.folders import load
from khabar.catalogue.kept import contents
from khabar.catalogue.problems import Place, Problems

Ask = Callable[..., Gazetteer]


def made(name: str) -> Gazetteer:
    return gather({"torkham": GazetteerEntity("torkham", "place", name, short={"en": ("Tor",)})})


@pytest.fixture
def reads() -> list[str]:
    return []


@pytest.fixture
def ask(tmp_path: Path, reads: list[str]) -> Ask:
    """Ask for a gazetteer as a process would that has kept nothing."""

    def asked(seen: bytes = b"seen", name: str = "Torkham", may_write: bool = True) -> Gazetteer:
        def read() -> Gazetteer:
            reads.append(name)
            return made(name)

        where = Compiled(tmp_path / "cache" / "gazetteer.json", may_write)
        return compiled(where, lambda: seen, read, Problems())

    return asked


def test_the_next_one_need_not_read(ask: Ask, reads: list[str]) -> None:
    assert ask() == ask() == made("Torkham")
    assert reads == ["Torkham"]


def test_other_files_are_read_and_take_its_place(ask: Ask, reads: list[str], tmp_path: Path) -> None:
    ask()
    assert ask(b"other", "Chaman") == ask(b"other", "Chaman") == made("Chaman")
    assert reads == ["Torkham", "Chaman"]
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["gazetteer.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b'{"of": "seen"}', b"\xff\xfe"])
def test_a_damaged_file_is_read_over_and_mended(
    ask: Ask, reads: list[str], tmp_path: Path, damage: bytes
) -> None:
    ask()
    (tmp_path / "cache" / "gazetteer.json").write_bytes(damage)
    assert ask() == ask() == made("Torkham")
    assert reads == ["Torkham"] * 2


def test_who_only_reads_writes_nothing(ask: Ask, reads: list[str], tmp_path: Path) -> None:
    assert ask(may_write=False) == made("Torkham")
    assert list(tmp_path.iterdir()) == []
    ask()
    assert ask(may_write=False) == made("Torkham") and len(reads) == 2


def test_where_it_cannot_be_written_nobody_minds(ask: Ask, reads: list[str], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands here")
    assert ask() == ask() == made("Torkham")
    assert len(reads) == 2


def test_what_has_problems_or_changes_under_the_reading_is_not_written_down(tmp_path: Path) -> None:
    where, problems = Compiled(tmp_path / "cache" / "gazetteer.json", may_write=True), Problems()
    looks = iter([b"before", b"after"])
    compiled(where, lambda: next(looks), lambda: made("Torkham"), problems)

    def wrong() -> Gazetteer:
        problems.add(Place("a", 1, 1), "is wrong", "mend it")
        return made("Torkham")

    compiled(where, lambda: b"seen", wrong, problems)
    assert not where.file.exists()


def test_a_process_that_has_it_leaves_it_in_each_home(tmp_path: Path) -> None:
    gazetteer, reads = load([SHIPPED]).gazetteer, list[str]()
    for name in ("one", "other"):
        where = Compiled(tmp_path / name / "cache" / "gazetteer.json")
        (tmp_path / name).mkdir()
        load([SHIPPED, tmp_path / name], where)
        assert not where.file.exists(), "whoever only reads leaves nothing"
        load([SHIPPED, tmp_path / name], replace(where, may_write=True))
        look = partial(contents, [SHIPPED, tmp_path / name], "gazetteer/*")
        assert compiled(where, look, lambda: made(str(reads.append("read"))), Problems()) == gazetteer
    assert reads == []


def test_the_shipped_gazetteer_is_written_down_whole(tmp_path: Path) -> None:
    gazetteer = load([SHIPPED]).gazetteer
    where = Compiled(tmp_path / "gazetteer.json", may_write=True)
    compiled(where, lambda: b"seen", lambda: gazetteer, Problems())
    again = compiled(where, lambda: b"seen", lambda: made("Torkham"), Problems())
    assert again == gazetteer and list(again.entities) == list(gazetteer.entities)
    assert all(again.resolve(name) == id_ for name, id_ in gazetteer.names.items())
