from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from workers.extract import Extracted
from workers.genre import classify
from workers.normalize import normalize

URL = "https://review.example/2025/02/27/a-gate"


@pytest.fixture
def genre_of(make_record: Callable[..., Any]) -> Callable[..., tuple[str, tuple[str, ...]]]:
    def classified(
        url: str = URL, scope: str | None = None, title: str = "A gate", body: str = "Text.", **fields: Any
    ) -> tuple[str, tuple[str, ...]]:
        extracted = Extracted(url, title, body, 0.9, **fields)
        record = make_record(b"", url, scope=scope)
        article = classify(normalize(extracted, record, None), extracted, record.discovery)
        return article.genre, article.genre_evidence

    return classified


Genre = Callable[..., tuple[str, tuple[str, ...]]]


@pytest.mark.parametrize(
    ("given", "genre", "evidence"),
    [
        ({"kinds": ("NewsArticle", "OpinionNewsArticle")}, "opinion", "json-ld:OpinionNewsArticle"),
        ({"kinds": ("ReportageNewsArticle",)}, "news", "json-ld:ReportageNewsArticle"),
        ({"section": "Editorials"}, "editorial", "section:Editorials"),
        ({"section": "اداریہ"}, "editorial", "section:اداریہ"),
        ({"section": "کالم"}, "column", "section:کالم"),
        ({"section": "دیدگاه"}, "opinion", "section:دیدگاه"),
        ({"section": "संपादकीय"}, "editorial", "section:संपादकीय"),
        ({"breadcrumb": ("Pakistan", "Letters to the Editor")}, "letter", "section:Letters to the Editor"),
        ({"url": "https://review.example/op-ed/a-gate"}, "opinion", "url:/op-ed/"),
        ({"url": "https://review.example/news/a-gate"}, "news", "url:/news/"),
        ({"url": "https://review.example/%D8%B1%D8%A7%D8%A6%DB%92/1"}, "opinion", "url:/رائے/"),
        ({"title": "Editorial: A gate"}, "editorial", "title:Editorial"),
        ({"author_note": "The writer is a pilot."}, "opinion", "author-note"),
        ({"scope": "opinion"}, "opinion", "scope:opinion"),
        ({"scope": "news"}, "news", "scope:news"),
        ({"body": "Q: Why?\n\nA: So.\n\nQ: When?\n\nA: Now.\n\nQ: Where?\n\nA: Here."}, "interview", "body:questions"),
    ],
)  # fmt: skip
def test_each_cue_tells_and_is_kept_as_evidence(
    genre_of: Genre, given: dict[str, Any], genre: str, evidence: str
) -> None:
    found, why = genre_of(**given)
    assert found == genre
    assert evidence in why


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"section": "Overview of Commentators"},
        {"url": "https://review.example/a-letter-to-the-minister-on-salt/883"},
        {"title": "Commentary on nothing"},
        {"scope": "everything"},
    ],
)
def test_without_a_cue_it_is_unknown(genre_of: Genre, given: dict[str, Any]) -> None:
    assert genre_of(**given) == ("unknown", ())


def test_news_in_the_address_yields_to_any_other_cue(genre_of: Genre) -> None:
    assert genre_of(url="https://review.example/news/1", scope="opinion")[0] == "opinion"
    assert genre_of(url="https://review.example/news/1", author_note="The writer is a pilot.")[0] == "opinion"


def test_opinion_is_made_more_precise_and_keeps_both_reasons(genre_of: Genre) -> None:
    genre, why = genre_of(section="Opinion", url="https://review.example/editorials/1")
    assert genre == "editorial"
    assert why == ("section:Opinion", "url:/editorials/")
