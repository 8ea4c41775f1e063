"""An archive from one store into another: every object once, in an order that a kill cannot make wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from khabar.archive.segments import PENDING, SEGMENTS, outcome_key, segment_of
from khabar.archive.store import Store

AT_ONCE = 8  # objects on their way: most of the time goes by in waiting for disks and answers


def transfer(old: Store, new: Store, report: Callable[[int, int], None]) -> int:
    """Copy what the new store lacks and return how many objects that were; nothing is taken away from the old one.

    `report` gets (objects copied, objects to copy). One that was killed goes on where it stopped.
    """
    there = set(new.keys(""))
    missing = [key for key in old.keys("") if key not in there and not _is_done(key, there)]
    done = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for keys in _in_order(missing):
            for _ in pool.map(partial(_copy, old, new), keys):
                done += 1
                report(done, len(missing))
    return done


def _is_done(key: str, there: Set[str]) -> bool:
    """Tell whether this marks a segment as pending that the new side has dealt with."""
    return key.startswith(PENDING) and outcome_key(segment_of(key)) in there


def _copy(old: Store, new: Store, key: str) -> None:
    data = old.get(key)
    if data is not None:  # a marker may have been taken away since
        new.put(key, data)


def _in_order(keys: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield segments, what tells of them, and last the markers that call for work on them."""
    listed = list(keys)
    segments = {key for key in listed if key.startswith(SEGMENTS) and key.endswith(".warc.gz")}
    markers = {key for key in listed if key.startswith(PENDING)}
    yield sorted(segments)
    yield [key for key in listed if key not in segments | markers]
    yield sorted(markers)
