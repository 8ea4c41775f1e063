from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.columnists import asked, forms, joined
from khabar.text import words


@pytest.mark.parametrize(
    "names",
    [
        (
            "Aamir Mehmood",
            "Amir Mahmood",
            "Dr. Aamer Mahmud",
            "AAMIR MAHMOOD",
            "عامر محمود",
            "پروفیسر عامر محمود",
        ),
        ("Muhammad Amir Rana", "Mohammad Aamir Rana", "محمد عامر رانا"),
        ("Zahid Hussain", "Zahed Hussein", "زاہد حسین", "Brig (retd) Zahid Husain"),
    ],
)
def test_the_spellings_of_one_columnist_are_joined(names: tuple[str, ...]) -> None:
    assert len({joined(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ahmed Khan", "Ahmad Khan"),  # too many people have such a name
        ("A. Rana", "Amir Rana"),
        ("Rana", "رانا"),
        ("Amir Rana", "Amir Rana Malik"),
        ("Zahid Hussain", "Zahid Hassan"),
        ("عامر بٹ", "Amir Butt"),  # a word that no list knows
    ],
)
def test_what_may_be_two_people_is_kept_apart(one: str, other: str) -> None:
    assert joined(one) != joined(other)


def test_a_name_that_is_not_known_stays_as_it_is_printed() -> None:
    for name in ("Ada Quill", "نامعلوم شخص", "A. B. Quill", "Quill", ""):
        assert joined(name) == name


def test_a_search_looks_at_the_printed_and_the_joined_form() -> None:
    assert forms(("Dr Zahed Hussein", "Zahid Hussain", "Ada Quill")) == (
        "Dr Zahed Hussein",
        "Zahid Hussain",
        "Ada Quill",
    )
    assert asked(("dr", "zahed", "hussein")) == ("zahid", "hussain")
    assert asked(("quill",)) == ("quill",)


PARTS = st.sampled_from(
    ["Dr.", "Zahed", "زاہد", "HUSSAIN", "Khan", "Ada", "بٹ", "A.", "ur", "Zia-ul", "retd"]
)


@given(st.lists(PARTS, max_size=5).map(" ".join))
def test_joining_twice_changes_nothing_and_a_query_for_any_form_is_spelled_like_it(name: str) -> None:
    assert joined(joined(name)) == joined(name)
    if joined(name) != name:
        assert asked(words(name)) == tuple(words(joined(name)))


@given(st.text(max_size=60))
def test_any_text_may_stand_where_a_name_should(name: str) -> None:
    assert joined(joined(name)) == joined(name)
