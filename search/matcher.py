"""The query tree run on one article in memory: does it match, and by which words.

It selects what an index selects, and says why. `analyse` an article once to run many trees on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from khabar.models import Article, Mention
from khabar.text import stem
from search import analysed, schema
from search.analysed import Field, Run, View, analyse
from search.tree import (
    AboutNode,
    And,
    Boost,
    DateRange,
    EntityNode,
    Everything,
    Form,
    Fuzzy,
    Keyword,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Where,
    Wildcard,
    Word,
    Wordy,
)

__all__ = ["Match", "View", "analyse", "holds", "match"]


@dataclass(frozen=True, slots=True)
class Match:
    """An article matches; `spans` are the words that made it match, title first, none for a bare filter."""

    spans: tuple[Mention, ...]


def match(node: Node, article: Article | View) -> Match | None:
    """Return why an article matches, or None."""
    view = article if isinstance(article, View) else analyse(article)
    if not holds(node, view):
        return None
    found = dict.fromkeys(_spans(node, view))
    return Match(tuple(sorted(found, key=lambda span: (span.field == "body", span.start, span.end))))


def holds(node: Node, view: View) -> bool:
    """Tell whether an article matches, without asking why: much the cheaper question."""
    return _HOLDS[type(node)](node, view)


# --- does it hold -------------------------------------------------------------------------------------------


def _all_hold(node: And, view: View) -> bool:
    return all(_HOLDS[type(child)](child, view) for child in node.nodes)


def _any_holds(node: Or, view: View) -> bool:
    return any(_HOLDS[type(child)](child, view) for child in node.nodes)


def _word_holds(node: Word, view: View) -> bool:
    if node.where == "author":
        return node.text in view.author.places
    form = stem(node.text, view.lang)
    return any(form in field.forms for field in view.fields(node.where))


def _form_holds(node: Form, view: View) -> bool:
    return any(node.text in field.forms for field in view.fields(node.where))


def _words_hold(node: Wordy, view: View) -> bool:
    return any(any(True for _ in _runs(node, field)) for field in view.fields(node.where))


def _keyword_holds(node: Keyword, view: View) -> bool:
    return node.value in view.keywords(node.field)


def _date_holds(node: DateRange, view: View) -> bool:
    moment = schema.moment(view.article, node.field, node.timezone)
    if moment is None:
        return False
    after = node.start is None or node.start.astimezone(UTC) <= moment
    return after and (node.end is None or moment < node.end.astimezone(UTC))


_HOLDS: dict[type[Any], Callable[[Any, View], bool]] = {
    And: _all_hold,
    Or: _any_holds,
    Not: lambda node, view: not holds(node.node, view),
    Boost: lambda node, view: holds(node.node, view),
    Everything: lambda _node, _view: True,
    Word: _word_holds,
    Form: _form_holds,
    Prefix: _words_hold,
    Wildcard: _words_hold,
    Fuzzy: _words_hold,
    Phrase: _words_hold,
    Near: _words_hold,
    Keyword: _keyword_holds,
    EntityNode: lambda node, view: node.id in view.entities,
    AboutNode: lambda node, view: node.id in view.about,
    DateRange: _date_holds,
}


# --- which words --------------------------------------------------------------------------------------------


def _runs(node: Wordy, field: Field) -> Iterator[Run]:
    match node:
        case Form(text):
            yield from field.of_form(text)
        case Word(text):
            yield from field.any_form(text)
        case Prefix(text):
            yield from field.beginning(text)
        case Wildcard(text):
            yield from field.shaped(text)
        case Fuzzy(text, edits):
            yield from field.like(text, edits)
        case Phrase(words, _, slop):
            yield from analysed.in_order(field, words, slop)
        case Near():
            yield from analysed.near(field, node)


def _spans(node: Node, view: View) -> Iterator[Mention]:
    match node:
        case And(nodes) | Or(nodes):
            for child in nodes:
                if isinstance(node, And) or holds(child, view):
                    yield from _spans(child, view)
        case Boost(child):
            yield from _spans(child, view)
        case Word() | Form() | Prefix() | Wildcard() | Fuzzy() | Phrase() | Near():
            for field in _readable(node.where, view):
                yield from (field.mention(run) for run in _runs(node, field))
        case EntityNode(name) | AboutNode(name):
            for entity in view.article.entities:
                if entity.id == name:
                    yield from entity.mentions
        case Keyword("topic", name):
            topics = (topic for topic in view.article.topics if schema.keyword("topic", topic.id) == name)
            yield from (span for topic in topics for span in topic.evidence)
        case _:
            return


def _readable(where: Where, view: View) -> tuple[Field, ...]:
    return () if where == "author" else view.fields(where)  # a Mention lies in the title or in the body
