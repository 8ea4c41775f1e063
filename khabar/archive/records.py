"""WARC records: a capture and its discovery to gzip members, and back, past whatever is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from fastwarc.warc import ArchiveIterator, WarcRecord
from isal import igzip
from warcio.recordbuilder import RecordBuilder
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from khabar import codec
from khabar.archive.files import ArchiveError
from khabar.archive.members import LARGEST, Member, split
from khabar.archive.store import Store
from khabar.models import Capture, Damage, Discovery, Record, RecordKind, utc

DAMAGED = "damaged"  # the failure of an attempt whose page could not be read back
_LEVEL = 2  # ISA-L: a quarter of the time of level 3, and within 1 % of its size
_PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]")
# The payload is kept decoded, so these would be lies; their values are kept under another name.
_OF_THE_TRANSFER = {"content-encoding", "transfer-encoding", "content-length"}
_KEPT_AS = "X-Archive-Orig-"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_USUAL = {"text": "text/html; charset=utf-8", "article": "application/json"}
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


# --- writing ------------------------------------------------------------------------------------------------


def members(capture: Capture, discovery: Discovery, record_id: str) -> bytes:
    """Return the gzip members of one attempt: the main record and the metadata record beside it.

    The same arguments give the same bytes. Of an `attempt` there is a metadata record alone.
    """
    described = codec.dump(discovery)
    if capture.kind == "attempt":
        return _member(capture, "metadata", record_id, described, "application/json")
    beside = f"urn:uuid:{uuid5(NAMESPACE_URL, record_id)}"
    concurrent = {"WARC-Concurrent-To": f"<{record_id}>"}
    return _main(capture, record_id) + _member(
        capture, "metadata", beside, described, "application/json", concurrent
    )


def _main(capture: Capture, record_id: str) -> bytes:
    if len(capture.payload) > LARGEST // 2:
        how = "lower max_bytes; no article is that long"
        raise ArchiveError(capture.url, f"a payload of {len(capture.payload)} bytes", how)
    if capture.kind == "revisit":
        seen = "server-not-modified" if capture.status in {None, 304} else "identical-payload-digest"
        profile = {"WARC-Profile": _PROFILE + seen}
        return _member(capture, "revisit", record_id, b"", None, profile, _http(capture, None))
    if capture.kind == "page" and capture.status is not None:
        http = _http(capture, len(capture.payload))
        return _member(capture, "response", record_id, capture.payload, None, {}, http)
    content_type = _clean(capture.content_type or _USUAL.get(capture.kind, "text/html"))
    kind = {"Khabar-Kind": capture.kind}
    return _member(capture, "resource", record_id, capture.payload, content_type, kind)


def _member(
    capture: Capture,
    warc_type: str,
    record_id: str,
    block: bytes,
    content_type: str | None,
    headers: dict[str, str] | None = None,
    http: StatusAndHeaders | None = None,
) -> bytes:
    named = {
        "WARC-Record-ID": f"<{record_id}>",
        "WARC-Date": utc(capture.date).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        **(headers or {}),
    }
    record = _WARC.create_warc_record(
        _CONTROL.sub(lambda found: quote(found[0]), capture.url),
        warc_type,
        payload=BytesIO(block),
        length=len(block),
        warc_content_type=content_type or "",
        warc_headers_dict=named,
        http_headers=http,
    )
    written = BytesIO()
    WARCWriter(written, gzip=False, warc_version="WARC/1.1").write_record(record)
    return igzip.compress(written.getbuffer(), _LEVEL, mtime=0)


_WARC = RecordBuilder(warc_version="WARC/1.1")


def _http(capture: Capture, length: int | None) -> StatusAndHeaders | None:
    """Return the HTTP head as it was received, with what the decoded payload makes untrue set apart."""
    if capture.status is None:
        return None
    kept = [
        (_KEPT_AS + name if name.lower() in _OF_THE_TRANSFER else name, _clean(value))
        for name, value in capture.headers
        if _TOKEN.fullmatch(name)
    ]
    if capture.content_type and not any(name.lower() == "content-type" for name, _ in kept):
        kept.append(("Content-Type", _clean(capture.content_type)))
    if length is not None:
        kept.append(("Content-Length", str(length)))
    line = f"{capture.status} {_PHRASES.get(capture.status, 'Unknown')}"
    return StatusAndHeaders(line, kept, protocol="HTTP/1.1")


def _clean(value: str) -> str:
    """Return a header value on one line, what is not ASCII percent-encoded: a line break would begin another header.

    warcio encodes too, but gives up on a parameter whose name is not ASCII.
    """
    return _NOT_ASCII.sub(lambda found: quote(found[0]), " ".join(value.split()))


_NOT_ASCII = re.compile(r"[^ -~]+")


# --- reading ------------------------------------------------------------------------------------------------


def read_segment(store: Store, segment: str) -> Iterator[Record | Damage]:
    """Yield the records of a segment in the order of the file, and a Damage for each place that is broken.

    A page that is broken while its discovery can be read is both: a Damage, and an `attempt` that failed as
    `damaged`, so that every attempt keeps its one outcome.
    """
    return (found for _, found in read(_fetched(store, segment), segment))


def discoveries(store: Store, segment: str) -> Iterator[Discovery]:
    """Yield the discovery of each attempt of a segment, without a look at its pages."""
    for member in split(_fetched(store, segment)):
        if isinstance(member, Member) and _IS_METADATA.search(member.content, 0, 4096):
            beside = parse(member)
            if isinstance(beside, Part) and beside.type == "metadata":
                found = _discovery(beside)
                if isinstance(found, Discovery):
                    yield found


def read(data: bytes, segment: str) -> Iterator[tuple[int, Record | Damage]]:
    """Yield what the bytes of a segment hold, in the order of the file, each with the offset behind it."""
    waiting: Part | None = None
    for member in split(data):
        part = member if isinstance(member, Damage) else parse(member)
        if waiting and not (isinstance(part, Part) and part.concurrent == waiting.id):
            yield waiting.end, Damage(segment, waiting.start, "a record without its metadata record")
            waiting = None
        if isinstance(part, Damage):
            yield part.offset, replace(part, segment=segment)
        elif part.type == "metadata":
            yield part.end, _record(waiting, part, segment)
            waiting = None
        else:
            waiting = part
    if waiting:
        yield waiting.end, Damage(segment, waiting.start, "a record without its metadata record")


@dataclass(frozen=True, slots=True)
class Part:
    """One WARC record as it stands: a page, or the metadata beside it."""

    start: int
    end: int
    type: str
    id: str
    date: datetime
    url: str
    concurrent: str | None
    kind: str | None  # Khabar-Kind
    content_type: str | None
    charset: str | None
    status: int | None
    payload: bytes


def parse(member: Member) -> Part | Damage:
    """Read the WARC record in a member, its digest checked."""
    try:
        # The limit on headers is there against memory; a page with 40 kB of cookies is a page.
        archive = ArchiveIterator(BytesIO(member.content), parse_http=False, max_header_len=LARGEST)
        record = next(iter(archive), None)
        if record is None:
            return Damage("", member.start, "a gzip member without a WARC record")
        if not record.verify_block_digest():
            return Damage("", member.start, f"the digest of {record.record_id} is wrong")
        return _part(record, member)
    except (OSError, ValueError, KeyError) as error:
        return Damage("", member.start, f"not a readable WARC record ({error})")


def _part(record: WarcRecord, member: Member) -> Part:
    headers = record.headers
    content_type, charset = media_type(headers.get("Content-Type"))
    status = None
    if (content_type or "").startswith("application/http"):
        record.parse_http(max_header_len=LARGEST)
        status = record.http_headers.status_code
        content_type, charset = media_type(record.http_headers.get("Content-Type"))
    return Part(
        start=member.start,
        end=member.end,
        type=headers["WARC-Type"],
        id=headers["WARC-Record-ID"].strip("<>"),
        date=datetime.fromisoformat(headers["WARC-Date"]).astimezone(UTC),
        url=headers["WARC-Target-URI"],
        concurrent=(headers.get("WARC-Concurrent-To") or "").strip("<>") or None,
        kind=headers.get("Khabar-Kind"),
        content_type=content_type,
        charset=charset,
        status=status,
        payload=record.reader.read(),
    )


def _record(main: Part | None, beside: Part, segment: str) -> Record | Damage:
    """Put the two records of an attempt together. Without a main record it named one that is lost, or none."""
    discovery = _discovery(beside)
    if isinstance(discovery, Damage):
        return replace(discovery, segment=segment)
    if main is None:
        if beside.concurrent:
            discovery = replace(discovery, failure=DAMAGED, refused=False)
        return Record(segment, beside.concurrent or beside.id, beside.date, beside.url, "attempt", discovery)
    return Record(
        segment,
        main.id,
        main.date,
        main.url,
        _KINDS.get((main.type, main.kind), "page"),
        discovery,
        main.status,
        main.content_type,
        main.charset,
        main.payload,
    )


_KINDS: dict[tuple[str, str | None], RecordKind] = {
    ("revisit", None): "revisit",
    ("resource", "text"): "text",
    ("resource", "article"): "article",
}
_IS_METADATA = re.compile(rb"^WARC-Type: metadata\r$", re.MULTILINE)


def _discovery(beside: Part) -> Discovery | Damage:
    try:
        return codec.load(beside.payload, Discovery)
    except ValueError as error:
        return Damage("", beside.start, f"the metadata record is no discovery ({error})")


def media_type(value: str | None) -> tuple[str | None, str | None]:
    """Return the media type of a Content-Type and its charset, both lower case; None where there is none."""
    if not value:
        return None, None
    name, _, parameters = value.partition(";")
    charset = _CHARSET.search(parameters)
    return name.strip().lower() or None, charset[1].lower() if charset else None


_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE | re.ASCII)


def _fetched(store: Store, segment: str) -> bytes:
    data = store.get(segment)
    if data is None:
        raise ArchiveError(
            f"{store.url}/{segment}", "no such segment", "see `khabar doctor` for what is missing"
        )
    return data
