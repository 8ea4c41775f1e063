"""Versions of topics: a number for each content that was ever in use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from khabar.archive.store import Store, open_store
from khabar.catalogue import Catalogue, load
from khabar.catalogue.versions import known, numbered, register


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store((tmp_path / "archive").as_uri())


def catalogue(folder: Path, query: str = "river", title: str = "Rivers", other: str = "gate") -> Catalogue:
    (folder / "topics").mkdir(parents=True, exist_ok=True)
    for name, asked, called in (("river", query, title), ("gate", other, "Gates")):
        text = f"id: {name}\ntitle: {called}\nquery: {asked}\nsignals:\n  - {{query: {asked}, weight: 2}}\nthreshold: 1\n"
        (folder / "topics" / f"{name}.yaml").write_text(text)
    return load([folder])


def test_a_topic_begins_with_its_first_version_and_keeps_it(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        assert register(store, catalogue(tmp_path)) == {"gate": 1, "river": 1}
    assert len(list(store.keys("catalogue/topics/"))) == 2


def test_what_decides_on_articles_makes_a_version_and_a_title_does_not(store: Store, tmp_path: Path) -> None:
    register(store, catalogue(tmp_path))
    assert register(store, catalogue(tmp_path, title="Of rivers"))["river"] == 1
    assert register(store, catalogue(tmp_path, query="river OR bridge")) == {"gate": 1, "river": 2}


def test_going_back_to_an_older_content_is_a_new_version(store: Store, tmp_path: Path) -> None:
    for version, query in enumerate(["river", "bridge", "river"], 1):
        assert register(store, catalogue(tmp_path, query=query))["river"] == version


def test_looking_writes_nothing_and_names_the_number_to_come(store: Store, tmp_path: Path) -> None:
    assert known(store, catalogue(tmp_path)) == {"gate": 1, "river": 1}
    assert list(store.keys("")) == []
    register(store, catalogue(tmp_path))
    assert known(store, catalogue(tmp_path)) == {"gate": 1, "river": 1}
    assert known(store, catalogue(tmp_path, query="bridge"))["river"] == 2


def test_many_that_register_at_once_agree(store: Store, tmp_path: Path) -> None:
    asked = [catalogue(tmp_path / str(n), query="river" if n % 2 else "bridge") for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda each: register(store, each), asked))
    keys = list(store.keys("catalogue/topics/river/"))
    contents = [store.get(key) for key in keys]
    assert all(one != other for one, other in pairwise(contents))
    assert [key[-11:] for key in keys] == [f"{n:06d}.json" for n in range(1, len(keys) + 1)]


def test_a_catalogue_carries_its_numbers(tmp_path: Path) -> None:
    topics = numbered(catalogue(tmp_path), {"river": 4}).topics
    assert (topics["river"].version, topics["gate"].version) == (4, 1)
