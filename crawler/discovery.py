"""From the bytes of a feed to the articles it announces: pure, lenient, and bounded against hostile ones."""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from html.entities import html5
from typing import Any, cast
from zoneinfo import ZoneInfo

import feedparser
from lxml import etree

from crawler.guard import absolute_link
from khabar.models import Entry
from khabar.urls import canonical

MAX_ENTRIES = 2000  # the newest come first in any sane feed; more is an archive or an attack
MAX_TEXT = 1 << 20
MAX_LINE = 1000

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_ROOT = re.compile(r"<(?:[\w-]{1,20}:)?(?:rss|feed|rdf|channel)(?=[\s>])", re.IGNORECASE)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ITEM = re.compile(r"<(?:[\w-]{1,20}:)?(?:item|entry)[\s/>]", re.IGNORECASE)
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_NUMBERED = re.compile(r"&#(?:(\d{1,9})|[xX]([0-9a-fA-F]{1,8}));")
_BARE = re.compile(r"&(?!#?\w{1,32};)")
_PREFIX = re.compile(r"(</?)([A-Za-z][\w-]{0,30}):(?=[A-Za-z])")
_HUGE_TAG = re.compile(r"<[^<>]{10000,}>?")
_UNENDED_TAG = re.compile(r"<(?![^<>]*>)")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "atom": "http://www.w3.org/2005/Atom",
    "media": "http://search.yahoo.com/mrss/",
}
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed announced; `problem` says why there is nothing, `dropped` counts what had no usable link."""

    entries: tuple[Entry, ...] = ()
    dropped: int = 0
    problem: str | None = None


def read_feed(data: bytes, url: str, timezone: str = "UTC", charset: str | None = None) -> Feed:
    """Read RSS, Atom or RDF, also where it is broken; `charset` is the HTTP header's, believed last.

    Times without a zone are taken in `timezone`. Two entries of one article are one: the first.
    """
    if not data.strip():
        return Feed(problem="empty")
    text = _disarm(decode(data, charset))
    if text is None:
        return Feed(problem="not_a_feed")
    try:
        parsed = _parse(text)
    except (LookupError, AttributeError, ValueError, TypeError):
        # feedparser trips over what no feed has, such as an item within the link of an item.
        return Feed(problem="not_a_feed")
    found = [
        _entry(item, url, ZoneInfo(timezone), parsed["version"]) for item in parsed["entries"][:MAX_ENTRIES]
    ]
    entries = _distinct(entry for entry in found if entry is not None)
    return Feed(entries, dropped=sum(entry is None for entry in found))


def decode(data: bytes, charset: str | None = None) -> str:
    """Return the text of a feed: its byte order mark, else UTF-8 where it is valid, else what it declares.

    Valid UTF-8 with a non-ASCII letter is never anything else, whatever the header or the declaration claims.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, errors="replace")
    declared = _DECLARED.match(data)
    for name in ("utf-8", declared[1].decode("ascii") if declared else None, charset):
        try:
            return data.decode(name or "utf-8")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", errors="replace")


def parse_time(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the time that a feed printed, with its own offset; without one, in the source's zone."""
    text = text.strip()[:100]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, IndexError, TypeError, OverflowError):
            return None
    if moment.tzinfo is not None and abs(moment.utcoffset() or timedelta()) > timedelta(hours=15):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _disarm(text: str) -> str | None:
    """Take out what a parser could be hurt by; None where there is no root element of a feed.

    What stands before the root goes, and with it every entity definition; so do items past the cap.
    Each step is linear in the length of the text.
    """
    root = _ROOT.search(text)
    if root is None:
        return None
    text = _NUMBERED.sub(_numbered, _NAMED.sub(_letter, _NOT_XML.sub("", text[root.start() :])))
    # A tag with thousands of attributes takes any XML parser minutes.
    text = _HUGE_TAG.sub("", text)
    for count, item in enumerate(_ITEM.finditer(text)):
        if count == MAX_ENTRIES:
            return text[: item.start()]
    return text


def _letter(name: re.Match[str]) -> str:
    """Return the character of an HTML entity that XML does not know; the five it knows stay."""
    return name[0] if name[1] in _XML_NAMES else html5.get(f"{name[1]};", name[0])


def _numbered(name: re.Match[str]) -> str:
    """Return a reference by number as it is, nothing where the number is no character of XML."""
    number = int(name[1]) if name[1] else int(name[2], 16)
    is_character = number in {9, 10, 13} or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
    return name[0] if is_character or 0x10000 <= number < 0x110000 else ""


