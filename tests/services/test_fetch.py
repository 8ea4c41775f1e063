"""What is fetched for tests with real servers, where it lies, and which Java runs it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from fetch import MissingServiceError, cache, find_elasticsearch, find_java, unpack


def java(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").write_text("")
    (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return folder


def test_the_oldest_java_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    for name, version in (("a", "17.0.15"), ("b", "25.0.3"), ("c", "21"), ("d", "1.8.0_402"), ("e", "24-ea")):
        java(tmp_path / name, version)
    (tmp_path / "f").mkdir()
    assert find_java({}, tmp_path) == tmp_path / "c"


def test_the_java_that_is_named_counts_too(tmp_path: Path) -> None:
    java(tmp_path / "jvm" / "a", "17.0.1")
    named = java(tmp_path / "mine", "23.0.1")
    assert find_java({"JAVA_HOME": str(named)}, tmp_path / "jvm") == named


def test_without_a_java_that_is_new_enough_it_says_what_is_missing(tmp_path: Path) -> None:
    java(tmp_path / "a", "17.0.1")
    with pytest.raises(MissingServiceError, match="no Java 21 or newer"):
        find_java({"JAVA_HOME": str(tmp_path / "nowhere")}, tmp_path)


def test_the_cache_is_where_the_environment_says(tmp_path: Path) -> None:
    assert cache({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "khabar" / "elasticsearch"
    assert cache({"HOME": str(tmp_path)}) == tmp_path / ".cache" / "khabar" / "elasticsearch"
    with pytest.raises(MissingServiceError, match="make services"):
        find_elasticsearch({"HOME": str(tmp_path)})


def test_of_the_archive_the_part_that_is_elasticsearch_is_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "big.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("product-1/elasticsearch/lib/a.jar", b"a")
        file.writestr("product-1/elasticsearch/config/b.yml", b"b")
        file.writestr("product-1/lib/c.jar", b"c")
        file.writestr("product-1/elasticsearch/", b"")
    folder = cache({"XDG_CACHE_HOME": str(tmp_path)})
    unpack(archive, folder)
    assert find_elasticsearch({"XDG_CACHE_HOME": str(tmp_path)}) == folder
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert found == ["config/b.yml", "lib/a.jar"]
    assert [path.name for path in folder.parent.iterdir()] == ["elasticsearch"]
