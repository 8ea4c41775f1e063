"""Signatures find near copies, and the exact comparison decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.models import Article, Document, Reference, Signature
from workers.duplicates import SHORT, SIGNATURE_VERSION, TRIVIAL, WINDOW, contained, is_copy, linked, sign

START = datetime(2025, 10, 1, tzinfo=UTC)


def words(count: int, start: int = 0) -> str:
    return " ".join(f"word{number}" for number in range(start, start + count))


def document(name: str, body: str, date: datetime = START, title: str = "A title") -> Document:
    article = Article(name, f"https://a.example/{name}", "a", title, body, date, cluster=name, first=name)
    reference = Reference(date, name, "s", article.url, f"t {article.url}", "a", date, "h")
    return Document(article, (reference,), sign(body))


texts = st.lists(
    st.sampled_from(["river", "border", "talks", "سرحد", "تجارت", "शांति", "the", "of"]), max_size=90
).map(" ".join)


def test_a_signature_has_one_key_a_band_and_never_changes() -> None:
    signature = sign(words(60))
    assert signature.version == SIGNATURE_VERSION == 1
    assert len(set(signature.bands)) == 64
    # What is stored must stay comparable: other keys, from whatever library, need another version.
    assert signature.bands[:2] == ("AKE_wH4wVSbX", "ASETuHEZtnt_")
    assert signature.exact == "g8hC8FkyFXArV-qN"


def test_a_signature_sees_words_and_not_their_spelling() -> None:
    body = "The border\u2019s closure — “a mistake”, says كابل — " + words(50)
    other = "the BORDER's closure: 'a mistake' says کابل,\n\n" + words(50)
    assert sign(body) == sign(other)


def test_short_and_trivial_texts_have_less_to_be_found_by() -> None:
    assert sign(words(SHORT)).bands
    assert sign(words(SHORT - 1)).bands == ()
    assert sign(words(SHORT - 1)).exact
    assert sign(words(TRIVIAL - 1)) == Signature(SIGNATURE_VERSION)
    assert sign("") == Signature(SIGNATURE_VERSION)


@given(texts, texts)
def test_comparing_is_symmetric_and_bounded(a: str, b: str) -> None:
    assert contained(a, b) == contained(b, a)
    assert 0.0 <= contained(a, b) <= 1.0
    assert is_copy(a, b) == is_copy(b, a)
    assert linked(document("a", a), document("b", b)) == linked(document("b", b), document("a", a))


@given(texts)
def test_a_text_is_a_copy_of_itself_unless_it_is_trivial(body: str) -> None:
    assert is_copy(body, body) == linked(document("a", body), document("b", body))
    assert is_copy(body, body) == (len(body.split()) >= TRIVIAL)


def test_a_part_is_contained_in_the_whole() -> None:
    assert contained(words(50), words(500)) == 1.0
    assert contained(words(50), words(500, start=40)) == pytest.approx(8 / 48)
    assert contained("two words", words(50)) == 0.0


@pytest.mark.parametrize(("shared", "copy"), [(61, False), (62, True)])
def test_a_copy_shares_six_of_ten_shingles_of_the_smaller_text(shared: int, copy: bool) -> None:
    # 102 words are 100 shingles; the first `shared` words are common, hence shared - 2 shingles.
    other = words(shared) + " " + words(102 - shared, start=1000)
    assert is_copy(words(102), other) == copy == (contained(words(102), other) >= 0.6)


def test_short_texts_are_copies_only_where_all_words_are_equal() -> None:
    short = words(SHORT - 1)
    assert is_copy(short, short.upper())
    assert not is_copy(short, short + " more")
    assert not is_copy(short, words(200))
    assert is_copy(words(SHORT), words(200))


def test_a_title_is_no_evidence() -> None:
    one, other = (
        document(name, words(80, start), title="Editorial") for name, start in [("a", 0), ("b", 500)]
    )
    assert not linked(one, other)
    assert linked(one, document("c", words(80), title="Under another headline"))


@pytest.mark.parametrize(("apart", "copy"), [(WINDOW, True), (WINDOW + timedelta(seconds=1), False)])
def test_copies_are_first_seen_within_the_window(apart: timedelta, copy: bool) -> None:
    one, other = document("a", words(80)), document("b", words(80), START + apart)
    assert linked(one, other) == linked(other, one) == copy


def test_what_the_index_would_not_bring_together_is_not_linked() -> None:
    one, other = document("a", words(80)), document("b", words(80))
    assert not linked(one, replace(other, signature=Signature(SIGNATURE_VERSION)))
    assert not linked(*(replace(each, signature=Signature(SIGNATURE_VERSION)) for each in (one, other)))


def test_a_reprint_with_a_new_opening_and_cuts_is_found_by_its_signature() -> None:
    original = words(700)
    reprint = words(40, start=5000) + " " + " ".join(original.split()[100:600]) + " " + words(30, start=6000)
    assert linked(document("a", original), document("b", reprint))
