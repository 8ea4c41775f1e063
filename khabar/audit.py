"""The audit: archive, ledger and index held against one another. It must find nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from khabar.archive.records import discoveries
from khabar.archive.segments import outcome_key, segment_of
from khabar.archive.store import Store
from khabar.codec import load
from khabar.models import Discovery, OutcomeFile, utc
from khabar.ports import Index, Ledger
from search.tree import Everything

Key = tuple[str, date]  # source and UTC day of the claim


@dataclass(frozen=True, slots=True)
class Balance:
    """Claims of a source on a day, and what became of them: discovered = outcomes + in flight."""

    discovered: int
    outcomes: int
    in_flight: int

    @property
    def even(self) -> bool:
        """True when nothing is lost and nothing is counted twice."""
        return self.discovered == self.outcomes + self.in_flight


def balances(store: Store, ledger: Ledger, index: Index) -> dict[Key, Balance]:
    """Return the balance of every source and UTC day that has claims or outcomes."""
    discovered = Counter(ledger.discovered())
    outcomes: Counter[Key] = Counter()
    for (source, day, _, _), count in index.tally().items():
        outcomes[source, day] += count
    flying = in_flight(store, ledger, index)
    keys = sorted(discovered.keys() | outcomes.keys() | flying.keys())
    return {key: Balance(discovered[key], outcomes[key], flying[key]) for key in keys}


def in_flight(store: Store, ledger: Ledger, index: Index) -> Counter[Key]:
    """Count the attempts that have been claimed and have no outcome yet: in the frontier or in a pending segment."""
    open_: dict[str, Discovery] = {each.attempt: each for each in ledger.frontier()}
    for key in store.keys("pending/"):
        open_ |= {each.attempt: each for each in discoveries(store, segment_of(key))}
    ended = {row.attempt for row in index.rows(attempts=sorted(open_))} if open_ else set[str]()
    return Counter(
        (each.source, utc(each.claimed).date()) for name, each in open_.items() if name not in ended
    )


def findings(store: Store, ledger: Ledger, index: Index) -> Iterator[str]:
    """Yield everything that does not agree, each with how to mend it; nothing when all is well."""
    yield from _uneven(balances(store, ledger, index))
    pending = {segment_of(key) for key in store.keys("pending/")}
    articles: set[str] = set()
    for segment in (key for key in store.keys("segments/") if key.endswith(".warc.gz")):
        found = store.get(outcome_key(segment))
        if found is not None:
            articles.update(load(found, OutcomeFile).articles)
        elif segment not in pending:
            yield f"{segment} has neither an outcome file nor a marker in pending/: `khabar reindex` reads it again"
    indexed = {document.article.id for document in index.scan(Everything())}
    if lost := len(articles - indexed):
        yield f"{lost} article(s) of the archive are not in the index: `khabar reindex`"
    if strange := len(indexed - articles):
        yield f"{strange} article(s) of the index are not in the archive's outcome files: `khabar reindex`"


def _uneven(found: Mapping[Key, Balance]) -> Iterator[str]:
    for (source, day), balance in found.items():
        if not balance.even:
            yield (
                f"{source} on {day}: {balance.discovered} discovered, but {balance.outcomes} outcomes and "
                f"{balance.in_flight} in flight: `khabar ledger rebuild` counts again from the archive"
            )
