"""Ctrl-C: one line, status 130, no process left, and what was archived is taken up by the next command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Khabar = Callable[..., subprocess.CompletedProcess[str]]
BODY = "The road to the border was closed again this week, and traders wait in long lines for its opening. "


def interrupted(home: Path, *words: str | Path, when: Callable[[], bool]) -> subprocess.CompletedProcess[str]:
    """Start a command in a group of its own, as a terminal does, and press Ctrl-C when the time has come."""
    process = subprocess.Popen(
        [sys.executable, "-m", "khabar", *map(str, words)],
        env={**os.environ, "KHABAR_HOME": str(home), "KHABAR_JOBS": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_hear,  # noqa: PLW1509 - one call of the C library
    )
    deadline = time.monotonic() + 30
    while not when() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while _living(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _living(process.pid) == []
    return subprocess.CompletedProcess([], process.returncode, out, err)


def _hear() -> None:
    # A shell lets what it runs in the background ignore Ctrl-C, and whatever that starts inherits it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _living(group: int) -> list[str]:
    """Return the processes of a group that do still run."""
    found: list[str] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(") ")
        except OSError:
            continue
        state, _, belongs, *_ = rest.split()
        if int(belongs) == group and state not in "ZX":
            found.append(name)
    return found


def archived(home: Path) -> bool:
    return any((home / "archive" / "segments").rglob("*.warc.gz"))


def test_an_import_that_is_interrupted(khabar: Khabar, home: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for number in range(400):
        page = f"<html><head><title>Road {number}</title></head><body><article><p>{number} {BODY * 5}</p></article></body></html>"
        (pages / f"{number:03}.html").write_text(page)
    done = interrupted(home, "ingest", pages, when=lambda: archived(home))
    assert done.returncode == 130, done.stderr
    [line] = done.stderr.strip().splitlines()
    assert "interrupted" in line
    (tmp_path / "last.html").write_text("<html><title>A last road</title><p>" + BODY * 3 + "</p></html>")
    again = khabar("ingest", tmp_path / "last.html")
    assert again.returncode == 0, again.stderr
    assert "all is well" in khabar("doctor").stdout
    assert not any((home / "spool").iterdir())


def test_a_crawl_that_is_interrupted(press: Callable[..., Any], khabar: Khabar, home: Path) -> None:
    site = press(hosts=1, articles=60, delay=0.05)
    sources = site.install(home)
    done = interrupted(
        home, "crawl", *sources, when=lambda: sum("/opinion/" in path for path in site.requests) > 3
    )
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (130, 1), done.stderr
    again = khabar("crawl", *sources)
    assert again.returncode == 0, again.stderr
    assert "all is well" in khabar("doctor").stdout
    pages = [path for path in site.requests if "/opinion/" in path]
    assert len(set(pages)) == 60
    assert len(pages) - 60 <= 1, "only what was in flight is asked for again"


def test_ctrl_c_before_anything_has_begun(khabar: Khabar, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<html><title>A road</title><p>" + BODY * 3 + "</p></html>")
    done = interrupted(home, "ingest", tmp_path / "a.html", when=(home / "index" / "CURRENT").exists)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in {0, 130}
    assert khabar("run", "--once").returncode == 0
