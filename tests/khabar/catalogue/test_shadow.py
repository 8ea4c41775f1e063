"""A shipped source is switched by a copy in the home."""

from __future__ import annotations

from pathlib import Path

import pytest

from khabar.catalogue import SHIPPED, load
from khabar.catalogue.shadow import enable


def test_a_shipped_source_is_enabled_by_a_copy_and_disabled_again(tmp_path: Path) -> None:
    folders = (SHIPPED, tmp_path)
    assert not load(folders).sources["dawn"].enabled
    file = enable(folders, "dawn", True)
    assert file == tmp_path / "sources" / "pk" / "dawn.yaml"
    assert load(folders).sources["dawn"].enabled
    assert enable(folders, "dawn", False) == file
    assert not load(folders).sources["dawn"].enabled
    assert not load([SHIPPED]).sources["dawn"].enabled


def test_a_file_that_says_nothing_gets_a_line(tmp_path: Path) -> None:
    file = tmp_path / "sources" / "a.yaml"
    file.parent.mkdir()
    file.write_text("id: a\nname: A\ntimezone: UTC\nlanguages: [en]\ncountry: PK\nendpoints: []")
    enable((tmp_path,), "a", False)
    assert file.read_text().splitlines()[-1] == "enabled: false"


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        enable((SHIPPED, tmp_path), "nobody", True)


def test_nothing_shipped_is_crawled_before_somebody_says_so() -> None:
    assert not [source.id for source in load([SHIPPED]).sources.values() if source.enabled]
