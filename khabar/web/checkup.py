"""Whether searches can be answered, and what is wrong with the index, the disk and every server."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from khabar import soundness
from khabar.errors import KhabarError
from khabar.web.current import Current
from search.tree import Everything

log = logging.getLogger(__name__)

FRESH = 10.0  # seconds for which a finding serves all who ask


@dataclass(frozen=True, slots=True)
class Health:
    """What was found wrong, each with how to mend it; `ready` may be true beside findings that can wait."""

    ready: bool
    articles: int | None
    findings: list[str]
    checked: datetime


class Checkup:
    """Looks at the index and every server, once for all who ask within some seconds."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._turn = threading.Lock()
        self._found: Health | None = None
        self._looked = 0.0

    def health(self) -> Health:
        """Return what was found, at most some seconds ago."""
        with self._turn:
            if self._found is None or time.monotonic() - self._looked > FRESH:
                self._found = self._look()
                self._looked = time.monotonic()
            return self._found

    def _look(self) -> Health:
        runtime = self._current.runtime()
        findings = list(soundness.disk(runtime.settings.home))
        articles = None
        answered = True
        for finding, said in soundness.servers(runtime):
            answered &= said
            findings.append(finding)
        try:
            if answered:
                articles = runtime.index.search(Everything(), limit=0).total
        except KhabarError as error:
            findings.append(str(error))
        for finding in findings:
            log.warning("%s", finding)
        return Health(articles is not None, articles, findings, runtime.clock())
