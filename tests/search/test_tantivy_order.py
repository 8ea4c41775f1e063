"""Pages and walks keep one order, however many documents are equal and wherever they lie."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tantivy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khabar import codec
from khabar.models import Outcome, attempt_name
from search.tantivy.engine import Engine, Snapshot, create
from search.tantivy.fields import attempt_key, id_key, outcome_document, outcome_schema, time_key
from search.tantivy.order import by_field, found_all, walk

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
ALL = tantivy.Query.all_query()


def row(seconds: int, number: int) -> Outcome:
    url = f"https://daily.example/{number:06}"
    claimed = NOW + timedelta(seconds=seconds)
    return Outcome(attempt_name(claimed, url), "daily", NOW.date(), url, "indexed", None, "s", "r", claimed)


def filled(folder: Path, rows: Sequence[Outcome], portion: int = 6_000) -> Snapshot:
    create(folder, outcome_schema())
    engine = Engine(folder, outcome_schema())
    for start in range(0, len(rows), portion):
        engine.write("attempt", [], map(outcome_document, rows[start : start + portion]))
    return engine.snapshot()


def name_in(snapshot: Snapshot) -> Callable[[tantivy.DocAddress], str]:
    return lambda address: codec.load(snapshot.stored(address, "row"), Outcome).attempt


@pytest.mark.parametrize("spread", [1, 3_000, 30_000])
def test_a_walk_goes_on_where_its_window_ends_amid_equals(tmp_path: Path, spread: int) -> None:
    # More than one window of 10,000; with a spread of 1 all are equal, and the window has to grow.
    rows = [row(number % spread, number) for number in range(11_000)]
    random.Random(4).shuffle(rows)
    snapshot = filled(tmp_path / "rows", rows)
    name = name_in(snapshot)
    walked = [name(address) for address in walk(snapshot, ALL, "attempt_key", 0, name)]
    assert walked == sorted(each.attempt for each in rows)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 40), st.integers(0, 130), st.sampled_from([1, 2, 40]))
def test_any_page_is_a_piece_of_the_one_order(
    tmp_path_factory: pytest.TempPathFactory, limit: int, offset: int, spread: int
) -> None:
    key = f"rows-{spread}"
    rows = [row(number % spread, number) for number in range(120)]
    if key not in SNAPSHOTS:
        random.Random(spread).shuffle(rows)
        SNAPSHOTS[key] = filled(tmp_path_factory.mktemp(key), rows, portion=40)
    snapshot = SNAPSHOTS[key]
    name = name_in(snapshot)
    total, hits = by_field(snapshot, ALL, "attempt_key", limit, offset, name)
    assert total == 120
    expected = sorted(each.attempt for each in rows)[offset : offset + limit]
    assert [name(address) for _, address in hits] == expected
    assert len(found_all(snapshot, ALL)) == 120


SNAPSHOTS: dict[str, Snapshot] = {}  # filled once, read by every example


# --- the keys -----------------------------------------------------------------------------------------------

IDS = st.text("0123456789abcdef", min_size=20, max_size=20)
MOMENTS = st.integers(0, 2**52 - 1)


@given(st.lists(IDS, max_size=20))
def test_id_keys_sort_as_ids_do(ids: list[str]) -> None:
    keys = [id_key(name) for name in sorted(ids)]
    assert keys == sorted(keys)
    assert all(0 <= key < 2**64 for key in keys)


@given(MOMENTS, MOMENTS, IDS, IDS)
def test_time_keys_sort_by_time_and_then_by_the_beginning_of_the_id(
    first: int, second: int, one: str, other: str
) -> None:
    ordered = (first, one[:3]) < (second, other[:3])
    assert (time_key(first, one) < time_key(second, other)) == ordered
    assert 0 <= time_key(first, one) < 2**64


def test_a_time_before_or_after_all_keys_is_at_their_end() -> None:
    assert time_key(-5, "fff" + "0" * 17) == time_key(0, "fff")
    assert time_key(2**60, "000") == time_key(2**52 - 1, "0000")
    assert time_key(7, "not hex") == 7 << 12


@given(st.integers(0, 3_000_000_000), st.integers(0, 10**7))
def test_attempt_keys_sort_as_attempt_names_do(second: int, later: int) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    names = [attempt_name(moment + timedelta(microseconds=step), "urn:x") for step in (0, later)]
    assert (attempt_key(names[0]) < attempt_key(names[1])) == (names[0] < names[1])


@pytest.mark.parametrize("name", ["", "x", "2025-01-01T00:00:00 urn:x", "2025 urn:x"])
def test_a_name_without_a_moment_comes_first(name: str) -> None:
    assert attempt_key(name) == 0
