"""Waiting for workers elsewhere: what was sealed here is watched until its outcomes are there and it is clustered."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice

from khabar.archive.segments import outcome_key, pending_key
from khabar.codec import load
from khabar.jobs import Cluster, Ingest
from khabar.models import OutcomeFile
from khabar.runtime import Runtime
from workers.ingester import Progress

RESEND = 30.0  # seconds without any progress after which what is waited for is sent again
LOOK = 50  # segments looked at in one step, the longest waiting first
Say = Callable[[str], None]


class Awaiting:
    """Knows which segments are waited for, and how those ended that have come."""

    def __init__(self, runtime: Runtime, say: Say = lambda _: None, resend: float = RESEND) -> None:
        self._runtime, self._say, self._resend = runtime, say, resend
        self._expected: dict[str, None] = {}  # in the order in which they were sealed
        self._moved = time.monotonic()
        self.progress = Progress()

    def expect(self, segment: str) -> None:
        """Wait for a segment, too."""
        if not self._expected:
            self._moved = time.monotonic()  # until now there was nothing that could have come
        self._expected[segment] = None

    def step(self, timeout: float = 0.2) -> bool:
        """Look for outcomes for about `timeout` seconds; False when nothing is waited for."""
        come = [
            (segment, found) for segment in islice(self._expected, LOOK) if (found := self._outcome(segment))
        ]
        for segment, found in come:
            del self._expected[segment]
            _add(self.progress, found)
        if come:
            self._moved = time.monotonic()
        elif self._expected:
            if time.monotonic() - self._moved > self._resend:
                self._send_again()
            time.sleep(timeout)
        return bool(self._expected)

    def _outcome(self, segment: str) -> OutcomeFile | None:
        """Return how a segment ended, None while its marker stands."""
        store = self._runtime.store
        if store.exists(pending_key(segment)):
            return None
        found = store.get(outcome_key(segment))
        return None if found is None else load(found, OutcomeFile)

    def _send_again(self) -> None:
        """Wake somebody up once more: the message may be lost, and nobody may be there to hear it."""
        self._moved = time.monotonic()
        count = len(self._expected)
        self._say(
            f"{count} segment(s) wait and no worker has finished one for {self._resend:.0f} s: is one running?"
        )
        for segment in islice(self._expected, LOOK):
            self._runtime.submit(Ingest(segment))
        self._runtime.submit(Cluster())


def _add(progress: Progress, found: OutcomeFile) -> None:
    """Count what a segment came to, with the reasons of what brought no article."""
    for outcome, count in found.counts.items():
        reasons = found.reasons.get(outcome)
        progress.outcomes.update({(outcome, reason): n for reason, n in (reasons or {None: count}).items()})
    progress.segments += 1
    progress.damage.extend(found.damage)
