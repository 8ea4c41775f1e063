"""What there is to do, named by keys alone: a job is due until its result exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Ingest:
    """Read a sealed segment into the index (of one generation; None: the current one)."""

    segment: str
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Cluster the articles of the segments that are indexed and still marked pending."""


@dataclass(frozen=True, slots=True)
class Crawl:
    """Look at the endpoints of these sources and fetch what is due."""

    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """Build and keep the digests of these topics for one day in each topic's time zone."""

    topics: tuple[str, ...]
    day: date


@dataclass(frozen=True, slots=True)
class Retag:
    """Match one topic's new version on every article from `cursor` (an article id) on."""

    topic: str
    version: int
    cursor: str = ""


Job = Ingest | Cluster | Crawl | Digest | Retag
