"""`python -m khabar.apart SEGMENT TRIES`: reads one segment in processes of its own; the batch goes to stdout.

For a worker that may have no such processes itself (a Celery child is daemonic): whatever the pages do to a process,
this one comes back with a batch.
"""

from __future__ import annotations

import os
import subprocess
import sys

from khabar import runner
from khabar.codec import dump, load
from khabar.config import environment, load_settings
from khabar.errors import KhabarError
from khabar.models import Batch
from khabar.runtime import Runtime, reading
from workers.pool import PoolError
from workers.reader import SegmentReader

OUR_WORDS = (2, 3)  # the statuses of a process that has said what stands in its way


class ApartError(RuntimeError):
    """A process that was to outlive whatever a segment does to it did not: the segment's try is counted."""


def main(segment: str, tries: int) -> int:
    """Read a segment of the home that the environment names, as often as it takes; returns the exit status."""
    parent = os.getppid()
    try:
        with reading(load_settings()) as runtime, runner.pool(runtime, 1) as pool:
            reader = SegmentReader(pool, runtime.store)
            reader.submit(segment, tries)
            while not (batches := reader.batches(1.0)):
                if os.getppid() != parent:
                    return 1  # whoever wanted it was killed
            sys.stdout.buffer.write(dump(batches[0]))
    except KhabarError as error:
        print(f"khabar: {segment}: {error}", file=sys.stderr)  # noqa: T201 - its parent's log
        return error.status
    return 0


def read_apart(runtime: Runtime, segment: str, tries: int) -> Batch:
    """Return a segment as a process of its own has read it.

    Raises PoolError where the machine stands in its way, which is no fault of the segment; ApartError where it is.
    """
    command = [sys.executable, "-m", "khabar.apart", segment, str(tries)]
    done = subprocess.run(
        command,
        env=environment(runtime.settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = f"a reading process ended with status {done.returncode}: see its message in the log"
        raise PoolError(said) if done.returncode in OUR_WORDS else ApartError(said)
    return load(done.stdout, Batch)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
