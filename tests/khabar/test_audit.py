"""The audit says nothing when all is well, and finds each kind of disagreement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from khabar.archive.segments import outcome_key, pending_key
from khabar.audit import Balance, balances, findings, in_flight
from khabar.models import Entry
from khabar.ports import EndpointState, Found
from khabar.runtime import Runtime
from search.tree import Everything

SealArticles = Callable[..., str]
Key = tuple[str, date]
DAY = date(2025, 3, 1)
BODY = "The gate at the border was shut for nine days, and nobody knew whom to ask."


@pytest.fixture
def segment(seal_articles: SealArticles, bring_in: Callable[[], None]) -> str:
    key = seal_articles(("A gate", BODY), ("A river", "Water under a bridge. " * 8))
    bring_in()
    return key


def found(runtime: Runtime) -> list[str]:
    return list(findings(runtime.store, runtime.ledger, runtime.index))


def test_an_empty_home_is_well(runtime: Runtime) -> None:
    assert found(runtime) == []
    assert balances(runtime.store, runtime.ledger, runtime.index) == {}


def test_a_home_at_rest_is_well(runtime: Runtime, segment: str) -> None:
    assert found(runtime) == []
    assert balances(runtime.store, runtime.ledger, runtime.index) == {("paper", DAY): Balance(2, 2, 0)}


def test_what_is_under_way_is_in_flight_and_no_disagreement(
    runtime: Runtime, segment: str, seal_articles: SealArticles
) -> None:
    runtime.ledger.discover(
        EndpointState("https://paper.example/feed"),
        [Found("https://paper.example/x", "paper", "https://paper.example/feed", "opinion", Entry("x"))],
        runtime.clock(),
    )
    seal_articles(("A mountain", BODY))
    assert in_flight(runtime.store, runtime.ledger, runtime.index) == {("paper", DAY): 2}
    assert found(runtime) == []


def test_an_attempt_that_is_pending_and_has_its_row_is_counted_once(runtime: Runtime, segment: str) -> None:
    runtime.store.put(pending_key(segment), b"")
    assert in_flight(runtime.store, runtime.ledger, runtime.index) == {}
    assert found(runtime) == []


def test_a_claim_that_came_to_nothing(runtime: Runtime, segment: str) -> None:
    runtime.ledger.count_import("segments/none", {("paper", DAY): 1, ("other", DAY): 2})
    lines = found(runtime)
    assert len(lines) == 2 and all("khabar ledger rebuild" in line for line in lines)
    assert any(line.startswith("paper on 2025-03-01: 3 discovered, but 2 outcomes and 0") for line in lines)


def test_an_outcome_that_nobody_discovered(runtime: Runtime, segment: str) -> None:
    runtime.ledger.recount({}, [], runtime.clock())
    assert [line.partition(":")[0] for line in found(runtime)] == ["paper on 2025-03-01"]


def test_rows_that_the_index_has_lost(runtime: Runtime, segment: str) -> None:
    row = next(runtime.index.rows())
    runtime.index.delete([], [row.attempt])
    assert [line.partition(":")[0] for line in found(runtime)] == ["paper on 2025-03-01"]


def test_an_article_that_the_index_has_lost(runtime: Runtime, segment: str) -> None:
    runtime.index.delete([next(runtime.index.scan(Everything())).article.id])
    [line] = found(runtime)
    assert line.startswith("1 article(s) of the archive are not in the index") and "khabar reindex" in line


def test_a_segment_that_nobody_is_going_to_read(runtime: Runtime, segment: str) -> None:
    runtime.store.delete(outcome_key(segment))
    lines = found(runtime)
    assert lines[0].startswith(f"{segment} has neither an outcome file nor a marker")
    assert lines[1].startswith("2 article(s) of the index are not in the archive's outcome files")


def test_a_segment_that_the_archive_has_lost(runtime: Runtime, segment: str) -> None:
    runtime.store.delete(segment)
    lines = found(runtime)
    assert any(line.startswith(f"{segment} is in the index and not in the archive") for line in lines)


def test_a_marker_without_its_segment(runtime: Runtime, segment: str) -> None:
    runtime.store.put(pending_key("segments/2025/03/01/lost.warc.gz"), b"")
    [line] = found(runtime)
    assert line.startswith("segments/2025/03/01/lost.warc.gz is pending and is not in the archive")
