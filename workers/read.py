"""What a pool process does: read one segment, or one record of it, and answer with a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from khabar.archive.store import Store, open_store
from khabar.catalogue import Compiled, load
from khabar.catalogue.versions import numbered
from khabar.codec import dump
from khabar.models import Batch, Damage, Reading
from workers.reader import read_if_there

if TYPE_CHECKING:
    from workers.pipeline import Knowledge

Versions = Mapping[str, int]


def start(
    archive_url: str, folders: Sequence[Path], versions: Versions, where: Compiled | None = None
) -> Callable[[str], bytes]:
    """Load the knowledge once and return the function that answers a task with an encoded Batch.

    A task is the key of a segment, or `<segment>#<record id>` for a single record of it.
    """
    from workers.pipeline import prepare  # noqa: PLC0415 - a command that starts such processes reads no page

    store = open_store(archive_url)
    knowledge = prepare(numbered(load(folders, where), versions))
    return lambda task: dump(read_task(task, store, knowledge))


def read_task(task: str, store: Store, knowledge: Knowledge) -> Batch:
    """Return the readings of a segment, or of one record of it, and the places that could not be read."""
    from workers.pipeline import read_safely  # noqa: PLC0415 - as above

    segment, _, only = task.partition("#")
    readings: list[Reading] = []
    damage: list[Damage] = []
    for record in read_if_there(store, segment):
        if isinstance(record, Damage):
            damage.append(record)
        elif not only or record.id == only:
            readings.append(read_safely(record, knowledge))
    return Batch(segment, tuple(readings), tuple(damage))
