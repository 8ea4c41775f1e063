"""Scores on the labelled data: measured, set beside their peers', and held to floors.json.

`make test` scores a fixed sample (every sixth page of a set) in a few seconds; `--whole` scores every page and runs the
peers on the same pages, and `--pin` writes what was measured as the new floors, which is a decision for a commit.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from khabar.models import Article, Discovery, Record, attempt_name
from workers.extract import Rejected, extract
from workers.normalize import normalize

FLOORS = Path(__file__).with_name("floors.json")
FETCHED = datetime(2026, 12, 31, tzinfo=UTC)  # after the youngest page of the data
EVERY = 6
TOLERANCE = 1e-4
ROWS = pytest.StashKey[list[tuple[str, str, float, float | None]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="score every page, beside the peers")
    parser.addoption("--pin", action="store_true", help="write the measured scores as the new floors")


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--whole", False))


@pytest.fixture(scope="session")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="session")
def pages(shared_data: Path, whole: bool) -> Callable[[str], list[tuple[dict[str, Any], bytes]]]:
    """Return a reader of a set's pages with the truth about each: all of them, or the sample."""

    def read(name: str) -> list[tuple[dict[str, Any], bytes]]:
        folder = shared_data / "extraction" / name
        lines = (folder / "truth.jsonl").read_text("utf-8").strip().split("\n")[:: 1 if whole else EVERY]
        truths = [json.loads(line) for line in lines]
        return [(truth, gzip.decompress((folder / truth["html"]).read_bytes())) for truth in truths]

    return read


Scored = list[tuple[dict[str, Any], Article | None]]


@pytest.fixture(scope="session")
def articles(pages: Callable[..., Any], pool: ProcessPoolExecutor) -> Callable[[str], Scored]:
    """Return a reader of a set's pages by our own stages, each set once; a rejected page has no article."""
    done: dict[str, Scored] = {}

    def read(name: str) -> Scored:
        if name not in done:
            given = pages(name)
            records = [_record(page, truth["url"] or "urn:sha256:0") for truth, page in given]
            found = pool.map(extract, records, [None] * len(records), chunksize=8)
            done[name] = [
                (truth, None if isinstance(one, Rejected) else normalize(one, record, None))
                for (truth, _), record, one in zip(given, records, found, strict=True)
            ]
        return done[name]

    return read


def _record(page: bytes, url: str) -> Record:
    discovery = Discovery(attempt_name(FETCHED, url), url, FETCHED, "quality", "import")
    return Record(
        "segments/2026/12/31/q.warc.gz", "urn:uuid:0", FETCHED, url, "page", discovery, payload=page
    )


# --- floors and the table ------------------------------------------------------------------------------------


@pytest.fixture
def hold(request: pytest.FixtureRequest, whole: bool) -> Callable[[str, float], None]:
    """Return what notes a score in the table and fails where it fell below its floor."""

    def check(name: str, score: float) -> None:
        every: dict[str, dict[str, float]] = json.loads(FLOORS.read_text("utf-8"))
        section = f"extraction, {'whole' if whole else 'sample'}"  # others keep sections of their own
        if request.config.getoption("--pin", False):
            every.setdefault(section, {})[name] = round(score, 4)
            FLOORS.write_text(json.dumps(every, indent=2, ensure_ascii=False) + "\n", "utf-8")
        floor = every.get(section, {}).get(name)
        rows = request.config.stash.setdefault(ROWS, [])
        rows.append((name, "khabar", score, floor))
        assert floor is not None, f"{name} has no floor: measure with --pin and commit it"
        assert score >= floor - TOLERANCE, f"{name} fell to {score:.4f}; its floor is {floor:.4f}"

    return check


@pytest.fixture
def compare(request: pytest.FixtureRequest) -> Callable[[str, str, float], None]:
    """Return what notes a peer's score in the table."""

    def note(name: str, peer: str, score: float) -> None:
        request.config.stash.setdefault(ROWS, []).append((name, peer, score, None))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, [])
    if not rows or not (config.getoption("--whole", False) or config.option.verbose > 0):
        return
    terminalreporter.section("quality")
    for name, who, score, floor in sorted(rows, key=lambda row: (row[0], row[1] != "khabar")):
        held = f"floor {floor:.4f}" if floor is not None else ""
        terminalreporter.write_line(f"{name:42} {who:24} {score:7.4f}  {held}")
