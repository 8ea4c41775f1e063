"""`python -m khabar.apart SEGMENT TRIES`: reads one segment in processes of its own; the batch goes to stdout.

For a worker that may have no such processes itself (a Celery child is daemonic): whatever the pages do to a process,
this one comes back with a batch.
"""

from __future__ import annotations

import subprocess
import sys

from khabar import runner
from khabar.codec import dump, load
from khabar.config import environment, load_settings
from khabar.models import Batch
from khabar.runtime import Runtime, reading
from workers.pool import PoolError
from workers.reader import SegmentReader


def main(segment: str, tries: int) -> None:
    """Read a segment of the home that the environment names, as often as it takes."""
    with reading(load_settings()) as runtime, runner.pool(runtime, 1) as pool:
        reader = SegmentReader(pool, runtime.store)
        reader.submit(segment, tries)
        while not (batches := reader.batches(1.0)):
            pass
        sys.stdout.buffer.write(dump(batches[0]))


def read_apart(runtime: Runtime, segment: str, tries: int) -> Batch:
    """Return a segment as a process of its own has read it. Raises PoolError where that cannot work at all."""
    command = [sys.executable, "-m", "khabar.apart", segment, str(tries)]
    done = subprocess.run(
        command,
        env=environment(runtime.settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise PoolError(f"a reading process ended with status {done.returncode}: see its message in the log")
    return load(done.stdout, Batch)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
