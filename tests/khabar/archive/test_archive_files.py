from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from khabar.archive.files import (
    ArchiveError,
    create_owned,
    explained,
    make_folder,
    take_over,
    write_all,
)

OWN = """
import sys, time
from pathlib import Path
from khabar.archive.files import create_owned
create_owned(Path(sys.argv[1]), lambda: "owned")
print("ready", flush=True)
time.sleep(60)
"""


def test_a_living_owners_file_cannot_be_taken_over_and_a_dead_ones_can(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OWN, str(tmp_path)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        assert take_over(tmp_path / "owned") is None
        owner.kill()
        owner.wait()
        handle = take_over(tmp_path / "owned")
    assert handle is not None
    os.close(handle)


def test_a_file_that_is_gone_cannot_be_taken_over(tmp_path: Path) -> None:
    assert take_over(tmp_path / "never") is None


SWEEP = """
import os, sys
from pathlib import Path
from khabar.archive.files import take_over
print("ready", flush=True)
while True:
    for path in Path(sys.argv[1]).iterdir():
        handle = take_over(path)
        if handle is not None:
            path.unlink()
            os.close(handle)
"""


def test_a_new_file_is_its_makers_even_while_the_dead_ones_files_are_taken_over(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SWEEP, str(tmp_path)], stdout=subprocess.PIPE) as sweeper:
        assert sweeper.stdout is not None
        sweeper.stdout.readline()
        names = map(str, itertools.count())
        lost = 0
        for _ in range(1000):
            path, handle = create_owned(tmp_path, lambda: next(names))
            lost += not path.exists()
            os.close(handle)
        sweeper.kill()
    assert lost == 0


def test_creating_never_opens_a_file_that_exists(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"somebody's")
    with pytest.raises(FileExistsError):
        create_owned(tmp_path, lambda: "taken")
    assert (tmp_path / "taken").read_bytes() == b"somebody's"


def test_writing_goes_on_where_the_system_took_only_a_part(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with pytest.raises(
        BlockingIOError
    ):  # a pipe takes 64 kB and no more: the rest must not be dropped in silence
        write_all(writing, b"x" * (1 << 20))
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    ("number", "what", "how"),
    [
        (errno.ENOSPC, "no space left on device", "free some space"),
        (errno.EACCES, "permission denied", "give this user the right"),
        (errno.EROFS, "read-only file system", "mount it for writing"),
        (errno.EIO, "input/output error", "see that the disk is well"),
    ],
)
def test_an_error_says_where_what_and_how_to_mend_it(number: int, what: str, how: str) -> None:
    with pytest.raises(ArchiveError) as caught, explained("/data/archive"):
        raise OSError(number, os.strerror(number))
    assert caught.value.path == "/data/archive"
    assert caught.value.what == what
    assert how in caught.value.how
    assert str(caught.value) == f"/data/archive: {what} — {caught.value.how}"
    assert isinstance(caught.value.__cause__, OSError)


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file" / "below")
