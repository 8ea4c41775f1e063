from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from workers.extract import Extracted
from workers.genre import classify
from workers.manner import Manner
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
        ({"section": "Meinung"}, "opinion", "section:Meinung"),
        ({"section": "মতামত"}, "opinion", "section:মতামত"),
        ({"url": "https://review.example/leitartikel/a-gate"}, "editorial", "url:/leitartikel/"),
        ({"url": "https://opinion.review.example/a-gate"}, "opinion", "url:opinion."),
        ({"url": "https://review.example/blogs/a-gate"}, "opinion", "url:/blogs/"),
        ({"section": "World"}, "news", "section:World"),
        ({"authors": ("Reuters",)}, "news", "agency:Reuters"),
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
        {"section": "1 comment"},
        {"title": "Why the opinion of the ferry board: a gate"},
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


def test_a_report_in_what_a_newspaper_calls_a_blog_is_news(by_text: Genre) -> None:
    assert by_text(NEWS, url="https://review.example/blogs/news/1")[0] == "news"
    assert by_text(NEWS, url="https://review.example/blogs/1")[0] == "opinion"


def test_a_section_by_subject_tells_nothing_against_the_text(by_text: Genre) -> None:
    assert by_text(OPINION, section="Politics")[0] == "opinion"
    assert by_text(OPINION, section="Politik", lang="fi") == ("news", ("section:Politik",))


def test_opinion_is_made_more_precise_and_keeps_both_reasons(genre_of: Genre) -> None:
    genre, why = genre_of(section="Opinion", url="https://review.example/editorials/1")
    assert genre == "editorial"
    assert why == ("section:Opinion", "url:/editorials/")


NEWS = (
    "Police arrested four men in the port on Tuesday, officials said. The harbour master, Ada Quill, told reporters "
    "that a boat was seized near the pier. According to a statement by the ministry, the men were taken to a court on "
    "Wednesday. “We found nets that were reported as stolen,” the spokesman added. The commissioner said two "
    "officers had been injured. A meeting was announced for Thursday, sources said, and the agency confirmed it."
)
OPINION = (
    "What do we owe to a harbour that has fed us for so long? Perhaps we should begin with the truth: our politics has "
    "no place for people who mend nets. But that is not a law of history. It is a choice, and it is ours. If we cannot "
    "say why a pier matters, then how can we ask others to pay for it? We must not let the argument end in numbers, "
    "because numbers are not reasons. Indeed, only a society that knows what it wants will keep its boats. So let us "
    "decide, and yet let us decide together, as a nation should."
)


@pytest.fixture
def by_text(make_record: Callable[..., Any]) -> Callable[..., tuple[str, tuple[str, ...]]]:
    def classified(body: str, lang: str = "en", url: str = URL, **fields: Any) -> tuple[str, tuple[str, ...]]:
        extracted = Extracted(url, "The pier", body, 0.9, **fields)
        record = make_record(b"", url, scope=None)
        article = replace(normalize(extracted, record, None), lang=lang)
        found = classify(article, extracted, record.discovery)
        return found.genre, found.genre_evidence

    return classified


def test_the_text_alone_tells_opinion_from_news_and_says_by_what(by_text: Genre) -> None:
    genre, why = by_text(NEWS)
    assert genre == "news"
    assert any(reason.startswith("text:reported speech (") for reason in why)
    genre, why = by_text(OPINION)
    assert genre == "opinion"
    assert all(reason.startswith("text:") for reason in why)


@pytest.mark.parametrize("host", ["review.example", "news.review.example"])
@pytest.mark.parametrize(
    "path", ["news/883", "news/496012/the-pier", "latest/1896543-the-pier", "port/news/12/883"]
)
def test_a_folder_that_leads_to_whatever_a_system_holds_does_not_hide_an_opinion(
    by_text: Genre, host: str, path: str
) -> None:
    url = f"https://{host}/{path}"
    assert by_text(OPINION, url=url)[0] == "opinion"
    genre, why = by_text(NEWS, url=url)
    assert genre == "news"
    assert why[0].startswith("url:")


@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://review.example/news/the-pier"},
        {"url": "https://review.example/news/2025/the-pier"},
        {"url": "https://review.example/news/7-piers-that-we-owe"},
        {"section": "News"},
        {"breadcrumb": ("Home", "Latest News")},
        {"kinds": ("ReportageNewsArticle",)},
        {"authors": ("Reuters",)},
    ],
)
def test_where_an_outlet_calls_it_news_no_way_of_writing_overrules_that(
    by_text: Genre, given: dict[str, Any]
) -> None:
    genre, why = by_text(OPINION, **given)
    assert genre == "news"
    assert not any(reason.startswith("text:") for reason in why), (
        "what speaks for opinion is no reason for news"
    )
    assert by_text(OPINION, **{**given, "section": "Opinion"})[0] == "opinion"


@pytest.mark.parametrize(("score", "genre"), [(0.3, "news"), (0.7, "opinion"), (-0.3, "news")])
def test_what_says_little_of_news_yields_to_a_clear_way_of_writing(
    make_record: Callable[..., Any], score: float, genre: str
) -> None:
    for url, section in (("https://review.example/news/883", None), (URL, "World")):
        extracted = Extracted(url, "The pier", "Text.", 0.9, section=section)
        record = make_record(b"", url, scope=None)
        found = classify(
            normalize(extracted, record, None),
            extracted,
            record.discovery,
            lambda _title, _body, _lang: Manner(score, ("text",)),
        )
        assert found.genre == genre
        assert ("text" in found.genre_evidence) == (score != 0.3), (
            "it is a reason for what it speaks for alone"
        )


def test_a_section_outweighs_the_way_of_writing(by_text: Genre) -> None:
    assert by_text(NEWS, section="Opinion") == ("opinion", ("section:Opinion",))


def test_a_text_in_a_language_without_words_of_its_own_is_not_guessed_at(by_text: Genre) -> None:
    assert by_text(OPINION, lang="fi") == ("unknown", ())
    assert by_text("Too few words, but why?") == ("unknown", ())


def test_an_interview_says_that_it_is_one_and_asks(by_text: Genre) -> None:
    asked = (
        "In an interview with the Review she explained. "
        + "How so? Because it is. Why now? It was time. " * 4
    )
    assert by_text(asked)[0] == "interview"
    assert by_text(asked.replace("?", "."))[0] != "interview"
