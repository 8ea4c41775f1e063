"""A disk that fills up while we write: it is said clearly, and nothing that was archived is lost."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from khabar.archive.files import ArchiveError
from khabar.archive.records import discoveries, read_segment
from khabar.archive.segments import Writer, recover
from khabar.archive.store import open_store
from khabar.models import Capture, Discovery, Record

Make = Callable[..., tuple[Capture, Discovery]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not done or done.returncode:
        pytest.skip(
            "a small file system cannot be mounted here: a full disk is tested by a limit on file sizes only"
        )
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def clock() -> datetime:
    return datetime(2025, 10, 14, tzinfo=UTC)


def test_a_full_disk_loses_no_record_that_was_appended(
    small_disk: Path, tmp_path: Path, attempt: Make
) -> None:
    store = open_store((tmp_path / "archive").as_uri())
    writer = Writer(store, small_disk / "spool", lambda _: None, clock, pages=1000)
    number = 0
    with pytest.raises(ArchiveError, match="no space left on device — free some space") as caught:
        for number in range(1000):
            writer.append(*attempt(number, size=100_000))
    assert 5 < number < 1000
    assert caught.value.path.startswith(str(small_disk))
    sealed = writer.seal()
    assert sealed is not None
    assert sealed.attempts == tuple(attempt(n)[1].attempt for n in range(number))
    records = list(read_segment(store, sealed.key))
    assert [one.discovery.attempt for one in records if isinstance(one, Record)] == list(sealed.attempts)
    assert len(records) == number  # and no damage: of the write that failed nothing is left
    writer.append(*attempt(number, size=100_000))  # there is space again
    assert writer.seal() is not None


def test_a_disk_too_full_to_seal_keeps_the_spool(small_disk: Path, tmp_path: Path, attempt: Make) -> None:
    store = open_store((small_disk / "archive").as_uri())
    (small_disk / "ballast").write_bytes(bytes(900_000))
    writer = Writer(store, tmp_path / "spool", lambda _: None, clock, pages=1000)
    for number in range(10):
        writer.append(*attempt(number, size=100_000))
    with pytest.raises(ArchiveError, match="free some space"):
        writer.seal()
    assert list(store.keys("")) == []
    writer.close()
    (small_disk / "ballast").unlink()
    [sealed] = recover(store, tmp_path / "spool", lambda _: None)
    assert len(list(discoveries(store, sealed.key))) == 10


LIMITED = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from khabar.archive.files import ArchiveError
from khabar.archive.segments import Writer
from khabar.archive.store import open_store
from khabar.models import Capture, Discovery

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
now = datetime(2025, 10, 14, tzinfo=UTC)
writer = Writer(open_store(sys.argv[1]), Path(sys.argv[2]), lambda _: None, lambda: now, pages=1000)
url = "https://outlet.example/1"
try:
    for number in range(1000):
        writer.append(Capture(url, now, "page", b"x" * 9000, 200), Discovery(str(number), url, now, "o", "new"))
except ArchiveError as error:
    print(number, error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system has no limit on file sizes")
def test_a_limit_on_file_sizes_loses_no_record_that_was_appended(tmp_path: Path) -> None:
    store = open_store((tmp_path / "archive").as_uri())
    command = [sys.executable, "-c", LIMITED, store.url, str(tmp_path / "spool")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number, _, error = said.partition(" ")
    assert "file too large — raise the limit on file sizes" in error
    [sealed] = recover(store, tmp_path / "spool", lambda _: None)
    assert sealed.attempts == tuple(str(n) for n in range(int(number)))
