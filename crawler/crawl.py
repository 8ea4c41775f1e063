"""One crawl: look at the endpoints of some sources, fetch what is news, archive every claim exactly once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from datetime import datetime

from scrapy.crawler import AsyncCrawlerProcess

from crawler.fetch import Fetcher
from crawler.lanes import GIVE_UP, Lanes
from crawler.pipelines import Keeper
from crawler.settings import scrapy_settings
from crawler.spiders.source import Download, SourceSpider
from crawler.summary import Summary
from khabar.archive.segments import Writer
from khabar.models import Source
from khabar.ports import Ledger
from khabar.settings import Settings


def crawl(
    sources: Sequence[Source],
    ledger: Ledger,
    writer: Writer,
    settings: Settings,
    clock: Callable[[], datetime],
    limit: int | None = None,
    *,
    holder: str,
    seconds: float | None = None,
    looked_since: datetime | None = None,
    patience: float = GIVE_UP,
    tell: Callable[[Summary], None] = lambda _: None,
    watch: Callable[[asyncio.Event], None] = lambda _: None,
) -> Summary:
    """Crawl these sources once, and what earlier crawls of them left; at most `limit` pages are fetched.

    After `seconds` it ends in good order, and says whether there is more; endpoints that were looked at at
    `looked_since` or later are left out, so that the next slice of a long crawl asks for no feed again.

    Takes over the process: Scrapy's reactor runs once. SIGTERM and SIGINT end it in good order. `tell` hears how it
    gets on about once a second; `watch` is given the event that stops the crawl. Raises what the archive or the
    ledger raises; all claims stay in the frontier then. So it does where the ledger is still full at the end, which
    comes after `patience` seconds without a page to fetch.
    """
    pinned = {host: address for source in sources for host, address in source.addresses}
    lanes = Lanes(
        sources, ledger, Keeper(ledger, writer, clock), settings, clock, holder, limit, looked_since, patience
    )
    faults: list[BaseException] = []

    def beat() -> None:
        writer.seal_if_due()
        tell(lanes.summary)

    async def run(download: Download) -> None:
        try:
            _stop_on_signals(lanes.stop)
            watch(lanes.stop)
            if seconds is not None:
                asyncio.get_running_loop().call_later(seconds, lanes.stop.set)
            await lanes.run(Fetcher(download, settings, pinned, lanes.stop), beat)
            writer.seal()
            lanes.summary.more = lanes.has_more()
            if lanes.room.lacking:
                raise lanes.room.lacking
        except BaseException as fault:  # Scrapy would log it and go on
            faults.append(fault)

    process = AsyncCrawlerProcess(scrapy_settings(settings, pinned))
    process.crawl(SourceSpider, work=run)
    process.start(install_signal_handlers=False)
    if faults:
        raise _first(faults[0])
    if process.bootstrap_failed:
        raise RuntimeError("Scrapy could not be started: the log says why")
    return lanes.summary


def _first(fault: BaseException) -> BaseException:
    """Return the one error that ended all lanes."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
