"""From a record to the article in it: body and metadata, or the reason why there is none."""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace
from time import thread_time
from typing import Literal

from khabar.models import Record, Source
from khabar.urls import canonical
from workers.extract.agencies import without_agencies
from workers.extract.authors import author_note, clean_authors
from workers.extract.body import FAVOR, Body, Favor, find_body
from workers.extract.dates import Dated
from workers.extract.deadline import Clock, Deadline, deadline
from workers.extract.frame import without_frame
from workers.extract.imported import read_import
from workers.extract.inserts import without_inserts
from workers.extract.markup import MAX_BYTES, Page, decode, looks_like_html, parse, read
from workers.extract.metadata import Metadata, describe
from workers.extract.rejection import is_live, reason_against
from workers.extract.rules import apply, correct, rules_of

MIN_WORDS = 8
MIN_LETTERS = 60  # some scripts put no spaces between words


@dataclass(frozen=True, slots=True)
class Rejected:
    """There is no article in a record, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """An article as it was found, before anything is made uniform."""

    url: str
    title: str
    body: str  # paragraphs split by blank lines
    body_confidence: float
    authors: tuple[str, ...] = ()
    published: Dated | None = None
    modified: Dated | None = None
    section: str | None = None
    breadcrumb: tuple[str, ...] = ()
    image: str | None = None
    lang_hint: str | None = None
    kinds: tuple[str, ...] = ()  # JSON-LD types of the article
    author_note: str | None = None
    agency: str | None = None
    reservations: tuple[str, ...] = ()
    form: Literal["article", "live"] = "article"
    source_name: str | None = None  # as an imported article names its source
    country: str | None = None  # the same


def extract(
    record: Record, source: Source | None, favor: Favor = FAVOR, clock: Clock = thread_time
) -> Extracted | Rejected:
    """Return the article in a record, or why there is none. It raises nothing on any payload.

    `favor` says what matters more where a text is hard to find; `clock` counts the seconds of work that a page may take.
    """
    if len(record.payload) > MAX_BYTES:
        return Rejected("too_large")
    collects = gc.isenabled()
    gc.disable()  # nothing that is made here is let go of before the end; looking for rubbish would take longer than the rest
    try:
        return _read(record, source, favor, deadline(clock))
    finally:
        if collects:
            gc.enable()


def _read(record: Record, source: Source | None, favor: Favor, due: Deadline) -> Extracted | Rejected:
    if record.kind == "page":
        return _from_page(record, source, favor, due)
    if record.kind == "text":
        return _from_feed_text(record)
    if record.kind == "article":
        return _from_import(record, source)
    return Rejected("no_page")


def _from_page(record: Record, source: Source | None, favor: Favor, due: Deadline) -> Extracted | Rejected:
    if record.status is not None and not 200 <= record.status < 300:
        return Rejected(f"http_{record.status}")
    if not looks_like_html(record.payload, record.content_type):
        return Rejected("not_html")
    page = read(record.payload, record.charset)
    if page is None:
        return Rejected("not_html")
    try:
        if due.over():  # what took so long to parse is not looked at
            return Rejected("too_large")
        return _from_parsed(replace(page, late=due.over), record, source, favor)
    finally:
        page.tree.page.let_go()


def _from_parsed(page: Page, record: Record, source: Source | None, favor: Favor) -> Extracted | Rejected:
    rules = rules_of(source, record.date.date())
    if rules is None or source is None:
        return _assemble(_described(page, record, source), find_body(page, favor=favor), page)
    told = apply(rules, page)
    found = correct(_described(told.page, record, source), told, source, record.date)
    body = find_body(told.body, whole=True) if told.body else find_body(told.page, favor=favor)
    return _assemble(found, body, told.page)


def _described(page: Page, record: Record, source: Source | None) -> Metadata:
    return describe(page, record.url, source, record.discovery.entry, record.date)


def _from_feed_text(record: Record) -> Extracted | Rejected:
    """Read a feed's full text: the body is all of it, the rest is what the feed says of the entry."""
    page = _wrapped(decode(record.payload, record.charset))
    entry = record.discovery.entry
    if page is None or entry is None:
        return Rejected("no_text")
    published = Dated(entry.published, "second", "feed", 0.9) if entry.published else None
    modified = Dated(entry.updated, "second", "feed", 0.9) if entry.updated else None
    authors, agencies = without_agencies(clean_authors(entry.authors))
    found = Metadata(
        url=canonical(record.url),
        title=entry.title or "",
        authors=authors,
        agency=", ".join(agencies) or None,
        published=published,
        modified=modified,
    )
    return _assemble(found, find_body(page, whole=True))


def _wrapped(fragment: str) -> Page | None:
    return parse(f"<html><body><div>{fragment}</div></body></html>")


def _assemble(found: Metadata, body: Body, page: Page | None = None) -> Extracted | Rejected:
    paragraphs = without_inserts(without_frame(body.paragraphs, found.title, found.authors))
    text = "\n\n".join(paragraphs)
    if page is not None and (reason := reason_against(page, found, paragraphs)):
        return Rejected(reason)
    if len(text.split()) < MIN_WORDS and len(text) < MIN_LETTERS:
        return Rejected("no_text")
    return Extracted(
        url=found.url,
        title=found.title,
        body=text,
        body_confidence=body.confidence,
        authors=found.authors,
        published=found.published,
        modified=found.modified,
        section=found.section,
        breadcrumb=found.breadcrumb,
        image=found.image,
        lang_hint=found.lang_hint,
        kinds=found.kinds,
        author_note=author_note(paragraphs),
        agency=found.agency,
        reservations=found.reservations,
        form="live" if page is not None and is_live(page, found) else "article",
    )


def _from_import(record: Record, source: Source | None) -> Extracted | Rejected:
    given = read_import(record.payload, record.date, source)
    if given is None:
        return Rejected("not_an_article")
    if not given.title and not given.body:
        return Rejected("no_text")
    return Extracted(
        url=canonical(record.url),
        title=given.title,
        body=given.body,
        body_confidence=1.0,
        authors=given.authors,
        published=given.published,
        modified=given.modified,
        section=given.section,
        breadcrumb=given.breadcrumb,
        image=given.image,
        lang_hint=given.lang_hint,
        author_note=given.author_note or author_note(given.body.split("\n\n")),
        agency=given.agency,
        reservations=given.reservations,
        form=given.form,
        source_name=given.source_name,
        country=given.country,
    )
