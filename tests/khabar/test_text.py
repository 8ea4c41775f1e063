"""The one text analysis: offsets cut the original, folding is stable, in every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from khabar.text import MAX_TOKEN, fold, fold_word, slug, stem, stemmed, stems, tokenize, words

SCRIPTS = [
    "abcxyzABCİıßŁøœé0123456789",
    "ابتثجحخدذرزسشصضطظعغفقكگلمنوهيیىکپچژټډړښڼې۰۱۲۳٠١٢ًٌٍَُِّْٰـ\u200c\u200d\u200f",
    "अआइईउऊएकखगघचछजटठडढतथदधनपबभमयरलवशषसह़ािीुूृेैोौ्ंः०१२",
    "অআইকখগঘচছজটঠডঢতথদধনপবভমযরলশষসহািীুূেৈোৌ্ংঃ০১২",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВЁё",
    "中文北京東京",
    "\u00ad\u2060’'“”.,;:-–—/ \n\t",
]
PROSE = st.lists(
    st.sampled_from(SCRIPTS).flatmap(lambda script: st.text(script, max_size=8)), max_size=12
).map("".join)


@given(PROSE | st.text(max_size=60))
@example("½ of ⑴ and ﷺ")
def test_offsets_cut_the_original(text: str) -> None:
    last = 0
    for token in tokenize(text):
        assert last <= token.start < token.end <= len(text)
        assert fold_word(text[token.start : token.end]) == token.text
        last = token.end


@given(PROSE | st.text(max_size=60))
def test_a_token_is_one_word_for_both_engines(text: str) -> None:
    for token in tokenize(text):
        assert token.text and len(token.text) <= MAX_TOKEN
        assert token.text.split() == [token.text]


@given(PROSE)
@example("ŉ ǰ ΐ ﬀ ﷺ")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(max_codepoint=127) | st.sampled_from("’‘“”–—…\u00a0"), max_size=60))
def test_plain_english_folds_as_the_same_among_other_letters(text: str) -> None:
    assert [*words(text), "ک"] == words(f"{text} ک")
    assert tokenize(text) == tokenize(f"{text} ک")[:-1]


@given(PROSE)
def test_words_are_the_texts_of_the_tokens(text: str) -> None:
    assert words(text) == [token.text for token in tokenize(text)]


@given(PROSE)
def test_composition_does_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Naïve CAFÉ", "naive cafe"),
        ("پاكستان", "پاکستان"),
        ("علي", "علی"),
        ("مُحَمَّد", "محمد"),
        ("طـالبان", "طالبان"),
        ("می\u200cشود", "میشود"),
        ("۱۴۰۳", "1403"),
        ("١٤٠٣", "1403"),
        ("२०२५", "2025"),
        ("क़लम", "कलम"),
        ("İstanbul", "istanbul"),
        ("Straße", "STRASSE"),
        ("ﬁrst", "first"),
        ("co\u00adoperate", "cooperate"),
    ],
)
def test_spellings_of_one_word_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("की", "का"), ("کل", "گل"), ("بر", "پر"), ("নদী", "নদ")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_a_joiner_stands_inside_a_word_and_a_space_does_not() -> None:
    text = "خانه\u200cها خانه ها"
    assert [text[token.start : token.end] for token in tokenize(text)] == ["خانه\u200cها", "خانه", "ها"]
    assert tokenize("\u200cخانه\u200c")[0][1:] == (1, 5)


def test_the_virama_does_not_split_a_word() -> None:
    assert len(tokenize("प्रधानमन्त्री")) == 1


def test_a_long_token_is_cut_and_keeps_its_place() -> None:
    text = f"a {'x' * 250} b"
    assert [(len(token.text), token.start, token.end) for token in tokenize(text)] == [
        (1, 0, 1),
        (MAX_TOKEN, 2, 252),
        (1, 253, 254),
    ]


def test_words_of_marks_alone_are_none() -> None:
    assert tokenize("\u0301 \u064b \u200c") == ()


def test_a_stem_carries_its_language() -> None:
    assert stem("talking", "en") == stem("talks", "en") == "en:talk"
    assert stem("talks", "ps") == "ps:talks"
    assert (stemmed("en-GB"), stemmed("ps"), stemmed("FA")) == ("en", "und", "fa")
    assert {"en:talk", "und:talks"} <= set(stems("talks"))


def test_a_name_becomes_an_id() -> None:
    assert slug("The News (International)") == "the-news-international"
    assert slug("روزنامہ جنگ") == "روزنامه-جنگ"
    assert slug(" … ") == ""
