"""What the demo's outlets answer: front pages, articles, feeds and robots.txt, a pure function of the edition."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from khabar.demo.calendars import printed
from khabar.demo.press import Feed, Outlet, Piece, outlets, pieces

_RIGHT_TO_LEFT = {"ur", "ps", "prs"}
_FEEDS = {"rss": "application/rss+xml; charset=utf-8", "atom": "application/atom+xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Edition:
    """The press at one time: everything it prints follows from `now` and from whether the edit was made."""

    now: datetime
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A page with its validators, before anybody asks whether it changed."""

    content_type: str
    body: bytes
    modified: datetime

    @property
    def etag(self) -> str:
        """Return the entity tag, a hash of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass(frozen=True, slots=True)
class Printed:
    """An article as a template sees it."""

    piece: Piece
    outlet: Outlet
    published: datetime
    updated: datetime

    @property
    def canonical(self) -> str:
        """Return the address the outlet calls its own: https, no port."""
        return f"https://{self.outlet.host}{self.piece.path}"

    @property
    def direction(self) -> str:
        """Return the direction of its script, as HTML has it."""
        return "rtl" if self.piece.lang in _RIGHT_TO_LEFT else "ltr"

    @property
    def day(self) -> str:
        """Return the published day as people of its language write it."""
        return printed(self.published.date(), self.piece.lang)

    @property
    def authors_ld(self) -> list[dict[str, str]]:
        """Return its authors, else its agency, as JSON-LD has them."""
        agency = [{"@type": "Organization", "name": self.piece.agency}] if self.piece.agency else []
        return [{"@type": "Person", "name": name} for name in self.piece.authors] or agency

    @property
    def summary(self) -> str:
        """Return what the feed says below the headline."""
        return self.piece.standfirst or self.piece.paragraphs[0]


def print_piece(piece: Piece, edition: Edition) -> Printed:
    """Print an article; only the edit moves its time of change."""
    outlet = _outlets()[piece.outlet]
    zone = ZoneInfo(outlet.timezone)
    published = piece.when.before(edition.now).astimezone(zone)
    if edition.edited and piece.edit:
        return Printed(piece.edited(), outlet, published, edition.now.replace(microsecond=0).astimezone(zone))
    return Printed(piece, outlet, published, published + timedelta(minutes=4))


def answer(edition: Edition, host: str, path: str) -> Answer | None:
    """Return what the outlet at this Host header (name:port) has at this path, None where there is nothing."""
    outlet = next((one for one in outlets() if one.host == host.partition(":")[0].lower()), None)
    if outlet is None:
        return None
    if path == "/robots.txt":
        return _robots(outlet, edition)
    for feed in outlet.feeds:
        if path == feed.path:
            return _feed(feed, outlet, edition, host)
    if path == "/":
        return _front(outlet, edition, host)
    article = next((one for one in _of(outlet, edition) if one.piece.path == path), None)
    return _article(article, edition, host) if article else None


def _front(outlet: Outlet, edition: Edition, host: str) -> Answer:
    words = {"labels": outlet.labels[outlet.lang], "related": _listed(outlet, edition)}
    body = _render("front.html", edition, outlet, host, words)
    return Answer("text/html; charset=utf-8", body, edition.now - timedelta(days=1))


def _article(article: Printed, edition: Edition, host: str) -> Answer:
    outlet, piece = article.outlet, article.piece
    related = [one for one in _listed(outlet, edition) if one.piece.key != piece.key]
    words = {"article": article, "labels": outlet.labels[piece.lang], "related": related}
    body = _render(piece.page or outlet.page, edition, outlet, host, words)
    return Answer("text/html; charset=utf-8", body, article.updated)


def _feed(feed: Feed, outlet: Outlet, edition: Edition, host: str) -> Answer:
    entries = [one for one in _of(outlet, edition) if feed.lists(one.piece)]
    changed = max(one.updated for one in entries)
    words = {"feed": feed, "entries": entries, "changed": changed}
    body = _render(f"{outlet.form}.xml", edition, outlet, host, words)
    return Answer(_FEEDS[outlet.form], body, changed)


def _robots(outlet: Outlet, edition: Edition) -> Answer:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in outlet.disallow), "Crawl-delay: 0.05", ""]
    return Answer("text/plain; charset=utf-8", "\n".join(lines).encode(), edition.now - timedelta(days=90))


def _of(outlet: Outlet, edition: Edition) -> list[Printed]:
    """Return an outlet's articles, the newest first."""
    mine = [print_piece(piece, edition) for piece in pieces() if piece.outlet == outlet.id]
    return sorted(mine, key=lambda one: one.published, reverse=True)


def _listed(outlet: Outlet, edition: Edition) -> list[Printed]:
    """Return what lists on pages show: the first headlines, as a cached block does; an edit changes one page alone."""
    return _of(outlet, replace(edition, edited=False))


def _render(template: str, edition: Edition, outlet: Outlet, host: str, words: Mapping[str, object]) -> bytes:
    today = printed(edition.now.astimezone(ZoneInfo(outlet.timezone)).date(), outlet.lang)
    now = edition.now.replace(microsecond=0)
    page = _templates().get_template(template)
    return page.render(words, outlet=outlet, site=f"http://{host}", now=now, today=today).encode()


@cache
def _outlets() -> dict[str, Outlet]:
    return {outlet.id: outlet for outlet in outlets()}


@cache
def _templates() -> Environment:
    loader = PackageLoader("khabar.demo", "templates")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["rfc822"] = format_datetime
    templates.filters["paragraphs"] = _paragraphs
    return templates


def _paragraphs(piece: Piece) -> Markup:
    """Set an article's paragraphs; one that begins with `## ` is a heading."""
    lines = [
        Markup("<h3>{}</h3>").format(text[3:]) if text.startswith("## ") else Markup("<p>{}</p>").format(text)
        for text in piece.paragraphs
    ]
    return Markup("\n").join(lines)
