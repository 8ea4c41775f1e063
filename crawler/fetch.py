"""One URL to an answer: guard, robots.txt, pace, redirects within the domain, and every failure by name."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response

from crawler import resolver
from crawler.guard import absolute_link, check_url
from crawler.hosts import Host
from crawler.middlewares import Forbidden
from crawler.robots import MAX_DELAY, Robots, agent_token, read_robots
from khabar.settings import Settings
from khabar.urls import registrable_domain

log = logging.getLogger("khabar.crawler")

MAX_REDIRECTS = 5
GRACE = 3.0  # seconds that a request in flight is given when the crawl is stopped
_MOVED = {301, 302, 303, 307, 308}
_NOT_OURS = {"content-encoding", "content-length", "transfer-encoding"}  # the body is stored decoded


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host said, whatever its status; `body` without its content encoding."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    robots: str | None = None

    def header(self, name: str) -> str | None:
        """Return a header's first value."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer: refused by a rule of ours or the site's, or failed on the way."""

    reason: str
    refused: bool = False
    robots: str | None = None
    elsewhere: str | None = None  # where a redirect to another domain leads
    later: bool = False  # it is the host that is in trouble: no use to try again soon


class Fetcher:
    """Fetches for all hosts of a crawl; asks each host's robots.txt once."""

    def __init__(
        self,
        download: Callable[[Request], Awaitable[Response]],
        settings: Settings,
        pinned: Mapping[str, str],
        stop: asyncio.Event,
    ) -> None:
        self._download, self._pinned, self._stop = download, pinned, stop
        self._agent = agent_token(settings.user_agent)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._robots: dict[str, Robots] = {}

    async def get(
        self, url: str, host: Host, headers: Mapping[str, str] | None = None
    ) -> Answer | Failure | None:
        """Fetch a URL of a host that is held, following redirects within its domain; None: the crawl ends."""
        answer: Answer | Failure | None = None
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._hop(url, host, headers or {})
            target = _target(answer)
            if target is None or answer is None:
                return answer
            if target == "":
                return Failure("bad_redirect", robots=answer.robots)
            if refusal := check_url(target, self._pinned):
                return Failure(refusal, refused=True, robots=answer.robots)
            if registrable_domain(target) != host.domain:
                return Failure("redirected", refused=True, robots=answer.robots, elsewhere=target)
            url = target
        return Failure("redirects", robots=answer.robots if answer else None)

    async def _hop(self, url: str, host: Host, headers: Mapping[str, str]) -> Answer | Failure | None:
        """Make one request where guard and robots.txt allow it."""
        refusal = check_url(url, self._pinned)
        if refusal is not None:
            return Failure(refusal, refused=True)
        if host.down:
            return Failure(host.trouble, later=True)
        robots = await self._robots_of(url, host)
        if robots is None:
            return None
        decision = robots.decide(url, self._agent)
        if decision == "allowed":
            return await self._send(url, host, headers, decision)
        refused = decision == "disallowed"
        return Failure(robots.unreachable or "robots", refused, decision, later=not refused)

    async def _robots_of(self, url: str, host: Host) -> Robots | None:
        """Return the rules for a URL, fetched once a crawl; None: the crawl ends."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._robots:
            robots = await self._fetch_robots(f"{site}/robots.txt", host)
            if robots is None:
                return None
            self._robots[site] = robots
            asked = robots.delay(self._agent)
            if asked > MAX_DELAY:
                log.warning("%s asks for %g s between requests: %g s are kept", site, asked, MAX_DELAY)
            host.delay = max(host.delay, min(asked, MAX_DELAY))
        return self._robots[site]

    async def _fetch_robots(self, url: str, host: Host) -> Robots | None:
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._send(url, host, {}, None)
            if answer is None:
                return None
            if isinstance(answer, Failure):
                return Robots() if answer.refused else Robots(unreachable=answer.reason)
            target = _target(answer)
            if target is None:
                return read_robots(answer.status, answer.body)
            if target == "" or registrable_domain(target) != host.domain or check_url(target, self._pinned):
                return Robots()
            url = target
        return Robots()

    async def _send(
        self, url: str, host: Host, headers: Mapping[str, str], robots: str | None
    ) -> Answer | Failure | None:
        """Make one request when it is the host's turn; None: the crawl ends or the host is lost."""
        if not await host.turn(self._stop):
            return None
        async with self._slots:
            # A slot may have been long in coming.
            outcome = None if self._stop.is_set() else await self._ask(url, host, headers, robots)
        return outcome if host.still_held() else None

    async def _ask(
        self, url: str, host: Host, headers: Mapping[str, str], robots: str | None
    ) -> Answer | Failure | None:
        try:
            response = await self._patiently(Request(url, headers=dict(headers), dont_filter=True))
        except Exception as error:  # whatever a site provokes is one page's outcome
            failure = _failure(error, url, robots)
            if not failure.refused:
                host.missed(failure.reason)
            return failure
        finally:
            host.answered()
        if response is None:
            return None
        host.misses = 0
        if response.headers.getlist("Content-Encoding"):
            return Failure("bad_encoding", robots=robots)
        return Answer(url, response.status, _headers(response), response.body, robots)

    async def _patiently(self, request: Request) -> Response | None:
        """Download; once the crawl is stopped, for a little while longer."""
        download = asyncio.ensure_future(self._download(request))
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({download, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not download.done():
                await asyncio.wait({download}, timeout=GRACE)
            if download.done():
                return download.result()
            return None
        finally:
            stopped.cancel()
            download.cancel()


def _target(answer: Answer | Failure | None) -> str | None:
    """Return where an answer redirects to: None nowhere, "" to nothing that could be fetched."""
    if not isinstance(answer, Answer) or answer.status not in _MOVED:
        return None
    location = answer.header("location")
    return absolute_link(location, answer.url) or "" if location else ""


def _headers(response: Response) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        if name.decode("latin-1").lower() not in _NOT_OURS
        for value in values
    )


_NAMES: tuple[tuple[type[Exception], str], ...] = (
    (DownloadTimeoutError, "timeout"),
    (CannotResolveHostError, "dns"),
    (DownloadConnectionRefusedError, "connection_refused"),
    (ResponseDataLossError, "truncated"),
    (DownloadFailedError, "connection"),
    (EOFError, "bad_encoding"),
    (zlib.error, "bad_encoding"),
    (OSError, "connection"),
)


def _failure(error: Exception, url: str, robots: str | None) -> Failure:
    """Name what went wrong."""
    if isinstance(error, Forbidden):
        return Failure(error.reason, refused=True, robots=robots)
    # Scrapy gives up a body past the limit in these two ways: on the wire, and while it unpacks.
    if isinstance(error, DownloadCancelledError | IgnoreRequest):
        return Failure("too_large", refused=True, robots=robots)
    if isinstance(error, CannotResolveHostError) and urlsplit(url).hostname in resolver.forbidden:
        return Failure("forbidden_address", refused=True, robots=robots)
    if isinstance(error, DownloadFailedError) and "SSL" in f"{error} {error.__cause__!r}":
        return Failure("tls", robots=robots)
    for kind, reason in _NAMES:
        if isinstance(error, kind):
            return Failure(reason, robots=robots)
    log.warning("%s: %s: %s", url, type(error).__name__, error)
    return Failure("connection", robots=robots)
