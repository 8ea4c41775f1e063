"""The runtime of a process that stays: opened at its first job, and again when the catalogue's files change."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from khabar.catalogue.problems import CatalogueError
from khabar.config import Settings
from khabar.runtime import Clock, Runtime, now, take_catalogue, working

if TYPE_CHECKING:
    from workers.pipeline import Knowledge

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=10)  # between two looks at what other machines have changed

Look = tuple[tuple[str, int, int], ...]


class Standing:
    """Keeps one runtime open, and what the stages need to know, as long as the home's catalogue stays as it is."""

    def __init__(self, settings: Callable[[], Settings], clock: Clock = now) -> None:
        self._settings, self._clock = settings, clock
        self._stack = ExitStack()
        self._runtime: Runtime | None = None
        self._knowledge: Knowledge | None = None
        self._seen: Look = ()
        self._asked = datetime.min.replace(tzinfo=UTC)

    def runtime(self) -> Runtime:
        """Return the runtime with today's catalogue; one that cannot be read is logged, and the last one serves on."""
        settings = self._settings()
        self._take(settings)
        seen = look(settings.catalogue)
        if self._runtime is not None and seen == self._seen:
            return self._runtime
        stack = ExitStack()
        try:
            opened = stack.enter_context(working(settings, self._clock))
        except CatalogueError as error:
            if self._runtime is None:
                raise
            log.error("the catalogue is left as it was: %s", error)
            self._seen = seen
            return self._runtime
        self.close()
        self._stack, self._runtime, self._seen, self._asked = stack, opened, seen, self._clock()
        return opened

    def _take(self, settings: Settings) -> None:
        """Take over what other machines have changed of the catalogue, if it is time to look again."""
        now = self._clock()
        if self._runtime is not None and now - self._asked >= EVERY:
            take_catalogue(settings, self._runtime.store)
            self._asked = now

    def knowledge(self) -> Knowledge:
        """Return what the stages need to know, made of the catalogue of the runtime last returned."""
        from workers.pipeline import prepare  # noqa: PLC0415 - the help of all commands imports this module

        if self._knowledge is None:
            # Never a newer one: whoever asks is at work with that runtime, which a newer one would close.
            self._knowledge = prepare((self._runtime or self.runtime()).catalogue)
        return self._knowledge

    def is_current(self) -> bool:
        """Tell whether the catalogue's files are still as they were when the runtime was last asked for."""
        return look(self._settings().catalogue) == self._seen

    def close(self) -> None:
        """Give everything back."""
        self._stack.close()
        self._runtime = self._knowledge = None


def look(folder: Path) -> Look:
    """Return what tells whether a catalogue has changed: the names, times and sizes of its files."""
    return tuple(sorted(seen for path in folder.rglob("*.yaml") if (seen := _seen(path))))


def _seen(path: Path) -> tuple[str, int, int] | None:
    try:
        found = path.stat()
    except OSError:  # gone since its folder was listed
        return None
    return str(path), found.st_mtime_ns, found.st_size
