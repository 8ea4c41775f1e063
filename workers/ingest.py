"""From a segment that was read to the index: fold and write, the outcome file, clusters, and the marker goes.

The order is what makes every kill harmless: documents and rows, then the outcome file, then clusters, then the
pending marker goes. Whatever stands between two of these is simply done again.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from khabar.archive.segments import outcome_key, pending_key
from khabar.archive.store import Store
from khabar.codec import dump, load
from khabar.models import Batch, Document, Folded, Outcome, OutcomeFile, OutcomeKind, Reading
from khabar.ports import Index, Ledger, RefusedDocumentsError
from workers.cluster import ClusterReport, cluster
from workers.fold import fold, unread
from workers.holding import holding

LEASE = 60.0  # seconds; renewed at a third of it
BROKEN = ("crashed", "broken_page", "refused_by_index")  # reasons to be in quarantine
NO_ARTICLE = ("rejected", "failed")  # the outcomes whose reasons are counted
CLUSTER_SEGMENTS = 10  # clustered in one pass at most: as many documents as one commit

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """The rows of the attempts, by attempt, and the batches: a reading that the index refused is among the broken."""

    rows: dict[str, Outcome]
    batches: list[Batch]


def write(index: Index, batches: Sequence[Batch]) -> Written:
    """Fold the readings of these batches into the index: what it refuses for what it holds takes no other with it."""
    groups: defaultdict[str, list[Reading]] = defaultdict(list)
    bare: list[Outcome] = []
    for batch in batches:
        for reading in batch.readings:
            if reading.article is not None:
                groups[reading.article.id].append(reading)
            else:
                bare.append(unread(reading))
    folded, reasons = _update(index, groups, bare)
    refused: dict[str, str] = {}
    for id_, reason in reasons.items():
        refused |= _one_by_one(index, id_, groups[id_], reason, folded)
    if refused:
        batches = [replace(each, readings=tuple(_marked(each.readings, refused))) for each in batches]
        outcast = [unread(each) for batch in batches for each in batch.readings if each.record in refused]
        index.update({}, outcast)
        bare += outcast
    ours = {reading.discovery.attempt for batch in batches for reading in batch.readings}
    rows = [*bare, *(row for each in folded.values() for row in each.outcomes if row.attempt in ours)]
    # Of two records of one attempt the earlier counts: it is the last to be put in.
    rows.sort(key=lambda row: (row.date, row.record), reverse=True)
    return Written({row.attempt: row for row in rows}, list(batches))


def _update(
    index: Index, groups: Mapping[str, Sequence[Reading]], bare: Iterable[Outcome] = ()
) -> tuple[dict[str, Folded], dict[str, str]]:
    """Fold and write; returns what was written, and for what was refused the index's reason, by article id."""
    folded: dict[str, Folded] = {}
    try:
        index.update({id_: partial(_fold, group, folded) for id_, group in groups.items()}, bare)
    except RefusedDocumentsError as error:
        written = {id_: each for id_, each in folded.items() if id_ not in error.refused}
        return written, error.refused
    return folded, {}


def _one_by_one(
    index: Index, id_: str, readings: Sequence[Reading], reason: str, folded: dict[str, Folded]
) -> dict[str, str]:
    """Write the readings of a refused article one after another; returns why it is refused, by record."""
    if len(readings) == 1:
        return {readings[0].record: reason}
    refused: dict[str, str] = {}
    for reading in sorted(readings, key=lambda each: (each.date, each.record)):
        written, reasons = _update(index, {id_: [reading]})
        folded |= written
        if id_ in reasons:
            refused[reading.record] = reasons[id_]
    return refused


def _marked(readings: Iterable[Reading], refused: Mapping[str, str]) -> Iterable[Reading]:
    for each in readings:
        if each.record in refused:
            why = refused[each.record]
            yield replace(each, article=None, outcome="failed", reason="refused_by_index", trace=why)
        else:
            yield each


def _fold(readings: Sequence[Reading], folded: dict[str, Folded], stored: Document | None) -> Folded:
    result = fold(stored, readings)
    folded[result.document.article.id] = result
    return result


def conclude(store: Store, batch: Batch, rows: Iterable[Outcome]) -> OutcomeFile:
    """Write the outcome file of a segment whose documents and rows are written, and quarantine what broke."""
    articles = sorted({reading.article.id for reading in batch.readings if reading.article})
    # In a fixed order: a file that is written again is to be the same file.
    ours = sorted(
        (row for row in rows if row.segment == batch.segment), key=lambda row: (row.outcome, row.reason or "")
    )
    reasons: defaultdict[OutcomeKind, Counter[str]] = defaultdict(Counter)
    for row in ours:
        if row.outcome in NO_ARTICLE:
            reasons[row.outcome][row.reason or "unknown"] += 1
    counts: Counter[OutcomeKind] = Counter(row.outcome for row in ours)
    result = OutcomeFile(batch.segment, tuple(articles), counts, batch.damage, {**reasons})
    broken = {
        quarantine_key(reading.segment, reading.record): dump(replace(reading, article=None))
        for reading in batch.readings
        if reading.trace or reading.reason == "crashed"
    }
    for key, reading in broken.items():
        store.replace(key, reading)
    for key in store.keys(quarantine_prefix(batch.segment)):
        if key not in broken:
            store.delete(key)  # it broke a stage once; today's code has read it
    store.replace(outcome_key(batch.segment), dump(result))
    return result


def quarantine_prefix(segment: str) -> str:
    """Return what the keys of a segment's readings in quarantine begin with."""
    return f"quarantine/{segment.removeprefix('segments/').replace('/', '~')}~"


def quarantine_key(segment: str, record: str) -> str:
    """Return where the reading of a record that broke a stage is kept."""
    return f"{quarantine_prefix(segment)}{record.rsplit(':', 1)[-1]}.json"


def cluster_indexed(
    store: Store,
    index: Index,
    ledger: Ledger,
    holder: str,
    clock: Callable[[], datetime],
    segments: Sequence[str],
) -> ClusterReport | None:
    """Cluster what these segments touched, then take their markers away; None where another is the owner.

    One owner at a time: what another leaves meanwhile it finds when it looks again, for the markers stay until then.
    """
    lease = ledger.acquire("cluster", holder, LEASE, clock())
    if lease is None:
        return None
    try:
        articles: set[str] = set()
        for segment in segments:
            found = store.get(outcome_key(segment))
            articles.update(load(found, OutcomeFile).articles if found else ())
        # Else a pass that takes longer than a lease would be begun again for ever, each time by another.
        with holding(ledger, lease, LEASE, clock):
            report = cluster(index, sorted(articles))
        if report.capped:  # what the clusters are may hang on the order of arrival from here on
            some = ", ".join(report.capped[:3])
            log.warning(
                "%d article(s) had more likely copies than are compared: %s", len(report.capped), some
            )
        if ledger.renew(lease, LEASE, clock()) is None:
            return None  # it took too long, and another has begun: the markers are for them to take
        for segment in segments:
            if store.exists(outcome_key(segment)):  # not where it is to be read again
                store.delete(pending_key(segment))
        return report
    finally:
        ledger.release(lease, done=True)


def is_waiting(store: Store, segment: str) -> bool:
    """Tell whether a segment is still to be read; asked with its lease in hand: another may just have done it."""
    return store.exists(pending_key(segment)) and not store.exists(outcome_key(segment))
