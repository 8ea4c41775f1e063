"""The demo's outlets and articles, read from the data files beside this module."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml

from khabar import codec

HERE = Path(__file__).parent
DAY_ZONE = ZoneInfo(
    "Asia/Karachi"
)  # the days that articles are dated by; the shipped topic's digest uses it too


@dataclass(frozen=True, slots=True)
class Comment:
    """What a reader left below an article: boilerplate to whoever reads the article."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Where an outlet announces its articles: all of them, or those of some sections."""

    path: str
    sections: tuple[str, ...] = ()

    def lists(self, piece: Piece) -> bool:
        """Tell whether this feed announces an article."""
        return not self.sections or piece.section in self.sections


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher: its host, look, feed and the words of its page furniture."""

    id: str
    name: str
    host: str
    timezone: str
    lang: str
    page: str  # template of its articles
    feeds: tuple[Feed, ...]
    form: Literal["rss", "atom"]
    tagline: str
    menu: tuple[str, ...]
    labels: dict[str, dict[str, str]]  # by language
    comments: tuple[Comment, ...]
    disallow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class When:
    """A time before now: so many days ago at an hour of Asia/Karachi, or so many hours ago."""

    days: int = 0
    at: str = "00:00"
    hours: float | None = None

    def before(self, now: datetime) -> datetime:
        """Return the moment meant, seen from `now`."""
        if self.hours is not None:
            return now.replace(second=0, microsecond=0) - timedelta(hours=self.hours)
        day = now.astimezone(DAY_ZONE).date() - timedelta(days=self.days)
        return datetime.combine(day, time.fromisoformat(self.at), DAY_ZONE)


@dataclass(frozen=True, slots=True)
class Edit:
    """What the publisher changes later: the headline, and the paragraph of this number."""

    title: str
    paragraph: int
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """An article as its outlet prints it first."""

    key: str  # the stem of its file
    outlet: str
    path: str
    title: str
    authors: tuple[str, ...]
    lang: str
    section: str
    when: When
    paragraphs: tuple[str, ...]
    page: str | None = None  # a template other than its outlet's
    kind: str = "OpinionNewsArticle"  # JSON-LD type, where its page has JSON-LD
    standfirst: str | None = None
    header: str | None = None  # printed above a text taken from elsewhere
    note: str | None = None  # who the author is
    agency: str | None = None  # who wrote it, where no author is named
    machine_date: bool = True  # False: the page prints its date for people only
    edit: Edit | None = None

    def edited(self) -> Piece:
        """Return the article after the publisher's change; itself where there is none."""
        if self.edit is None:
            return self
        paragraphs = list(self.paragraphs)
        paragraphs[self.edit.paragraph] = self.edit.text
        return replace(self, title=self.edit.title, paragraphs=tuple(paragraphs))


@cache
def outlets() -> tuple[Outlet, ...]:
    """Return the outlets of outlets.yaml."""
    return codec.build(yaml.safe_load(_text("outlets.yaml")), tuple[Outlet, ...])


@cache
def pieces() -> tuple[Piece, ...]:
    """Return all articles, those that robots.txt hides included, in the order of their file names."""
    files = sorted((HERE / "articles").glob("*.txt"))
    raw = {file.stem: _read(file) for file in files}
    return tuple(codec.build(_resolve(raw, key), Piece) for key in raw)


def _read(file: Path) -> dict[str, Any]:
    """Read one article file: YAML, a line of three dashes, paragraphs split by blank lines."""
    head, _, body = file.read_text(encoding="utf-8").partition("\n---\n")
    paragraphs = [" ".join(part.split()) for part in body.split("\n\n") if part.strip()]
    return {"key": file.stem, "paragraphs": paragraphs, **yaml.safe_load(head)}


def _resolve(raw: dict[str, dict[str, Any]], key: str) -> dict[str, Any]:
    """Give a reprint the text of its original below its own first paragraph."""
    piece = dict(raw[key])
    original = piece.pop("reprint_of", None)
    if original is not None:
        piece["paragraphs"] = [*piece["paragraphs"], *raw[original]["paragraphs"][1:]]
    return piece


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
