"""The last line before the network: no request leaves, whoever made it, that the guard would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapy.exceptions import IgnoreRequest

from crawler.guard import check_url
from crawler.settings import PINNED


class Forbidden(IgnoreRequest):
    """A request that the guard refused; `reason` is the guard's word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class GuardMiddleware:
    """Refuses URLs by their spelling; where a name leads is judged by the resolver."""

    def __init__(self, pinned: Mapping[str, str]) -> None:
        self._pinned = pinned

    @classmethod
    def from_crawler(cls, crawler: Any) -> GuardMiddleware:
        """Make it as Scrapy makes its parts."""
        return cls(crawler.settings.getdict(PINNED))

    def process_request(self, request: Any) -> None:
        """Let a request pass, or raise Forbidden."""
        reason = check_url(request.url, self._pinned)
        if reason is not None:
            raise Forbidden(reason)
