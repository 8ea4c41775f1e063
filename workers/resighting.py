"""Tag the articles anew that a changed gazetteer may concern, from the index, without re-crawling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from khabar.models import Article, Document, Folded
from khabar.ports import Index
from search.tree import Node
from workers.entities import tag_entities
from workers.pipeline import Knowledge
from workers.topics import tag_topics

PORTION = 500  # articles an index lock is held for at most


def retag_entities(index: Index, touched: Node, knowledge: Knowledge) -> Iterator[int]:
    """Give the articles of a query their entities and topics anew; yield how many were changed, portion by portion.

    Only articles whose result changes are written.
    """
    cursor = ""
    while portion := list(islice(index.scan(touched, after=cursor), PORTION)):
        changed = [each.article.id for each in portion if _tagged(each.article, knowledge) != each.article]
        index.update({id_: lambda stored: _anew(stored, knowledge) for id_ in changed})
        cursor = portion[-1].article.id
        yield len(changed)


def _tagged(article: Article, knowledge: Knowledge) -> Article:
    bare = replace(article, entities=(), topics=())
    return tag_topics(tag_entities(bare, knowledge.gazetteer), knowledge.topics)


def _anew(stored: Document | None, knowledge: Knowledge) -> Folded | None:
    return Folded(replace(stored, article=_tagged(stored.article, knowledge)), ()) if stored else None
