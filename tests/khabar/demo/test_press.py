"""The demo's articles as data: how many, how long, in what scripts, on which days."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from khabar.demo.pages import Edition, print_piece
from khabar.demo.press import DAY_ZONE, Piece, When, outlets, pieces

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EXPECTED: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "expected.yaml").read_text("utf-8"))
SCRIPTS = {"en": "LATIN", "hi": "DEVANAGARI", "ur": "ARABIC", "ps": "ARABIC", "prs": "ARABIC"}
OWN_LETTERS = {"ur": "ہٹڑے", "ps": "ښړځې", "prs": "ی"}
FOREIGN_LETTERS = {"ur": "ښځېيك", "ps": "ہٹے", "prs": "ہٹڑےښځې"}


def _hidden(piece: Piece) -> bool:
    outlet = next(one for one in outlets() if one.id == piece.outlet)
    return piece.path.startswith(tuple(outlet.disallow))


OPEN = [piece for piece in pieces() if not _hidden(piece)]


def _script_share(text: str, script: str) -> float:
    letters = [letter for letter in text if unicodedata.category(letter).startswith("L")]
    return sum(unicodedata.name(letter).startswith(script) for letter in letters) / len(letters)


def test_there_are_sixteen_articles_and_one_that_robots_txt_hides() -> None:
    assert len(OPEN) == 16
    assert [piece.outlet for piece in pieces() if _hidden(piece)] == ["khyber-courier"]
    assert Counter(piece.lang for piece in OPEN) == {"en": 7, "ur": 3, "ps": 2, "prs": 2, "hi": 2}


@pytest.mark.parametrize("piece", OPEN, ids=lambda piece: piece.key)
def test_an_article_is_written_in_its_own_language(piece: Piece) -> None:
    text = "".join(piece.paragraphs)
    assert _script_share(text, SCRIPTS[piece.lang]) > 0.99
    assert all(letter in text for letter in OWN_LETTERS.get(piece.lang, ""))
    assert not any(letter in text for letter in FOREIGN_LETTERS.get(piece.lang, ""))
    assert text == unicodedata.normalize("NFC", text) or piece.lang == "hi"


@pytest.mark.parametrize("piece", OPEN, ids=lambda piece: piece.key)
def test_an_article_is_as_long_as_an_op_ed(piece: Piece) -> None:
    words = sum(len(text.split()) for text in piece.paragraphs)
    assert (300 if piece.section == "News" or piece.lang != "en" else 350) <= words <= 700


def test_no_two_articles_share_an_address_or_a_title_but_the_reprint() -> None:
    assert len({(piece.outlet, piece.path) for piece in pieces()}) == 17
    titles = Counter(piece.title for piece in pieces())
    assert [title for title, count in titles.items() if count > 1] == [
        "Kabul cannot lease out the TTP question"
    ]


def test_a_reprint_differs_from_its_original_in_header_and_first_paragraph_alone() -> None:
    (reprint,) = [piece for piece in pieces() if piece.header]
    (original,) = [one for one in pieces() if one.title == reprint.title and one is not reprint]
    assert reprint.paragraphs[1:] == original.paragraphs[1:]
    assert reprint.paragraphs[0] != original.paragraphs[0]
    gap = reprint.when.before(NOW) - original.when.before(NOW)
    assert timedelta(hours=1) < gap < timedelta(hours=16)


def test_an_edit_changes_headline_and_one_paragraph() -> None:
    (piece,) = [piece for piece in pieces() if piece.edit]
    edited = piece.edited()
    changed = [one for one, two in zip(piece.paragraphs, edited.paragraphs, strict=True) if one != two]
    assert len(changed) == 1
    assert edited.title != piece.title
    assert edited.path == piece.path


@pytest.mark.parametrize("hour", [0, 7, 18, 19, 23])
def test_at_any_hour_yesterday_has_enough_for_a_digest_and_nothing_lies_ahead(hour: int) -> None:
    now = datetime(2026, 3, 2, hour, 30, tzinfo=UTC)
    yesterday = now.astimezone(DAY_ZONE).date() - timedelta(days=1)
    moments = {piece.key: piece.when.before(now) for piece in pieces()}
    assert all(moment < now for moment in moments.values())
    on_topic = {fact["url"] for fact in EXPECTED if fact["topic"]}
    printed = [print_piece(piece, Edition(now)) for piece in pieces()]
    dated = [
        one
        for one in printed
        if one.canonical in on_topic and one.published.astimezone(DAY_ZONE).date() == yesterday
    ]
    assert len(dated) >= 7


def test_an_article_keeps_its_day_in_its_outlets_own_time_zone() -> None:
    for piece in pieces():
        if piece.when.hours is None:
            one = print_piece(piece, Edition(NOW))
            assert one.published.date() == one.published.astimezone(DAY_ZONE).date()


def test_when_is_a_day_and_hour_or_a_number_of_hours() -> None:
    assert When(days=1, at="07:10").before(NOW).isoformat() == "2026-03-01T07:10:00+05:00"
    assert When(hours=3).before(NOW) == datetime(2026, 3, 2, 6, tzinfo=UTC)


def test_the_expected_facts_are_those_of_the_articles() -> None:
    printed = {one.canonical: one for one in (print_piece(piece, Edition(NOW)) for piece in OPEN)}
    assert {fact["url"] for fact in EXPECTED} == set(printed)
    for fact in EXPECTED:
        piece = printed[fact["url"]].piece
        assert (fact["outlet"], fact["title"], fact["lang"]) == (piece.outlet, piece.title, piece.lang)
        assert tuple(fact["authors"]) == piece.authors
        assert piece.paragraphs[0].startswith(fact["begins"])
        assert piece.paragraphs[-1].endswith(fact["ends"])
        assert fact.get("hours", fact.get("day")) == (piece.when.hours or piece.when.days)
        assert fact.get("copy_of", fact["url"]) in printed
    assert sum(fact["topic"] for fact in EXPECTED) == 10
