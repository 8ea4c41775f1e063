"""Entities: who and what an article names, with every place of each in the original, and how much it is about them.

A mention is not a subject: `salience` weighs the title, the lead, how often and how widely an entity is named. What
stands in a dateline is where the report was sent from, and no mention.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from khabar.catalogue import GazetteerEntity
from khabar.models import Article, Entity, Field
from workers import surnames
from workers.datelines import without_datelines
from workers.names import Company, Matcher, compile_gazetteer, find_names
from workers.sighting import Span, View

__all__ = ["LEAD", "Matcher", "compile_gazetteer", "salience", "tag_entities"]

LEAD = 60  # words of the body that count as its beginning
OPENING = 40  # of which those, the first sentence or two, that mostly name the subject
QUARTERS = 4  # parts of the body over which a subject spreads, and a mere mention does not

_Places = dict[Field, list[Span]]


def tag_entities(article: Article, gazetteer: Matcher) -> Article:
    """Return the article with its entities: those that matter most first, each with all its mentions in order."""
    title, body = View("title", article.title), View("body", article.body)
    found = _find(title, body, gazetteer, article.lang)
    places: dict[str, _Places] = defaultdict(lambda: {"title": [], "body": []})
    for field, spans in found.items():
        for span in spans:
            places[span.entity][field].append(span)
    entities = [_entity(gazetteer.entities[name], spans, title, body) for name, spans in places.items()]
    entities.sort(key=lambda entity: (-entity.salience, -len(entity.mentions), entity.id))
    return replace(article, entities=tuple(entities))


def _find(title: View, body: View, gazetteer: Matcher, lang: str) -> _Places:
    company = Company(lang, (title, body))
    in_title, shouted = find_names(title, gazetteer, company)
    in_body, also_shouted = find_names(body, gazetteer, company)
    in_body = without_datelines(body, in_body, gazetteer.places)
    found: _Places = {"title": in_title, "body": in_body}
    if shouted or also_shouted:
        # Amid capitals a name that is also a word counts where small letters elsewhere say that it is the name.
        sure = {span.entity for span in (*in_title, *in_body)}
        in_title += _apart([span for span in shouted if span.entity in sure], in_title)
        in_body += _apart([span for span in also_shouted if span.entity in sure], in_body)
    _add_surnames(found, title, body, gazetteer)
    return found


def _apart(spans: list[Span], others: list[Span]) -> list[Span]:
    taken = {at for span in others for at in range(span.start, span.end)}
    return [span for span in spans if taken.isdisjoint(range(span.start, span.end))]


def _add_surnames(found: _Places, title: View, body: View, gazetteer: Matcher) -> None:
    """Add where the people of the article are called by their last names alone."""
    named = {
        field: [span for span in spans if span.entity in gazetteer.people] for field, spans in found.items()
    }
    people = {span.entity for spans in named.values() for span in spans}
    if not people:
        return
    words = surnames.full_names(title, named["title"], gazetteer.short)
    words |= surnames.full_names(body, named["body"], gazetteer.short)
    bearers = surnames.nobody()
    surnames.learn(title, named["title"], words, bearers)
    found["body"] += surnames.find_surnames(body, found["body"], people, words, bearers)
    found["title"] += surnames.in_title(title, found["title"], words, bearers)


def _entity(entity: GazetteerEntity, found: _Places, title: View, body: View) -> Entity:
    for spans in found.values():
        spans.sort(key=lambda span: span.start)
    mentions = [*map(title.mention, found["title"]), *map(body.mention, found["body"])]
    weight = salience(bool(found["title"]), [span.start for span in found["body"]], len(body.tokens))
    return Entity(entity.id, entity.name, entity.type, weight, tuple(mentions))


def salience(in_title: bool, positions: list[int], words: int) -> float:
    """Return how much an article is about an entity, 0 to 1, from the places of its mentions among the words.

    Being in the title counts most, then how often it comes, then the first sentences and coming again through the text.
    The weights are rounded from a fit on newswire whose countries people marked, checked on opinion pages.
    """
    often = min(1.0, len(positions) / (2 + words / 200))
    parts = {position * QUARTERS // max(words, 1) for position in positions}
    spread = (len(parts) - 1) / (QUARTERS - 1) if parts else 0.0
    opening = any(position < OPENING for position in positions)
    return round(min(1.0, 0.4 * in_title + 0.35 * opening + 0.45 * often + 0.2 * spread), 3)
