"""The lead and the passages after it show each piece of evidence once."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from khabar.digest.reasons import LEAD, reasons
from khabar.models import Article, Mention

FIRST = "The minister spoke of the border for an hour, and then he spoke of the weather, which was fine in the capital."
FILLER = (
    "It went on like this until the afternoon, when the last of the guests had left the hall for their hotels. "
    * 4
)
LAST = "Only then did somebody ask about the talks."


def article(body: str, title: str = "A title") -> Article:
    return Article("a", "https://a.example/a", "a", title, body, datetime(2025, 10, 14, tzinfo=UTC))


def spans(body: str, *words: str) -> list[Mention]:
    return [Mention("body", body.index(word), body.index(word) + len(word), word) for word in words]


def test_evidence_in_the_lead_is_marked_there_and_the_rest_in_passages() -> None:
    body = f"{FIRST}\n\n{FILLER}\n\n{LAST}"
    lead, passages = reasons(article(body), spans(body, "border", "talks"))
    assert lead.startswith("The minister spoke of the <mark>border</mark> for an hour")
    assert [re.findall("<mark>(.*?)</mark>", passage) for passage in passages] == [["talks"]]


def test_nothing_is_shown_twice_where_the_lead_says_it_all() -> None:
    body = f"{FIRST}\n\n{FILLER}"
    assert reasons(article(body), spans(body, "border"))[1] == ()


def test_a_passage_does_not_repeat_the_end_of_the_lead() -> None:
    lead, passages = reasons(
        article(f"{FIRST} {FIRST} {LAST} {FILLER}"), spans(f"{FIRST} {FIRST} {LAST}", "talks")
    )
    assert lead == f"{FIRST} {FIRST}"
    assert passages[0].startswith("Only then did somebody ask about the <mark>talks</mark>.")


def test_a_lead_with_several_kinds_of_evidence_leaves_room_for_one_passage() -> None:
    body = f"{FIRST}\n\n{FILLER} The border again. {FILLER} {LAST}"
    again = Mention("body", body.rindex("border"), body.rindex("border") + 6, "border")
    one, two = spans(body, "border", "weather"), [again, *spans(body, "talks")]
    assert len(reasons(article(body), [*one, *two])[1]) == 1
    assert len(reasons(article(body), [one[0], *two])[1]) == 2


def test_evidence_in_the_title_alone_is_shown_as_the_title() -> None:
    lead, passages = reasons(article(FIRST, "On the border"), [Mention("title", 7, 13, "border")])
    assert "<mark>" not in lead
    assert passages == ("On the <mark>border</mark>",)


def test_a_lead_ends_with_a_sentence_that_is_one() -> None:
    body = f"The visitor had asked to see the old fort by the river, and so he met Gen. Anwar and Dr. Salma there at noon. {FILLER}"
    assert reasons(article(body), [])[0].startswith("The visitor")
    assert reasons(article(body[:190] + "x" * 200), [])[0].endswith("there at noon.")


def test_a_sentence_of_any_script_ends_a_lead() -> None:
    for stop in "۔؟।":
        sentence = "ا" * 120 + stop
        assert reasons(article(f"{sentence} {'ب' * 300}"), [])[0] == sentence


def test_a_long_sentence_is_cut_between_words_and_a_long_word_within() -> None:
    lead, _ = reasons(article("word, " * 100), [])
    assert lead.endswith("word …")
    assert len(lead) <= LEAD + 2
    assert reasons(article("x" * 1000), [])[0] == "x" * LEAD + " …"
    assert reasons(article(""), []) == ("", ())


@given(
    st.lists(
        st.sampled_from(["border ", "talks. ", "سرحد ", "\n\n", "۔ ", "Dr. ", "x" * 90 + " "]), max_size=40
    ),
    st.data(),
)
def test_the_lead_is_the_beginning_of_the_text(parts: list[str], data: st.DataObject) -> None:
    body = "".join(parts).strip()
    cuts = [(m.start(), m.end()) for m in re.finditer(r"\w+", body)]
    chosen = data.draw(st.lists(st.sampled_from(cuts), max_size=5)) if cuts else []
    evidence = [Mention("body", start, end, body[start:end]) for start, end in chosen]
    lead, passages = reasons(article(body), evidence)
    plain = lead.replace("<mark>", "").replace("</mark>", "").removesuffix(" …")
    assert " ".join(body.split()).startswith(plain)
    assert len(passages) <= 2
    assert bool(evidence) == ("<mark>" in lead + "".join(passages))
