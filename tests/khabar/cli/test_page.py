"""Articles and results as text: marks, titles, times, and untitled ones by their first words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from khabar.cli.page import article, copies, day, heading, results, revisions, styled
from khabar.codec import plain
from khabar.models import Article, Document, Entity, Mention, Reference, TopicMatch

NOON = datetime(2025, 3, 1, 12, 30, 15, tzinfo=UTC)
BODY = "The gate was shut.\n\nNobody knew whom to ask."


def made(**fields: Any) -> Article:
    return Article("1f", "https://a.example/1", "paper", "A gate", BODY, NOON, **fields)


def document(found: Article, *texts: str) -> Document:
    references = tuple(
        Reference(
            NOON + timedelta(hours=n), f"urn:uuid:{n}", "segments/x", found.url, f"a{n}", "a", NOON, text
        )
        for n, text in enumerate(texts or ["one"])
    )
    return Document(found, references)


def found(*hits: dict[str, Any], **parts: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"facets": {}, "timeline": [], "explain": {}}
    return {"total": len(hits), "took_ms": 1.5, "hits": list(hits), **empty, **parts}


def hit(article: Article, *snippets: str) -> dict[str, Any]:
    return {"score": 1.0, "article": plain(article), "snippets": snippets}


def test_a_hit_tells_title_day_source_byline_language_and_address() -> None:
    shown = made(authors=("A. Writer", "B. Writer"), lang="en", genre="opinion", published=NOON, copies=3)
    lines = results(found(hit(shown, "the <mark>gate</mark>  was\nshut")), terminal=False).splitlines()
    assert lines == [
        "1 article(s), 1.5 ms",
        "",
        "  1. A gate",
        "     2025-03-01 · paper · A. Writer, B. Writer · en · opinion · 3 copies",
        "     the [gate] was shut",
        "     1f  https://a.example/1",
    ]


def test_on_a_terminal_marks_are_bold() -> None:
    text = results(found(hit(made(), "the <mark>gate</mark>")), terminal=True)
    assert "\033[1mgate\033[0m" in text and "<mark>" not in text
    assert styled("a <mark>b</mark>", terminal=False) == "a [b]"


def test_an_untitled_article_is_listed_by_its_first_words() -> None:
    untitled = Article("1f", "https://a.example/1", "paper", "", BODY, NOON)
    assert "  1. [untitled] The gate was shut. Nobody knew whom to ask." in results(
        found(hit(untitled)), terminal=False
    )
    assert article(document(untitled), (), terminal=False).splitlines()[0] == "[untitled]"


@pytest.mark.parametrize(
    ("title", "body", "shown"),
    [
        ("A gate", BODY, "A gate"),
        ("", "", "[untitled]"),
        ("", "word " * 100, "[untitled] " + "word " * 13 + "…"),
        ("", "طورخم کا دروازہ\n\nبند ہے", "[untitled] طورخم کا دروازہ بند ہے"),
    ],
)
def test_a_heading(title: str, body: str, shown: str) -> None:
    assert heading(title, body) == shown


def test_facets_timeline_and_explanation_come_after_the_hits() -> None:
    facets = {"lang": {"en": 3, "ur": 1}, "source": {f"s{n}": 1 for n in range(12)}, "genre": {}}
    timeline = [{"start": "2025-01", "count": 2}, {"start": "2025-02", "count": 4}]
    explain = {"1f": [{"field": "body", "start": 4, "end": 8, "text": "gate"}]}
    text = results(found(facets=facets, timeline=timeline, explain=explain), terminal=False)
    assert "lang     en 3, ur 1" in text and "… 2 more" in text and "genre" not in text
    assert f"2025-01  {'▇' * 20} 2" in text and f"2025-02  {'▇' * 40} 4" in text
    assert "1f: body 4–8 “gate”" in text


def test_a_timeline_of_nothing_is_no_error() -> None:
    assert "2025-01   0" in results(found(timeline=[{"start": "2025-01", "count": 0}]), terminal=False)


def test_an_article_is_shown_with_its_spans_marked_once() -> None:
    spans = [
        Mention("body", 4, 8, "gate"),
        Mention("body", 4, 12, "gate was"),
        Mention("title", 2, 6, "gate"),
    ]
    shown = made(
        topics=(TopicMatch("gates", 9.5, 1),), entities=(Entity("torkham", "Torkham", "place", 0.5),)
    )
    text = article(document(shown), spans, terminal=False)
    assert text.splitlines()[0] == "A [gate]"
    assert "The [gate was] shut." in text
    assert "topics gates 9.5" in text and "entities torkham 0.50" in text
    assert text.endswith("Nobody knew whom to ask.")


@pytest.mark.parametrize(
    ("published", "precision", "shown"),
    [
        (NOON, "second", "2025-03-01 12:30"),
        (NOON, "day", "2025-03-01"),
        (NOON, "month", "2025-03"),
        (NOON, "year", "2025"),
        (None, None, "undated (fetched 2025-03-01)"),
    ],
)
def test_a_time_is_told_as_precisely_as_it_is_known(
    published: datetime | None, precision: Any, shown: str
) -> None:
    assert day(made(published=published, published_precision=precision)) == shown


def test_revisions_are_where_the_text_changed() -> None:
    lines = revisions(document(made(), "one", "one", "two", "one")).splitlines()
    assert [line[22:34].strip() for line in lines] == ["revision 1", "unchanged", "revision 2", "revision 3"]
    assert lines[0].startswith("2025-03-01 12:30:15Z") and "urn:uuid:0" in lines[0]


def test_copies_are_told_in_their_order_with_what_they_share() -> None:
    first, late = made(published=NOON, published_precision="day"), made()
    told = copies([(document(first), 1.0), (document(late), 0.999)])
    assert told.splitlines() == [
        "  1. 2025-03-01        first              paper · A gate",
        "     1f  https://a.example/1",
        "  2. undated (fetched 2025-03-01)  99 % of the text   paper · A gate",
        "     1f  https://a.example/1",
    ]
