from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.manner import MIN_WORDS, cue_words, judge, measure

LANGUAGES = ("en", "ur", "ps", "fa", "prs", "hi", "und")


@given(st.text(max_size=400), st.text(max_size=60), st.sampled_from(LANGUAGES))
def test_any_text_can_be_measured_and_judged(body: str, title: str, lang: str) -> None:
    found = measure(title, body, lang)
    assert 0 <= found.cues["quoted"] <= 1
    assert 0 <= found.cues["attributed"] <= 1
    judged = judge(title, body, lang)
    assert judged is None or judged.evidence


def test_each_cue_has_its_words_in_each_of_the_languages() -> None:
    for name, of in cue_words().items():
        assert set(of) == {"en", "ur", "ps", "fa"}, name
        assert all(of.values())


def test_what_others_are_quoted_with_is_not_the_writers_own() -> None:
    own = measure("", "We should go because we must.", "en")
    quoted = measure("", "She said “we should go because we must” and left.", "en")
    assert own.cues["ought"] > 0
    assert quoted.cues["ought"] == 0
    assert quoted.words["we"] == 0
    assert quoted.cues["quoted"] > 0.5


def test_questions_in_either_script_are_counted() -> None:
    assert measure("", "Why is that? Nobody knows it.", "en").cues["asked"] > 0
    assert measure("", "یہ کیوں ہوا؟ کسی کو معلوم نہیں۔", "ur").cues["asked"] > 0
    assert measure("یہ کیوں ہوا؟", "کسی کو معلوم نہیں۔", "ur").cues["title_asked"] == 1


def test_dari_is_judged_as_persian_and_short_texts_not_at_all() -> None:
    text = "ما باید بپرسیم که چرا مردم این شهر را ترک می‌کنند. " * 12
    persian, dari = judge("", text, "fa"), judge("", text, "prs")
    assert persian is not None
    assert persian == dari
    assert judge("", "ما باید بپرسیم. " * (MIN_WORDS // 3 - 1), "fa") is None


def test_the_evidence_shows_the_words_of_the_text_itself() -> None:
    text = (
        "کیا ہمیں یہ نہیں سوچنا چاہیے کہ ہماری قوم کہاں جا رہی ہے؟ لیکن ہم خاموش ہیں، کیونکہ سچ کڑوا ہے۔ " * 5
    )
    judged = judge("سوال", text, "ur")
    assert judged is not None
    assert judged.score > 0
    assert any("questions" in sign for sign in judged.evidence)
