"""Files to articles without a home: what `khabar extract` does, on as many cores as it is given, in the order given."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

from crawler.imports import Importer, Problem, files
from khabar.archive.records import media_type
from khabar.catalogue import load as load_catalogue
from khabar.codec import dump, load, plain
from khabar.models import Article, Capture, Discovery, Record, Source
from workers.extract import Favor, Rejected, extract
from workers.language import identify
from workers.normalize import normalize
from workers.pool import Died, Pool

IN_FLIGHT = 8  # pages a process may have waiting; more would only fill memory
PATIENCE = 120.0  # seconds a page may take before its process is ended
MAX_BYTES = 64 << 20  # a larger file is none of a page's; how large a page may be, extraction says


@dataclass(frozen=True, slots=True)
class Asked:
    """How pages are to be read: whose they are, when they were met, and what matters more."""

    folders: tuple[Path, ...]
    fetched: datetime
    url: str | None = None
    source: str | None = None
    favor: Favor = "speed"


@dataclass(frozen=True, slots=True)
class Task:
    """One page on its way to a process."""

    path: str
    source: str
    record: Record


Line = dict[str, Any]


def lines(paths: Iterable[Path], asked: Asked, jobs: int) -> Iterator[Line]:
    """Yield a line for each page, in order: the article with its path, or the path and why there is none."""
    sources = load_catalogue(asked.folders).sources
    found = tasks(paths, asked, sources)
    if jobs == 1:
        work = partial(answer, sources=sources, favor=asked.favor)
        yield from (one if isinstance(one, dict) else _line(one.path, work(one)) for one in found)
        return
    start = partial(begin, asked.folders, asked.favor)
    with closing(Pool(start, jobs, PATIENCE)) as pool:
        yield from in_order(found, pool, IN_FLIGHT * jobs)


def tasks(paths: Iterable[Path], asked: Asked, sources: Mapping[str, Source]) -> Iterator[Task | Line]:
    """Yield each page in the files, or the line that says why one cannot be read."""
    importer = Importer(sources, lambda: asked.fetched, MAX_BYTES)
    for path in files(paths):
        if not path.exists():
            yield _error(str(path), "no such file or folder: check the path")
            continue
        for item in _items(importer, path, asked.url):
            if isinstance(item, Problem):
                yield _error(str(path), f"{item.what}: {item.how}")
                continue
            capture, discovery = item
            name = f"{path}#{capture.origin}" if capture.origin else str(path)
            if discovery.failure:
                yield _error(name, discovery.failure)
            elif capture.kind != "revisit":
                moment = capture.date if capture.origin else asked.fetched
                yield Task(name, asked.source or discovery.source, record_of(capture, discovery, moment))


def _items(importer: Importer, path: Path, url: str | None) -> Iterator[tuple[Capture, Discovery] | Problem]:
    """Yield what a file holds; one that is not there is a problem of its own."""
    try:
        yield from importer.read(path, url)
    except ValueError as error:  # an address that cannot be one
        yield Problem(path, None, str(error), "give another with --url")


def record_of(capture: Capture, discovery: Discovery, moment: datetime) -> Record:
    """Return a capture as the record it would be in an archive, met at a moment."""
    content_type, charset = media_type(capture.content_type)
    return Record(
        segment="",
        id=capture.origin or "",
        date=moment,
        url=capture.url,
        kind=capture.kind,
        discovery=replace(discovery, claimed=moment),
        status=capture.status,
        content_type=content_type,
        charset=charset,
        payload=capture.payload,
    )


def answer(task: Task, sources: Mapping[str, Source], favor: Favor) -> Article | str:
    """Return the article on a page, or why there is none."""
    source = sources.get(task.source)
    try:
        found = extract(task.record, source, favor)
        if isinstance(found, Rejected):
            return found.reason
        return replace(identify(normalize(found, task.record, source), source), archive=None)
    except Exception as error:  # a page that breaks a stage costs that page alone
        return f"broken_page ({type(error).__name__})"


def begin(folders: Sequence[Path], favor: Favor) -> Callable[[str], bytes]:
    """Load the sources once in a process and return the function that answers its tasks."""
    sources = load_catalogue(folders).sources
    return lambda text: dump(_line("", answer(unpacked(text), sources, favor)))


def packed(number: int, task: Task) -> str:
    """Return a task as the text that a pool takes; the number tells equal pages apart."""
    return f"{number} {base64.b85encode(dump(task)).decode()}"


def unpacked(text: str) -> Task:
    """Return the task that a pool was given as text."""
    return load(base64.b85decode(text.partition(" ")[2]), Task)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A page that a process has, or will have: its path and the task as the pool knows it."""

    path: str
    text: str


def in_order(found: Iterator[Task | Line], pool: Pool, most: int) -> Iterator[Line]:
    """Yield the lines in the order of their pages, whichever process answers first."""
    waiting: deque[_Sent | Line] = deque()
    answers: dict[str, Line] = {}
    for number, one in enumerate(found):
        if isinstance(one, Task):
            sent = _Sent(one.path, packed(number, one))
            pool.submit(sent.text)
            waiting.append(sent)
        else:
            waiting.append(one)
        while len(waiting) >= most or (waiting and _is_ready(waiting[0], answers)):
            yield _next(waiting.popleft(), answers, pool)
    while waiting:
        yield _next(waiting.popleft(), answers, pool)


def _is_ready(first: _Sent | Line, answers: Mapping[str, Line]) -> bool:
    return not isinstance(first, _Sent) or first.text in answers


def _next(first: _Sent | Line, answers: dict[str, Line], pool: Pool) -> Line:
    if not isinstance(first, _Sent):
        return first
    while first.text not in answers:
        for result in pool.results():
            died = isinstance(result, Died)
            answers[result.task] = _error("", "crashed") if died else load(result.answer, dict[str, Any])
    return {**answers.pop(first.text), "path": first.path}


def _line(path: str, told: Article | str) -> Line:
    return _error(path, told) if isinstance(told, str) else {"path": path, **cast("Line", plain(told))}


def _error(path: str, why: str) -> Line:
    return {"path": path, "error": why}
