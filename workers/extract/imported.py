"""Imported articles: JSON in the shape of Article, read leniently; what Khabar works out itself is left aside."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from khabar.models import Source
from workers.extract.authors import clean_authors
from workers.extract.dates import Dated, habits_of, plausible, read_date


@dataclass(frozen=True, slots=True)
class Import:
    """The fields of an imported article that are taken as given."""

    title: str
    body: str
    authors: tuple[str, ...]
    published: Dated | None
    modified: Dated | None
    section: str | None
    breadcrumb: tuple[str, ...]
    image: str | None
    lang_hint: str | None
    author_note: str | None
    agency: str | None
    reservations: tuple[str, ...]
    form: Literal["article", "live"]
    source_name: str | None
    country: str | None


def read_import(payload: bytes, fetched: datetime, source: Source | None) -> Import | None:
    """Return the article that JSON describes; None where it is no object."""
    try:
        given = json.loads(payload.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    return Import(
        title=_text(given, "title") or "",
        body=_paragraphs(given.get("body")),
        authors=clean_authors(_texts(given, "authors") or _texts(given, "author")),
        published=_date(given, "published", fetched, source),
        modified=_date(given, "modified", fetched, source),
        section=_text(given, "section"),
        breadcrumb=tuple(_texts(given, "breadcrumb")),
        image=_text(given, "image"),
        lang_hint=_text(given, "lang"),
        author_note=_text(given, "author_note"),
        agency=_text(given, "agency"),
        reservations=tuple(_texts(given, "reservations")),
        form="live" if given.get("form") == "live" else "article",
        source_name=_text(given, "source"),
        country=_text(given, "country"),
    )


def _text(given: Mapping[str, Any], key: str) -> str | None:
    value = given.get(key)
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _texts(given: Mapping[str, Any], key: str) -> list[str]:
    value = given.get(key)
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str) and item.strip()]


def _paragraphs(body: object) -> str:
    """Return a body with its paragraphs split by blank lines; where it has none, its lines are the paragraphs."""
    if isinstance(body, list):
        body = "\n\n".join(item for item in body if isinstance(item, str))
    if not isinstance(body, str):
        return ""
    text = body.replace("\r\n", "\n").strip()
    return text if re.search(r"\n\s*\n", text) else re.sub(r"\s*\n\s*", "\n\n", text)


def _date(given: Mapping[str, Any], key: str, fetched: datetime, source: Source | None) -> Dated | None:
    """Return a date as given, with the precision and origin that the import names, if they fit."""
    value = given.get(key)
    found = read_date(str(value), habits_of(source)) if isinstance(value, str | int) else None
    if found is None or not plausible(found[0], fetched):
        return None
    moment, precision = found
    told = given.get(f"{key}_precision")
    if told in ("day", "month", "year") and precision == "second":
        precision = told
    confidence = given.get(f"{key}_confidence")
    certain = float(confidence) if isinstance(confidence, int | float) and 0 <= confidence <= 1 else 0.9
    return Dated(moment, precision, _text(given, f"{key}_from") or "import", certain)
