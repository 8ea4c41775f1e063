"""What was published on a topic on one day: a pure function of the index, so that a digest can be made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from khabar.catalogue import Topic
from khabar.digest.reasons import reasons
from khabar.models import Article, Digest, DigestLine, Document, TopicMatch
from khabar.ports import Index
from search.schema import midnight, moment
from search.tree import DateRange, Keyword, Node, both
from workers.copies import clusters_of

USUAL_DAYS = 28


@dataclass(frozen=True, slots=True)
class _Day:
    """A day in a time zone, as the digest's queries and clusters see it."""

    day: date
    timezone: str

    def before(self, days: int) -> _Day:
        return replace(self, day=self.day - timedelta(days=days))

    def of(self, article: Article) -> date:
        """Return the day of an article: of its publication, else of its first fetch."""
        when = moment(article, "when", self.timezone)
        assert when is not None, "a first fetch has always a time"
        return when.astimezone(ZoneInfo(self.timezone)).date()

    def query(self, topic: Topic) -> Node:
        start, end = (midnight(day, self.timezone) for day in (self.day, self.day + timedelta(days=1)))
        return both(Keyword("topic", topic.id), DateRange(start, end, self.timezone, "when"))


def build(index: Index, topic: Topic, day: date, timezone: str | None = None) -> Digest:
    """Return the digest of a topic for a day in its time zone (else in `timezone`, else UTC).

    It holds nothing of the time at which it is made or its articles were fetched; the same index gives the same
    digest. Undated articles stand on the day they were first fetched.
    """
    today = _Day(day, topic.digest.timezone if topic.digest else timezone or "UTC")
    documents = list(index.scan(today.query(topic)))
    lines = sorted(_lines(index, topic, today, documents), key=_rank)
    before = tuple(
        index.search(today.before(days).query(topic), limit=0).total for days in range(USUAL_DAYS, 0, -1)
    )
    return Digest(
        topic=topic.id,
        title=topic.title,
        day=day,
        timezone=today.timezone,
        lines=tuple(lines),
        articles=len(documents),
        outlets=len({outlet for line in lines for outlet in line.outlets}),
        usual=round(sum(before) / USUAL_DAYS, 1),
        before=before,
    )


def _lines(index: Index, topic: Topic, today: _Day, found: Sequence[Document]) -> Iterator[DigestLine]:
    on_topic = {document.article.id for document in found}
    for cluster in clusters_of(index, found).values():
        # Copies of later days are left out: they are not what this day's reader was told.
        known = [document.article for document in cluster if today.of(document.article) <= today.day]
        copies = [article for article in known if today.of(article) == today.day]
        matched = [article for article in copies if article.id in on_topic]
        if matched:  # else it was revised between the two readings
            yield _line(topic, today, known, copies, matched)


def _line(
    topic: Topic, today: _Day, known: Sequence[Article], copies: Sequence[Article], matched: Sequence[Article]
) -> DigestLine:
    """Return the line of a cluster: its copies known by then, those of the day, those of them on the topic."""
    article = matched[0]
    opening, passages = reasons(
        article, [span for match in _matches(article, topic) for span in match.evidence]
    )
    since = min(map(today.of, known))
    return DigestLine(
        article=_slim(article, known, topic, today),
        outlets=tuple(dict.fromkeys(copy.source for copy in copies)),
        copies=len(copies),
        why=passages,
        lead=opening,
        score=max(match.score for copy in matched for match in _matches(copy, topic)),
        since=since if since < today.day else None,
    )


def _matches(article: Article, topic: Topic) -> tuple[TopicMatch, ...]:
    return tuple(match for match in article.topics if match.id == topic.id)


def _slim(article: Article, known: Sequence[Article], topic: Topic, today: _Day) -> Article:
    """Leave out what a digest must not rest on, or need not carry; its cluster is that of the copies known by then."""
    return replace(
        article,
        cluster=min(copy.id for copy in known),
        first=known[0].id,
        copies=len(known),
        body="",
        archive=None,
        fetched=midnight(today.day, today.timezone),
        entities=tuple(replace(entity, mentions=()) for entity in article.entities),
        topics=_matches(article, topic),
    )


def _rank(line: DigestLine) -> tuple[float, float, str]:
    published = line.article.published
    return -line.score, published.timestamp() if published else float("inf"), line.article.id
