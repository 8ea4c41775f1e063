"""Articles read to be looked at, not to be stored: from files, or out of the index, with their entities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from crawler.imports import Importer, Problem
from khabar.catalogue import Catalogue
from khabar.errors import KhabarError
from khabar.models import Article, Capture, Discovery, Record
from workers.entities import tag_entities
from workers.language import identify
from workers.pipeline import Knowledge, prepare, read

TITLE = 160  # characters of a first line that is taken for the title
AMONG = 3  # the first paragraphs, of which one may be the title


class ExampleError(KhabarError):
    """An example that is no article."""

    status = 2


def read_examples(
    path: Path, catalogue: Catalogue, clock: Callable[[], datetime], most: int
) -> list[Article]:
    """Return the articles of a file, tagged: a text (.txt), a page, a WARC or JSON Lines.

    `most` is the size of the largest page that is read. Raises ExampleError for a file that holds none.
    """
    if not path.is_file():
        raise ExampleError(f"{path}: no such file: check the path")
    knowledge = prepare(catalogue)
    if path.suffix == ".txt":
        found = [_of_text(path, clock(), knowledge)]
    else:
        found = list(_of_pages(Importer(catalogue.sources, clock, most), path, knowledge))
    if not found:
        raise ExampleError(f"{path}: holds no article: give a page or a text with an article's paragraphs")
    return found


def _of_text(path: Path, now: datetime, knowledge: Knowledge) -> Article:
    try:
        text = path.read_text("utf-8").strip()
    except UnicodeDecodeError as error:
        raise ExampleError(f"{path}: no text in UTF-8 ({error.reason}): save it as UTF-8") from error
    title, body = split_title(text)
    bare = Article(id=path.name, url=path.name, source="import", title=title, body=body, fetched=now)
    return tag_entities(identify(bare, None), knowledge.gazetteer)


def split_title(text: str) -> tuple[str, str]:
    """Return the title and the body of a plain text: a short line alone among the first paragraphs is the title."""
    paragraphs = [paragraph.strip() for paragraph in text.split("\n\n")]
    for number, paragraph in enumerate(paragraphs[:AMONG]):
        is_line = 0 < len(paragraph) <= TITLE and "\n" not in paragraph
        if is_line and paragraph[-1] not in ".۔।!" and paragraphs[number + 1 :]:
            return paragraph, "\n\n".join(paragraphs[number + 1 :])
    return "", text


def _of_pages(importer: Importer, path: Path, knowledge: Knowledge) -> Iterator[Article]:
    for number, item in enumerate(importer.read(path)):
        if isinstance(item, Problem):
            raise ExampleError(str(item))
        article = read(_record(*item, number), knowledge).article
        if article is not None:
            yield replace(article, topics=())


def _record(capture: Capture, discovery: Discovery, number: int) -> Record:
    return Record(
        "", f"example {number}", capture.date, capture.url, capture.kind, discovery,
        capture.status, capture.content_type, None, capture.payload,
    )  # fmt: skip
