"""No page takes longer than it may: over it there is a plain text, or a page is too large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from khabar.models import Record
from workers.extract import Extracted, Rejected, extract
from workers.extract.deadline import SECONDS, Clock, deadline, never

MakeRecord = Callable[..., Record]
PROSE = "The ferry leaves when the driver has finished his tea, and he is a quick drinker on all days of the week. "
PAGE = (
    "<html><head><title>The ferry</title></head><body><h1>The ferry</h1><p>By Shehla Mangrio</p><p>18 November 2024</p>"
    + f"<p>{PROSE * 3}</p>" * 4
    + "</body></html>"
)


def clock_of(*times: float) -> Clock:
    """Return a clock that shows these times one after the other, then the last for ever."""
    shown: Iterator[float] = chain(times, repeat(times[-1]))
    return lambda: next(shown)


def test_a_deadline_is_over_once_its_time_has_passed() -> None:
    due = deadline(clock_of(10.0, 10.0 + SECONDS, 10.1 + SECONDS))
    assert not due.over()
    assert due.over()
    assert not never()


def test_a_page_that_is_in_time_is_read_with_care(make_record: MakeRecord) -> None:
    found = extract(make_record(PAGE), None, clock=clock_of(0.0))
    assert isinstance(found, Extracted)
    assert (found.title, found.authors) == ("The ferry", ("Shehla Mangrio",))
    assert found.published is not None
    assert found.body_confidence > 0.3


def test_a_page_that_took_too_long_to_parse_is_too_large(make_record: MakeRecord) -> None:
    assert extract(make_record(PAGE), None, clock=clock_of(0.0, 2 * SECONDS)) == Rejected("too_large")


def test_a_page_that_runs_out_of_time_gives_its_paragraphs(make_record: MakeRecord) -> None:
    found = extract(make_record(PAGE), None, clock=clock_of(0.0, 0.0, 2 * SECONDS))
    assert isinstance(found, Extracted)
    assert found.title == "The ferry"
    assert PROSE.strip() in found.body
    assert found.body_confidence == pytest.approx(0.3)


def test_what_is_searched_for_last_is_not_searched_for_late(make_record: MakeRecord) -> None:
    far = PAGE.replace("<p>18 November 2024</p>", "").replace(
        "</body>", "<div><p>Posted 18 November 2024</p></div></body>"
    )
    found = extract(make_record(far), None, clock=clock_of(0.0))
    late = extract(make_record(far), None, clock=clock_of(0.0, 0.0, 2 * SECONDS))
    assert isinstance(found, Extracted) and isinstance(late, Extracted)
    assert found.published is not None
    assert late.published is None
