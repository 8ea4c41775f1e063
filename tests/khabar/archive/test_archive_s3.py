"""The archive at a real S3-compatible server: what passes is waited out, what does not is said, and nothing is lost."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from s3_server import Fault, Gate, S3Server, running

from khabar.archive.files import ArchiveError
from khabar.archive.records import discoveries, read_segment
from khabar.archive.s3 import BucketStore, open_bucket
from khabar.archive.segments import Sealed, Writer, pending_key, recover
from khabar.archive.store import Store, open_store
from khabar.models import Capture, Discovery, Record

Make = Callable[..., tuple[Capture, Discovery]]
Behind = Callable[..., tuple[BucketStore, Gate]]
NOON = datetime(2025, 10, 14, 12, tzinfo=UTC)
KEY = "segments/2025/10/14/a.warc.gz"


@pytest.fixture
def behind(s3: S3Server, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    """Give a store behind a gate that fails as told from the next request on."""
    gates: list[Gate] = []

    def make(patience: float = 10) -> tuple[BucketStore, Gate]:
        made = Gate(s3.url)
        gates.append(made)
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
        return open_bucket(s3_url, patience), made

    yield make
    for made in gates:
        made.close()


# --- what passes --------------------------------------------------------------------------------------------

PASSING: list[list[Fault]] = [
    ["503", "503"],
    ["500"],
    ["drop", "drop"],
    ["cut after"],
    ["500 after"],
    ["409", "503"],
]


@pytest.mark.parametrize("faults", PASSING, ids=", ".join)
def test_what_passes_is_waited_out_by_every_write(behind: Behind, faults: list[Fault]) -> None:
    store, door = behind()
    door.open()
    door.faults += faults
    store.put(KEY, b"created")
    assert not door.faults
    assert store.get(KEY) == b"created"
    door.faults += faults
    store.replace(KEY, b"replaced")
    assert not door.faults
    assert store.get(KEY) == b"replaced"
    door.faults += faults
    store.delete(KEY)
    assert not door.faults
    assert not store.exists(KEY)


@pytest.mark.parametrize("faults", [["503", "503"], ["500"], ["drop"], ["half", "half"]], ids=", ".join)
def test_what_passes_is_waited_out_by_every_read(behind: Behind, faults: list[Fault]) -> None:
    store, door = behind()
    door.open()
    store.put(KEY, b"x" * 100_000)
    door.faults += faults
    assert store.get(KEY) == b"x" * 100_000
    door.faults += faults
    assert list(store.keys("segments/")) == [KEY]
    door.faults += [fault for fault in faults if fault != "half"]  # there is no body
    assert store.exists(KEY)
    assert not door.faults


def test_a_write_that_met_another_is_asked_again_and_does_not_pass_for_one_that_existed(
    behind: Behind,
) -> None:
    store, door = behind()
    door.open()
    door.faults.append("409")
    assert store.put(KEY, b"x")  # S3 answers 409 while another's delete or write of the key is under way
    assert store.get(KEY) == b"x"


def test_a_created_object_whose_answer_was_lost_counts_as_one_that_existed(behind: Behind) -> None:
    store, door = behind()
    door.open()
    door.faults.append("500 after")
    assert not store.put(KEY, b"x")
    assert store.get(KEY) == b"x"


def test_a_server_that_is_away_for_a_moment_is_waited_for(behind: Behind) -> None:
    store, door = behind()
    back = threading.Timer(0.7, door.open)
    back.start()
    assert store.put(KEY, b"x")
    back.join()
    assert store.get(KEY) == b"x"


def test_a_server_that_stands_still_for_a_moment_is_waited_for(s3: S3Server, s3_url: str) -> None:
    store = open_bucket(s3_url)
    back = threading.Timer(0.5, s3.resume)
    s3.pause()
    back.start()
    assert store.put(KEY, b"x")
    back.join()


# --- what does not pass -------------------------------------------------------------------------------------


def calls(store: Store) -> list[Callable[[], object]]:
    return [
        lambda: store.put(KEY, b"x"),
        lambda: store.replace(KEY, b"x"),
        lambda: store.get(KEY),
        lambda: store.exists(KEY),
        lambda: store.delete(KEY),
        lambda: list(store.keys("segments/")),
    ]


@contextmanager
def refused(url: str, *said: str) -> Iterator[None]:
    """Hold the block to one clear line: where, what, and how to mend it."""
    with pytest.raises(ArchiveError) as caught:
        yield
    message = str(caught.value)
    assert message.startswith(url) and " — " in message and len(message) < 400, message
    assert not [part for part in ("\n", "<", "Debug") if part in message], message
    assert all(part in message for part in said), message


def test_a_missing_bucket_is_said_by_every_call(s3_url: str) -> None:
    url = f"{s3_url}-not"
    for call in calls(open_store(url)):
        with refused(url, "NoSuchBucket", "make the bucket, or correct archive_url"):
            call()


def test_wrong_credentials_are_said_by_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as strict:
        url = f"s3://{strict.new_bucket()}"
        key, secret = strict.demand_credentials()

        def store(key: str, secret: str) -> Store:
            for name, value in strict.access(key, secret).items():
                monkeypatch.setenv(name, value)
            return open_store(url)

        for call in calls(store("AKIANOBODY", secret)):
            with refused(url, "AWS_ACCESS_KEY_ID"):
                call()
        with refused(url, "InvalidAccessKeyId", "to a key that this object store knows"):
            store("AKIANOBODY", secret).put(KEY, b"x")
        with refused(url, "SignatureDoesNotMatch", "to a pair that belongs together"):
            store(key, "wrong").put(KEY, b"x")
        assert store(key, secret).put(KEY, b"x")


def test_missing_and_senseless_settings_are_said(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with refused(s3_url, "set AWS_ALLOW_HTTP=true"):
        open_store(s3_url).get(KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost")
    with refused(s3_url, "begin AWS_ENDPOINT_URL with https://"):
        open_store(s3_url).get(KEY)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with refused(s3_url, "AWS_SECRET_ACCESS_KEY"):
        open_store(s3_url)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv(
        "AWS_METADATA_ENDPOINT", "http://127.0.0.1:9"
    )  # where a machine in the cloud finds its own
    with refused(s3_url, "no credentials were found", "AWS_ACCESS_KEY_ID"):
        open_bucket(s3_url, 0.3).get(KEY)


def test_a_server_that_stays_away_is_said_in_time(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{held.getsockname()[1]}")
        with refused(s3_url, "cannot be reached", "AWS_ENDPOINT_URL", "nothing archived so far is lost"):
            open_bucket(s3_url, 0.3).put(KEY, b"x")


def test_a_store_that_cannot_create_once_and_one_in_trouble_are_said(behind: Behind, s3_url: str) -> None:
    store, door = behind(patience=0.3)
    door.open()
    door.faults += ["501"] * 50
    with refused(s3_url, "NotImplemented", "conditional writes (If-None-Match)"):
        store.put(KEY, b"x")
    door.faults[:] = ["503"] * 50
    with refused(s3_url, "SlowDown", "run the command again"):
        store.put(KEY, b"x")


# --- segments -----------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from khabar.archive.segments import Writer
from khabar.archive.store import open_store
from khabar.models import Capture, Discovery, attempt_name
noon = datetime(2025, 10, 14, 12, tzinfo=UTC)
die = lambda sealed: os.kill(os.getpid(), signal.SIGKILL)
writer = Writer(open_store(sys.argv[1]), Path(sys.argv[2]), die, lambda: noon)
for number in range(3):
    url = f"https://outlet.example/opinion/{number}"
    writer.append(Capture(url, noon, "page", b"<p>words</p>", 200), Discovery(attempt_name(noon, url), url, noon, "outlet", "new"))
writer.seal()
"""


