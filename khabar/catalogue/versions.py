"""Versions of topics: a number for each content that was ever in use, kept in the archive's store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from khabar.archive.store import Store
from khabar.catalogue.folders import Catalogue
from khabar.catalogue.topic import Topic
from khabar.codec import dump


def register(store: Store, catalogue: Catalogue) -> dict[str, int]:
    """Return each topic's version, giving a new number to a content that the store does not know as the latest.

    Numbers are created once: of two processes that register at the same moment the later one takes the next.
    """
    return {topic.id: _number(store, topic) for topic in catalogue.topics.values()}


def known(store: Store, catalogue: Catalogue) -> dict[str, int]:
    """Return each topic's version without writing: what is not registered yet counts as the next number."""
    return {topic.id: _latest(store, topic)[0] for topic in catalogue.topics.values()}


def numbered(catalogue: Catalogue, versions: Mapping[str, int]) -> Catalogue:
    """Return the catalogue with these versions on its topics."""
    topics = {id_: replace(topic, version=versions.get(id_, 1)) for id_, topic in catalogue.topics.items()}
    return replace(catalogue, topics=topics)


def _number(store: Store, topic: Topic) -> int:
    while True:
        number, registered = _latest(store, topic)
        if registered or store.put(_key(topic, number), _content(topic)):
            return number


def _latest(store: Store, topic: Topic) -> tuple[int, bool]:
    keys = list(store.keys(f"catalogue/topics/{topic.id}/"))
    if keys and (store.get(keys[-1]) or b"") == _content(topic):
        return len(keys), True
    return len(keys) + 1, False


def _key(topic: Topic, number: int) -> str:
    return f"catalogue/topics/{topic.id}/{number:06d}.json"


def _content(topic: Topic) -> bytes:
    return dump({"id": topic.id, "query": topic.query, "content": topic.digest_of})
