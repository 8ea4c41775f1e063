"""From bytes to one parsed page: charset, sniffing, and the budgets that keep a page from stalling a worker."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding

from workers.extract.deadline import never
from workers.extract.tree import Element, grow

__all__ = ["Element", "Page", "decode", "looks_like_html", "parse", "read"]

MAX_BYTES = 16 << 20
MAX_NODES = 40_000  # more elements than this get one linear walk only
MAX_NESTING = 1_000  # start tags that nothing closes; a parser's time grows with their square
MAX_TAGS = 6_000  # fewer tags need no counting of what stands in what: it would take a tenth of the parse
LONG_TAG = 4_000  # characters; only tags of more are looked at for that
MAX_ATTRIBUTES = 1_000  # of one element; the same
_BINARY = (
    b"%PDF",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"RIFF",
    b"\x00\x00\x00",
)
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|article|main|title|meta|div|p|table)\b", re.IGNORECASE)
_OTHER_XML = re.compile(
    rb"^\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->).)*-->\s*)*<(rss|feed|urlset|sitemapindex|svg|rdf:rdf)\b",
    re.I | re.S,
)
_SEVEN_BIT = frozenset({"iso2022_jp", "iso2022_kr", "hz", "utf_7"})  # these look like ASCII, thus like UTF-8
_CONTROLS = bytes({*range(32)} - {9, 10, 12, 13})
_RARE = (b"\xef\xb7", b"\xef\xbf")  # as UTF-8: how the others begin
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff]")
_NESTING = re.compile(
    r"<(/?)(?:div|ul|ol|dl|table|section|article|main|aside|nav|header|footer|form|fieldset|center|figure|blockquote|details|"
    r"button|object|menu|select|ruby|address|hgroup|search|span|label|bdi|bdo|cite|abbr|time|sub|sup|[a-z]+-[a-z]+)\b[^<>]*>?",
    re.IGNORECASE,
)
_LONG_TAG = re.compile(rf"<([a-z][a-z0-9]*)[^<>]{{{LONG_TAG},}}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page; `heavy` says that it is over budget for anything but one linear walk, `late` that its time is up."""

    text: str
    tree: Element
    heavy: bool
    late: Callable[[], bool] = never


def looks_like_html(payload: bytes, content_type: str | None) -> bool:
    """Tell whether bytes are an HTML page: by what they are, and where that says little by their content type."""
    head = payload[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(_BINARY) or _OTHER_XML.match(head):
        return False
    if _HTML.search(payload[:65536].replace(b"\x00", b"")):  # UTF-16 has every other byte empty
        return True
    return "html" in (content_type or "").lower() and b"<" in payload


def decode(payload: bytes, charset: str | None) -> str:
    """Return bytes as text: BOM, UTF-8 where it is that, header, meta, else a cheap guess. It never fails.

    UTF-8 comes before what header and meta say: text in another charset is hardly ever valid UTF-8 by chance,
    but headers are often wrong.
    """
    return _decoded(payload, charset)[0]


def _decoded(payload: bytes, charset: str | None) -> tuple[str, bytes | None]:
    """Return bytes as text, and once more as UTF-8 where they are that: to write it again would take longer than to read."""
    named, bom = read_bom(payload)
    if named:
        return payload[len(bom or b"") :].decode(named, "replace"), None
    declared = [
        name
        for claim in (charset, html_body_declared_encoding(payload))
        if claim and (name := resolve_encoding(claim))
    ]
    if not any(name in _SEVEN_BIT for name in declared):
        text, raw = _as_utf8(payload)
        if text is not None:
            return text, raw
        declared = [name for name in declared if name != "utf-8"]
    for name in declared:
        try:
            return payload.decode(name, "strict" if name != declared[-1] else "replace"), None
        except (UnicodeDecodeError, LookupError):
            continue
    return payload.decode(_guess(payload), "replace"), None


def _as_utf8(payload: bytes) -> tuple[str | None, bytes | None]:
    """Return the text where bytes are UTF-8, be it with a few broken ones (cut pages, mixed-in snippets); they too if with none."""
    try:
        return payload.decode("utf-8"), payload
    except UnicodeDecodeError:
        text = payload.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if text.count("\ufffd") <= 2 + beyond_ascii // 50 else None, None


def _guess(payload: bytes) -> str:
    """Return the likelier of the two legacy charsets of our languages for bytes that nobody declared."""
    high = [byte for byte in payload[:20000] if byte >= 0xC0]
    rest = len(payload[:20000]) - len(high)
    # In Latin script accented letters are rare; in a text in Arabic script most letters are high bytes.
    return "cp1256" if len(high) * 3 > rest else "cp1252"


def read(payload: bytes, charset: str | None) -> Page | None:
    """Return the page that bytes are, parsed, or None where there is no element in it."""
    return parse(*_decoded(payload, charset))


def parse(text: str, given: bytes | None = None) -> Page | None:
    """Return the parsed page, or None where there is no element in it; `given` is the same as UTF-8, if it is at hand."""
    clean, raw = _printable(text, given)
    if not clean or clean.isspace():
        return None
    if _has_long_tag(raw):
        clean, raw = _again(_LONG_TAG.sub(_without_attributes, clean))
    opens = raw.count(b"<")
    if opens > MAX_TAGS and opens - 2 * raw.count(b"</") > MAX_NESTING:
        clean, raw = _again(_shallow(clean))
    tree, whole = grow(raw)
    return Page(clean, tree, not whole or len(tree.page) > MAX_NODES) if tree else None


def _printable(text: str, given: bytes | None) -> tuple[str, bytes]:
    """Return a text without what no page means, and as UTF-8: most of it falls to a pass over bytes, the quickest there is."""
    try:
        given = given or text.encode()
    except UnicodeEncodeError:  # halves of a pair, which no text has
        text, given = _again(text.encode("utf-8", "replace").decode())
    raw = given.translate(None, _CONTROLS)
    if b"\xef" in raw and any(
        mark in raw for mark in _RARE
    ):  # looking for one byte takes a tenth of looking for two
        return _again(_UNPRINTABLE.sub("", raw.decode()))
    return (text if len(raw) == len(given) else raw.decode()), raw


def _has_long_tag(raw: bytes) -> bool:
    """Tell whether some tag has too many attributes: it is long, thus has a stretch of bytes in it without an end of one."""
    starts = range(0, len(raw) - LONG_TAG, LONG_TAG)
    shut = (at for at in starts if raw.find(b">", at, at + LONG_TAG) < 0)
    return any(_is_crowded(raw, at) for at in shut)


def _is_crowded(raw: bytes, at: int) -> bool:
    start = raw.rfind(b"<", 0, at)
    end = raw.find(b">", start)
    return end < 0 or (end > at and len(raw[start:end].split(None, MAX_ATTRIBUTES + 1)) > MAX_ATTRIBUTES)


def _again(text: str) -> tuple[str, bytes]:
    return text, text.encode()


def _without_attributes(tag: re.Match[str]) -> str:
    return f"<{tag[1]}" if len(tag[0].split(None, MAX_ATTRIBUTES + 1)) > MAX_ATTRIBUTES else tag[0]


def _shallow(text: str) -> str:
    """Return markup without the start tags that stand too deep inside others."""
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag[1]:
            depth = max(0, depth - 1)
        elif depth < MAX_NESTING:
            depth += 1
        else:
            return ""
        return tag[0]

    return _NESTING.sub(keep, text)
