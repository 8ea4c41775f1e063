"""Match a topic's new version on the articles that are there, from the index, without re-crawling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from khabar.models import Article, Document, Folded, TopicMatch
from khabar.ports import Index
from search.refusal import QueryError
from search.tree import Everything, Keyword, Node, either
from workers.topics import Compiled, tag_topics

PORTION = 500  # articles an index lock is held for at most


def retag(index: Index, topic: str, compiled: Compiled, cursor: str = "") -> Iterator[str]:
    """Give every article from `cursor` on its match of one topic as compiled, or none; yield the cursor as it goes.

    Only articles whose result changes are written, and only those are read that the gate lets in or that have the
    topic. `compiled` holds that topic alone.
    """
    touched = concerned(topic, compiled)
    while portion := _portion(index, touched, cursor):
        changed = [d.article.id for d in portion if _topics(d.article, topic, compiled) != d.article.topics]
        index.update({id_: lambda stored: _retagged(stored, topic, compiled) for id_ in changed})
        cursor = portion[-1].article.id
        yield cursor


def _portion(index: Index, touched: Node, cursor: str) -> list[Document]:
    try:
        return list(islice(index.scan(touched, after=cursor), PORTION))
    except QueryError:  # what is too much for an index is not for the matcher: each article is asked
        return list(islice(index.scan(Everything(), after=cursor), PORTION))


def concerned(topic: str, compiled: Compiled) -> Node:
    """Return the query for all articles whose match of a topic may change: its gate, and those that have it."""
    return either(*(each.node for each in compiled.topics), Keyword("topic", topic))


def _topics(article: Article, topic: str, compiled: Compiled) -> tuple[TopicMatch, ...]:
    others = [match for match in article.topics if match.id != topic]
    found = tag_topics(replace(article, topics=()), compiled).topics
    return tuple(sorted([*others, *found], key=lambda match: match.id))


def _retagged(stored: Document | None, topic: str, compiled: Compiled) -> Folded | None:
    if stored is None:
        return None
    article = replace(stored.article, topics=_topics(stored.article, topic, compiled))
    return Folded(replace(stored, article=article), ())
