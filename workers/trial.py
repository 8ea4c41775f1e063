"""A topic tried on what is there, before it is stored: what it finds, what that shares, what a change would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from khabar.catalogue import Topic
from khabar.models import Document
from khabar.ports import Index
from search.tree import DateRange, Keyword, Node, both
from workers.retag import concerned
from workers.topics import compile_topics, tag_topics

SHARE = 0.2  # of all articles: a topic that finds more is hardly a subject
ENOUGH = 10  # articles, below which a share says nothing
LONG = 62  # days of which each is shown, also those without any
A_DAY = 60  # more than a reader of one digest can take in


@dataclass(frozen=True, slots=True)
class Trial:
    """What a topic or a query finds among the articles of some days, newest first.

    `let_in` passed the gate, of `total`; `shared` counts what is found by topics that also have it, beside how much
    each of them has in all; `gained` and `lost` are against the stored tags, whose versions are in `in_use`.
    """

    days: int
    total: int
    let_in: int
    found: tuple[Document, ...]
    shared: dict[str, tuple[int, int]]
    gained: tuple[Document, ...] = ()
    lost: tuple[Document, ...] = ()
    in_use: frozenset[int] = frozenset()

    @property
    def a_day(self) -> float:
        """How many articles a day are found."""
        return len(self.found) / self.days

    def by_day(self, last: date) -> dict[date, int]:
        """Return the articles of each day up to `last`; of a long time only the days that have some."""
        counts = Counter(moment_of(document).date() for document in self.found)
        if self.days > LONG:
            return dict(sorted(counts.items()))
        days = {last - timedelta(n) for n in range(self.days)} | counts.keys()
        return {day: counts[day] for day in sorted(days)}

    @property
    def too_broad(self) -> str | None:
        """Why this can hardly be a subject that somebody reads, if so."""
        if len(self.found) >= ENOUGH and len(self.found) > SHARE * self.total:
            return (
                f"it finds {len(self.found)} of all {self.total} articles, {len(self.found) / self.total:.0%}"
            )
        if self.a_day > A_DAY:
            return f"it finds {self.a_day:.0f} articles a day"
        return None


def try_topic(index: Index, topic: Topic, window: DateRange, days: int, others: Iterable[str] = ()) -> Trial:
    """Match a topic as it is given on every article of the window that it may concern."""
    compiled = compile_topics([replace(topic, enabled=True)])
    found, gained, lost = list[Document](), list[Document](), list[Document]()
    versions = set[int]()
    for document in index.scan(both(concerned(topic.id, compiled), window)):
        article = document.article
        stored = [match for match in article.topics if match.id == topic.id]
        versions.update(match.version for match in stored)
        if anew := tag_topics(replace(article, topics=()), compiled).topics:
            rest = [match for match in article.topics if match.id != topic.id]
            found.append(replace(document, article=replace(article, topics=(*anew, *rest))))
            gained += [] if stored else found[-1:]
        elif stored:
            lost.append(document)
    let_in = index.search(both(topic.node, window), limit=0).total
    trial = _trial(index, found, let_in, window, days, {*others} - {topic.id})
    return replace(trial, gained=_newest(gained), lost=_newest(lost), in_use=frozenset(versions))


def try_query(index: Index, node: Node, window: DateRange, days: int, others: Iterable[str] = ()) -> Trial:
    """Find what a plain query finds in the window."""
    found = list(index.scan(both(node, window)))
    return _trial(index, found, len(found), window, days, {*others})


def moment_of(document: Document) -> datetime:
    """Return when an article is from: its publication, else the time it was fetched."""
    return document.article.published or document.article.fetched


def _trial(
    index: Index, found: list[Document], let_in: int, window: DateRange, days: int, others: set[str]
) -> Trial:
    def total(node: Node) -> int:
        return index.search(both(node, window), limit=0).total

    counts = Counter(match.id for document in found for match in document.article.topics)
    shared = {name: (counts[name], total(Keyword("topic", name))) for name in sorted(others & counts.keys())}
    return Trial(days, index.search(window, limit=0).total, let_in, _newest(found), shared)


def _newest(documents: list[Document]) -> tuple[Document, ...]:
    return tuple(sorted(documents, key=lambda d: (moment_of(d), d.article.id), reverse=True))
