"""Catalogue folders together: shadowing, doubles, clashes, and all problems of all files."""

from __future__ import annotations

from pathlib import Path

import pytest

from khabar.catalogue import CatalogueError, load

SOURCE = "id: {id}\nname: {name}\nlanguages: [en]\ntimezone: UTC\nendpoints: []\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def problems(*folders: Path) -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        load(folders)
    return [str(problem).replace(f"{folders[-1]}/", "") for problem in caught.value.problems]


def test_later_folders_shadow_earlier_ones_by_id(tmp_path: Path) -> None:
    shipped = write(
        tmp_path / "shipped",
        {
            "sources/pk/a.yaml": SOURCE.format(id="a", name="Shipped A"),
            "sources/pk/b.yaml": SOURCE.format(id="b", name="Shipped B"),
            "gazetteer/x.yaml": "- {id: ttp, type: organization, name: Old name}\n- {id: isi, type: organization, name: ISI}\n",
            "topics/t.yaml": "id: t\ntitle: Old\nquery: entity:ttp\n",
        },
    )
    home = write(
        tmp_path / "home",
        {
            "sources/mine/other-name.yaml": SOURCE.format(id="a", name="My A"),
            "gazetteer/mine.yaml": "- {id: ttp, type: organization, name: New name}\n",
            "topics/any.yaml": "id: t\ntitle: New\nquery: entity:isi\n",
        },
    )
    catalogue = load([shipped, home])
    assert {source.id: source.name for source in catalogue.sources.values()} == {
        "a": "My A",
        "b": "Shipped B",
    }
    assert catalogue.topics["t"].title == "New"
    assert catalogue.gazetteer.resolve("new name") == "ttp"
    assert catalogue.gazetteer.resolve("old name") is None
    assert load([shipped]).sources["a"].name == "Shipped A"


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    catalogue = load([tmp_path / "nowhere"])
    assert not catalogue.sources
    assert not catalogue.topics
    assert not catalogue.gazetteer.entities


def test_the_problems_of_all_files_are_told_in_order(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "topics/t.yaml": "id: t\ntitle: T\n",
            "sources/pk/b.yaml": "id: [\n",
            "sources/pk/a.yaml": SOURCE.format(id="a", name="A").replace("UTC", "UTX"),
            "gazetteer/g.yaml": "id: x\n",
        },
    )
    said = problems(folder)
    assert [each.split(":", 1)[0] for each in said] == [
        "gazetteer/g.yaml", "sources/pk/a.yaml", "sources/pk/b.yaml", "topics/t.yaml",
    ]  # fmt: skip
    assert said[0] == "gazetteer/g.yaml:1:1: a gazetteer file is a list — begin each entity with `- id:`"
    assert said[3] == "topics/t.yaml:1:1: `query` is missing — add `query: entity:ttp AND entity:pakistan`"


def test_an_id_twice_in_one_folder_names_both_places(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "sources/pk/a.yaml": SOURCE.format(id="a", name="A"),
            "sources/pk/b.yaml": SOURCE.format(id="a", name="B"),
        },
    )
    assert problems(folder) == [
        "sources/pk/b.yaml:1:5: the id `a` stands twice — the first is at sources/pk/a.yaml:1:5; rename one"
    ]


def test_a_file_with_the_wrong_ending_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "sources/pk/a.yml": "",
            "sources/pk/.a.yaml.swp": "",
            "sources/README.md": "",
            "topics/.#t.yaml": "",
        },
    )
    assert problems(folder) == ["sources/pk/a.yml:1:1: would be left out — rename it to a.yaml"]


def test_a_name_of_two_entities_is_refused_unless_one_has_a_condition(tmp_path: Path) -> None:
    text = """\
- {id: one, type: organization, name: One, aliases: {en: [IS]}}
- {id: two, type: organization, name: Two, aliases: {en: [Is]}CONDITION}
"""
    write(tmp_path, {"gazetteer/g.yaml": text.replace("CONDITION", "")})
    assert problems(tmp_path) == [
        "gazetteer/g.yaml:2:8: `Is` is a name of one and of two — leave it to one, or give one of them a `requires`"
    ]
    write(tmp_path, {"gazetteer/g.yaml": text.replace("CONDITION", ", flags: {requires: {Is: [context]}}")})
    assert load([tmp_path]).gazetteer.resolve("is") == "one"


def test_a_clash_is_judged_after_shadowing(tmp_path: Path) -> None:
    shipped = write(tmp_path / "a", {"gazetteer/g.yaml": "- {id: one, type: person, name: Karim}\n"})
    home = write(
        tmp_path / "b",
        {
            "gazetteer/g.yaml": "- {id: one, type: person, name: Rahim}\n- {id: two, type: person, name: Karim}\n"
        },
    )
    assert load([shipped, home]).gazetteer.resolve("KARIM") == "two"
