"""Pages out of WARC files of any crawler: .warc, .warc.gz, .warc.zst."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecord

from khabar.archive.containers import Gap, pieces
from khabar.archive.encodings import joined, too_large, unpacked
from khabar.archive.files import explained
from khabar.archive.records import media_type
from khabar.archive.stream import Raw, cut
from khabar.models import Capture, Damage, RecordKind

LARGEST = 64 << 20

_PAGES = {"text/html", "application/xhtml+xml", "text/plain"}
_UNSAID = {None, "application/octet-stream", "unknown"}
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*|<\?.*?>\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_HEADS = 1 << 20  # the HTTP head stands in the block too, and does not count as payload
_SHA1 = re.compile(r"sha1:[A-Z2-7]{32}", re.IGNORECASE)


def read_warc(path: Path, largest: int = LARGEST) -> Iterator[Capture | Damage]:
    """Yield the pages of a WARC file in its order, and a Damage for each record that cannot be read.

    A page is a response or resource of HTML or plain text; revisits come without payload; images and scripts,
    requests and metadata are passed over. Transfer and content encodings are undone; a payload that is or becomes
    larger than `largest` is a Damage, whose `segment` is the path. Raises ArchiveError where the file cannot be read.
    """
    with explained(path), path.open("rb") as file:
        is_empty = True
        for raw in cut(pieces(file, path.name), largest + _HEADS):
            is_empty = False
            found = raw.reason if isinstance(raw, Gap) else _capture(raw, largest)
            if found is not None:
                yield Damage(str(path), raw.offset, found) if isinstance(found, str) else found
        if is_empty:
            yield Damage(str(path), 0, "the file is empty")


def _capture(raw: Raw, largest: int) -> Capture | str | None:
    """Return the page in a record, or why it cannot be read; None for a record that is no page."""
    data = BytesIO(raw.head + raw.block + b"\r\n\r\n")
    archive = ArchiveIterator(data, parse_http=False, quirks_mode=True, max_header_len=_HEADS)
    try:
        record = next(iter(archive), None)
        if record is None:
            return "not a WARC record"
        return _read(record, raw, largest)
    except (OSError, ValueError) as error:
        return f"not a readable WARC record ({error})"


def _read(record: WarcRecord, raw: Raw, largest: int) -> Capture | str | None:
    kind = (record.headers.get("WARC-Type") or "").lower()
    is_http = (record.headers.get("Content-Type") or "").lower().startswith("application/http")
    if kind not in {"response", "resource", "revisit"} or (kind == "response" and not is_http):
        return None  # a response to something else than HTTP is a DNS answer or the like
    is_whole = raw.length == len(raw.block)
    digest = record.headers.get("WARC-Block-Digest") or ""
    if is_whole and _SHA1.fullmatch(digest) and not record.verify_block_digest():
        return "a record with a wrong digest"
    url = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
    moment = _moment(record.headers.get("WARC-Date") or "")
    if not url or moment is None:
        return "a record without its URL" if moment else "a record without a readable WARC-Date"
    origin = (record.headers.get("WARC-Record-ID") or "").strip("<> ") or None
    page = Capture(url, moment, "revisit" if kind == "revisit" else "page", origin=origin)
    if is_http:
        record.parse_http(quirks_mode=True, max_header_len=_HEADS)
        page = replace(page, status=record.http_headers.status_code, headers=record.http_headers.to_tuples())
    if kind == "revisit":
        return page
    if kind == "resource":
        return _resource(page, record, largest)
    return _response(page, record, largest, is_whole)


def _resource(page: Capture, record: WarcRecord, largest: int) -> Capture | str | None:
    content_type = record.headers.get("Content-Type")
    own = _OWN.get(record.headers.get("Khabar-Kind") or "", page.kind)
    if own != "article" and not _may_be_page(content_type):
        return None
    payload = record.reader.read()
    if len(payload) > largest:
        return too_large(largest)
    page = replace(page, kind=own, payload=payload, content_type=content_type)
    return page if own == "article" or _is_page(page) else None


def _response(page: Capture, record: WarcRecord, largest: int, is_whole: bool) -> Capture | str | None:
    if page.status is None:
        return "a response without an HTTP status"
    http = record.http_headers
    content_type = http.get("Content-Type")
    if not _may_be_page(content_type):
        return None
    if not is_whole:
        return too_large(largest)
    body = record.reader.read()
    if "chunked" in (http.get("Transfer-Encoding") or "").lower():
        body = joined(body)
        if body is None:
            return "a chunked body that breaks off"
    payload = unpacked(body, http.get("Content-Encoding") or "", largest)
    if isinstance(payload, str):
        return payload
    page = replace(page, payload=payload, content_type=content_type)
    return page if _is_page(page) else None


_OWN: dict[str, RecordKind] = {"text": "text", "article": "article"}


def _may_be_page(content_type: str | None) -> bool:
    return media_type(content_type)[0] in _PAGES | _UNSAID


def _is_page(page: Capture) -> bool:
    return media_type(page.content_type)[0] in _PAGES or bool(_HTML.match(page.payload))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
