"""Models to JSON and back, without loss, and an error that names the field."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.codec import dump, load, plain
from khabar.models import Article, Damage, Discovery, Document, Entry, Outcome, Reading, TopicMatch

AWARE = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5)), timezone(timedelta(hours=4, minutes=30))])
)
TEXT = st.text(max_size=20)


@given(TEXT, TEXT, AWARE, st.none() | AWARE, st.lists(TEXT, max_size=3))
def test_what_goes_out_comes_back(
    url: str, title: str, at: datetime, published: datetime | None, authors: list[str]
) -> None:
    entry = Entry(url, title, tuple(authors), published)
    told = Discovery(f"attempt {url}", url, at, "a", "new", entry=entry)
    article = Article("1", url, "a", title, title, at, tuple(authors), published=published)
    for value in (told, Reading("s", "r", at, told, article), Document(article, ())):
        assert load(dump(value), type(value)) == value


def test_a_publishers_offset_is_kept() -> None:
    at = datetime(2025, 1, 31, tzinfo=timezone(timedelta(hours=5)))
    assert b"2025-01-31T00:00:00+05:00" in dump(Entry("u", published=at))
    back = load(dump(Entry("u", published=at)), Entry)
    assert back.published is not None and back.published.utcoffset() == timedelta(hours=5)


def test_it_is_compact_and_in_the_order_of_the_fields() -> None:
    assert dump(Damage("s", 3, "گم")) == '{"segment":"s","offset":3,"reason":"گم"}'.encode()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b'{"segment":"s","offset":"three","reason":""}', r"\$\.offset"),
        (b'{"segment":"s"}', "offset"),
        (b"{", "truncated"),
        (b"\xff", "."),
    ],
)
def test_what_does_not_fit_is_a_value_error_that_names_the_field(data: bytes, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        load(data, Damage)


def test_a_field_of_a_later_release_is_passed_over() -> None:
    assert load(b'{"segment":"s","offset":3,"reason":"r","since":"9"}', Damage) == Damage("s", 3, "r")


def test_a_kind_that_does_not_exist_is_refused() -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    row = Outcome("a", "s", at.date(), "u", "indexed", None, "s", "r", at)
    with pytest.raises(ValueError, match="outcome"):
        load(dump(row).replace(b"indexed", b"ignored"), Outcome)


def test_plain_gives_what_json_knows() -> None:
    found = plain([TopicMatch("t", 1.5, 2), datetime(2025, 1, 1, tzinfo=UTC)])
    expected = [{"id": "t", "score": 1.5, "version": 2, "evidence": []}, "2025-01-01T00:00:00Z"]
    assert json.loads(json.dumps(found)) == expected


# Each round has classes of its own: it is the first meeting with one that matters.
CROWD = """
import sys, threading, types
from khabar.codec import build, load

MODELS = '''
from __future__ import annotations
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class Inner:
    a: str
    b: int | None = None
@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner
    z: str = ""
'''
sys.setswitchinterval(1e-6)
for number in range(600):
    made = sys.modules[f"models{number}"] = types.ModuleType(f"models{number}")
    exec(MODELS, made.__dict__)
    start = threading.Barrier(3)
    def read(as_json):
        start.wait()
        if as_json:
            load(b'{"inner":{"a":"1"},"z":"2"}', made.Outer)
        else:
            build({"inner": {"a": "1"}, "z": "2"}, made.Outer)
    threads = [threading.Thread(target=read, args=(as_json,)) for as_json in (True, True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_that_meet_a_model_for_the_first_time_at_once_do_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", CROWD], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
