"""From what was found to the uniform article: one text form, one identity, one place in the archive."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from khabar.models import ArchiveRef, Article, Record, Source
from khabar.text import slug, tokenize
from khabar.urls import article_id, registrable_domain
from workers.extract import Extracted

# Control characters, the byte order mark, zero-width spaces and soft hyphens; joiners belong to the spelling and stay.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff\ufffc]")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n ?")
_PARAGRAPHS = re.compile(r"\n{2,}")


def normalize(extracted: Extracted, record: Record, source: Source | None) -> Article:
    """Return the article of one record; language, genre and tags are still to come."""
    title, body = clean_line(extracted.title), clean_text(extracted.body)
    published, modified = extracted.published, extracted.modified
    name = article_id(extracted.url)
    return Article(
        id=name,
        url=extracted.url,
        source=_source(extracted, record, source),
        title=title,
        body=body,
        fetched=record.date,
        authors=tuple(filter(None, map(clean_line, extracted.authors))),
        published=published.moment if published else None,
        published_precision=published.precision if published else None,
        published_from=published.origin if published else None,
        published_confidence=published.confidence if published else None,
        modified=modified.moment if modified else None,
        agency=_optional(extracted.agency),
        author_note=_optional(extracted.author_note),
        reservations=extracted.reservations,
        country=source.country if source else extracted.country,
        section=_optional(extracted.section),
        breadcrumb=tuple(filter(None, map(clean_line, extracted.breadcrumb))),
        form=extracted.form,
        body_confidence=extracted.body_confidence,
        image=extracted.image,
        words=len(tokenize(body)),
        cluster=name,
        first=name,
        archive=ArchiveRef(record.segment, record.id, text_hash(title, body)),
    )


def text_hash(title: str, body: str) -> str:
    """Return the hash that tells whether two records carry the same text."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()


def clean_line(text: str) -> str:
    """Return a text in NFC on one line."""
    return " ".join(clean_text(text).split())


def clean_text(text: str) -> str:
    """Return a text in NFC, single spaces, paragraphs split by one blank line, nothing invisible in it.

    Doing it twice changes nothing.
    """
    plain = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    plain = _BREAKS.sub("\n", _SPACES.sub(" ", plain))
    return unicodedata.normalize("NFC", _PARAGRAPHS.sub("\n\n", plain).strip())


def _optional(text: str | None) -> str | None:
    return clean_line(text) or None if text else None


def _source(extracted: Extracted, record: Record, source: Source | None) -> str:
    """Return the source by the catalogue, discovery, the import's own word, or the address, in this order."""
    if source:
        return source.id
    domain = registrable_domain(extracted.url) if not extracted.url.startswith("urn:") else ""
    return record.discovery.source or slug(extracted.source_name or "") or domain or "import"
