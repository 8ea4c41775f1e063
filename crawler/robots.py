"""robots.txt as RFC 9309 has it, and the delays that sites write into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from protego import Protego

MAX_ROBOTS = 512 << 10  # RFC 9309 asks for at least this much to be read
MAX_DELAY = 60.0  # a longer Crawl-delay is kept as this, and said so

Decision = Literal["allowed", "disallowed", "unreachable"]


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one host for us; without rules everything is allowed, unreachable nothing is."""

    rules: Protego | None = None
    unreachable: str | None = None  # why

    def decide(self, url: str, agent: str) -> Decision:
        """Tell whether we may fetch a URL."""
        if self.unreachable is not None:
            return "unreachable"
        return "allowed" if self.rules is None or self.rules.can_fetch(url, agent) else "disallowed"

    def delay(self, agent: str) -> float:
        """Return the seconds that it asks for between two requests, as written."""
        if self.rules is None:
            return 0.0
        rate = self.rules.request_rate(agent)
        asked = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(self.rules.crawl_delay(agent) or 0.0, asked, 0.0)


def read_robots(status: int, body: bytes) -> Robots:
    """Return the rules that an answer stands for: none where the file is missing, no access on a server's error."""
    if status >= 500 or status == 429:
        return Robots(unreachable=f"http_{status}")
    if not 200 <= status < 300:
        return Robots()
    return Robots(Protego.parse(body[:MAX_ROBOTS].decode("utf-8", errors="replace").lstrip("\ufeff")))


def agent_token(user_agent: str) -> str:
    """Return the product token by which robots.txt names us: `Khabar` of `Khabar/0.1 (+https://…)`."""
    return user_agent.split("/", 1)[0].split(maxsplit=1)[0] if user_agent.strip() else "*"
