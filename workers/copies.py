"""What is known of an article's copies: computed on reading, because each new copy would change all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from khabar.models import Article, Document
from khabar.ports import Index
from workers.duplicates import overlap, read


def with_copies(index: Index, documents: Iterable[Document]) -> list[Document]:
    """Return the documents with the first published copy and the number of copies of each, in the same order."""
    found = list(documents)
    return told(found, clusters_of(index, found))


def told(documents: Iterable[Document], clusters: Mapping[str, Sequence[Document]]) -> list[Document]:
    """Return the documents with what their clusters say of their copies, in the same order."""
    return [_told(document, clusters[document.article.cluster]) for document in documents]


def clusters_of(index: Index, documents: Iterable[Document]) -> Mapping[str, Sequence[Document]]:
    """Return the clusters of these documents, each with all its members in the order of publication.

    A document that the index has lost meanwhile is still a member of its own cluster.
    """
    members: dict[str, dict[str, Document]] = defaultdict(dict)
    for document in documents:
        members[document.article.cluster][document.article.id] = document
    for document in index.members(sorted(members)) if members else ():
        members[document.article.cluster][document.article.id] = document
    return {label: in_order(some.values()) for label, some in members.items()}


def shared(index: Index, document: Document) -> list[tuple[Document, float]]:
    """Return a document and its copies in the order of publication, each with its share of the first's text.

    The share is of the shorter of the two. Copies of one copy need not be alike: it may be less than makes a copy.
    """
    cluster = clusters_of(index, [document])[document.article.cluster]
    first = read(cluster[0].article.body)
    return [
        (each, 1.0 if each is cluster[0] else overlap(read(each.article.body), first)) for each in cluster
    ]


def in_order(documents: Iterable[Document]) -> list[Document]:
    """Return copies in the order of publication, the first first; never in an order that rests on chance."""
    return sorted(documents, key=lambda document: (*came_out(document.article), document.article.id))


def came_out(article: Article) -> tuple[datetime, datetime]:
    """Return since when an article is known to have been out, and when it was fetched.

    A copy dated to the day is known to have been out at the end of it; it is not earlier than one that says 8 a.m.
    """
    published = article.published
    if published is None:
        return article.fetched, article.fetched
    if article.published_precision in {None, "second"}:
        return published, article.fetched
    days = {"day": 1, "month": 31, "year": 366}[article.published_precision or "day"]
    # Never after the fetch, unless the page itself claims a day that was still to come.
    return max(published, min(published + timedelta(days=days), article.fetched)), article.fetched


def _told(document: Document, cluster: Sequence[Document]) -> Document:
    article = replace(document.article, first=cluster[0].article.id, copies=len(cluster))
    return replace(document, article=article)
