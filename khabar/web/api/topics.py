"""Topics: what is followed, and how much each has found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from khabar.catalogue import Topic
from khabar.runtime import Runtime
from khabar.web import examples
from khabar.web.asked import answer, charge, runtime_of
from khabar.web.description import answers
from khabar.web.problems import not_found
from search.tree import Keyword

router = APIRouter(tags=["topics"])

UNKNOWN = (404, "There is no such topic.")
TopicId = Annotated[
    str, Path(pattern="^[a-z0-9][a-z0-9-]{0,63}$", description="A topic's id.", examples=["pak-taliban"])
]


@dataclass(frozen=True, slots=True)
class FollowedTopic:
    """A topic as it is followed: the query that is its gate, its version, and the articles it has found.

    `digest` is the time of day of its daily digest, in `timezone`; null where none is made.
    """

    id: str
    title: str
    query: str
    version: int
    threshold: float
    enabled: bool
    digest: str | None
    timezone: str | None
    articles: int


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics, in the order of their ids."""

    topics: list[FollowedTopic]


@router.get("/topics", responses=answers(Topics, {"topics": [examples.TOPIC]}))
def topics(request: Request) -> Response:
    """List the topics that are followed."""
    runtime = runtime_of(request)
    known = runtime.catalogue.topics
    charge(request, 1 + len(known) / 10)
    return answer(Topics(list(_told(runtime, (known[id_] for id_ in sorted(known))))))


@router.get("/topics/{topic}", responses=answers(FollowedTopic, examples.TOPIC, UNKNOWN))
def topic(request: Request, topic: TopicId) -> Response:
    """Give one topic."""
    charge(request, 1)
    runtime = runtime_of(request)
    found = runtime.catalogue.topics.get(topic)
    if found is None:
        raise not_found(f"no topic is called {topic}")
    return answer(next(iter(_told(runtime, [found]))))


def _told(runtime: Runtime, topics: Iterable[Topic]) -> Iterable[FollowedTopic]:
    for each in topics:
        found = runtime.index.search(Keyword("topic", each.id), limit=0).total
        plan = each.digest
        yield FollowedTopic(
            each.id,
            each.title,
            each.query,
            each.version,
            each.threshold,
            each.enabled,
            f"{plan.time:%H:%M}" if plan else None,
            plan.timezone if plan else None,
            found,
        )
