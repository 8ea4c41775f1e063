"""Topics: which subjects an article belongs to, how sure that is, and the words that say so.

A mention is not a subject: a topic's query only opens the gate, and its signals must add up to its threshold.
The words of all topics are looked for at once (see search.clues); a topic whose gate has none there is not asked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from khabar.catalogue import Signal, Topic
from khabar.models import Article, Mention, TopicMatch
from search.clues import Clue, Lookup, Probe, probe, wanted
from search.matcher import View, analyse, match
from search.schema import ABOUT
from workers.entities import LEAD

EVIDENCE = 12  # spans kept of one topic
OF_ONE = 4  # of which one signal may give so many
ROUNDING = 0.01  # a score is rounded before it is held against the threshold


@dataclass(frozen=True, slots=True)
class Compiled:
    """The topics that are followed, ready for matching, once a process.

    `gates`: the numbers of the topics for whose gate a clue speaks; `asked`: of those that are always asked.
    """

    topics: tuple[Topic, ...]
    plans: tuple[_Plan, ...] = ()
    gates: dict[Clue, list[int]] = field(default_factory=dict[Clue, list[int]])
    asked: tuple[int, ...] = ()
    lookup: Lookup = field(default_factory=lambda: Lookup(()), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A topic's queries made ready: its gate, those of its signals (None for the others), its vetoes.

    `order`: the signals' numbers, those first that cost the least to ask; `most`: all that they can give together.
    """

    gate: Probe
    signals: tuple[Probe | None, ...]
    vetoes: tuple[Probe, ...]
    order: tuple[int, ...]
    most: float

    def wanted(self) -> frozenset[Clue]:
        """Return every clue that it looks at."""
        probes = (self.gate, *self.vetoes, *(each for each in self.signals if each is not None))
        return frozenset().union(*map(wanted, probes))


def compile_topics(topics: Iterable[Topic]) -> Compiled:
    """Return the topics that are enabled, ready for matching."""
    enabled = tuple(topic for topic in topics if topic.enabled)
    plans = tuple(map(_plan, enabled))
    gates: dict[Clue, list[int]] = defaultdict(list)
    for number, plan in enumerate(plans):
        for clue in plan.gate.needs or ():
            gates[clue].append(number)
    asked = tuple(number for number, plan in enumerate(plans) if plan.gate.needs is None)
    lookup = Lookup(clue for plan in plans for clue in plan.wanted())
    return Compiled(enabled, plans, dict(gates), asked, lookup)


def _plan(topic: Topic) -> _Plan:
    signals = tuple(probe(signal.node) if signal.node is not None else None for signal in topic.signals)
    cost = {
        number: (_COSTS[signal.measure], _is_counted(signal)) for number, signal in enumerate(topic.signals)
    }
    most = sum(max(signal.weight, 0.0) for signal in topic.signals)
    vetoes = tuple(probe(veto.node) for veto in topic.veto)
    return _Plan(probe(topic.node), signals, vetoes, tuple(sorted(cost, key=cost.__getitem__)), most)


def tag_topics(article: Article, topics: Compiled) -> Article:
    """Return the article with the topics it belongs to, in the order of their ids; its entities are tagged already."""
    case = _Case(article, topics.lookup)
    numbers = {number for clue in case.held for number in topics.gates.get(clue, ())}.union(topics.asked)
    matches = (_match(topics.topics[number], topics.plans[number], case) for number in numbers)
    found = sorted((each for each in matches if each is not None), key=lambda each: each.id)
    return replace(article, topics=tuple(found))


class _Case:
    """An article with what several topics ask of it."""

    def __init__(self, article: Article, lookup: Lookup) -> None:
        self.article = article
        self.view: View = analyse(replace(article, topics=()) if article.topics else article)
        self.held = lookup.held(self.view)
        self._found: dict[tuple[frozenset[str], str], list[Mention]] = {}

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

    def of(self, names: frozenset[str], where: str) -> list[Mention]:
        """Return the mentions of any of these entities in the text, the title or the lead, in their order."""
        if (names, where) not in self._found:
            mentions = {mention for name in names & self.mentions.keys() for mention in self.mentions[name]}
            found = [mention for mention in mentions if self.lies(mention, where)]
            self._found[names, where] = sorted(found, key=_place)
        return self._found[names, where]

    def lies(self, mention: Mention, where: str) -> bool:
        """Tell whether a span lies in the text, the title or the lead."""
        if where == "text":
            return True
        if where == "title" or mention.field == "title":
            return where == mention.field
        return self.word(mention.start) < LEAD


def _place(mention: Mention) -> tuple[bool, int, int]:
    return mention.field == "body", mention.start, mention.end


