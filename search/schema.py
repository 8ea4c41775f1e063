"""The one field table: what of an article is searchable, and as what. Every execution goes by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, repeat
from typing import Final
from zoneinfo import ZoneInfo

from khabar.columnists import forms as forms_of_names
from khabar.columnists import joined
from khabar.models import Article
from khabar.text import stem, stemmed, words
from search.tree import DateField, KeywordField, Where

SCHEMA_VERSION = 3
ABOUT = 0.5  # salience from which an article is about an entity, not only mentioning it
TITLE_WEIGHT = 2.0  # a word in the title counts as two in the body when hits are ranked

TEXTS: Final[Mapping[str, Callable[[Article], tuple[str, ...]]]] = {
    "title": lambda article: (article.title,),
    "body": lambda article: (article.body,),
    "author": lambda article: forms_of_names(article.authors),
}

KEYWORDS: Final[Mapping[KeywordField, Callable[[Article], tuple[str, ...]]]] = {
    "id": lambda article: (article.id,),
    "source": lambda article: (article.source,),
    "lang": lambda article: (article.lang,),
    "country": lambda article: (article.country,) if article.country else (),
    "genre": lambda article: (article.genre,),
    "topic": lambda article: tuple(topic.id for topic in article.topics),
    "cluster": lambda article: (article.cluster or article.id,),
    "author_name": lambda article: article.authors,
    "mentions": lambda article: tuple(period for told in article.mentions_dates for period in periods(told)),
    "changed": lambda article: article.changed,
}
LATER: Final[frozenset[KeywordField]] = frozenset(
    {"author_name", "mentions", "changed"}
)  # in the order they came

# What stands in a text that has no word: no query asks for it. Of how many articles hold a text, and how long it is on
# average, engines have different ideas where it is missing, and would rank differently.
NO_WORD: Final = "-"

FORMS: Final = ("title", "body")  # texts in which a word is found in any form

ENTITY: Final = "entity:"  # begins what stands for an entity among the forms of a body's words

FACETS: Final = ("source", "country", "lang", "genre", "topic", "entity", "author")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def form_field(field: str) -> str:
    """Return the name of the field that holds what all forms of a word have in common."""
    return f"{field}_form"


def text_words(article: Article, field: str) -> list[list[str]]:
    """Return the words of each value of a text field, as they are indexed."""
    found = [words(value) for value in TEXTS[field](article)]
    return found if any(found) else [[NO_WORD]]


def fields_of(where: Where) -> tuple[str, ...]:
    """Return the fields that words are looked for in."""
    return FORMS if where == "text" else (where,)


def micros(moment: datetime) -> int:
    """Return a moment as the microseconds since 1970: what engines compare, to the last digit."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def first_day(moment: datetime, timezone: str) -> date:
    """Return the first day whose midnight in the time zone is not before a moment."""
    day = moment.astimezone(ZoneInfo(timezone)).date() - timedelta(days=1)
    while midnight(day, timezone) < moment:
        day += timedelta(days=1)
    return day


def keyword(field: KeywordField, value: str) -> str:
    """Return a keyword as it is indexed and asked for: names of ours and people's as they are, countries in capitals."""
    if field == "author_name":
        return joined(value)
    if field in {"id", "cluster"}:
        return value
    return value.upper() if field == "country" else value.casefold()


def keywords(article: Article, field: KeywordField) -> tuple[str, ...]:
    """Return the values of a keyword field, as they are indexed."""
    return tuple(keyword(field, value) for value in KEYWORDS[field](article))


def periods(told: str) -> tuple[str, ...]:
    """Return a date of a text with the month and the year it lies in: who asks for the month wants its days."""
    parts = told.split("-")
    return tuple("-".join(parts[:count]) for count in range(len(parts), 0, -1))


def entities(article: Article) -> tuple[str, ...]:
    """Return the ids of the entities that an article mentions."""
    return tuple(entity.id for entity in article.entities)


def about(article: Article) -> tuple[str, ...]:
    """Return the ids of the entities that an article is about."""
    return tuple(entity.id for entity in article.entities if entity.salience >= ABOUT)


def forms(given: Sequence[str], lang: str) -> dict[str, str]:
    """Return what all forms of each word have in common in a text's language: its stem, marked with the language."""
    stemmer = stemmed(lang)
    return {word: word if word == NO_WORD else stem(word, stemmer) for word in set(given)}


def in_forms(field: str, given: Sequence[str], article: Article) -> str:
    """Return a text's words as its forms field holds them.

    A body's end with the article's entities, each as often as it is mentioned, so that they are weighed as words are.
    """
    found = forms(given, article.lang)
    return " ".join(chain(map(found.__getitem__, given), _named(article) if field == "body" else ()))


def _named(article: Article) -> Iterator[str]:
    for entity in article.entities:
        yield from repeat(ENTITY + entity.id, max(len(entity.mentions), 1))


def printed_day(article: Article) -> date | None:
    """Return the day of a publication that is known to the day at best, as it was printed."""
    if article.published and article.published_precision in {"day", "month", "year"}:
        return article.published.date()
    return None


def moment(article: Article, field: DateField, timezone: str) -> datetime | None:
    """Return the UTC moment by which a date field is judged (see search.tree.DateRange)."""
    if field == "fetched" or (field == "when" and not article.published):
        return article.fetched.astimezone(UTC)
    day = printed_day(article)
    if day:
        return midnight(day, timezone)
    return article.published.astimezone(UTC) if article.published else None


def midnight(day: date, timezone: str) -> datetime:
    """Return the beginning of a day in a time zone, in UTC: such moments compare, wall clocks do not."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)
