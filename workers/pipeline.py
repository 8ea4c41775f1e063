"""From one archived record to one reading: the list of stages. Pure, given the knowledge."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from khabar.catalogue import Catalogue
from khabar.models import Reading, Record, Source
from workers import entities, topics
from workers.duplicates import sign
from workers.entities import tag_entities
from workers.extract import Rejected, extract
from workers.genre import classify
from workers.language import identify
from workers.mentions import mention_dates
from workers.normalize import normalize
from workers.topics import tag_topics


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the stages know of the world, compiled once a process."""

    sources: Mapping[str, Source]
    gazetteer: entities.Matcher
    topics: topics.Compiled


def prepare(catalogue: Catalogue) -> Knowledge:
    """Compile a catalogue for the stages."""
    return Knowledge(
        sources=catalogue.sources,
        gazetteer=entities.compile_gazetteer(catalogue.gazetteer),
        topics=topics.compile_topics(catalogue.topics.values()),
    )


def read(record: Record, knowledge: Knowledge) -> Reading:
    """Return what the stages make of a record: an article, or the reason why there is none."""
    if record.kind == "attempt":
        return _without(record)
    if record.kind == "revisit":
        return _reading(record, outcome="unchanged")
    source = knowledge.sources.get(record.discovery.source)
    extracted = extract(record, source)
    if isinstance(extracted, Rejected):
        return _reading(record, outcome="rejected", reason=extracted.reason)
    article = normalize(extracted, record, source)
    article = identify(article, source)
    article = classify(article, extracted, record.discovery)
    article = mention_dates(article)
    article = tag_entities(article, knowledge.gazetteer)
    article = tag_topics(article, knowledge.topics)
    return _reading(record, article=article, signature=sign(article.body))


def read_safely(record: Record, knowledge: Knowledge) -> Reading:
    """Do as `read`, but a stage that breaks on a record costs that record alone: `failed(broken_page)`."""
    try:
        return read(record, knowledge)
    except Exception:
        return _reading(record, outcome="failed", reason="broken_page", trace=traceback.format_exc())


def _without(record: Record) -> Reading:
    discovery = record.discovery
    outcome = "rejected" if discovery.refused else "failed"
    return _reading(record, outcome=outcome, reason=discovery.failure or "not_fetched")


def _reading(record: Record, **what: object) -> Reading:
    return Reading(record.segment, record.id, record.date, record.discovery, **what)  # type: ignore[arg-type]
