"""The SQLite file: migrations, damage and other trouble, and what a person is told about it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from khabar.ledger.database import (
    Database,
    LedgerError,
    maybe_micros,
    maybe_moment,
    micros,
    migrations,
    moment,
)
from khabar.ledger.recount import set_aside
from khabar.ledger.sqlite import open_ledger
from khabar.models import Entry
from khabar.ports import EndpointState, Found

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ledger.sqlite"


def _filled(path: Path, runs: int = 3000) -> None:
    """Make a ledger of several hundred kilobytes, and close it."""
    database = Database(path)
    with database.writing() as link:
        link.executemany(
            "INSERT INTO runs VALUES (?, ?)", [(f"crawl:source-{n:060}", n) for n in range(runs)]
        )
    database.close()


def test_the_file_is_made_with_its_folder_in_wal_mode_at_the_newest_format(path: Path) -> None:
    database = Database(path)
    assert database.rows("PRAGMA journal_mode") == [("wal",)]
    assert database.rows("PRAGMA user_version") == [(len(migrations()),)]
    assert database.rows("PRAGMA synchronous") == [(2,)]
    database.close()


def test_what_was_written_is_there_when_it_is_opened_again(path: Path) -> None:
    ledger = open_ledger(path)
    ledger.mark_run("crawl:daily", NOW)
    ledger.close()
    again = open_ledger(path)
    assert again.last_run("crawl:daily") == NOW
    again.close()


def test_an_exception_undoes_the_whole_transaction(path: Path) -> None:
    database = Database(path)
    with pytest.raises(KeyError), database.writing() as link:
        link.execute("INSERT INTO runs VALUES ('crawl:daily', 1)")
        raise KeyError
    assert database.rows("SELECT * FROM runs") == []
    with database.writing() as link:
        link.execute("INSERT INTO runs VALUES ('crawl:daily', 2)")
    assert database.rows("SELECT * FROM runs") == [("crawl:daily", 2)]
    database.close()


def test_a_file_that_is_no_database_names_the_rebuild(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this was a ledger once " * 400)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite: .*damaged.*`khabar ledger rebuild`") as caught:
        open_ledger(path)
    assert caught.value.damaged


def test_damage_inside_the_file_names_the_rebuild_too(path: Path) -> None:
    _filled(path)
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(bytes(data))
    with pytest.raises(LedgerError, match="`khabar ledger rebuild`") as caught:
        database = Database(path)
        try:
            database.rows("SELECT count(*), max(at) FROM runs WHERE name >= ''")
        finally:
            database.close()
    assert caught.value.damaged


def test_a_cut_file_names_the_rebuild_too(path: Path) -> None:
    _filled(path)
    os.truncate(path, path.stat().st_size // 2 + 100)
    with pytest.raises(LedgerError, match="`khabar ledger rebuild`"):
        database = Database(path)
        try:
            database.rows("SELECT sum(length(name)) FROM runs")
        finally:
            database.close()


@pytest.mark.parametrize("broken", ["", "{}", "[", '{"attempt": 7}'])
def test_a_row_that_cannot_be_read_names_the_rebuild_too(path: Path, broken: str) -> None:
    ledger = open_ledger(path)
    page = "https://daily.example/1"
    item = Found(page, "daily", "https://daily.example/feed", "opinion", Entry(page))
    ledger.discover(EndpointState(item.endpoint), [item], NOW)
    link = sqlite3.connect(path)
    link.execute("UPDATE frontier SET discovery = ?", (broken,))
    link.execute("UPDATE seen SET marks = ?", (broken or "[]",))
    link.commit()
    link.close()
    for read in (
        lambda: ledger.take(["daily.example"], 9, NOW),
        lambda: list(ledger.frontier()),
        lambda: ledger.recount({}, [], NOW),
    ):
        with pytest.raises(LedgerError, match=r"damaged.*`khabar ledger rebuild`"):
            read()
    ledger.close()


def test_a_damaged_file_is_set_aside_and_a_new_one_takes_its_place(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"broken" * 1000)
    aside = set_aside(path, NOW)
    assert aside is not None
    assert aside.name == "ledger.sqlite.damaged-20260314T093000Z"
    assert aside.read_bytes() == b"broken" * 1000
    open_ledger(path).close()
    assert aside.exists()


def test_setting_aside_takes_the_log_along_and_nothing_is_no_error(path: Path) -> None:
    assert set_aside(path, NOW) is None
    _filled(path, 1)
    path.with_name("ledger.sqlite-wal").write_bytes(b"log")
    aside = set_aside(path, NOW)
    assert aside is not None
    assert sorted(file.name for file in path.parent.iterdir()) == [aside.name, aside.name + "-wal"]


def test_a_newer_format_is_left_alone(path: Path) -> None:
    _filled(path, 1)
    link = sqlite3.connect(path)
    link.execute("PRAGMA user_version = 999")
    link.close()
    with pytest.raises(LedgerError, match=r"newer Khabar \(format 999\)") as caught:
        open_ledger(path)
    assert not caught.value.damaged


def test_migrations_run_once_and_in_order(path: Path) -> None:
    assert len(migrations()) >= 1
    _filled(path, 5)
    database = Database(path)
    assert database.rows("SELECT count(*) FROM runs") == [(5,)]
    database.close()


def test_a_full_disk_is_told_and_changes_nothing(path: Path) -> None:
    database = Database(path)
    pages = database.rows("PRAGMA page_count")[0][0]
    database.rows(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(LedgerError, match=r"full.*free disk space"), database.writing() as link:
        link.executemany("INSERT INTO runs VALUES (?, ?)", [(f"{n:0100}", n) for n in range(1000)])
    assert database.rows("SELECT count(*) FROM runs") == [(0,)]
    database.close()


def test_whoever_waits_too_long_is_told_that_another_holds_it(path: Path) -> None:
    mine, theirs = Database(path), Database(path, busy=0.1)
    with mine.writing():
        with pytest.raises(LedgerError, match=r"locked.*another process holds it"), theirs.writing():
            pass
        assert theirs.rows("SELECT * FROM runs") == []
    mine.close()
    theirs.close()


def test_a_folder_in_the_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite: .*home folder"):
        open_ledger(path)


def test_a_file_in_the_place_of_the_home_is_told(path: Path) -> None:
    path.parent.write_text("a file")
    with pytest.raises(LedgerError, match="cannot be opened"):
        open_ledger(path)


READ_ONLY = """
import os, sys
from pathlib import Path
from khabar.ledger.database import LedgerError
from khabar.ledger.sqlite import open_ledger
path = Path(sys.argv[1])
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    ledger = open_ledger(path)
    ledger.mark_run("x", __import__("datetime").datetime.now(__import__("datetime").UTC))
