"""An article is a function of the set of its records, taken in the order of (WARC-Date, record id)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from khabar.models import Article, Document, Field, Folded, Outcome, OutcomeKind, Reading, Reference, utc
from khabar.text import fold as folded


def fold(stored: Document | None, readings: Sequence[Reading]) -> Folded:
    """Return the document that holds these readings too, and the rows of all its records.

    All readings have an article, and the same article id as `stored`. The content is that of the last record; a
    record that is already there is replaced, so a segment read twice, or by newer code, gives the same document.
    """
    fresh = {reading.record: reading for reading in readings}
    kept = [ref for ref in stored.references if ref.record not in fresh] if stored else []
    references = tuple(sorted([*kept, *map(_refer, readings)]))
    last = fresh.get(references[-1].record)
    if last is not None and last.article is not None:
        article, signature = last.article, last.signature
    else:
        assert stored is not None, "without a stored document the last record is one of the readings"
        article, signature = stored.article, stored.signature
    cluster = stored.article.cluster if stored else article.id
    article = replace(
        article,
        fetched=references[0].date,
        revisions=_revisions(references),
        changed=_changed(references),
        cluster=cluster,
    )
    return Folded(Document(article, references, signature), tuple(_rows(article, references)))


def unread(reading: Reading) -> Outcome:
    """Return the row of a reading that gave no article."""
    assert reading.outcome != "article"
    entry = reading.discovery.entry
    return Outcome(
        attempt=reading.discovery.attempt,
        source=reading.discovery.source,
        day=utc(reading.discovery.claimed).date(),
        url=reading.discovery.url,
        outcome=reading.outcome,
        reason=reading.reason,
        segment=reading.segment,
        record=reading.record,
        date=reading.date,
        title=entry.title if entry else None,
    )


def _refer(reading: Reading) -> Reference:
    article = reading.article
    assert article is not None and article.archive is not None, "only readings with an article are folded"
    discovery = reading.discovery
    return Reference(
        date=reading.date,
        record=reading.record,
        segment=reading.segment,
        url=discovery.url,
        attempt=discovery.attempt,
        source=discovery.source,
        claimed=discovery.claimed,
        text=article.archive.sha256,
        title=article.title,
        words=reading.signature.exact or None,
    )


def _revisions(references: Iterable[Reference]) -> int:
    return 1 + sum(not same_text(before, after) for before, after in pairwise(references))


def _changed(references: Sequence[Reference]) -> tuple[Field, ...]:
    """Return what was changed in any revision: the title, the body."""
    pairs = [pair for pair in pairwise(references) if not same_text(*pair)]
    title = any(_told(before) != _told(after) for before, after in pairs)
    body = any(before.words != after.words or _told(before) == _told(after) for before, after in pairs)
    return (*(("title",) if title else ()), *(("body",) if body else ()))


def same_text(before: Reference, after: Reference) -> bool:
    """Tell whether two records have the same words: new quotation marks or spaces are no revision."""
    if before.text == after.text:
        return True
    known = None not in {before.title, after.title, before.words, after.words}
    return known and (_told(before), before.words) == (_told(after), after.words)


def _told(ref: Reference) -> str:
    return folded(ref.title or "")


def _rows(article: Article, references: Sequence[Reference]) -> Iterable[Outcome]:
    """Yield one row an attempt: of two records of one attempt the earlier counts."""
    attempts: set[str] = set()
    for place, ref in enumerate(references):
        if ref.attempt in attempts:
            continue
        attempts.add(ref.attempt)
        kind, reason = _outcome(ref, references[:place])
        yield Outcome(
            attempt=ref.attempt,
            source=ref.source,
            day=utc(ref.claimed).date(),
            url=ref.url,
            outcome=kind,
            reason=reason,
            segment=ref.segment,
            record=ref.record,
            date=ref.date,
            article=article.id,
            title=article.title,
        )


def _outcome(ref: Reference, before: Sequence[Reference]) -> tuple[OutcomeKind, str | None]:
    """Tell how a record's attempt ended, by the records before it; `duplicate_of` gives the first URL as reason."""
    if not before:
        return "indexed", None
    if not same_text(before[-1], ref):
        return "revised", None
    if all(ref.url != earlier.url for earlier in before):
        return "duplicate_of", before[0].url
    return "unchanged", None
