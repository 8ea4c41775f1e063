"""An article of a file that is not stored: a saved page, or a text that somebody pasted into one."""

from __future__ import annotations

from pathlib import Path

from crawler.imports import PAGES, Importer, Problem, check
from khabar.codec import dump
from khabar.errors import KhabarError
from khabar.models import Article, Capture, Discovery, Record, attempt_name
from khabar.runtime import Runtime
from workers.pipeline import prepare, read

_LONGEST = 1 << 20  # bytes of a pasted text


class UnreadableFileError(KhabarError):
    """A file holds no article; the message names it and says what to do."""

    status = 2


def article_in(path: Path, runtime: Runtime) -> Article:
    """Return the article of a file, through the same stages as any other; nothing is stored.

    Raises UnreadableFileError where there is none.
    """
    capture, discovery = _page(path, runtime) if path.name.lower().endswith(PAGES) else _text(path, runtime)
    record = Record(
        segment="",
        id="",
        date=capture.date,
        url=capture.url,
        kind=capture.kind,
        discovery=discovery,
        content_type=capture.content_type,
        payload=capture.payload,
    )
    reading = read(record, prepare(runtime.catalogue))
    if reading.article is None:
        raise UnreadableFileError(
            f"{path}: no article in it ({reading.reason}): give a page of one, or its text as a .txt file"
        )
    return reading.article


def _page(path: Path, runtime: Runtime) -> tuple[Capture, Discovery]:
    if problem := check([path], None):
        raise UnreadableFileError(str(problem))
    importer = Importer(runtime.catalogue.sources, runtime.clock, runtime.settings.max_bytes)
    found = next(importer.read(path))
    if isinstance(found, Problem):
        raise UnreadableFileError(str(found))
    return found


def _text(path: Path, runtime: Runtime) -> tuple[Capture, Discovery]:
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST + 1).decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"{path}: no text in UTF-8 ({error.reason}): save it as UTF-8") from error
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror}: name a page or a text") from error
    if not text or len(text) > _LONGEST:
        what = "longer than 1 MiB" if text else "nothing"
        raise UnreadableFileError(f"{path}: {what} in it: give the text of one article")
    now, url = runtime.clock(), f"urn:khabar:pasted:{path.name}"
    capture = Capture(url, now, "article", dump({"body": text}), content_type="application/json")
    return capture, Discovery(attempt_name(now, url), url, now, "import", "import")
