"""Times of day are read as our languages print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract.dates import Habits, read_date
from workers.extract.daytime import with_halves


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("20 نومبر 2026 06:40 شام", "18:40"),
        ("20 نومبر 2026، صبح 6:40 بجے", "06:40"),
        ("20 نومبر 2026 | دوپہر 12:05", "12:05"),
        ("20 नवंबर 2026, शाम 6:40 बजे", "18:40"),
        ("20 नवंबर 2026, रात 12:15 बजे", "00:15"),
        ("20 नवंबर 2026, रात 2:15 बजे", "02:15"),
        ("20 नवंबर 2026 09:10 पीएम", "21:10"),
        ("২০ নভেম্বর ২০২৬, ১৮: ৪০", "18:40"),
        ("২০ নভেম্বর ২০২৬, রাত ৯:০৫", "21:05"),
        ("২০ নভেম্বর ২০২৬, সকাল ৯:০৫", "09:05"),
        ("جمعه ۲۹ عقرب ۱۴۰۵ ساعت ۱۸:۴۰", "18:40"),
        ("۲۹ عقرب ۱۴۰۵ ۶:۴۰ ب.ظ", "18:40"),
        ("20 نومبر 2026 شام 18:40", "18:40"),
        ("20 November 2026 6:40 pm", "18:40"),
    ],
)
def test_the_half_of_the_day_is_told_by_a_word(text: str, clock: str) -> None:
    found = read_date(text, Habits(solar=True))
    assert found is not None
    assert (found[0].date().isoformat(), found[0].strftime("%H:%M"), found[1]) == (
        "2026-11-20",
        clock,
        "second",
    )


@pytest.mark.parametrize("text", ["شام کے 40 ٹرک", "रातोंरात 6:40", "6:405 شام", "The 6:40 train", "3: 4"])
def test_what_is_no_time_of_day_is_left_as_it_is(text: str) -> None:
    assert with_halves(text) == text


@given(st.text(max_size=60), st.sampled_from(["شام", "रात", "সকাল", "ساعت"]))
def test_no_text_breaks_it_and_a_second_reading_changes_nothing_more(text: str, word: str) -> None:
    once = with_halves(f"{text} 6:40 {word}")
    assert with_halves(once) == once
