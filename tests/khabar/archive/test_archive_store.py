from __future__ import annotations

from pathlib import Path

import pytest

from khabar.archive.files import ArchiveError
from khabar.archive.store import Store, open_store


def test_nothing_unfinished_is_left_or_listed(store: Store, tmp_path: Path) -> None:
    unfinished = tmp_path / "archive" / ".unfinished"
    store.put("segments/a", b"one")
    store.put("segments/a", b"two")
    store.replace("segments/b", b"three")
    assert list(unfinished.iterdir()) == []
    (unfinished / "of-a-dead-writer").write_bytes(b"half")
    assert list(store.keys("")) == ["segments/a", "segments/b"]
    store.put("segments/c", b"four")
    assert list(unfinished.iterdir()) == []


def test_a_folder_that_cannot_be_one_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = open_store(str(tmp_path / "file"))
    with pytest.raises(ArchiveError, match="a file stands where a folder should"):
        store.put("segments/a", b"")
    (tmp_path / "folder" / "segments").mkdir(parents=True)
    with pytest.raises(ArchiveError, match="name a file, not a folder"):
        open_store(str(tmp_path / "folder")).get("segments")
    with pytest.raises(ArchiveError, match="name a file, not a folder"):
        open_store(str(tmp_path / "folder")).put("segments", b"")


def test_a_bare_path_and_its_url_are_one_store(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    open_store(str(folder)).put("a", b"x")
    assert open_store(folder.as_uri()).get("a") == b"x"
    assert open_store(str(folder)).url == folder.as_uri()


def test_an_unknown_kind_of_store_is_a_clear_error() -> None:
    with pytest.raises(ArchiveError, match="use file:// or s3://"):
        open_store("ftp://archive.example/")
