"""What every store promises, whatever keeps the objects: one suite over the protocol of khabar.archive.store."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khabar.archive.segments import outcome_key, pending_key, segment_key, segment_of
from khabar.archive.store import Store, open_store

ODD = [
    "a b",
    "ü/کالم/पत्र",
    "a%20b",
    "%2F",
    "a+b&c=d",
    "a?b#c",
    'it\'s "so"',
    "a\\b",
    "(a)[b]{c}<d>",
    "a*b|c^d`e",
    "x:y,z;@!$",
    "~tilde~",
    "..a/b..",
    ".hidden",
    "n" * 200,
]
NO_KEYS = [
    "",
    "/etc/passwd",
    "../outside",
    "a/../../b",
    "a//b",
    "a/",
    "./a",
    "nul\0",
    "a\tb",
    ".unfinished/x",
]
NAMES = st.text("ab-.0 %é", min_size=1, max_size=3).filter(lambda name: name not in {".", ".."})
KEYS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=6, unique=True)

PUT = """
import sys
from khabar.archive.store import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(sum(store.put(f"race/{number}", sys.argv[2].encode() * 20000) for number in range(20)))
"""


@pytest.fixture(params=["file", "s3", "s3 with prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Give an empty store: a folder, a bucket, and a part of a bucket."""
    if request.param == "file":
        return open_store((tmp_path / "archive").as_uri())
    url = request.getfixturevalue("s3_url")
    return open_store(url if request.param == "s3" else f"{url}/news/khabar")


def test_what_was_put_stays_as_it_was_put_first(store: Store) -> None:
    assert store.put("segments/2025/a", b"first")
    assert not store.put("segments/2025/a", b"second")
    assert store.get("segments/2025/a") == b"first"


def test_replacing_writes_whether_or_not_there_was_something(store: Store) -> None:
    store.replace("sent/x", b"one")
    store.replace("sent/x", b"two")
    assert store.get("sent/x") == b"two"
    assert not store.put("sent/x", b"three")


def test_what_is_absent_is_said_to_be(store: Store) -> None:
    assert store.get("segments/none") is None
    assert not store.exists("segments/none")
    store.delete("segments/none")
    assert list(store.keys("")) == []


def test_what_was_deleted_is_gone_and_may_be_put_again(store: Store) -> None:
    store.put("pending/a", b"")
    assert store.exists("pending/a")
    assert store.get("pending/a") == b""
    store.delete("pending/a")
    assert not store.exists("pending/a")
    assert list(store.keys("")) == []
    assert store.put("pending/a", b"again")


def test_an_object_larger_than_a_part_of_an_upload_is_created_once_too(store: Store) -> None:
    large = bytes(range(256)) * (9 << 12)  # 9 MiB: over the 5 from which clients like to upload in parts
    assert store.put("segments/large", large)
    assert not store.put("segments/large", large[::-1])
    assert store.get("segments/large") == large
    store.replace("segments/large", large[::-1])
    assert store.get("segments/large") == large[::-1]


def test_keys_are_sorted_and_begin_with_the_prefix(store: Store) -> None:
    keys = ["segments/2025/10/b", "segments/2025/10-x", "segments/2025/09/z", "segment", "pending/a", "b.c/d"]
    for key in keys:
        store.put(key, b"")
    assert list(store.keys("")) == sorted(keys)
    assert list(store.keys("segments/")) == sorted(keys)[3:]
    assert list(store.keys("segments/2025/10")) == ["segments/2025/10-x", "segments/2025/10/b"]
    assert list(store.keys("segments/2025/10/")) == ["segments/2025/10/b"]
    assert list(store.keys("segments/2026")) == []
    assert list(store.keys("b.c/d")) == ["b.c/d"]
    for nothing in ("/", "./", "a//b", "../", "segments//"):
        assert list(store.keys(nothing)) == []


def test_more_keys_than_a_page_of_a_listing_holds_are_all_listed(store: Store) -> None:
    keys = [f"pending/{number:05}" for number in range(1, 2022, 2)]
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda key: store.put(key, b""), keys))
    store.put("segments/a", b"")
    assert list(store.keys("pending/")) == keys
    assert list(store.keys("")) == [*keys, "segments/a"]


@pytest.mark.parametrize("key", ODD)
def test_an_odd_name_is_a_name(store: Store, key: str) -> None:
    assert store.put(key, key.encode())
    assert not store.put(key, b"again")
    assert store.exists(key)
    assert store.get(key) == key.encode()
    assert list(store.keys("")) == [key]
    assert list(store.keys(key)) == [key]
    store.delete(key)
    assert list(store.keys("")) == []


@pytest.mark.parametrize("key", NO_KEYS)
def test_what_is_no_key_is_refused_by_every_call(store: Store, key: str) -> None:
    for ask in (
        store.get,
        store.exists,
        store.delete,
        lambda it: store.put(it, b""),
        lambda it: store.replace(it, b""),
    ):
        with pytest.raises(ValueError, match="no key"):
            ask(key)


def test_the_keys_of_segments_are_keys(store: Store) -> None:
    segment = segment_key(datetime(2025, 10, 14, 12, tzinfo=UTC))
    for key in (segment, outcome_key(segment), pending_key(segment)):
        assert store.put(key, b"x")
    assert [segment_of(key) for key in store.keys("pending/")] == [segment]
    assert set(store.keys("segments/2025/10/14/")) == {segment, outcome_key(segment)}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=KEYS, prefix=st.text("ab-./0 %é", max_size=4))
def test_it_lists_as_a_sorted_set_of_strings_would(store: Store, keys: list[str], prefix: str) -> None:
    keys = [key for key in keys if not any(other.startswith(f"{key}/") for other in keys)]
    shelf = f"{uuid4().hex}/"
    for key in keys:
        assert store.put(shelf + key, b"")
    assert list(store.keys(shelf + prefix)) == sorted(shelf + key for key in keys if key.startswith(prefix))


def test_of_processes_that_create_one_object_one_wins_and_nothing_is_mixed(store: Store) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", PUT, store.url, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abc"
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
    whole = {name * 20000 for name in (b"a", b"b", b"c")}
    assert {store.get(f"race/{number}") for number in range(20)} <= whole
