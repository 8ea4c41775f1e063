from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from khabar.revisions import compared
from khabar.text import fold

WORDS = st.lists(
    st.sampled_from(["gate", "Gate,", "دروازہ", "—", "nine", "\n\n", "é", "खबर"]), max_size=14
).map(" ".join)


@given(WORDS, WORDS)
def test_a_diff_holds_both_texts(before: str, after: str) -> None:
    pieces = list(compared(before, after))
    assert "".join(piece.text for piece in pieces if piece.what != "out") == after
    assert fold(" ".join(piece.text for piece in pieces if piece.what != "in")) == fold(before)


@given(WORDS)
def test_a_text_differs_from_itself_in_nothing(text: str) -> None:
    assert all(piece.what == "kept" for piece in compared(text, text))


def test_case_and_marks_are_no_difference() -> None:
    assert [piece.what for piece in compared("The gate, shut.", "The Gate – shut")] == ["kept", "in", "kept"]
    assert [piece.what for piece in compared("The gate, shut.", "The gate shut")] == ["kept"]
