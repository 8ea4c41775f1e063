"""Topics: which subjects an article belongs to, how sure that is, and the words that say so.

A mention is not a subject: a topic's query only opens the gate, and its signals must add up to its threshold.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from khabar.catalogue import Signal, Topic
from khabar.models import Article, Mention, TopicMatch
from search.matcher import View, analyse, holds, match
from search.schema import ABOUT
from workers.entities import LEAD

EVIDENCE = 12  # spans kept of one topic
OF_ONE = 4  # of which one signal may give so many


@dataclass(frozen=True, slots=True)
class Compiled:
    """The topics that are followed, ready for matching, once a process."""

    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class _Find:
    """One signal's share of the score, and where it was found."""

    points: float
    spans: tuple[Mention, ...]


def compile_topics(topics: Iterable[Topic]) -> Compiled:
    """Return the topics that are enabled, ready for matching."""
    return Compiled(tuple(topic for topic in topics if topic.enabled))


def tag_topics(article: Article, topics: Compiled) -> Article:
    """Return the article with the topics it belongs to, in the order of their ids; its entities are tagged already."""
    case = _Case(article)
    found = [matched for topic in topics.topics if (matched := match_topic(topic, case)) is not None]
    found.sort(key=lambda matched: matched.id)  # as a retag of one topic leaves them
    return replace(article, topics=tuple(found))


class _Case:
    """An article with what several topics ask of it."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.view: View = analyse(replace(article, topics=()))

    @cached_property
    def words(self) -> int:
        """The number of words of the body."""
        return len(self.view.body.tokens)

    @cached_property
    def salience(self) -> dict[str, float]:
        """How much the article is about each of its entities."""
        return {entity.id: entity.salience for entity in self.article.entities}

    @cached_property
    def mentions(self) -> dict[str, tuple[Mention, ...]]:
        """Where each entity is mentioned."""
        return {entity.id: entity.mentions for entity in self.article.entities}

    @cached_property
    def _starts(self) -> list[int]:
        return [token.start for token in self.view.body.tokens]

    def word(self, offset: int) -> int:
        """Return the number of the body's word that holds or follows this offset."""
        return max(bisect_right(self._starts, offset) - 1, 0)

    def of(self, names: Iterable[str], where: str) -> list[Mention]:
        """Return the mentions of any of these entities in the text, the title or the lead, in their order."""
        found = [
            mention for name in names for mention in self.mentions.get(name, ()) if self._lies(mention, where)
        ]
        return sorted(set(found), key=lambda mention: (mention.field == "body", mention.start, mention.end))

    def _lies(self, mention: Mention, where: str) -> bool:
        if where == "text":
            return True
        if where == "title" or mention.field == "title":
            return where == mention.field
        return self.word(mention.start) < LEAD


def match_topic(topic: Topic, case: _Case) -> TopicMatch | None:
    """Return the topic's match on an article, None where its gate, its threshold or a veto keeps it out."""
    if not holds(topic.node, case.view):
        return None
    finds = [_find(signal, case) for signal in topic.signals]
    score = round(sum(find.points for find in finds), 2)
    if score < topic.threshold or _vetoed(topic, score, case):
        return None
    return TopicMatch(topic.id, score, topic.version, _evidence(topic, finds, case))


def _vetoed(topic: Topic, score: float, case: _Case) -> bool:
    vetoes = (veto for veto in topic.veto if veto.unless_score is None or score < veto.unless_score)
    return any(holds(veto.node, case.view) for veto in vetoes)


def _evidence(topic: Topic, finds: list[_Find], case: _Case) -> tuple[Mention, ...]:
    """Return the spans that say why: those of the strongest signals first, the gate's where no signal has any."""
    spans: dict[Mention, None] = {}
    for find in sorted(finds, key=lambda find: -find.points):
        if find.points > 0:
            spans |= dict.fromkeys([span for span in find.spans if span not in spans][:OF_ONE])
    if not spans:
        gate = match(topic.node, case.view)
        spans = dict.fromkeys(gate.spans if gate else ())
    return tuple(spans)[:EVIDENCE]


# --- signals ------------------------------------------------------------------------------------------------


def _find(signal: Signal, case: _Case) -> _Find:
    strength, spans = _MEASURES[signal.measure](signal, case)
    return _Find(signal.weight * strength, tuple(spans) if strength else ())


def _by_query(signal: Signal, case: _Case) -> tuple[float, Iterable[Mention]]:
    found = match(signal.node, case.view) if signal.node is not None else None
    return (1.0, found.spans) if found else (0.0, ())


def _by_salience(signal: Signal, case: _Case) -> tuple[float, Iterable[Mention]]:
    most = [max((case.salience.get(name, 0.0) for name in names), default=0.0) for names in signal.sets]
    spans = [span for names in signal.sets for span in case.of(names, "text")[:2]]
    return min(1.0, min(most, default=0.0) / ABOUT), spans


def _by_mention(signal: Signal, case: _Case) -> tuple[float, Iterable[Mention]]:
    found = [case.of(names, signal.where) for names in signal.sets]
    least = min(map(len, found), default=0)
    return _saturated(least, signal, case), [span for mentions in found for span in mentions[:2]]


def _by_nearness(signal: Signal, case: _Case) -> tuple[float, Iterable[Mention]]:
    ones, others = (
        [mention for mention in case.of(names, "text") if mention.field == "body"] for names in signal.sets
    )
    places = [case.word(mention.start) for mention in others]
    pairs = [
        (one, other) for one in ones if (other := _closest(one, others, places, signal, case)) is not None
    ]
    return _saturated(len(pairs), signal, case), [span for pair in pairs for span in pair]


def _closest(
    one: Mention, others: list[Mention], places: list[int], signal: Signal, case: _Case
) -> Mention | None:
    """Return the nearest of the others, if it is near enough and another mention."""
    place = case.word(one.start)
    first = bisect_left(places, place - signal.within)
    last = bisect_right(places, place + signal.within)
    near = [at for at in range(first, last) if others[at] != one]
    return others[min(near, key=lambda at: abs(places[at] - place))] if near else None


def _saturated(count: int, signal: Signal, case: _Case) -> float:
    """Return how far a count comes towards what the signal wants, from 0 to 1."""
    wanted = float(signal.times)
    if signal.per is not None:
        wanted = max(wanted, wanted * case.words / signal.per)
    return min(1.0, count / wanted)


_MEASURES: dict[str, Callable[[Signal, _Case], tuple[float, Iterable[Mention]]]] = {
    "query": _by_query,
    "entity": _by_mention,
    "about": _by_salience,
    "near": _by_nearness,
}