def _match(topic: Topic, plan: _Plan, case: _Case) -> TopicMatch | None:
    """Return the topic's match on an article, None where its gate, its threshold or a veto keeps it out."""
    if not plan.gate.holds(case.view, case.held):
        return None
    points = _points(topic, plan, case)
    score = round(sum(points), 2)
    if score < topic.threshold or _vetoed(topic, plan, score, case):
        return None
    return TopicMatch(topic.id, score, topic.version, _evidence(topic, plan, points, case))


def _points(topic: Topic, plan: _Plan, case: _Case) -> list[float]:
    """Return the points of each signal; once the threshold is out of reach the rest has none."""
    points = [0.0] * len(topic.signals)
    most = plan.most
    for number in plan.order:
        signal = topic.signals[number]
        points[number] = signal.weight * _STRENGTH[signal.measure](signal, plan.signals[number], case)
        most += points[number] - max(signal.weight, 0.0)
        if most < topic.threshold - ROUNDING:
            return points
    return points


def _vetoed(topic: Topic, plan: _Plan, score: float, case: _Case) -> bool:
    return any(
        (veto.unless_score is None or score < veto.unless_score) and ready.holds(case.view, case.held)
        for veto, ready in zip(topic.veto, plan.vetoes, strict=True)
    )


def _evidence(topic: Topic, plan: _Plan, points: list[float], case: _Case) -> tuple[Mention, ...]:
    """Return the spans that say why: those of the strongest signals first, the gate's where no signal has any."""
    spans: dict[Mention, None] = {}
    told = sorted(zip(points, topic.signals, plan.signals, strict=True), key=lambda each: -each[0])
    for share, signal, ready in told:
        if share > 0:
            found = _SPANS[signal.measure](signal, ready, case)
            spans |= dict.fromkeys([span for span in found if span not in spans][:OF_ONE])
    return tuple(spans or dict.fromkeys(_spans(plan.gate, case)))[:EVIDENCE]


# --- signals: how strong each is, 0 to 1, and which words say so --------------------------------------------


def _by_query(signal: Signal, asked: Probe | None, case: _Case) -> float:
    if asked is None or not asked.holds(case.view, case.held):
        return 0.0
    if not _is_counted(signal):
        return 1.0  # also for a bare filter, which has no words
    return _saturated(len(_of_query(signal, asked, case)), signal, case)


def _is_counted(signal: Signal) -> bool:
    return signal.where != "text" or signal.times > 1 or signal.per is not None


def _of_query(signal: Signal, asked: Probe | None, case: _Case) -> list[Mention]:
    return [span for span in _spans(asked, case) if case.lies(span, signal.where)] if asked else []


def _spans(asked: Probe, case: _Case) -> tuple[Mention, ...]:
    node = asked.reduced(case.held)
    found = match(node, case.view) if node is not None else None
    return found.spans if found else ()


def _by_salience(signal: Signal, _: Probe | None, case: _Case) -> float:
    most = [max((case.salience.get(name, 0.0) for name in names), default=0.0) for names in signal.sets]
    return min(1.0, min(most, default=0.0) / ABOUT)


def _by_mention(signal: Signal, _: Probe | None, case: _Case) -> float:
    return _saturated(
        min((len(case.of(names, signal.where)) for names in signal.sets), default=0), signal, case
    )


def _of_sets(signal: Signal, _: Probe | None, case: _Case) -> list[Mention]:
    return [span for names in signal.sets for span in case.of(names, signal.where)[:2]]


def _by_nearness(signal: Signal, _: Probe | None, case: _Case) -> float:
    return _saturated(len(_pairs(signal, case)), signal, case)


def _of_pairs(signal: Signal, _: Probe | None, case: _Case) -> list[Mention]:
    return [span for pair in _pairs(signal, case) for span in pair]


def _pairs(signal: Signal, case: _Case) -> list[tuple[Mention, Mention]]:
    ones, others = (
        [mention for mention in case.of(names, "text") if mention.field == "body"] for names in signal.sets
    )
    if not ones or not others:
        return []
    places = [case.word(mention.start) for mention in others]
    closest = ((one, _closest(one, others, places, signal, case)) for one in ones)
    return [(one, other) for one, other in closest if other is not None]


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


_COSTS = {"about": 0, "entity": 1, "near": 2, "query": 3}  # which is asked first
_STRENGTH: dict[str, Callable[[Signal, Probe | None, _Case], float]] = {
    "query": _by_query,
    "entity": _by_mention,
    "about": _by_salience,
    "near": _by_nearness,
}
_SPANS: dict[str, Callable[[Signal, Probe | None, _Case], list[Mention]]] = {
    "query": _of_query,
    "entity": _of_sets,
    "about": _of_sets,
    "near": _of_pairs,
}
