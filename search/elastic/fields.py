"""The field table as an Elasticsearch mapping, and documents and rows as Elasticsearch takes them.

The words are ours: whitespace is all that its analyzer looks at. The readable document lies beside them, unindexed,
and is all of the source that is kept: an article is always written whole.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, Literal

from khabar.models import Document, Outcome
from khabar.text import TEXT_VERSION
from search import schema

Kind = Literal["articles", "outcomes"]
KINDS: Final[tuple[Kind, ...]] = ("articles", "outcomes")
VERSION: Final = f"{schema.SCHEMA_VERSION}.{TEXT_VERSION}"
LONGEST = 8_191  # characters of a keyword: Lucene refuses a whole document for one of more than 32,766 bytes

_KEYWORD = {"type": "keyword", "ignore_above": LONGEST}
_LOOKED_UP = {**_KEYWORD, "doc_values": False}  # neither counted nor sorted by
_UNSEEN = {"type": "object", "enabled": False}


def settings(shards: int) -> dict[str, Any]:
    """Return the settings of a new index; a second node, where there is one, gets a copy of everything."""
    return {
        "index": {
            "number_of_shards": shards,
            "auto_expand_replicas": "0-1",
            # Whoever writes makes it visible; this is for what a killed writer left.
            "refresh_interval": "30s",
        }
    }


def mapping(kind: Kind) -> dict[str, Any]:
    """Return the strict mapping of an index; a field that is not in the table is refused."""
    properties, kept = (_articles(), "document") if kind == "articles" else (_outcomes(), "row")
    return {
        "dynamic": "strict",
        "_meta": {"version": VERSION},
        "_source": {"includes": [kept, "version"]},
        "properties": properties,
    }


def _articles() -> dict[str, Any]:
    text = {"type": "text", "analyzer": "whitespace", "position_increment_gap": 1}
    form = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
    number = {"type": "long"}
    return {
        "document": _UNSEEN,
        **dict.fromkeys(schema.TEXTS, text),
        **dict.fromkeys(map(schema.form_field, schema.FORMS), form),
        **dict.fromkeys((*schema.KEYWORDS, "entity"), _KEYWORD),
        **dict.fromkeys(("about", "band", "exact"), _LOOKED_UP),
        **dict.fromkeys(("moment", "day", "fetched", "first", "when"), number),
        "dated": {"type": "boolean", "doc_values": False},
    }


def _outcomes() -> dict[str, Any]:
    return {
        "row": _UNSEEN,
        "version": {"type": "long", "index": False, "doc_values": False},
        **dict.fromkeys(("attempt", "source", "url", "outcome", "reason"), _KEYWORD),
        "day": {"type": "integer"},
    }


def article_source(document: Document) -> dict[str, Any]:
    """Return an article with its fields, as Elasticsearch takes it."""
    article = document.article
    source: dict[str, Any] = {"document": document}
    for field in schema.TEXTS:
        found = schema.text_words(article, field)
        source[field] = [" ".join(each) for each in found]
        if field in schema.FORMS:
            source[schema.form_field(field)] = [schema.in_forms(field, each, article) for each in found]
    for field in schema.KEYWORDS:
        source[field] = schema.keywords(article, field)
    source |= {
        "entity": schema.entities(article),
        "about": schema.about(article),
        "band": document.signature.bands,
        "exact": document.signature.exact or None,
        **_times(document),
    }
    # What is empty is left out: a field that an index does not have is refused only where there is something in it.
    return {field: value for field, value in source.items() if value is not None and value != ()}


def _times(document: Document) -> dict[str, Any]:
    article = document.article
    day = schema.printed_day(article)
    when = schema.micros(article.published or article.fetched)
    first = document.references[0].date if document.references else article.fetched
    return {
        "day": day.toordinal() if day else None,
        "moment": None if day else when,
        "dated": article.published is not None,
        "fetched": schema.micros(article.fetched),
        "first": schema.micros(first),
        "when": when,
    }


def row_source(row: Outcome, version: int) -> dict[str, Any]:
    """Return an outcome row with its fields; `version` tells of two folds of one article the newer."""
    return {
        "row": row,
        "version": version,
        "attempt": row.attempt,
        "source": row.source,
        "url": row.url,
        "outcome": row.outcome,
        "reason": row.reason,
        "day": row.day.toordinal(),
    }


def row_id(attempt: str) -> str:
    """Return the id of a row: an attempt's name may be longer than Elasticsearch's ids."""
    return hashlib.blake2b(attempt.encode(), digest_size=20).hexdigest()
