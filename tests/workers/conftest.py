"""What the tests of the stages share: records as the archive would give them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import pytest

from khabar.models import Discovery, Entry, Record, RecordKind, Source, attempt_name

FETCHED = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
PROSE = (
    "The bridge at Torkham was closed again on Monday, and the lorries stood in a line that reached the bazaar. "
    "Drivers said that nobody had told them why, and that the fruit would not wait for an explanation.\n\n"
    "It is easy to close a gate and hard to open one. Each side has found that the other side's patience is a kind of "
    "currency, and that it loses value every time that it is spent on something so small as a stamp.\n\n"
    "There is a better way, and it is dull. A joint office with two clerks, a telephone and a published list of fees "
    "would do more for the border than any summit with flags has done in the twenty years behind us."
)


class MakeRecord(Protocol):
    """Makes a record of a payload; everything else has a plain default."""

    def __call__(
        self,
        payload: str | bytes,
        url: str = ...,
        kind: RecordKind = ...,
        *,
        entry: Entry | None = ...,
        scope: str | None = ...,
        source: str = ...,
        status: int | None = ...,
        content_type: str | None = ...,
        charset: str | None = ...,
    ) -> Record: ...


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    def make(
        payload: str | bytes,
        url: str = "https://review.example/opinion/a-gate-and-a-stamp",
        kind: RecordKind = "page",
        *,
        entry: Entry | None = None,
        scope: str | None = None,
        source: str = "review",
        status: int | None = 200,
        content_type: str | None = "text/html",
        charset: str | None = None,
    ) -> Record:
        discovery = Discovery(
            attempt_name(FETCHED, url), url, FETCHED, source, "new", scope=scope, entry=entry
        )
        data = payload.encode() if isinstance(payload, str) else payload
        return Record(
            "segments/2025/03/01/a.warc.gz",
            "urn:uuid:7",
            FETCHED,
            url,
            kind,
            discovery,
            status,
            content_type,
            charset,
            data,
        )

    return make


@pytest.fixture(scope="session")
def make_page() -> Callable[..., str]:
    """Return a maker of pages of our own prose: what the head says, what stands before and after the text."""

    def make(
        head: str = "",
        before: str = "",
        after: str = "",
        prose: str = PROSE,
        title: str = "A gate and a stamp",
    ) -> str:
        text = "".join(f"<p>{paragraph}</p>\n" for paragraph in prose.split("\n\n"))
        return (
            f"<!doctype html><html lang=en><head><meta charset=utf-8>{head}</head><body>{before}"
            f"<article><h1>{title}</h1>{text}</article>{after}</body></html>"
        )

    return make


@pytest.fixture(scope="session")
def prose() -> str:
    return PROSE


@pytest.fixture(scope="session")
def karachi() -> Source:
    return Source("review", "The Review", "PK", ("en", "ur"), "Asia/Karachi")


@pytest.fixture(scope="session")
def kabul() -> Source:
    return Source("sada", "Sada", "AF", ("prs", "ps"), "Asia/Kabul")
