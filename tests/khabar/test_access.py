"""Keys: shown once, kept as hashes, revoked for good."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from khabar.access import FRESH, Ring, add, keys, revoke
from khabar.archive.store import Store, open_store
from khabar.cli import khabar

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "archive"))


class Seconds:
    """A monotonic clock that the test puts on."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_key_opens_and_its_text_lies_nowhere(store: Store, tmp_path: Path) -> None:
    text = add(store, "desk", "write", NOON)
    key = Ring(store).opens(text)
    assert key is not None and (key.name, key.role, key.created) == ("desk", "write", NOON)
    secret = text.split("_", 2)[2].encode()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*.json"))
    assert kept and secret not in kept
    assert key.id.encode() in kept


def test_two_keys_differ_and_open_each_as_itself(store: Store) -> None:
    texts = [add(store, f"key {number}", "read", NOON) for number in range(5)]
    ring = Ring(store)
    opened = [ring.opens(text) for text in texts]
    assert [key and key.name for key in opened] == [f"key {number}" for number in range(5)]
    assert len(set(texts)) == 5


def test_what_is_no_key_opens_nothing(store: Store) -> None:
    text = add(store, "desk", "read", NOON)
    other = add(store, "other", "read", NOON)
    ring = Ring(store)
    mixed = text[:20] + other[20:]  # the id of one with the secret of another
    for wrong in (
        "",
        "khabar_",
        text[:-1],
        text + "x",
        text.upper(),
        mixed,
        f" {text}",
        f"{text}\n",
        "خبر",
        "x" * 10**6,
    ):
        assert ring.opens(wrong) is None, wrong[:80]


def test_a_revoked_key_opens_no_more_once_the_ring_has_looked(store: Store) -> None:
    seconds = Seconds()
    ring = Ring(store, seconds)
    text = add(store, "desk", "read", NOON)
    key = ring.opens(text)
    assert key is not None
    assert revoke(store, key.id, NOON + timedelta(days=1))
    assert ring.opens(text) == key  # not looked again yet
    seconds.now += FRESH
    assert ring.opens(text) is None
    assert not revoke(store, "0" * 12, NOON)


def test_revoking_twice_keeps_the_first_time(store: Store) -> None:
    add(store, "desk", "read", NOON)
    [id_] = keys(store)
    assert revoke(store, id_, NOON) and revoke(store, id_, NOON + timedelta(days=1))
    assert keys(store)[id_].revoked == NOON


def test_the_commands_make_list_and_revoke(tmp_path: Path) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(khabar, [*words, "--home", str(tmp_path)])

    assert run("keys", "list").stdout == ""
    made = run("keys", "add", "newsroom", "--role", "write")
    text = made.stdout.strip()
    assert re.fullmatch(r"khabar_[0-9a-f]{12}_[\w-]{43}", text) and "cannot be shown again" in made.stderr
    id_ = text.split("_")[1]
    listed = run("keys", "list").stdout
    assert id_ in listed and "write" in listed and "in use" in listed and "newsroom" in listed
    assert text.split("_", 2)[2] not in listed
    assert run("keys", "revoke", id_).exit_code == 0
    assert "revoked" in run("keys", "list").stdout
    assert Ring(open_store(str(tmp_path / "archive"))).opens(text) is None


@pytest.mark.parametrize(
    "words", [("revoke", "0" * 12), ("add", " "), ("add", "a\nb"), ("add", "x", "--role", "owner")]
)
def test_wrong_words_are_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(khabar, ["keys", *words, "--home", str(tmp_path)])
    assert done.exit_code == 2 and "Error: " in done.stderr