def _parse(text: str) -> dict[str, Any]:
    """Hand feedparser well-formed XML alone: its own reader of broken XML takes minutes on a hostile one."""
    try:
        etree.fromstring(text.encode("utf-8", errors="replace"), _parser(recover=False))
    except etree.XMLSyntaxError:
        text = _mend(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # feedparser's own deprecated calls are no news to us
        return cast(
            "dict[str, Any]",
            feedparser.parse(
                text.encode("utf-8", errors="replace"),
                response_headers={"content-type": "application/xml; charset=utf-8"},
                sanitize_html=False,
                resolve_relative_uris=False,
            ),
        )


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(recover=recover, resolve_entities=False, no_network=True, encoding="utf-8")


def _mend(text: str) -> str:
    """Declare or fold away undeclared prefixes, escape bare ampersands, close what is unclosed."""
    known = {name for name in _NAMESPACES if f"xmlns:{name}=" not in text}
    declared = set(re.findall(r"xmlns:([\w-]{1,31})\s{0,9}=", text)) | known
    text = _outside_cdata(text, lambda part: _escape(_fold_prefixes(part, declared)))
    head = _ROOT.match(text)
    if head is not None:
        added = "".join(f' xmlns:{name}="{_NAMESPACES[name]}"' for name in sorted(known))
        text = f"{text[: head.end()]}{added}{text[head.end() :]}"
    root = cast("Any", etree.fromstring(text.encode("utf-8", errors="replace"), _parser(recover=True)))
    return "" if root is None else str(etree.tostring(root, encoding="unicode"))


def _escape(part: str) -> str:
    return _UNENDED_TAG.sub("&lt;", _BARE.sub("&amp;", part))


def _fold_prefixes(part: str, declared: set[str]) -> str:
    return _PREFIX.sub(lambda tag: tag[0] if tag[2] in declared else f"{tag[1]}{tag[2]}_", part)


def _outside_cdata(text: str, change: Callable[[str], str]) -> str:
    """Apply a change to all of a text but its CDATA sections, where an ampersand is only itself."""
    parts: list[str] = []
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0 and (end := text.find("]]>", start)) >= 0:
        parts += [change(text[at:start]), text[start : end + 3]]
        at = end + 3
    return "".join([*parts, change(text[at:])])


def _entry(item: Mapping[str, Any], base: str, zone: ZoneInfo, version: str) -> Entry | None:
    """Return what one item says, None where it links to nothing we may fetch."""
    link = absolute_link(_string(item, "link") or _string(item, "id") or "", base)
    if link is None:
        return None
    published, updated = (_time(item, name, zone) for name in ("published", "updated"))
    return Entry(
        url=link,
        title=_line(_string(item, "title")),
        authors=_authors(item),
        # RSS 1.0 knows one date, dc:date, which feedparser takes for an update.
        published=published or (None if version.startswith("atom") else updated),
        updated=updated,
        guid=_line(_string(item, "id")),
        text=_text(item),
    )


def _string(item: Mapping[str, Any], name: str) -> str | None:
    """Return a member as it is stored: feedparser's own lookup invents `updated` from `published`."""
    value = dict.get(cast("dict[str, Any]", item), name)
    return value if isinstance(value, str) and value.strip() else None


def _time(item: Mapping[str, Any], name: str, zone: ZoneInfo) -> datetime | None:
    """Return a member's time; where only feedparser can read the form, its fields without a zone."""
    printed = _string(item, name)
    if printed is None:
        return None
    fields = dict.get(cast("dict[str, Any]", item), f"{name}_parsed")
    return parse_time(printed, zone) or (datetime(*fields[:6], tzinfo=zone) if fields else None)


def _line(value: str | None) -> str | None:
    """Return one line of plain text: no tags, no entities, no runs of spaces."""
    plain = " ".join(html.unescape(_TAG.sub(" ", value or "")).split())
    return plain[:MAX_LINE] or None


def _authors(item: Mapping[str, Any]) -> tuple[str, ...]:
    listed = cast("list[dict[str, Any]]", dict.get(cast("dict[str, Any]", item), "authors") or [])
    names = [_line(_string(author, "name")) for author in listed[:20]]
    return tuple(dict.fromkeys(name for name in names if name))


def _text(item: Mapping[str, Any]) -> str | None:
    """Return the full text, HTML, where the feed carries it; a summary is not one."""
    contents = cast("list[dict[str, Any]]", dict.get(cast("dict[str, Any]", item), "content") or [])
    longest = max((_string(content, "value") or "" for content in contents), key=len, default="")
    return longest if 0 < len(longest) <= MAX_TEXT else None


def _distinct(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    kept: dict[str, Entry] = {}
    for entry in entries:
        kept.setdefault(canonical(entry.url), entry)
    return tuple(kept.values())
