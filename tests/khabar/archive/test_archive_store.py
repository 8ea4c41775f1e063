from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khabar.archive.files import ArchiveError
from khabar.archive.store import Store, open_store

NAMES = st.text("ab-.0", min_size=1, max_size=3).filter(lambda name: name not in {".", ".."})
KEYS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=6, unique=True)

PUT = """
import sys
from khabar.archive.store import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(sum(store.put(f"race/{number}", sys.argv[2].encode() * 20000) for number in range(20)))
"""


@pytest.fixture(params=["file", "memory"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Give a folder, and obstore's own store in memory: the code path of S3."""
    return open_store((tmp_path / "archive").as_uri() if request.param == "file" else "memory:///")


def test_what_was_put_stays_as_it_was_put_first(any_store: Store) -> None:
    assert any_store.put("segments/2025/a", b"first")
    assert not any_store.put("segments/2025/a", b"second")
    assert any_store.get("segments/2025/a") == b"first"


def test_replacing_writes_whether_or_not_there_was_something(any_store: Store) -> None:
    any_store.replace("sent/x", b"one")
    any_store.replace("sent/x", b"two")
    assert any_store.get("sent/x") == b"two"
    assert not any_store.put("sent/x", b"three")


def test_what_is_absent_is_said_to_be(any_store: Store) -> None:
    assert any_store.get("segments/none") is None
    assert not any_store.exists("segments/none")
    any_store.delete("segments/none")
    assert list(any_store.keys("")) == []


def test_what_was_deleted_is_gone_and_may_be_put_again(any_store: Store) -> None:
    any_store.put("pending/a", b"")
    assert any_store.exists("pending/a")
    any_store.delete("pending/a")
    assert not any_store.exists("pending/a")
    assert any_store.put("pending/a", b"again")


def test_keys_are_sorted_and_begin_with_the_prefix(any_store: Store) -> None:
    keys = ["segments/2025/10/b", "segments/2025/10-x", "segments/2025/09/z", "segment", "pending/a", "b.c/d"]
    for key in keys:
        any_store.put(key, b"")
    assert list(any_store.keys("")) == sorted(keys)
    assert list(any_store.keys("segments/2025/10")) == ["segments/2025/10-x", "segments/2025/10/b"]
    assert list(any_store.keys("segments/2025/10/")) == ["segments/2025/10/b"]
    assert list(any_store.keys("segments/2026")) == []


@settings(max_examples=40)  # each key is three fsyncs
@given(keys=KEYS, prefix=st.text("ab-./0", max_size=4))
def test_a_folder_lists_as_a_sorted_set_of_strings_would(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], prefix: str
) -> None:
    keys = [key for key in keys if not any(other.startswith(f"{key}/") for other in keys)]
    store = open_store(tmp_path_factory.mktemp("keys").as_uri())
    for key in keys:
        store.put(key, b"")
    assert list(store.keys(prefix)) == sorted(key for key in keys if key.startswith(prefix))


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../outside", "a/../../b", "a//b", "a/", "nul\0", ".unfinished/x"]
)
def test_a_key_cannot_lead_out_of_the_folder(store: Store, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        store.put(key, b"")


def test_of_two_processes_that_put_one_key_one_wins_and_nothing_is_mixed(store: Store) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", PUT, store.url, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [int(racer.communicate()[0]) for racer in racers]
    assert sum(won) == 20
    assert {store.get(f"race/{number}") for number in range(20)} <= {b"a" * 20000, b"b" * 20000}


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


def test_a_bare_path_and_its_url_are_one_store(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    open_store(str(folder)).put("a", b"x")
    assert open_store(folder.as_uri()).get("a") == b"x"
    assert open_store(str(folder)).url == folder.as_uri()


def test_an_unknown_kind_of_store_is_a_clear_error() -> None:
    with pytest.raises(ArchiveError, match="use file:// or s3://"):
        open_store("ftp://archive.example/")
