"""Which side is left and which is moved to, and where each keeps its archive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from khabar.config import load_settings
from khabar.move import MigrationError, index_place, ledger_place, plan
from khabar.settings import Settings

SERVERS = {
    "KHABAR_REDIS_URL": "redis://who:secret@redis.example:6379/2",
    "KHABAR_ELASTICSEARCH_URL": "https://me:secret@one.example:9200,https://me:secret@two.example:9200",
}
To = Literal["distributed", "embedded"]


def told(home: Path, **more: str) -> Settings:
    return load_settings(home, {**SERVERS, **more})


@pytest.mark.parametrize(("to", "which"), [("distributed", "move to"), ("embedded", "come from")])
def test_servers_that_are_not_named_are_asked_for(settings: Settings, to: To, which: str) -> None:
    with pytest.raises(
        MigrationError, match=f"no servers to {which}: set KHABAR_REDIS_URL and KHABAR_ELASTIC"
    ) as e:
        plan(settings, to)
    assert e.value.status == 2


def test_the_embedded_side_is_the_same_home_without_servers(tmp_path: Path) -> None:
    settings = told(tmp_path)
    alone = replace(settings, redis_url=None, elasticsearch_url=None)
    there, back = plan(settings, "distributed"), plan(settings, "embedded")
    assert (there.old, there.new) == (alone, settings) == (back.new, back.old)
    assert not there.copies and not back.copies


HOME, BUCKET, FOLDER = "file:///home/of/khabar/archive", "s3://bucket/news", "file:///srv/archive"


@pytest.mark.parametrize("to", ["distributed", "embedded"])
@pytest.mark.parametrize(
    ("set_to", "given", "lies", "copies"),
    [
        (None, None, HOME, False),
        (BUCKET, None, HOME, True),
        (BUCKET, BUCKET, BUCKET, False),
        (BUCKET, f"{BUCKET}/", BUCKET, False),
        (BUCKET, FOLDER, FOLDER, True),
        (FOLDER, None, FOLDER, False),
        (FOLDER, HOME, HOME, True),
    ],
)
def test_where_the_embedded_sides_archive_lies(
    to: To, set_to: str | None, given: str | None, lies: str, copies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    more = {"KHABAR_ARCHIVE_URL": set_to} if set_to else {}
    move = plan(told(Path("/home/of/khabar"), **more), to, given)
    alone, servers = (move.old, move.new) if to == "distributed" else (move.new, move.old)
    assert (alone.archive_url, servers.archive_url) == (lies, set_to or HOME)
    assert move.copies is copies


@pytest.mark.parametrize("archive", ["archive", "ftp://a.example/b", "s3://"])
def test_an_archive_that_is_none_is_refused(tmp_path: Path, archive: str) -> None:
    with pytest.raises(MigrationError, match=r"--archive cannot be .*: accepted are file:"):
        plan(told(tmp_path), "embedded", archive)


def test_an_archive_alone_needs_no_servers_unless_it_is_in_place(settings: Settings, tmp_path: Path) -> None:
    move = plan(settings, "embedded", (tmp_path / "other").as_uri(), remembers=False)
    assert move.copies and move.old == settings
    with pytest.raises(MigrationError, match="its archive is in place: `khabar ledger rebuild`"):
        plan(settings, "embedded", remembers=False)


def test_places_are_shown_without_passwords(settings: Settings, tmp_path: Path) -> None:
    there = told(tmp_path)
    assert ledger_place(there) == "redis://redis.example:6379/2 (khabar:*)"
    assert index_place(there) == "https://one.example:9200,https://two.example:9200 (khabar-*)"
    assert (ledger_place(settings), index_place(settings)) == (str(settings.ledger), str(settings.index))
