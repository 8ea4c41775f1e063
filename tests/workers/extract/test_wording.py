from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract.brief import Brief
from workers.extract.wording import commas, compared, letters, look, repeated


@given(st.text() | st.text(alphabet="aZ9_ -.,’\u064e\u0939\u093f\ud800é", max_size=40))
def test_letters_are_what_is_left_without_spaces_and_marks(text: str) -> None:
    assert letters(text) == re.sub(r"[\W_]+", "", text).lower()


def test_repeated_texts_are_told_from_the_first() -> None:
    assert repeated(["a", "b", "c"]) == [0, 0, 0]
    assert repeated(["a", "b", "a", "c", "a"]) == [0b011, 0, 0b111, 0, 0b111]


def test_a_headline_a_summary_and_what_machines_are_told_are_known_again() -> None:
    text = "The river rose over night and took two of the three bridges with it, the ministry said on Monday."
    brief = Brief("Bridges lost!", "The river rose over night", (text,))
    assert compared(["Bridges lost", text, "Nothing of the kind"], brief) == [0b00101, 0b11110, 0b00100]
    assert compared(["Bridges lost", text], Brief()) == [0, 0]


@pytest.mark.parametrize(
    ("text", "bit"),
    [
        ("A line.", 7),
        ("“A line", 8),
        ("a\nb", 9),
        ("Home >", 10),
        ("Page 2", 11),
        ("NEWS", 12),
        ("a line", 13),
    ],
)
def test_a_text_looks_as_it_begins_and_ends(text: str, bit: int) -> None:
    assert look(text) >> bit & 1 and not look("A line") >> bit & 1


def test_commas_of_all_scripts_count_and_a_long_text_has_enough() -> None:
    assert commas(["a, b, c", "ا، ب", "甲，乙、丙", "x" * 2000]) == [2, 1, 2, 4]
