from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from urllib.parse import unquote

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from khabar.archive.files import ArchiveError
from khabar.archive.members import LARGEST
from khabar.archive.records import discoveries, media_type, members, read, read_segment
from khabar.archive.store import Store
from khabar.models import Capture, Discovery, Entry, Record, RecordKind, attempt_name

NOON = datetime(2025, 10, 14, 12, 0, 0, 123456, tzinfo=UTC)
ID = "urn:uuid:0c7d9b2e-5a51-4f0e-9a27-2d4a7a7c1d11"
URL = "https://outlet.example/opinion/1"
FOUND = Discovery(attempt_name(NOON, URL), URL, NOON, "outlet", "new")

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)
HEADERS = st.lists(st.tuples(st.text(st.characters(codec="ascii"), max_size=8), TEXT), max_size=6).map(tuple)
CAPTURES = st.builds(
    Capture,
    url=WORDS.map(lambda path: f"https://outlet.example/{path}"),
    date=MOMENTS,
    kind=st.sampled_from(["page", "text", "article", "revisit", "attempt"]),
    payload=st.binary(max_size=2000),
    status=st.none() | st.integers(100, 599),
    headers=HEADERS,
    content_type=st.none() | st.just("text/html; charset=windows-1256"),
)
DISCOVERIES = st.builds(
    Discovery,
    attempt=TEXT,
    url=TEXT,
    claimed=MOMENTS,
    source=TEXT,
    why=st.sampled_from(["new", "changed", "revisit", "back-fill", "import"]),
    entry=st.none() | st.builds(Entry, url=TEXT, title=TEXT, authors=st.lists(TEXT).map(tuple), text=TEXT),
    failure=st.none() | TEXT,
    refused=st.booleans(),
)


def page(payload: bytes = b"<html></html>", **more: object) -> Capture:
    return replace(Capture(URL, NOON, "page", payload, 200), **more)


def read_one(capture: Capture, discovery: Discovery = FOUND) -> Record:
    [(_, record)] = read(members(capture, discovery, ID), "segments/x")
    assert isinstance(record, Record)
    return record


@given(capture=CAPTURES, discovery=DISCOVERIES)
def test_what_is_read_is_what_was_written(capture: Capture, discovery: Discovery) -> None:
    record = read_one(capture, discovery)
    assert (record.segment, record.id, record.date, record.url) == (
        "segments/x",
        ID,
        capture.date,
        capture.url,
    )
    assert record.kind == capture.kind
    assert record.discovery == discovery
    assert record.payload == (capture.payload if capture.kind in {"page", "text", "article"} else b"")
    assert record.status == (capture.status if capture.kind in {"page", "revisit"} else None)


@given(capture=CAPTURES, discovery=DISCOVERIES)
def test_the_same_attempt_is_the_same_bytes(capture: Capture, discovery: Discovery) -> None:
    assert members(capture, discovery, ID) == members(capture, discovery, ID)


@pytest.mark.parametrize("value", [";\x80=0", "x; filename*=é", "ш", "plain; a=b"])
def test_a_header_that_is_not_ascii_costs_no_page(value: str) -> None:
    data = members(Capture(URL, NOON, "page", b"<p>", 200, (("X-Title", value),)), FOUND, ID)
    heads = [
        record.http_headers.get_header("X-Title")
        for record in WarcioIterator(BytesIO(data))
        if record.http_headers
    ]
    assert [unquote(head) for head in heads] == [value]


@given(attempts=st.lists(st.tuples(CAPTURES, DISCOVERIES), max_size=5))
def test_warcio_reads_our_records_and_finds_every_digest_right(
    attempts: list[tuple[Capture, Discovery]],
) -> None:
    data = b"".join(members(capture, discovery, ID) for capture, discovery in attempts)
    types: list[str] = []
    for record in WarcioIterator(BytesIO(data), check_digests="raise"):
        record.content_stream().read()
        types.append(record.rec_type)
    assert types.count("metadata") == len(attempts)
    assert len(types) == sum(1 if capture.kind == "attempt" else 2 for capture, _ in attempts)


@given(attempts=st.lists(st.tuples(CAPTURES, DISCOVERIES), max_size=5))
def test_fastwarc_reads_our_records_and_finds_every_digest_right(
    attempts: list[tuple[Capture, Discovery]],
) -> None:
    data = b"".join(members(capture, discovery, ID) for capture, discovery in attempts)
    found = [record.verify_block_digest() for record in ArchiveIterator(BytesIO(data), parse_http=False)]
    assert found == [True] * sum(1 if capture.kind == "attempt" else 2 for capture, _ in attempts)


def warc_headers(capture: Capture) -> list[dict[str, str]]:
    data = BytesIO(members(capture, FOUND, ID))
    return [dict(record.rec_headers.headers) for record in WarcioIterator(data)]


