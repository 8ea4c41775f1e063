"""A segment read by a process of its own: the same batch, and whose fault it is where there is none."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from khabar.apart import ApartError, read_apart
from khabar.runtime import Runtime
from workers.patience import MACHINE, WORK, kind
from workers.pipeline import prepare
from workers.pool import PoolError
from workers.read import read_task
from workers.reader import CEILING, ISOLATE_AFTER

SealArticles = Callable[..., str]
GATE = "The gate at the border was shut for nine days, and nobody knew whom to ask."


def test_the_batch_is_as_if_it_had_been_read_here(runtime: Runtime, seal_articles: SealArticles) -> None:
    segment = seal_articles(("A gate", GATE), ("A river", "Water under a bridge. " * 8))
    here = read_task(segment, runtime.store, prepare(runtime.catalogue))
    apart = read_apart(runtime, segment, ISOLATE_AFTER + 1)
    assert sorted(apart.readings, key=lambda each: each.record) == sorted(
        here.readings, key=lambda each: each.record
    )
    given_up = read_apart(runtime, segment, CEILING + 1)
    assert [(each.outcome, each.reason) for each in given_up.readings] == [("failed", "crashed")] * 2


def test_what_stands_in_its_way_is_the_machines_fault(runtime: Runtime, seal_articles: SealArticles) -> None:
    segment = seal_articles(("A gate", GATE))
    (runtime.settings.catalogue / "topics").mkdir(parents=True)
    (runtime.settings.catalogue / "topics" / "gates.yaml").write_text("id: gates\n")
    with pytest.raises(PoolError, match="status 2") as raised:
        read_apart(runtime, segment, ISOLATE_AFTER + 1)
    assert kind(raised.value) is MACHINE


def test_a_process_that_is_killed_counts_as_a_try_of_its_segment(
    runtime: Runtime, seal_articles: SealArticles
) -> None:
    segment = seal_articles(*((f"Gate {number}", GATE) for number in range(49)))
    killing = threading.Thread(target=_kill_the_reader_of, args=(segment,))
    killing.start()
    with pytest.raises(ApartError, match="status -9") as raised:
        read_apart(runtime, segment, ISOLATE_AFTER + 1)
    killing.join()
    assert kind(raised.value) is WORK


def _kill_the_reader_of(segment: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for folder in Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdecimal() else []
            except OSError:
                continue
            if b"khabar.apart" in words and segment.encode() in words:
                os.kill(int(folder.name), signal.SIGKILL)
                return
        time.sleep(0.01)
