"""The tally is exact however many kinds of outcome there are."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from khabar.models import Outcome, attempt_name
from search.tantivy.engine import Engine, create
from search.tantivy.fields import outcome_schema
from search.tantivy.rows import tally, write

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    create(tmp_path, outcome_schema())
    return Engine(tmp_path, outcome_schema())


def row(number: int) -> Outcome:
    claimed = NOW + timedelta(days=number % 9, seconds=number)
    url = f"https://daily.example/{number}"
    reason = f"rejected({number % 4})" if number % 3 else None
    kind = "rejected" if reason else "indexed"
    name = attempt_name(claimed, url)
    return Outcome(name, f"s{number % 5}", claimed.date(), url, kind, reason, "segments/a", "r", claimed)


@pytest.mark.parametrize("buckets", [1, 2, 7, 50, 1_000])
def test_what_does_not_fit_into_one_count_is_counted_in_parts(engine: Engine, buckets: int) -> None:
    rows = [row(number) for number in range(400)]
    for start in range(0, 400, 100):
        write(engine, rows[start : start + 100])
    expected = Counter((each.source, each.day, each.outcome, each.reason) for each in rows)
    assert tally(engine, buckets) == dict(expected)


def test_writing_what_is_there_already_writes_nothing(engine: Engine) -> None:
    write(engine, [row(1), row(2)])
    before = (engine.folder / "meta.json").stat().st_mtime_ns
    write(engine, [row(2), row(1), row(1)])
    write(engine, [])
    assert (engine.folder / "meta.json").stat().st_mtime_ns == before
