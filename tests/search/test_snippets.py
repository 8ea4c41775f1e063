"""Snippets show the best passages, cut where a reader would cut them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.models import Article, Mention
from search.grammar import parse
from search.snippets import marked, snippets

NOW = datetime(2025, 10, 12, 9, 30, tzinfo=UTC)
FILLER = "Nothing of note was said in the long session of the house. " * 8


def article(body: str, title: str = "A title", **fields: Any) -> Article:
    fields = {"lang": "en"} | fields
    return Article("1", "https://daily.example/1", "daily", title, body, NOW, **fields)


def shown(query: str, body: str, count: int = 2, **fields: Any) -> tuple[str, ...]:
    return snippets(parse(query, now=NOW), article(body, **fields), count)


def test_a_short_text_is_shown_whole() -> None:
    assert shown("talk", "The talks went on.") == ("The <mark>talks</mark> went on.",)


@pytest.mark.parametrize(
    ("query", "passage"),
    [
        ("t?lks", "The <mark>talks</mark> of the Talibaan went on."),
        ("ta*n", "The talks of the <mark>Talibaan</mark> went on."),
        ("taliban~1", "The talks of the <mark>Talibaan</mark> went on."),
        ("w?nt ONEAR/0 on", "The talks of the Talibaan <mark>went</mark> <mark>on</mark>."),
        ("(talk OR talibaan)^2", "The <mark>talks</mark> of the <mark>Talibaan</mark> went on."),
    ],
)
def test_words_left_open_are_marked(query: str, passage: str) -> None:
    assert shown(query, "The talks of the Talibaan went on.") == (passage,)


def test_a_passage_is_made_of_sentences() -> None:
    (passage,) = shown("ceasefire", f"{FILLER}A ceasefire was agreed. {FILLER}")
    assert "<mark>ceasefire</mark> was agreed." in passage
    first, last = passage.strip("… ").split(" ", 1)[0], passage.removesuffix(" …")
    assert first == "Nothing"
    assert last.endswith("house.")
    assert passage.endswith(" …")


def test_the_passage_with_more_of_the_query_comes_before_one_with_less() -> None:
    body = f"Peace, again peace, and peace. {FILLER}The border was quiet at last; peace held. {FILLER}"
    (best,) = shown("peace border", body, count=1)
    assert "<mark>border</mark> was quiet at last; <mark>peace</mark> held." in best


def test_several_passages_stand_in_the_order_of_the_text_and_do_not_overlap() -> None:
    body = f"Alpha stood here. {FILLER}Beta came. {FILLER}Gamma spoke of beta. {FILLER}"
    found = shown("alpha OR beta OR gamma", body, count=2)
    assert len(found) == 2
    assert "Alpha" in found[0]
    assert "Gamma" in found[1]
    assert len(shown("alpha OR beta OR gamma", body, count=9)) == 3


def test_words_close_together_are_shown_in_one_passage() -> None:
    found = shown("talks OR peace", "The talks were about peace.")
    assert found == ("The <mark>talks</mark> were about <mark>peace</mark>.",)


def test_marks_are_never_nested() -> None:
    found = shown('talks OR "peace talks" OR talk*', "They held peace talks today.")
    assert found == ("They held <mark>peace talks</mark> today.",)


def test_only_the_title_matches() -> None:
    assert shown("title:ceasefire", "Nothing here.", title="Ceasefire at last") == (
        "<mark>Ceasefire</mark> at last",
    )


def test_nothing_to_show() -> None:
    assert shown("source:daily", "The talks.") == ()
    assert shown("cricket", "The talks.") == ()
    assert shown("talks", "The talks.", count=0) == ()
    assert shown("*", "") == ()


def test_paragraphs_end_a_passage_and_space_is_one_space() -> None:
    body = f"{FILLER}\n\nA  ceasefire\tholds\n\n{FILLER}"
    (passage,) = shown("ceasefire", body)
    assert "A <mark>ceasefire</mark> holds" in passage
    assert "\n" not in passage


@pytest.mark.parametrize(
    ("lang", "query", "sentence"),
    [
        ("ur", "مذاکرات", "سرحد پر مذاکرات کا نیا دور شروع ہوا۔"),
        ("hi", "वार्ता", "सीमा पर वार्ता शुरू हुई।"),
        ("fa", "می‌خواهد", "دولت صلح می‌خواهد؟"),
    ],
)
def test_every_script_is_cut_at_its_own_sentences(lang: str, query: str, sentence: str) -> None:
    filler = {"ur": "آج کچھ نہیں کہا گیا تھا۔ ", "hi": "आज कुछ नहीं कहा गया।", "fa": "امروز چیزی گفته نشد. "}[
        lang
    ] * 30
    (passage,) = shown(query, f"{filler}{sentence} {filler}", lang=lang)
    plain = passage.replace("<mark>", "").replace("</mark>", "")
    assert sentence in plain
    assert plain.strip("… ").startswith(filler[: len(filler) // 30].strip())


def test_a_text_without_spaces_or_sentences_is_cut_short() -> None:
    (passage,) = shown("ab*", "x" * 3000 + " abc " + "y" * 3000)
    assert passage == "… <mark>abc</mark> …"


def test_marked_shows_spans_that_are_given() -> None:
    text = article("The Taliban spoke.")
    assert marked(text, [Mention("body", 4, 11, "Taliban")]) == ("The <mark>Taliban</mark> spoke.",)
    assert marked(text, []) == ()


PIECES = ("peace", "talks", "the", "سرحد", "सीमा", ". ", "۔", "\n\n", " ", ", ", "very" * 30)


@given(st.lists(st.sampled_from(PIECES), max_size=120).map(" ".join), st.integers(1, 3))
def test_passages_are_pieces_of_the_text_with_every_mark_closed(body: str, count: int) -> None:
    for passage in shown("peace OR सीमा OR سرحد", body, count):
        assert passage.count("<mark>") == passage.count("</mark>") > 0
        plain = passage.replace("<mark>", "").replace("</mark>", "").removeprefix("… ").removesuffix(" …")
        assert plain in " ".join(body.split())
        assert len(plain) < 600
