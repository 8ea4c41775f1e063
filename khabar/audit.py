"""The audit: archive, ledger and index held against one another. It must find nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
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
    for segment in map(segment_of, store.keys("pending/")):
        if store.exists(segment):
            open_ |= {each.attempt: each for each in discoveries(store, segment)}
    ended = {row.attempt for row in index.rows(attempts=sorted(open_))} if open_ else set[str]()
    return Counter(
        (each.source, utc(each.claimed).date()) for name, each in open_.items() if name not in ended
    )


def findings(store: Store, ledger: Ledger, index: Index) -> Iterator[str]:
    """Yield everything that does not agree, each with how to mend it; nothing when all is well."""
    yield from _uneven(balances(store, ledger, index))
    kept = set(store.keys("segments/"))
    segments = {key for key in kept if key.endswith(".warc.gz")}
    outcomes = {outcome_key(segment) for segment in segments} & kept
    pending = {segment_of(key) for key in store.keys("pending/")}
    for segment in sorted(pending - segments):
        yield f"{segment} is pending and is not in the archive: restore it from a backup"
    for segment in sorted(segments - pending):
        if outcome_key(segment) not in outcomes:
            yield f"{segment} has neither an outcome file nor a marker in pending/: `khabar reindex` reads it again"
    yield from _unlike(_articles(store, outcomes), segments, index)


def _articles(store: Store, outcomes: Iterable[str]) -> set[str]:
    """Return the ids of the articles that outcome files name."""
    files = (load(data, OutcomeFile) for key in outcomes if (data := store.get(key)) is not None)
    return {article for file in files for article in file.articles}


def _unlike(archived: Set[str], segments: Set[str], index: Index) -> Iterator[str]:
    """Yield where the index holds other articles than the archive."""
    indexed: set[str] = set()
    lost: set[str] = set()
    for document in index.scan(Everything()):
        indexed.add(document.article.id)
        lost.update(reference.segment for reference in document.references)
    lost -= segments
    if missing := len(archived - indexed):
        yield f"{missing} article(s) of the archive are not in the index: `khabar reindex`"
    if strange := len(indexed - archived):
        yield f"{strange} article(s) of the index are not in the archive's outcome files: `khabar reindex`"
    for segment in sorted(lost):
        yield f"{segment} is in the index and not in the archive: restore it from a backup, or `khabar reindex`"


def _uneven(found: Mapping[Key, Balance]) -> Iterator[str]:
    for (source, day), balance in found.items():
        if not balance.even:
            yield (
                f"{source} on {day}: {balance.discovered} discovered, but {balance.outcomes} outcomes and "
                f"{balance.in_flight} in flight: `khabar ledger rebuild` counts again from the archive"
            )
