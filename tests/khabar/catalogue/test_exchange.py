"""Machines that share a store end up with one catalogue, and nobody's writing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khabar.archive.store import Store, open_store
from khabar.catalogue.exchange import PREFIX, apart, offer, take
from khabar.codec import dump

TOPIC = "topics/ferries.yaml"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "archive"))


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return tmp_path / "one" / "catalogue"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return tmp_path / "two" / "catalogue"


def put(folder: Path, text: str, name: str = TOPIC) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def sync(store: Store, folder: Path) -> list[Path]:
    aside = take(store, folder)
    offer(store, folder)
    return aside


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.yaml")}


def test_what_one_machine_writes_the_others_take_over(store: Store, one: Path, two: Path) -> None:
    put(one, "a")
    sync(store, one)
    assert sync(store, two) == []
    assert files(two) == {TOPIC: "a"}
    put(two, "b")
    put(two, "c", "sources/pk/daily.yaml")
    sync(store, two)
    sync(store, one)
    assert files(one) == {TOPIC: "b", "sources/pk/daily.yaml": "c"}
    assert list(apart(store, one)) == []


def test_what_is_deleted_on_one_machine_goes_on_the_others(store: Store, one: Path, two: Path) -> None:
    put(one, "a")
    put(one, "b", "gazetteer/own.yaml")
    sync(store, one)
    sync(store, two)
    (two / TOPIC).unlink()
    sync(store, two)
    sync(store, one)
    assert files(one) == {"gazetteer/own.yaml": "b"}


def test_different_files_changed_at_once_are_brought_together(store: Store, one: Path, two: Path) -> None:
    put(one, "a")
    sync(store, one)
    sync(store, two)
    put(one, "a2")
    put(two, "b", "gazetteer/own.yaml")
    sync(store, one)
    assert offer(store, two) is None, "the other was faster: first take what it gave"
    sync(store, two)
    sync(store, one)
    assert files(one) == files(two) == {TOPIC: "a2", "gazetteer/own.yaml": "b"}


def test_one_file_changed_on_both_is_the_first_ones_and_the_second_is_kept_aside(
    store: Store, one: Path, two: Path
) -> None:
    put(one, "mine")
    put(two, "yours")
    sync(store, one)
    [aside] = sync(store, two)
    assert files(one) == files(two) == {TOPIC: "mine"}
    assert aside.read_text("utf-8") == "yours"
    [finding] = apart(store, two)
    assert str(aside) in finding
    assert "merge it by hand" in finding


def test_how_a_machine_differs_is_said(store: Store, one: Path, two: Path) -> None:
    put(one, "a")
    [finding] = apart(store, one)
    assert TOPIC in finding
    assert "the other machines do not have it yet" in finding
    sync(store, one)
    [finding] = apart(store, two)
    assert "is not the one that the machines share (version 1; topics/ferries.yaml)" in finding
    sync(store, two)
    assert not list(apart(store, two))


def test_nothing_is_written_where_nothing_changed(store: Store, one: Path) -> None:
    assert offer(store, one) is None
    put(one, "a")
    sync(store, one)
    sync(store, one)
    assert len(list(store.keys(PREFIX))) == 1
    put(one, "hidden", "topics/.draft.yaml")
    assert offer(store, one) is None


@pytest.mark.parametrize(
    "name", ["../evil.yaml", "/evil.yaml", "topics/../../evil.yaml", "topics/x.sh", "evil.yaml"]
)
def test_a_version_writes_nothing_outside_the_folder(store: Store, one: Path, name: str) -> None:
    store.put(f"{PREFIX}000001.json", dump({name: "x", TOPIC: "a"}))
    take(store, one)
    assert files(one) == {TOPIC: "a"}
    assert not list(one.parent.parent.rglob("evil*"))


@given(
    edits=st.lists(
        st.tuples(
            st.sampled_from(["one", "two"]),
            st.sampled_from("abc"),
            st.sampled_from(["x", "y", None]),
            st.booleans(),
        ),
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_edited_where_in_the_end_both_have_the_same(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, str | None, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    store = open_store(str(folder / "archive"))
    for machine, name, text, synced in edits:
        path = folder / machine / "catalogue"
        if text is None:
            (path / f"topics/{name}.yaml").unlink(missing_ok=True)
        else:
            put(path, text, f"topics/{name}.yaml")
        if synced:
            sync(store, path)
    for machine in ("one", "two", "one", "two"):
        sync(store, folder / machine / "catalogue")
    assert files(folder / "one" / "catalogue") == files(folder / "two" / "catalogue")
    assert not list(apart(store, folder / "one" / "catalogue")) or list(folder.rglob("*.mine"))
