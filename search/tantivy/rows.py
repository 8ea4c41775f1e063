"""Outcome rows in a Tantivy directory of their own, so that words are counted over articles alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import tantivy
from tantivy import Query

from khabar import codec
from khabar.models import Outcome
from search.tantivy.engine import Engine, Snapshot, reading
from search.tantivy.fields import outcome_document
from search.tantivy.order import walk
from search.tantivy.query import all_of, any_term

_BUCKETS = 60_000  # Tantivy refuses to count more than 65,000 different values at once


def write(engine: Engine, rows: Iterable[Outcome]) -> None:
    """Write rows, one an attempt: of two records the earlier one's stays, the same record's is replaced."""
    fresh: dict[str, Outcome] = {}
    for row in rows:
        _keep(fresh, row)
    if not fresh:
        return
    stored = {row.attempt: row for row in read(engine, {"attempt": list(fresh)}, None, None)}
    winners = dict(stored)
    for row in fresh.values():
        _keep(winners, row)
    changed = [row for name, row in winners.items() if row != stored.get(name)]
    if changed:
        engine.write("attempt", [row.attempt for row in changed], map(outcome_document, changed))


def _keep(rows: dict[str, Outcome], row: Outcome) -> None:
    held = rows.get(row.attempt)
    if held is None or (row.date, row.record) <= (held.date, held.record):
        rows[row.attempt] = row


def read(
    engine: Engine, wanted: Mapping[str, Sequence[str] | None], since: date | None, until: date | None
) -> Iterator[Outcome]:
    """Yield rows whose fields have one of the values wanted (None: any), in the order of their attempt names."""
    snapshot = engine.snapshot()
    filters = [
        any_term(engine.schema, field, values) for field, values in wanted.items() if values is not None
    ]
    if since or until:
        filters.append(_days(engine, since, until))
    found = all_of(filters)
    for address in walk(snapshot, found, "attempt_key", 0, lambda at: _load(snapshot, at).attempt):
        yield _load(snapshot, address)


def tally(engine: Engine, buckets: int = _BUCKETS) -> dict[tuple[str, date, str, str | None], int]:
    """Return the number of rows by (source, day, outcome, reason); at most `buckets` of them are counted at once."""
    snapshot = engine.snapshot()
    days = snapshot.aggregate(
        Query.all_query(), {"first": {"min": {"field": "day"}}, "last": {"max": {"field": "day"}}}
    )
    first, last = days["first"]["value"], days["last"]["value"]
    if first is None:
        return {}
    return dict(
        _counted(engine, snapshot, date.fromordinal(int(first)), date.fromordinal(int(last)), buckets)
    )


def _counted(
    engine: Engine, snapshot: Snapshot, first: date, last: date, buckets: int
) -> Iterator[tuple[tuple[str, date, str, str | None], int]]:
    terms = {"field": "tally", "size": buckets, "segment_size": buckets}
    found = snapshot.aggregate(_days(engine, first, last), {"tally": {"terms": terms}})["tally"]
    if found["sum_other_doc_count"] == 0:
        for bucket in found["buckets"]:
            key = codec.load(bucket["key"], tuple[str, date, str, str | None])
            yield key, bucket["doc_count"]
    elif first == last:  # a day with more kinds of outcome than can be counted at once: one by one
        rows = read(engine, {}, first, last)
        yield from Counter((row.source, row.day, row.outcome, row.reason) for row in rows).items()
    else:
        middle = first + (last - first) // 2
        yield from _counted(engine, snapshot, first, middle, buckets)
        yield from _counted(engine, snapshot, middle + timedelta(days=1), last, buckets)


def _days(engine: Engine, since: date | None, until: date | None) -> Query:
    first, last = (day.toordinal() if day else None for day in (since, until))
    return Query.range_query(engine.schema, "day", tantivy.FieldType.Integer, first, last)


def _load(snapshot: Snapshot, address: tantivy.DocAddress) -> Outcome:
    with reading(snapshot.folder):
        return codec.load(snapshot.stored(address, "row"), Outcome)
