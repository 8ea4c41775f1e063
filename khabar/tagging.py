"""Articles to tagged articles without a home: what `khabar tag` does, on as many cores as it is given, in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

from crawler.imports import Importer, Problem
from khabar.catalogue import load as load_catalogue
from khabar.codec import dump, plain
from khabar.extracting import IN_FLIGHT, MAX_BYTES, PATIENCE, Line, Task, in_order, record_of, unpacked
from workers.pipeline import Knowledge, prepare, read_safely
from workers.pool import Pool

# What is worked out; title and body too, since the spans of the tags count in them as they are made uniform.
TAGS = (
    "title",
    "body",
    "lang",
    "lang_confidence",
    "genre",
    "genre_evidence",
    "entities",
    "topics",
    "mentions_dates",
)


def lines(paths: Iterable[Path], folders: Sequence[Path], moment: datetime, jobs: int) -> Iterator[Line]:
    """Yield a line for each article, in order: what was given with its tags, or what is wrong with the line.

    `moment` is when articles without a `fetched` of their own count as met.
    """
    catalogue = load_catalogue(folders)
    found = tasks(paths, Importer(catalogue.sources, lambda: moment, MAX_BYTES), moment)
    if jobs == 1:
        work = partial(tagged, knowledge=prepare(catalogue))
        yield from (_with_path(one.path, work(one)) if isinstance(one, Task) else one for one in found)
        return
    with closing(Pool(partial(begin, tuple(folders)), jobs, PATIENCE)) as pool:
        for line in in_order(found, pool, IN_FLIGHT * jobs):
            yield _with_path(line["path"], {key: value for key, value in line.items() if key != "path"})


def tasks(paths: Iterable[Path], importer: Importer, moment: datetime) -> Iterator[Task | Line]:
    """Yield each article of the files, or the line that says why one cannot be read."""
    for path in paths:
        for item in importer.read(path):
            if isinstance(item, Problem):
                yield {"path": str(path), "line": item.line, "error": f"{item.what}: {item.how}"}
                continue
            capture, discovery = item
            if discovery.failure:
                yield {"path": str(path), "error": discovery.failure}
                continue
            whole = replace(capture, payload=dump(importer.given))  # also what an archive would leave out
            yield Task(str(path), discovery.source, record_of(whole, discovery, moment))


def tagged(task: Task, knowledge: Knowledge) -> Line:
    """Return an article as it was given, with its tags; a stage that breaks on it costs that article alone."""
    reading = read_safely(task.record, knowledge)
    if reading.article is None:
        return {"error": reading.reason}
    found = cast("dict[str, Any]", plain(reading.article))
    return {**json.loads(task.record.payload), **{name: found[name] for name in TAGS}}


def begin(folders: Sequence[Path]) -> Callable[[str], bytes]:
    """Compile the catalogue once in a process and return the function that answers its tasks."""
    knowledge = prepare(load_catalogue(folders))
    return lambda text: dump(_kept(tagged(unpacked(text), knowledge)))


def _kept(line: Line) -> Line:
    """Return a line with a path of its own put aside: the pool names each line's file in that place."""
    return {**line, "given_path": line["path"]} if "path" in line else line


def _with_path(path: str, line: Line) -> Line:
    """Return a line as it was given; only one with an error tells its file."""
    if "error" in line:
        return {"path": path, **line}
    own = line.pop("given_path", None)
    return {"path": own, **line} if own is not None else line
