"""The one spider: what it does is in the source files, how is in crawler.crawl."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response

Download = Callable[[Request], Awaitable[Response]]


class SourceSpider(Spider):
    """Gives the crawl Scrapy's downloader, and lasts as long as the crawl."""

    name = "source"

    def __init__(self, work: Callable[[Download], Awaitable[None]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._work = work

    async def start(self) -> AsyncIterator[Any]:
        """Run the crawl; nothing is yielded, for Scrapy's queue forgets what it holds when it is killed."""
        crawler: Crawler = self.crawler
        assert crawler.engine is not None
        await self._work(crawler.engine.download_async)
        for nothing in ():
            yield nothing
