"""Users: passwords are kept as hashes that are dear to guess; who is removed is let in no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from khabar.archive.store import Store, open_store
from khabar.cli import khabar
from khabar.people import add, remove, users, verified

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
PASSWORD = "correct horse"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "archive"))


def test_a_password_verifies_its_user_alone_and_lies_nowhere(store: Store, tmp_path: Path) -> None:
    assert add(store, "Amina Wali", "write", PASSWORD, NOON)
    assert add(store, "Omar", "read", PASSWORD, NOON)
    amina = verified(store, "amina wali", PASSWORD)
    assert amina is not None and (amina.id, amina.name, amina.role) == ("amina-wali", "Amina Wali", "write")
    for name, password in (("amina wali", "correct hors"), ("nobody", PASSWORD), ("", ""), ("omar", "")):
        assert verified(store, name, password) is None
    kept = [path.read_text() for path in tmp_path.rglob("*.json")]
    assert len(kept) == 2 and not any(PASSWORD in text for text in kept)
    one, two = users(store).values()
    assert one.hash != two.hash, "the same password is kept differently for each"


def test_who_is_removed_is_let_in_no_more_and_may_come_again(store: Store) -> None:
    assert add(store, "amina", "read", PASSWORD, NOON)
    assert not add(store, "Amina", "write", "another one", NOON), "the name is taken"
    assert remove(store, "AMINA", NOON + timedelta(days=1))
    assert not remove(store, "amina", NOON) and not remove(store, "nobody", NOON)
    assert users(store) == {} and verified(store, "amina", PASSWORD) is None
    assert add(store, "amina", "write", "another one", NOON)
    assert verified(store, "amina", PASSWORD) is None
    again = verified(store, "amina", "another one")
    assert again is not None and again.role == "write"


def run(home: Path, *words: str, said: str = "") -> Result:
    return CliRunner().invoke(khabar, ["users", *words, "--home", str(home)], input=said)


def test_the_commands_add_list_and_remove(tmp_path: Path) -> None:
    assert run(tmp_path, "list").stdout == ""
    assert (
        run(tmp_path, "add", "Amina Wali", "--role", "write", said=f"{PASSWORD}\n").stdout == "amina-wali\n"
    )
    listed = run(tmp_path, "list").stdout
    assert listed.startswith("amina-wali  write  since ") and listed.endswith("Amina Wali\n")
    assert verified(open_store(str(tmp_path / "archive")), "amina wali", PASSWORD)
    assert run(tmp_path, "remove", "amina wali").stdout == "amina-wali is removed\n"
    assert run(tmp_path, "list").stdout == ""


@pytest.mark.parametrize(
    ("words", "said", "why"),
    [
        (("add", "—"), f"{PASSWORD}\n", "a name of letters"),
        (("add", "amina"), "short\n", "at least 10 characters"),
        (("add", "amina"), "", "at least 10 characters"),
        (("remove", "nobody"), "", "no user 'nobody'"),
        (("add", "amina", "--role", "owner"), f"{PASSWORD}\n", "owner"),
    ],
)
def test_wrong_words_are_said(tmp_path: Path, words: tuple[str, ...], said: str, why: str) -> None:
    done = run(tmp_path, *words, said=said)
    assert done.exit_code == 2 and why in done.stderr


def test_a_name_that_is_taken_is_said(tmp_path: Path) -> None:
    assert run(tmp_path, "add", "amina", said=f"{PASSWORD}\n").exit_code == 0
    done = run(tmp_path, "add", "Amina", said=f"{PASSWORD}\n")
    assert done.exit_code == 2 and "already" in done.stderr
