"""Data files beside the code are read as YAML's own reader reads them, and no faster reader changes what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from khabar.data import read_data

ROOT = Path(__file__).resolve().parents[2]
FILES = [*(ROOT / "workers").rglob("*.yaml"), ROOT / "khabar" / "columnists.yaml"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_says_what_it_says_to_the_reader_in_python(file: Path) -> None:
    assert read_data(file) == yaml.safe_load(file.read_text("utf-8")) != {}


def test_no_file_makes_anything_but_plain_values(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("!!python/object/apply:os.getcwd []\n")
    with pytest.raises(yaml.constructor.ConstructorError):
        read_data(tmp_path / "a.yaml")