def test_the_metadata_record_stands_beside_its_page() -> None:
    main, beside = warc_headers(page())
    assert main["WARC-Record-ID"] == beside["WARC-Concurrent-To"] == f"<{ID}>"
    assert beside["WARC-Record-ID"] != main["WARC-Record-ID"]
    assert main["WARC-Date"] == beside["WARC-Date"] == "2025-10-14T12:00:00.123456Z"
    assert beside["WARC-Type"] == "metadata"


@pytest.mark.parametrize(
    ("kind", "status", "warc_type"),
    [
        ("page", 200, "response"),
        ("page", None, "resource"),
        ("text", None, "resource"),
        ("article", None, "resource"),
        ("revisit", 304, "revisit"),
        ("attempt", None, "metadata"),
    ],
)
def test_each_kind_is_the_record_type_that_other_tools_expect(
    kind: RecordKind, status: int | None, warc_type: str
) -> None:
    assert warc_headers(page(kind=kind, status=status))[0]["WARC-Type"] == warc_type


@pytest.mark.parametrize(
    ("status", "profile"),
    [(304, "server-not-modified"), (None, "server-not-modified"), (200, "identical-payload-digest")],
)
def test_a_revisit_says_what_kind_of_nothing_new_it_is(status: int | None, profile: str) -> None:
    assert warc_headers(page(kind="revisit", status=status))[0]["WARC-Profile"].endswith(
        f"/revisit/{profile}"
    )


def http_headers(capture: Capture) -> dict[str, str]:
    record = next(iter(WarcioIterator(BytesIO(members(capture, FOUND, ID)))))
    return {name.lower(): value for name, value in record.http_headers.headers}


def test_headers_that_the_decoded_payload_makes_untrue_are_kept_under_another_name() -> None:
    received = (
        ("Content-Encoding", "gzip"),
        ("Transfer-Encoding", "chunked"),
        ("content-length", "99"),
        ("ETag", '"a"'),
    )
    assert http_headers(page(b"decoded", headers=received)) == {
        "x-archive-orig-content-encoding": "gzip",
        "x-archive-orig-transfer-encoding": "chunked",
        "x-archive-orig-content-length": "99",
        "etag": '"a"',
        "content-length": "7",
    }


def test_a_line_break_in_a_header_or_url_begins_no_other_header() -> None:
    injected = page(headers=(("X-A", "b\r\nX-Evil: 1"), ("X B\r\nX-Evil: 2", "c")), url=f"{URL}\r\nX-Evil: 3")
    assert "x-evil" not in http_headers(injected)
    assert "X-Evil" not in warc_headers(injected)[0]
    assert read_one(injected).url == f"{URL}%0D%0AX-Evil:%203"


def test_a_head_longer_than_the_libraries_usual_limit_is_read() -> None:
    cookies = tuple(("Set-Cookie", f"{number}=" + "x" * 2000) for number in range(40))
    assert read_one(page(b"page", headers=cookies)).payload == b"page"
    assert read_one(page(b"page", url=URL + "x" * 50_000)).payload == b"page"


def test_media_type_and_charset_are_the_http_headers() -> None:
    record = read_one(page(headers=(("Content-Type", 'Text/HTML; Charset="ISO-8859-1"'),)))
    assert (record.content_type, record.charset) == ("text/html", "iso-8859-1")


@pytest.mark.parametrize(
    ("kind", "content_type"), [("page", "text/html"), ("text", "text/html"), ("article", "application/json")]
)
def test_what_says_no_content_type_gets_the_usual_one(kind: RecordKind, content_type: str) -> None:
    assert read_one(page(kind=kind, status=None)).content_type == content_type


@pytest.mark.parametrize("value", [None, "", ";charset=", "; charset"])
def test_a_content_type_without_a_type_says_nothing(value: str | None) -> None:
    assert media_type(value) == (None, None)


def test_dates_are_utc_to_the_microsecond_whatever_zone_they_came_in() -> None:
    karachi = NOON.astimezone(timezone(timedelta(hours=5)))
    assert read_one(page(date=karachi)).date == NOON
    assert read_one(page(date=karachi)).date.tzinfo is UTC


def test_a_naive_date_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        members(page(date=NOON.replace(tzinfo=None)), FOUND, ID)


def test_a_payload_over_the_limit_is_refused_before_it_is_written() -> None:
    with pytest.raises(ArchiveError, match="a payload of"):
        members(page(bytes(LARGEST // 2 + 1)), FOUND, ID)


def test_the_discoveries_of_a_segment_are_those_of_its_records(
    store: Store, segment: str, attempt: Callable[..., tuple[Capture, Discovery]]
) -> None:
    expected = [attempt(number)[1] for number in range(40)]
    assert list(discoveries(store, segment)) == expected
    assert [
        found.discovery for found in read_segment(store, segment) if isinstance(found, Record)
    ] == expected


def test_a_segment_that_is_not_there_is_a_clear_error(store: Store) -> None:
    with pytest.raises(ArchiveError, match="no such segment"):
        read_segment(store, "segments/2025/10/14/none.warc.gz")
    with pytest.raises(ArchiveError, match="no such segment"):
        list(discoveries(store, "segments/2025/10/14/none.warc.gz"))
