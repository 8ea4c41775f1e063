"""Whoever waits for workers elsewhere hears how each segment ended, and wakes them once more where nothing moves."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from khabar import duties
from khabar.archive.segments import pending_key
from khabar.awaiting import LOOK, Awaiting
from khabar.jobs import Cluster, Ingest
from khabar.runtime import Runtime
from khabar.tick import Bench
from workers.pipeline import Knowledge

SealArticles = Callable[..., str]
GATE = "The gate at the border was shut for nine days, and nobody knew whom to ask."


def test_what_came_of_each_segment_is_counted(
    runtime: Runtime, seal_articles: SealArticles, knowledge: Knowledge
) -> None:
    waiting = Awaiting(runtime)
    assert not waiting.step(0)
    first, second = seal_articles(("A gate", GATE), ("B gate", GATE)), seal_articles(("C gate", GATE))
    for segment in (first, second):
        waiting.expect(segment)
    assert waiting.step(0) and waiting.progress.segments == 0
    duties.ingest(runtime, lambda: knowledge, second)
    assert waiting.step(0), "the first is still to come"
    assert waiting.progress.outcomes == Counter({("indexed", None): 1})
    duties.ingest(runtime, lambda: knowledge, first)
    assert not waiting.step(0)
    assert (waiting.progress.segments, waiting.progress.attempts) == (2, 3)
    assert not waiting.step(0) and waiting.progress.segments == 2, "nothing is counted twice"


def test_a_segment_that_is_not_clustered_yet_is_waited_for(
    runtime: Runtime, seal_articles: SealArticles, knowledge: Knowledge
) -> None:
    segment = seal_articles(("A gate", GATE))
    duties.ingest(runtime, lambda: knowledge, segment)
    runtime.store.put(pending_key(segment), b"")
    waiting = Awaiting(runtime)
    waiting.expect(segment)
    assert waiting.step(0)
    duties.cluster(runtime)
    assert not waiting.step(0)


def test_what_brought_no_article_is_told_with_its_reason(
    runtime: Runtime, seal_articles: SealArticles, knowledge: Knowledge
) -> None:
    segment = seal_articles(("A gate", GATE))
    for _ in range(11):
        lease = runtime.ledger.acquire(f"ingest:{segment}", "other:1:1", 60, runtime.clock())
        assert lease is not None
        runtime.ledger.release(lease)
    duties.ingest(runtime, lambda: knowledge, segment)
    waiting = Awaiting(runtime)
    waiting.expect(segment)
    assert not waiting.step(0)
    assert waiting.progress.outcomes == Counter({("failed", "crashed"): 1}) and waiting.progress.broken == 1


def test_where_nothing_moves_it_says_so_and_sends_again(runtime: Runtime) -> None:
    bench = Bench()
    runtime.__dict__["submit"] = bench
    said: list[str] = []
    waiting = Awaiting(runtime, said.append, resend=0.3)
    time.sleep(0.4)  # while nothing is expected nothing is late
    segments = [f"segments/{number}.warc.gz" for number in range(LOOK + 10)]
    for segment in segments:
        runtime.store.put(pending_key(segment), b"")
    for segment in segments:
        waiting.expect(segment)
    began = time.monotonic()
    while not said:
        assert waiting.step(0.01) and (not bench.jobs or said)
    assert time.monotonic() - began >= 0.3
    assert said == [f"{LOOK + 10} segment(s) wait and no worker has finished one for 0 s: is one running?"]
    assert bench.take() == [*map(Ingest, segments[:LOOK]), Cluster()]
    assert waiting.step(0.01) and len(said) == 1, "not at every look"