def urls(store: Store, segment: str) -> list[str]:
    return [found.url for found in read_segment(store, segment) if isinstance(found, Record)]


def test_a_segment_is_written_and_read_back(s3_url: str, attempt: Make, tmp_path: Path) -> None:
    store = open_store(s3_url)
    writer = Writer(store, tmp_path, lambda _: None, lambda: NOON)
    made = [attempt(number) for number in range(10)]
    for capture, discovery in made:
        writer.append(capture, discovery)
    sealed = writer.seal()
    assert sealed is not None
    assert urls(store, sealed.key) == [capture.url for capture, _ in made]
    assert list(discoveries(store, sealed.key)) == [discovery for _, discovery in made]
    assert list(store.keys("pending/")) == [pending_key(sealed.key)]
    assert list(tmp_path.iterdir()) == []


def test_a_segment_whose_writer_died_before_it_was_marked_is_marked_by_recovery(
    s3_url: str, tmp_path: Path
) -> None:
    store = open_store(s3_url)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, s3_url, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr
    (segment,) = store.keys("segments/")
    before = store.get(segment)
    assert list(store.keys("pending/")) == []
    settled: list[Sealed] = []
    assert [sealed.key for sealed in recover(store, tmp_path, settled.append)] == [segment]
    assert [len(sealed.attempts) for sealed in settled] == [3]
    assert list(store.keys("pending/")) == [pending_key(segment)]
    assert store.get(segment) == before  # "exists already" was success
    assert urls(store, segment) == [f"https://outlet.example/opinion/{number}" for number in range(3)]
    assert list(tmp_path.iterdir()) == []


def test_sealing_through_a_failing_server_keeps_each_attempt_once(
    behind: Behind, attempt: Make, tmp_path: Path
) -> None:
    store, door = behind()
    door.open()
    writer = Writer(store, tmp_path, lambda _: None, lambda: NOON, pages=2)
    for number in range(12):
        door.faults += (
            [("409", "503", "cut after", "drop", "500 after", "500")[number // 2]] if number % 2 else []
        )
        writer.append(*attempt(number))
    segments = list(store.keys("segments/"))
    assert len(segments) == 6
    assert sorted(url for segment in segments for url in urls(store, segment)) == sorted(
        attempt(number)[0].url for number in range(12)
    )
    assert set(store.keys("pending/")) == set(map(pending_key, segments))
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_sealed_waits_in_the_spool(behind: Behind, attempt: Make, tmp_path: Path) -> None:
    store, door = behind(patience=0.2)
    writer = Writer(store, tmp_path, lambda _: None, lambda: NOON)
    writer.append(*attempt(1))
    with pytest.raises(ArchiveError, match="cannot be reached"):
        writer.seal()
    writer.close()
    door.open()
    assert [len(sealed.attempts) for sealed in recover(store, tmp_path, lambda _: None)] == [1]
    assert list(tmp_path.iterdir()) == []
