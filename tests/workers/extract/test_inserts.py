"""The site's own lines are taken out of a body, and sentences that look a little like them are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract.inserts import without_inserts

BODY = ["The goats came back at noon, and nobody had counted them.", "By evening there were two more."]


@pytest.mark.parametrize(
    "line",
    [
        "Also read: The price of a goat",
        "READ MORE: The price of a goat",
        ">> Related: the price of a goat",
        "Read also - The price of a goat",
        "یہ بھی پڑھیں: بکری کے دام",
        "مزید پڑھیے: بکری کے دام",
        "دا هم ولولئ: د وزې بیه",
        "بیشتر بخوانید: بهای بز",
        "ये भी पढ़ें- बकरी के दाम",
        "আরও পড়ুন: ছাগলের দাম",
        "Lesen Sie auch: Was eine Ziege kostet",
    ],
)
def test_an_insert_is_left_out_wherever_it_stands(line: str) -> None:
    assert without_inserts([BODY[0], line, BODY[1], line]) == BODY
    assert without_inserts([line, *BODY]) == BODY


@pytest.mark.parametrize(
    "line",
    [
        "See also:",  # of a list that follows
        "Read more books, he said: it costs nothing.",
        "Also read was the letter of the goatherd.",
        "Related: " + "the price of a goat " * 20,
        "Related: goats\nRelated: sheep",
        "یہ بھی پڑھیں کہ کیا ہوا",
    ],
)
def test_a_sentence_is_kept(line: str) -> None:
    assert without_inserts([BODY[0], line, BODY[1]]) == [BODY[0], line, BODY[1]]


@pytest.mark.parametrize(
    "line",
    [
        "Join our WhatsApp channel for the news of the valley",
        "ہمارا واٹس ایپ چینل جوائن کریں",
        "आप हमारे टेलीग्राम चैनल से भी जुड़ सकते हैं",
        "আমাদের ইউটিউব চ্যানেল দেখুন",
        "زموږ واټساپ چینل تعقیب کړئ",
        "آپ کی رائے",
        "Leave a comment",
    ],
)
def test_calls_behind_a_text_are_left_out_and_within_it_kept(line: str) -> None:
    assert without_inserts([*BODY, line, line]) == BODY
    assert without_inserts([BODY[0], line, BODY[1]]) == [BODY[0], line, BODY[1]]


@pytest.mark.parametrize(
    "last",
    [
        "The WhatsApp channel was closed on Friday.",
        "The group claimed the attack on its Telegram channel.",
        "وزارتِ داخلہ نے اپنے واٹس ایپ چینل پر کہا کہ سرحد بند رہے گی۔",
        "طالبان این خبر را در کانال تلگرام خود تأیید کردند.",
        "मंत्रालय ने अपने टेलीग्राम चैनल पर इसकी पुष्टि की।",
    ],
)
def test_what_somebody_said_on_a_channel_is_kept(last: str) -> None:
    assert without_inserts(["The road was closed on Friday.", last])[-1] == last


@given(st.lists(st.text(max_size=40), max_size=9))
def test_what_is_left_is_of_the_body_in_order(paragraphs: list[str]) -> None:
    left = without_inserts(paragraphs)
    rest = iter(paragraphs)
    assert all(one in rest for one in left)
    assert bool(left) == bool(paragraphs)
