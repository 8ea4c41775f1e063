"""The runtime of the server: one index and one ledger for all requests, and the catalogue as its files are now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from khabar.catalogue import load
from khabar.catalogue.problems import CatalogueError
from khabar.catalogue.versions import known, numbered
from khabar.runtime import Runtime
from khabar.standing import look

log = logging.getLogger(__name__)

FRESH = 2.0  # seconds after which the catalogue's files are looked at again


class Current:
    """Gives the runtime; where its catalogue's files have changed, another over the same index and ledger.

    `runtime` stays its opener's: closing it closes what all of them share. Safe to ask from several threads.
    """

    def __init__(self, runtime: Runtime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._runtime, self._monotonic = runtime, monotonic
        self._looked, self._seen = monotonic(), look(runtime.settings.catalogue)
        self._turn = threading.Lock()

    def runtime(self) -> Runtime:
        """Return the runtime with today's catalogue; one that cannot be read is logged, and the last one serves on."""
        if self._monotonic() - self._looked >= FRESH and self._turn.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looked = self._monotonic()
                self._turn.release()
        return self._runtime

    def _look(self) -> None:
        seen = look(self._runtime.settings.catalogue)
        if seen == self._seen:
            return
        try:
            catalogue = load(self._runtime.folders)
        except CatalogueError as error:
            log.error("the catalogue is left as it was: %s", error)
        else:
            numbers = known(self._runtime.store, catalogue)
            self._runtime = altered(self._runtime, catalogue=numbered(catalogue, numbers))
        self._seen = seen


def altered(runtime: Runtime, **changes: Any) -> Runtime:
    """Return a runtime with other settings or another catalogue over the same index and ledger, once these are open."""
    changed = replace(runtime, **changes)
    opened = {name: vars(runtime)[name] for name in ("index", "ledger") if name in vars(runtime)}
    vars(changed).update(opened)
    return changed
