"""What there is, in figures: articles, clusters, sizes, and the attempts of every source and day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from khabar import audit
from khabar.models import Hit
from khabar.runtime import Runtime
from search.tree import Everything


@dataclass(frozen=True, slots=True)
class Day:
    """The attempts of one source that were claimed on one UTC day: discovered = outcomes + in flight."""

    source: str
    day: date
    discovered: int
    outcomes: dict[str, int]
    in_flight: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """A home in figures; `recounted` is when the claims were last counted anew from the archive."""

    articles: int
    clusters: int
    oldest: datetime | None
    newest: datetime | None
    bytes: dict[str, int]
    recounted: datetime | None
    days: tuple[Day, ...]


def gather(runtime: Runtime) -> Statistics:
    """Count everything as it is now."""
    index = runtime.index
    newest = index.search(Everything(), limit=1, sort="newest")
    return Statistics(
        articles=newest.total,
        clusters=len({document.article.cluster for document in index.scan(Everything())}),
        oldest=_when(index.search(Everything(), limit=1, sort="oldest").hits),
        newest=_when(newest.hits),
        bytes={name: _size(path) for name, path in _places(runtime)},
        recounted=runtime.ledger.recounted(),
        days=tuple(_days(runtime)),
    )


def _days(runtime: Runtime) -> Iterator[Day]:
    tally: dict[audit.Key, Counter[str]] = {}
    for (source, day, outcome, _), count in runtime.index.tally().items():
        tally.setdefault((source, day), Counter())[outcome] += count
    for (source, day), balance in audit.balances(runtime.store, runtime.ledger, runtime.index).items():
        outcomes = dict(tally.get((source, day), {}))
        yield Day(source, day, balance.discovered, outcomes, balance.in_flight)


def _when(hits: tuple[Hit, ...]) -> datetime | None:
    if not hits:
        return None
    article = hits[0].document.article
    return article.published or article.fetched


def _places(runtime: Runtime) -> Iterator[tuple[str, Path]]:
    settings = runtime.settings
    if settings.archive_url.startswith("file:"):
        yield "archive", Path(unquote(urlsplit(settings.archive_url).path))
    if not settings.distributed:
        yield "index", settings.index
        yield "ledger", settings.ledger


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
