"""The field table as Tantivy fields, and documents as Tantivy takes them."""

from __future__ import annotations

import string
from datetime import datetime

import tantivy

from khabar import codec
from khabar.models import Document, Outcome
from khabar.ports import Sort
from search import schema
from search.gist import gist
from search.schema import FORMS, form_field, micros

_LAST = 2**52 - 1  # microseconds, in the year 2112
_HEX = frozenset(string.hexdigits)


def article_schema() -> tantivy.Schema:
    """Return the fields of articles."""
    builder = tantivy.SchemaBuilder()
    builder.add_bytes_field("document", stored=True)
    builder.add_bytes_field("gist", stored=True)
    for field in schema.TEXTS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="position")
    for field in FORMS:
        builder.add_text_field(form_field(field), tokenizer_name="whitespace", index_option="freq")
    keywords = [field for field in schema.KEYWORDS if field not in schema.LATER]
    # The order is that of every index made so far: Tantivy opens none with another.
    for field in (*keywords, "entity", "author_name"):
        builder.add_text_field(field, fast=True, tokenizer_name="raw", index_option="basic")
    for field in ("about", "band", "exact", "mentions", "changed"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    for field in ("moment", "day", "fetched", "first"):
        builder.add_integer_field(field, indexed=True, fast=True)
    builder.add_boolean_field("dated", indexed=True)
    for field in ("newest", "oldest", "first_key", "id_key"):
        builder.add_unsigned_field(field, indexed=True, fast=True)
    return builder.build()


def outcome_schema() -> tantivy.Schema:
    """Return the fields of outcome rows."""
    builder = tantivy.SchemaBuilder()
    builder.add_bytes_field("row", stored=True)
    for field in ("attempt", "source", "url", "outcome"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("tally", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("day", indexed=True, fast=True)
    builder.add_unsigned_field("attempt_key", indexed=True, fast=True)
    return builder.build()


def article_document(document: Document) -> tantivy.Document:
    """Return an article with its fields, as Tantivy takes it."""
    article = document.article
    target = tantivy.Document()
    target.add_bytes("document", codec.dump(document))
    target.add_bytes("gist", codec.dump((article.lang, gist(article))))
    for field in schema.TEXTS:
        for found in schema.text_words(article, field):
            target.add_text(field, " ".join(found))
            if field in FORMS:
                target.add_text(form_field(field), schema.in_forms(field, found, article))
    for field in schema.KEYWORDS:
        _add(target, field, schema.keywords(article, field))
    _add(target, "entity", schema.entities(article))
    _add(target, "about", schema.about(article))
    _add(target, "band", document.signature.bands)
    _add(target, "exact", (document.signature.exact,) if document.signature.exact else ())
    _add_times(target, document)
    return target


def _add(target: tantivy.Document, field: str, values: tuple[str, ...]) -> None:
    for value in dict.fromkeys(values):  # a value said twice is one value, and counts once
        target.add_text(field, value)


def _add_times(target: tantivy.Document, document: Document) -> None:
    article = document.article
    day = schema.printed_day(article)
    when = micros(article.published or article.fetched)
    if day:
        target.add_integer("day", day.toordinal())
    else:
        target.add_integer("moment", when)
    target.add_boolean("dated", article.published is not None)
    target.add_integer("fetched", micros(article.fetched))
    first = micros(document.references[0].date if document.references else article.fetched)
    target.add_integer("first", first)
    target.add_unsigned("first_key", time_key(first, article.id))
    target.add_unsigned("oldest", when_key("oldest", when, article.id))
    target.add_unsigned("newest", when_key("newest", when, article.id))
    target.add_unsigned("id_key", id_key(article.id))


def when_key(field: Sort, when: int, name: str) -> int:
    """Return the number by which an article stands among the oldest or the newest; it rises in both."""
    return time_key(when if field == "oldest" else _LAST - when, name)


def time_key(when: int, name: str) -> int:
    """Return a number that sorts by time, then by the first 12 bits of an id."""
    start = name[:3]
    bits = int(start, 16) if len(start) == 3 and _HEX.issuperset(start) else 0
    return min(max(when, 0), _LAST) << 12 | bits


def id_key(name: str) -> int:
    """Return a number that sorts as the first eight bytes of an id do."""
    return int.from_bytes(name.encode()[:8].ljust(8, b"\0"), "big")


def outcome_document(row: Outcome) -> tantivy.Document:
    """Return an outcome row with its fields, as Tantivy takes it."""
    target = tantivy.Document()
    target.add_bytes("row", codec.dump(row))
    for field in ("attempt", "source", "url", "outcome"):
        target.add_text(field, getattr(row, field))
    counted = (row.source, row.day, row.outcome, row.reason)
    target.add_text("tally", codec.dump(counted).decode())
    target.add_integer("day", row.day.toordinal())
    target.add_unsigned("attempt_key", attempt_key(row.attempt))
    return target


def attempt_key(attempt: str) -> int:
    """Return a number that sorts as attempt names do: by their claim time."""
    try:
        return time_key(micros(datetime.fromisoformat(attempt.split(" ", 1)[0])), "")
    except (ValueError, TypeError):  # no time, or one without its offset
        return 0
