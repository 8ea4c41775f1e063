"""Files to captures: pages, WARCs and JSON Lines that somebody else collected enter by the archive's door."""

from __future__ import annotations

import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, cast

import msgspec
from isal import igzip
from isal.igzip_lib import IsalError
from selectolax.lexbor import LexborHTMLParser

from khabar.archive.containers import Gap, Piece, pieces
from khabar.archive.files import ArchiveError
from khabar.archive.foreign import read_warc
from khabar.models import Article, Capture, Damage, Discovery, Source, attempt_name
from khabar.text import slug
from khabar.urls import canonical, names_section, registrable_domain

PAGES = (".html", ".htm", ".html.gz", ".htm.gz")
WARCS = (".warc", ".warc.gz", ".warc.zst")
LINES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
MAX_LINE = 64 << 20  # bytes of one JSON line: a guard against a file that is no JSON Lines at all

_ARTICLE_FIELDS = frozenset(field.name for field in fields(Article))
_HEAD_END = re.compile(rb"<body[\s>]|</head", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the input that could not be read: the file, the place, what, and how to mend it."""

    file: Path
    line: int | None
    what: str
    how: str

    def __str__(self) -> str:
        """Say it in one line."""
        place = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        return f"{place}: {self.what}: {self.how}"


Item = tuple[Capture, Discovery]


class Importer:
    """Reads files, naming each attempt (URL, time of reading), never twice the same."""

    def __init__(self, sources: Mapping[str, Source], clock: Callable[[], datetime], max_bytes: int) -> None:
        self._domains = {
            domain: source.id for source in sources.values() for domain in source_domains(source)
        }
        self._names = {slug(source.name): source.id for source in sources.values()} | {
            id_: id_ for id_ in sources
        }
        self._clock = clock
        self._max_bytes = max_bytes
        self._last: datetime | None = None
        self.left_out: set[str] = set()  # fields of JSON articles that Article lacks
        self.given: dict[str, object] = {}  # the last JSON article, with all that its line has

    def read(self, path: Path, url: str | None = None) -> Iterator[Item | Problem]:
        """Yield what a file holds, item by item; a problem does not end the reading where it can go on."""
        try:
            if _is(path, WARCS):
                yield from self._warc(path)
            elif _is(path, LINES):
                yield from self._lines(path)
            else:
                yield self._page(path, url)
        except ArchiveError as error:
            yield Problem(path, None, error.what, error.how)
        except (OSError, EOFError, IsalError) as error:  # pyright: ignore[reportGeneralTypeIssues] - its stub names an instance
            yield Problem(path, None, _cause(error), "fetch or pack the file again")

    def _page(self, path: Path, url: str | None) -> Item:
        with _opened(path) as file:
            payload = file.read(self._max_bytes + 1)
        name = canonical(url) if url else page_url(payload)
        capture = Capture(name, self._now(), "page", payload, content_type="text/html")
        return self._item(capture, name, self._source(name))

    def _warc(self, path: Path) -> Iterator[Item | Problem]:
        for found in read_warc(path):
            if isinstance(found, Damage):
                yield Problem(
                    path, None, f"broken record at byte {found.offset} ({found.reason})", "the rest was read"
                )
                continue
            self._now()
            name = _name(found.url)
            if found.status is not None and not 200 <= found.status < 300 and found.kind == "page":
                yield self._bare(found, name, self._source(name), f"http_{found.status}")
            else:
                yield self._item(found, name, self._source(name))

    def _lines(self, path: Path) -> Iterator[Item | Problem]:
        with path.open("rb") as file:
            for number, line in enumerate(_split(pieces(file, path.name.lower())), 1):
                if isinstance(line, Gap):
                    yield Problem(path, number, line.reason, "mend the file; what could be read of it was")
                elif plain := line.removeprefix(BOM_UTF8).strip():
                    yield self._line(path, number, plain)

    def _line(self, path: Path, number: int, line: bytes) -> Item | Problem:
        try:
            row = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Problem(path, number, f"no JSON ({error})", "write one JSON object a line, in UTF-8")
        if not isinstance(row, dict):
            return Problem(path, number, "no JSON object", "write one article, {…}, a line")
        article = cast("dict[str, object]", row)
        title, body = (article.get(name) or "" for name in ("title", "body"))
        if not isinstance(title, str) or not isinstance(body, str) or not (title or body).strip():
            return Problem(path, number, "neither title nor body", "give one of them as a text")
        return self._article(article, f"{title}\n\n{body}")

    def _article(self, row: dict[str, object], text: str) -> Item:
        self.given = row
        self.left_out.update(row.keys() - _ARTICLE_FIELDS)
        kept = {name: value for name, value in row.items() if name in _ARTICLE_FIELDS and name != "id"}
        url = row.get("url")
        try:
            name = canonical(url if isinstance(url, str) else "")
        except ValueError:
            name = _urn(text.encode())
        payload = msgspec.json.encode(kept)
        capture = Capture(name, self._now(), "article", payload, content_type="application/json")
        source = row.get("source")
        named = self._named(source) if isinstance(source, str) else None
        return self._item(capture, name, named or self._source(name))

    def _named(self, name: str) -> str | None:
        key = slug(name)
        return self._names.get(name) or self._names.get(key) or key or None

    def _source(self, url: str) -> str:
        domain = "" if url.startswith("urn:") else registrable_domain(url)
        return self._domains.get(domain, domain) or "import"

    def _item(self, capture: Capture, name: str, source: str) -> Item:
        """Return a capture with its discovery; of one that is too large only that it was."""
        if len(capture.payload) > self._max_bytes:
            return self._bare(capture, name, source, "too_large", refused=True)
        return capture, self._discovery(name, source)

    def _bare(self, capture: Capture, name: str, source: str, failure: str, *, refused: bool = False) -> Item:
        bare = replace(capture, kind="attempt", payload=b"", status=None, headers=())
        return bare, replace(self._discovery(name, source), failure=failure, refused=refused)

    def _discovery(self, name: str, source: str) -> Discovery:
        assert self._last is not None, "every capture takes the time first"
        return Discovery(
            attempt=attempt_name(self._last, name),
            url=name,
            claimed=self._last,
            source=source,
            why="import",
        )

    def _now(self) -> datetime:
        now = self._clock()
        if self._last is not None and now <= self._last:
            now = self._last + timedelta(microseconds=1)
        self._last = now
        return now


def source_domains(source: Source) -> set[str]:
    """Return the registrable domains on which a source's articles live: those it names, else its endpoints'."""
    return set(source.domains) or {registrable_domain(endpoint.url) for endpoint in source.endpoints}


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files to read: named ones as they come, of a folder its pages and WARCs in order of name."""
    for path in paths:
        if path.is_dir():
            # A mirror made by wget has folders named like pages.
            yield from sorted(
                found for found in path.rglob("*") if _is(found, PAGES + WARCS) and not found.is_dir()
            )
        else:
            yield path


def check(paths: Sequence[Path], url: str | None) -> Problem | None:
    """Return the first reason not to begin: a path that is not there, cannot be read, or is of no known kind."""
    for path in paths:
        if not path.exists():
            return Problem(path, None, "no such file or folder", "check the path")
        try:
            next(path.iterdir(), None) if path.is_dir() else path.open("rb").close()
        except OSError as error:
            return Problem(path, None, _cause(error), "make it readable")
        if path.is_dir():
            if not any(islice(files([path]), 1)):
                return Problem(
                    path, None, "no page (.html, .html.gz) or WARC in it", "name .jsonl files one by one"
                )
        elif not _is(path, PAGES + WARCS + LINES):
            return Problem(path, None, "unknown kind of file", f"known are {' '.join(PAGES + WARCS + LINES)}")
    return None if url is None else _check_url(paths, url)


def _check_url(paths: Sequence[Path], url: str) -> Problem | None:
    if len(paths) != 1 or not _is(paths[0], PAGES) or paths[0].is_dir():
        return Problem(paths[0], None, "--url names one page", "give exactly one .html file with it")
    try:
        canonical(url)
    except ValueError:
        return Problem(paths[0], None, f"--url {url!r} is no web address", "write it out, with https://")
    return None


def _is(path: Path, endings: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(endings)


def page_url(page: bytes) -> str:
    """Return the URL a stored page gives itself: its canonical link, its og:url, else a urn of its bytes."""
    end = _HEAD_END.search(page)
    head = LexborHTMLParser(page[: end.end() if end else 200_000])
    for selector, attribute in (("link[rel~=canonical i]", "href"), ("meta[property='og:url']", "content")):
        node = head.css_first(selector)
        claimed = node.attributes.get(attribute) if node else None
        try:
            name = canonical(claimed or "")
        except ValueError:
            continue
        if not names_section(name):
            return name
    return _urn(page)


def _name(url: str) -> str:
    """Return the name under which people ask for a URL that somebody else recorded."""
    try:
        return canonical(url)
    except ValueError:
        return url


def _urn(content: bytes) -> str:
    return f"urn:sha256:{hashlib.sha256(content).hexdigest()}"


def _cause(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the file ends too early"
    return error.strerror if isinstance(error, OSError) and error.strerror else f"it is damaged ({error})"


def _split(found: Iterable[Piece | Gap]) -> Iterator[bytes | Gap]:
    """Yield the lines of a stream, and the places where it is broken off; ends at a line that is no article's."""
    begun: list[bytes] = []
    size = 0
    for piece in found:
        if isinstance(piece, Gap):
            begun, size = [], 0
            yield piece
            continue
        head, newline, tail = piece.data.partition(b"\n")
        begun.append(head)
        if newline:
            yield b"".join(begun)
            *whole, last = tail.split(b"\n")
            yield from whole
            begun, size = [last], 0
        size += len(begun[-1])
        if size > MAX_LINE:
            yield Gap(piece.offset, f"a line of more than {MAX_LINE >> 20} MiB")
            return
    if any(begun):
        yield b"".join(begun)


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    with path.open("rb") as raw:
        if _is(path, (".gz",)):
            with igzip.open(raw, "rb") as file:
                yield cast("IO[bytes]", file)
        else:
            yield raw