except LedgerError as error:
    print(error)
"""


def test_a_read_only_home_is_told() -> None:
    # Not in tmp_path, whose parents nobody else may enter: root must become someone for whom read-only counts.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        _filled(path, 1)
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        said = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(path)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        Path(folder).chmod(0o755)
    assert "ledger.sqlite: " in said.stdout
    assert "make the home folder" in said.stdout


OPEN = """
import sys
from pathlib import Path
from datetime import datetime, UTC
from khabar.ledger.sqlite import open_ledger
sys.stdin.readline()
ledger = open_ledger(Path(sys.argv[1]))
ledger.mark_run(f"crawl:{sys.argv[2]}", datetime.now(UTC))
ledger.close()
"""


def test_processes_that_open_a_new_file_at_one_moment_all_succeed(path: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(path), str(n)], stdin=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
    assert [child.returncode for child in children] == [0] * 4
    ledger = open_ledger(path)
    assert all(ledger.last_run(f"crawl:{n}") for n in range(4))
    ledger.close()


@pytest.mark.parametrize("value", [NOW, NOW + timedelta(microseconds=1), datetime(1969, 1, 1, tzinfo=UTC)])
def test_times_are_kept_to_the_microsecond(value: datetime) -> None:
    assert moment(micros(value)) == value
    assert maybe_moment(maybe_micros(value)) == value
    assert maybe_moment(maybe_micros(None)) is None
