"""What a crawl has done, as it tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Summary:
    """What a crawl has done so far; the last one is its result."""

    endpoints: int = 0  # looked at
    unchanged: int = 0  # of these, those that answered 304
    broken: int = 0  # of these, those that gave nothing
    claimed: int = 0
    fetched: int = 0  # pages archived
    failed: int = 0  # attempts archived without a page, after errors
    refused: int = 0  # the same, by a rule: robots.txt, scope, size, kind
    postponed: int = 0
    busy: int = 0  # hosts left to another crawler
    paused: str | None = None  # why no endpoint is looked at for now
    resting: int = 0  # hosts that want to be left alone for now
    more: bool | None = None  # told at the end: something is left that another crawl may fetch at once
