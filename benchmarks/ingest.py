"""From saved pages to a searchable index, beside trafilatura doing extraction alone: pages a second on this machine.

    .venv/bin/python benchmarks/ingest.py [FOLDER]

FOLDER holds .html.gz pages; by default the real pages of ../shared/data/extraction. Both sides use one process a core.
"""

from __future__ import annotations

import gzip
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import trafilatura

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3


def main() -> None:
    """Time both sides in turn and print the medians and their ratio."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT.parent / "shared" / "data" / "extraction"
    pages = sorted(folder.rglob("*.html.gz"))
    if not pages:
        sys.exit(f"{folder}: no .html.gz pages there: name a folder that has some")
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        ours.append(_seconds(lambda: _khabar(folder)))
        theirs.append(_seconds(lambda: _trafilatura(pages)))
    mine, peer = (len(pages) / sorted(times)[ROUNDS // 2] for times in (ours, theirs))
    print(f"{len(pages)} pages, {os.cpu_count()} cores, median of {ROUNDS}")
    print(f"khabar ingest, from file to searchable, tagged and clustered: {mine:.1f} pages/s")
    print(f"trafilatura, body and metadata in memory alone:               {peer:.1f} pages/s")
    print(f"ratio {mine / peer:.2f}")


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _khabar(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "khabar", "ingest", "--home", home, "--quiet", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _trafilatura(pages: list[Path]) -> None:
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for _ in pool.imap_unordered(_extract, pages, chunksize=20):
            pass


def _extract(page: Path) -> bool:
    return trafilatura.bare_extraction(gzip.decompress(page.read_bytes()), with_metadata=True) is not None


if __name__ == "__main__":
    main()
