"""From bytes to one parsed page: charset, sniffing, and the budgets that keep a page from stalling a worker."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from lxml import etree
from lxml.etree import _Element as Element  # pyright: ignore[reportPrivateUsage]  # lxml has no other name for it
from lxml.html import HTMLParser, document_fromstring
from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding

MAX_BYTES = 16 << 20
MAX_NODES = (
    40_000  # more elements than this are not given to trafilatura, whose time grows faster than its input
)

_PARSER = HTMLParser(collect_ids=False, encoding="utf-8", remove_comments=True, remove_pis=True)
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
_count = etree.XPath("count(//*)")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_SELF_CLOSED_ROOT = re.compile(r"(<html[^<>]*?)\s*/>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page; `heavy` says that it is over budget for anything but one linear walk."""

    text: str
    tree: Element
    heavy: bool


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
    named, bom = read_bom(payload)
    if named:
        return payload[len(bom or b"") :].decode(named, "replace")
    declared = [
        name
        for claim in (charset, html_body_declared_encoding(payload))
        if claim and (name := resolve_encoding(claim))
    ]
    if not any(name in _SEVEN_BIT for name in declared):
        text = _as_utf8(payload)
        if text is not None:
            return text
        declared = [name for name in declared if name != "utf-8"]
    for name in declared:
        try:
            return payload.decode(name, "strict" if name != declared[-1] else "replace")
        except (UnicodeDecodeError, LookupError):
            continue
    return payload.decode(_guess(payload), "replace")


def _as_utf8(payload: bytes) -> str | None:
    """Return the text where bytes are UTF-8, be it with a few broken ones (cut pages, mixed-in snippets)."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        text = payload.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if text.count("\ufffd") <= 2 + beyond_ascii // 50 else None


def _guess(payload: bytes) -> str:
    """Return the likelier of the two legacy charsets of our languages for bytes that nobody declared."""
    high = [byte for byte in payload[:20000] if byte >= 0xC0]
    rest = len(payload[:20000]) - len(high)
    # In Latin script accented letters are rare; in a text in Arabic script most letters are high bytes.
    return "cp1256" if len(high) * 3 > rest else "cp1252"


def parse(text: str) -> Page | None:
    """Return the parsed page, or None where there is no element in it."""
    clean = _UNPRINTABLE.sub("", text)
    clean = _SELF_CLOSED_ROOT.sub(r"\1>", clean[:2000], count=1) + clean[2000:]
    if not clean.strip():
        return None
    try:
        tree = document_fromstring(clean.encode("utf-8"), parser=_PARSER)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None
    return Page(clean, tree, _is_heavy(tree))


def _is_heavy(tree: Element) -> bool:
    """Tell whether a page has too many elements. Depth needs no guard: libxml2 drops what is deeper than 255."""
    return cast("float", _count(tree)) > MAX_NODES
