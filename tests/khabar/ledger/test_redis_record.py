"""What is remembered of a URL, packed into a few bytes, and how the scripts of Redis find it among others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.ledger import memory
from khabar.ledger.memory import Seen, endpoint_key
from khabar.ledger.redis import claim, record
from khabar.ledger.redis.record import Trace
from khabar.ledger.redis.server import Server
from khabar.models import Discovery, Entry, Why, attempt_name
from khabar.ports import Found

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
FEED = "https://daily.example/feed"
PAGE = "https://daily.example/op-ed"
KEY = b"\x00\x01\x02\x03\x04"
WHYS: list[Why] = ["new", "changed", "revisit", "back-fill", "import"]


def found(endpoint: str = FEED, **entry: object) -> Found:
    return Found(PAGE, "daily", endpoint, "opinion", Entry(PAGE, **entry))  # type: ignore[arg-type]


# --- packing ------------------------------------------------------------------------------------------------

NOT_BEFORE, NOT_AFTER = NOW.replace(year=1971, tzinfo=None), NOW.replace(year=2200, tzinfo=None)
MOMENTS = st.datetimes(NOT_BEFORE, NOT_AFTER, timezones=st.just(UTC))
DIGESTS = st.dictionaries(
    st.binary(min_size=3, max_size=3).map(bytes.hex),
    st.binary(min_size=3, max_size=3).map(bytes.hex),
    max_size=5,
)
TRACES = st.builds(
    Trace,
    st.builds(
        Seen,
        st.sampled_from(WHYS),
        st.just(record.EPOCH),
        st.integers(1, 15),
        st.none() | MOMENTS,
        DIGESTS,
    ),
    st.booleans(),
    st.integers(0, 0xFFFF),
)


@given(TRACES)
def test_what_is_packed_is_read_again(trace: Trace) -> None:
    assert record.unpack(record.pack(KEY, trace)) == trace


def test_a_url_that_went_well_takes_fourteen_bytes() -> None:
    seen = memory.claimed(None, found(title="A bridge too late"), "new", NOW)
    assert len(record.pack(KEY, Trace(seen, waiting=False, listed=record.day(NOW)))) == 14


def test_nothing_is_remembered_of_an_unknown_url() -> None:
    assert record.unpack(b"", found()) is None


@given(st.text(max_size=9), st.text(max_size=9), st.sampled_from(["", "other"]))
def test_a_verdict_on_what_was_packed_is_the_verdict_on_what_was_not(
    before: str, after: str, end: str
) -> None:
    seen = memory.claimed(None, found(title=before), "new", NOW)
    packed = record.pack(KEY, Trace(seen, waiting=False, listed=0))
    item = found(FEED + end, title=after)
    trace = record.unpack(packed, item)
    assert trace is not None
    assert memory.verdict(trace.seen, item, NOW) == memory.verdict(seen, item, NOW)
    assert (memory.remember(trace.seen, item) is None) == (memory.remember(seen, item) is None)


def test_the_words_of_other_endpoints_outlive_many_a_reading() -> None:
    one, two, three = (found(FEED + str(n), title=f"Title {n}") for n in range(3))
    packed = record.pack(KEY, Trace(memory.claimed(None, one, "new", NOW), waiting=False, listed=0))
    for item in (two, three, two, one):
        trace = record.unpack(packed, item)
        assert trace is not None
        seen = memory.remember(trace.seen, item) or trace.seen
        packed = record.pack(KEY, replace(trace, seen=seen))
    assert len(packed) == 8 + 3 * 6
    for item in (one, two, three):
        trace = record.unpack(packed, item)
        assert trace is not None
        assert memory.verdict(trace.seen, item, NOW) is None
        edited = replace(item, entry=Entry(PAGE, title="Edited"))
        trace = record.unpack(packed, edited)
        assert trace is not None
        assert memory.verdict(trace.seen, edited, NOW) == "changed"


def test_more_words_than_a_record_can_count_drop_the_oldest() -> None:
    marks = {endpoint_key(str(n)): "0" * 16 for n in range(70)}
    packed = record.pack(KEY, Trace(Seen("new", NOW, marks=marks), waiting=True, listed=1))
    trace = record.unpack(packed)
    assert trace is not None
    assert len(trace.seen.marks) == record.WORDS
    assert trace.waiting
    assert list(trace.seen.marks)[-1] == endpoint_key("69")[:6]


@pytest.mark.parametrize("now", [datetime(1969, 1, 1, tzinfo=UTC), NOW, datetime(2400, 1, 1, tzinfo=UTC)])
def test_a_clock_that_is_far_off_still_gives_a_day(now: datetime) -> None:
    assert 0 <= record.day(now) <= 0xFFFF


def test_places_are_spread_evenly() -> None:
    places = [record.place(f"{PAGE}/{n}") for n in range(40_000)]
    assert len(set(places)) == len(places)
    assert {len(key) for _, key in places} == {5}
    counts = [0] * record.BUCKETS
    for bucket, _ in places:
        counts[bucket] += 1
    assert max(counts) < 20  # the mean is 2.4


# --- claims -------------------------------------------------------------------------------------------------


def discovery(**entry: object) -> Discovery:
    item = found(**entry)
    return Discovery(
        attempt_name(NOW, PAGE), PAGE, NOW, "daily", "changed", FEED, "opinion", item.entry, delay=1.5
    )


def test_a_claim_is_read_again_with_its_time_and_name() -> None:
    each = discovery(title="کابل", authors=("A", "B"), updated=NOW, text="<p>" + "word " * 999)
    name = claim.name_of(each.attempt)
    assert name is not None
    packed = claim.pack(each)
    assert claim.unpack(name, packed) == each
    assert len(packed) < 300


def test_the_claim_of_a_page_without_text_is_small() -> None:
    each = discovery(title="A bridge too late", guid="https://daily.example/?p=7", published=NOW)
    assert len(claim.pack(each)) < 160


@pytest.mark.parametrize("broken", [b"", b"{}", b"\xff" * 9, claim.pack(discovery())[:-9]])
def test_a_claim_that_cannot_be_read_is_a_value_error(broken: bytes) -> None:
    with pytest.raises(ValueError):
        claim.unpack(1, broken)


@pytest.mark.parametrize("name", ["", "https://daily.example/", "2026-13-01 x", "yesterday x"])
def test_what_is_no_name_of_an_attempt_names_nothing(name: str) -> None:
    assert claim.name_of(name) is None


# --- the scripts' walk --------------------------------------------------------------------------------------


@pytest.fixture
def server(empty_redis: str) -> Iterator[Server]:
    with closing(Server(empty_redis, 5)) as server:
        yield server


@pytest.fixture(scope="module")
def session_server(redis_url: str) -> Iterator[Server]:
    with closing(Server(f"{redis_url}/1", 5)) as server:
        yield server


def recalled(server: Server, *keys: bytes) -> list[bytes]:
    return server.run("recall", *keys, buckets=[0] * len(keys))


@given(st.data())
def test_each_record_of_a_bucket_is_found_among_the_others(
    session_server: Server, data: st.DataObject
) -> None:
    keys = data.draw(st.lists(st.binary(min_size=5, max_size=5), unique=True, min_size=1, max_size=12))
    records = [record.pack(key, data.draw(TRACES)) for key in keys[1:]]
    session_server.put({"seen:0000": b"".join(records)})
    assert recalled(session_server, *keys) == [b"", *records]


def test_the_bytes_of_a_key_across_other_records_are_no_record(server: Server) -> None:
    word = Seen("new", NOW, marks={KEY[:3].hex(): (KEY[3:] + b"\x05").hex()})
    other = record.pack(b"other", Trace(word, waiting=False, listed=0))
    mine = record.pack(KEY, Trace(Seen("new", NOW), waiting=True, listed=7))
    assert KEY in other
    server.put({"seen:0000": other})
    assert recalled(server, KEY) == [b""]
    server.put({"seen:0000": other + mine + other.replace(b"other", b"more.")})
    assert recalled(server, KEY, b"more.") == [mine, other.replace(b"other", b"more.")]


def test_what_was_listed_long_ago_fades_and_what_waits_does_not(server: Server) -> None:
    seen = Seen("new", NOW, 3, NOW + timedelta(days=1), {"aabbcc": "ddeeff"})
    records = [
        record.pack(bytes([n]) * 5, Trace(seen, waiting=n == 3, listed=day))
        for n, day in enumerate([100, 300, 299, 100, 301, 65535])
    ]
    server.put({"seen:0000": b"".join(records), "seen:0001": records[0], "seen:0002": records[1]})
    assert server.run("fade", first=0, last=1, day=300) == 3
    assert server.call("GET", "seen:0000") == b"".join(records[n] for n in (1, 3, 4, 5))
    assert server.call("EXISTS", "seen:0001") == 0
    assert server.call("GET", "seen:0002") == records[1]
