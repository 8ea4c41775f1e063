"""Cursors come back as they went, fit one question, and hostile ones are refused in words."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from khabar.ports import Mark
from khabar.web.cursors import cursor, mark_of
from khabar.web.problems import ProblemError

MARKS = st.builds(
    Mark,
    st.floats(-1e6, 1e6, width=32),
    st.integers(-(2**61), 2**61),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.integers(0, 10**6),
)


@given(MARKS, st.text(), st.text())
def test_a_cursor_gives_its_mark_to_its_own_question_alone(mark: Mark, query: str, other: str) -> None:
    text = cursor(mark, query, "newest")
    assert text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    assert mark_of(text, query, "newest") == mark
    if other != query:
        with pytest.raises(ProblemError):
            mark_of(text, other, "newest")


@given(st.text(max_size=300))
@example("")
@example("AAAA")
@example(base64.b64encode(b"null").decode())
@example(base64.b64encode(b'{"question":"x","mark":{"score":1e999,"when":0,"id":""}}').decode())
@example(
    base64.b64encode(b'{"question":"x","mark":{"score":0,"when":99999999999999999999999,"id":""}}').decode()
)
@example(base64.b64encode(b'{"question":"x","mark":{"score":0,"when":0,"id":"\\ud800"}}').decode())
@example("x" * 100_000)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        mark_of(text, "gate")
    assert refusal.value.problem.parameter == "cursor"


def test_no_cursor_is_no_mark() -> None:
    assert mark_of(None, "gate") is None


def test_marks_that_no_index_could_sort_by_are_refused() -> None:
    for mark in (Mark(1e300, 0, ""), Mark(0, 2**63, ""), Mark(float("nan"), 0, "")):
        with pytest.raises(ProblemError):
            mark_of(cursor(mark, "gate"), "gate")
