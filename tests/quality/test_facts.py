"""Dates, authors and titles: right or not, beside trafilatura's and htmldate's on the same pages.

Titles and authors are compared twice: to the letter, and by their letters and digits alone, without case, marks and spaces,
since the truth of wcxb writes straight quotes where its pages have curly ones. By letters trafilatura 2.3 gets .690 and .579
of the titles and .725 of the authors of fundus: the figures that the bars of titles and authors were set above.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import htmldate
import pytest
from trafilatura import bare_extraction

from khabar.models import Article

_SAVED = re.compile(r"_(\d{4})_(\d\d)_(\d\d)$")  # fundus names a page by the day on which it was saved
_NO_LETTER = re.compile(r"[\W_]+")


def moment_of(truth: dict[str, Any]) -> datetime | None:
    """Return when the truth says an article came out; None where it says nothing, or a time after the page was saved.

    Two pages of fundus have day and month the wrong way round: 6 January, saved on the 7th, is 1 June to the truth. A day
    more is of another time zone.
    """
    try:
        told = datetime.fromisoformat(str(truth.get("published") or ""))
    except ValueError:
        return None
    saved = _SAVED.search(str(truth["id"]))
    return None if saved and told.date() > date(*map(int, saved.groups())) + timedelta(days=1) else told


def letters(text: str) -> str:
    """Return the letters and digits of a text in lower case."""
    return _NO_LETTER.sub("", text.lower())


def as_it_is(text: str) -> str:
    return text


Spelling = Callable[[str], str]
SPELLINGS: dict[str, Spelling] = {"": as_it_is, " by letters": letters}


def names(given: object) -> set[str]:
    listed = given if isinstance(given, list) else [given]
    return {name.casefold().strip() for name in listed if isinstance(name, str)}


def share(verdicts: Iterable[bool]) -> float:
    listed = list(verdicts)
    return sum(listed) / len(listed)


def same_day(truth: dict[str, Any], article: Article | None) -> bool:
    """Tell whether the day is right, as printed or in the zone of the truth."""
    told, found = moment_of(truth), article.published if article else None
    if told is None or found is None:
        return False
    return told.date() in {
        found.date(),
        found.astimezone(told.tzinfo).date() if told.tzinfo else found.date(),
    }


def same_minute(truth: dict[str, Any], article: Article | None) -> bool:
    told, found = moment_of(truth), article.published if article else None
    if told is None or found is None:
        return False
    if told.tzinfo is None:  # as a clock on the wall of the newsroom, or of UTC
        walls = (found.replace(tzinfo=None), found.astimezone(UTC).replace(tzinfo=None))
        return any(abs((told - wall).total_seconds()) < 60 for wall in walls)
    return abs((told - found).total_seconds()) < 60


@pytest.mark.parametrize("name", ["fundus", "wcxb", "htmldate"])
def test_the_day_of_publication(
    name: str, articles: Callable[..., Any], hold: Callable[[str, float], None]
) -> None:
    hold(
        f"day, {name}",
        share(same_day(truth, article) for truth, article in articles(name) if moment_of(truth)),
    )


def test_the_minute_of_publication(articles: Callable[..., Any], hold: Callable[[str, float], None]) -> None:
    timed = [(t, a) for t, a in articles("fundus") if (told := moment_of(t)) and (told.hour or told.minute)]
    hold("minute, fundus", share(same_minute(truth, article) for truth, article in timed))


def test_a_wrong_day_is_rarer_than_none(
    articles: Callable[..., Any], hold: Callable[[str, float], None]
) -> None:
    dated = [(t, a) for t, a in articles("htmldate") if moment_of(t) and a and a.published]
    hold("day right where given, htmldate", share(same_day(truth, article) for truth, article in dated))


@pytest.mark.parametrize("how", SPELLINGS)
@pytest.mark.parametrize("name", ["fundus", "wcxb"])
def test_authors_exactly(
    name: str, how: str, articles: Callable[..., Any], hold: Callable[[str, float], None]
) -> None:
    signed = [(truth, article) for truth, article in articles(name) if truth.get("authors")]
    hold(f"authors{how}, {name}", share(signs(truth, article, SPELLINGS[how]) for truth, article in signed))


def signs(truth: dict[str, Any], article: Article | None, spell: Spelling = as_it_is) -> bool:
    """Tell whether those who sign are all found and nobody else; the truth does not keep agencies apart from people."""
    if article is None:
        return False
    people, agencies = list(article.authors), (article.agency or "").split(", ")
    told = spelled(truth["authors"], spell)
    return told in (spelled(people, spell), spelled([*people, *agencies], spell) - {""})


def spelled(given: object, spell: Spelling) -> set[str]:
    return set(map(spell, names(given)))


@pytest.mark.parametrize("how", SPELLINGS)
@pytest.mark.parametrize("name", ["fundus", "wcxb"])
def test_titles_exactly(
    name: str, how: str, articles: Callable[..., Any], hold: Callable[[str, float], None]
) -> None:
    spell = SPELLINGS[how]
    titled = ((" ".join(t["title"].split()), a) for t, a in articles(name) if t.get("title"))
    hold(f"title{how}, {name}", share(bool(a) and spell(told) == spell(a.title) for told, a in titled))


@pytest.mark.parametrize("name", ["fundus", "wcxb"])
def test_trafilatura_on_the_same_pages(
    name: str, whole: bool, pages: Callable[..., Any], compare: Callable[[str, str, float], None]
) -> None:
    if not whole:
        pytest.skip("the peers run with --whole")
    pairs = [(truth, bare_extraction(page, with_metadata=True)) for truth, page in pages(name)]
    days = (_peer(one, "date") == str(told.date()) for truth, one in pairs if (told := moment_of(truth)))
    compare(f"day, {name}", "trafilatura", share(days))
    signed = [(t["authors"], _peer(one, "author").split("; ")) for t, one in pairs if t.get("authors")]
    titled = [(" ".join(t["title"].split()), _peer(one, "title")) for t, one in pairs if t.get("title")]
    for how, spell in SPELLINGS.items():
        authors = (spelled(told, spell) == spelled(found, spell) for told, found in signed)
        compare(f"authors{how}, {name}", "trafilatura", share(authors))
        titles = share(spell(told) == spell(found) for told, found in titled)
        compare(f"title{how}, {name}", "trafilatura", titles)


def _peer(document: object, field: str) -> str:
    return getattr(document, field, None) or ""


def test_htmldate_on_its_own_pages(
    whole: bool,
    pages: Callable[..., Any],
    compare: Callable[[str, str, float], None],
) -> None:
    if not whole:
        pytest.skip("the peers run with --whole")
    given = [(truth, page) for truth, page in pages("htmldate") if moment_of(truth)]
    found = [htmldate.find_date(page) for _, page in given]
    days = [told.date() for truth, _ in given if (told := moment_of(truth))]
    right = [one is not None and date.fromisoformat(one) == day for one, day in zip(found, days, strict=True)]
    compare("day, htmldate", "htmldate", share(right))
    guessed = [verdict for verdict, one in zip(right, found, strict=True) if one]
    compare("day right where given, htmldate", "htmldate", share(guessed))
