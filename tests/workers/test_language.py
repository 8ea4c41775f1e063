from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.models import Article, Source
from workers.extract import Extracted
from workers.language import detect, identify
from workers.normalize import normalize

URDU = "پل کے نیچے پانی بہت گہرا ہے اور کشتی چھوٹی، پھر بھی لوگ روز پار جاتے ہیں۔"
PASHTO = "زموږ د کلي ښوونځی له کوره څلور کیلومتره لرې دی او لار یې په ژمي کې بنده وي."
PERSIAN = "در کوچهٔ ما مردی هر روز نان خشک می‌خرد و کسی نمی‌داند که آن را به کجا می‌برد."
HINDI = "हमारे क़स्बे के डाकघर की घड़ी ग्यारह साल से सवा चार बजा रही है।"
ENGLISH = "The bridge was closed again on Monday, and nobody had told the drivers why."
BENGALI = "আমাদের গ্রামের পাশে একটি নদী আছে এবং সেই নদীর উপর কোনো সেতু নেই।"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        (URDU, "ur"),
        (PASHTO, "ps"),
        (PERSIAN, "fa"),
        (HINDI, "hi"),
        (ENGLISH, "en"),
        (BENGALI, "bn"),
        (ENGLISH.upper(), "en"),
    ],
)
def test_a_sentence_tells_its_language(text: str, lang: str) -> None:
    found, confidence = detect(text)
    assert found == lang
    assert 0.5 < confidence <= 1


@pytest.mark.parametrize("text", ["", "  \n", "12 345 – 6", "!?…"])
def test_without_words_it_is_undetermined(text: str) -> None:
    assert detect(text) == ("und", 0.0)


def test_few_words_are_decided_by_what_the_source_writes_in() -> None:
    assert detect("کلي ته لار", ("ps",))[0] == "ps"
    assert detect(ENGLISH, ("ur",))[0] == "en"  # a plain case stays what it is


@pytest.fixture
def article_of(make_record: Callable[..., Any]) -> Callable[[str, Source | None], Article]:
    def make(body: str, source: Source | None) -> Article:
        extracted = Extracted("https://review.example/a", "", body, 0.9)
        return identify(normalize(extracted, make_record(b""), source), source)

    return make


def test_persian_from_an_afghan_source_is_dari(
    article_of: Callable[..., Article], kabul: Source, karachi: Source
) -> None:
    assert article_of(PERSIAN, kabul).lang == "prs"
    assert article_of(PERSIAN, Source("x", "X", None, ("prs",))).lang == "prs"
    assert article_of(PERSIAN, karachi).lang == "fa"
    assert article_of(PERSIAN, None).lang == "fa"
    assert article_of(PASHTO, kabul).lang == "ps"


@given(st.text(max_size=80), st.sampled_from([(), ("ur",), ("en", "ur"), ("xx",)]))
def test_no_text_breaks_it(text: str, expected: tuple[str, ...]) -> None:
    lang, confidence = detect(text, expected)
    assert 2 <= len(lang) <= 8 and 0 <= confidence <= 1
