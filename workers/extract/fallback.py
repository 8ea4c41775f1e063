"""The fallback for bodies: trafilatura, given the page as libxml2 reads it."""

from __future__ import annotations

import logging
import re

from lxml import etree
from lxml.etree import _Element as LxmlElement  # pyright: ignore[reportPrivateUsage]  # lxml has no other name for it
from lxml.html import HTMLParser, document_fromstring
from trafilatura import bare_extraction

_PARSER = HTMLParser(collect_ids=False, encoding="utf-8", remove_comments=True, remove_pis=True)
_SELF_CLOSED_ROOT = re.compile(r"(<html[^<>]*?)\s*/>", re.IGNORECASE)
_SPELLED = (
    "&zwnj",
    "&zwj",
    "&#8204",
    "&#8205",
    "&#x200c",
    "&#x200d",
    "&#x200C",
    "&#x200D",
    "\u200c",
    "\u200d",
)
# Two letters of extinct scripts that no page has: as printable as trafilatura wants them, and no word boundary.
_SHIELD = str.maketrans({"\u200c": "\U00010a1b", "\u200d": "\U00010a1c"})
_UNSHIELD = str.maketrans({"\U00010a1b": "\u200c", "\U00010a1c": "\u200d"})

# It reports each page it finds nothing in at WARNING and ERROR; what we make of that is an outcome, not a log line.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)


def ask_trafilatura(html: str, precise: bool, fast: bool = False) -> str:
    """Return the text that trafilatura finds, a paragraph a line; the empty text where it finds none."""
    tree = _parse(html)
    if tree is None:
        return ""
    try:
        found = bare_extraction(tree, favor_precision=precise, fast=fast, include_comments=False)
    except Exception:  # any of its many steps may trip over markup that nobody foresaw
        return ""
    return (getattr(found, "text", None) or "").translate(_UNSHIELD)


def _parse(html: str) -> LxmlElement | None:
    clean = _SELF_CLOSED_ROOT.sub(r"\1>", html[:2000], count=1) + html[2000:]
    try:
        tree = document_fromstring(clean.encode("utf-8"), parser=_PARSER)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None
    if any(mark in html for mark in _SPELLED):
        _shield(tree)
    return tree


def _shield(tree: LxmlElement) -> None:
    """Put letters for the joiners, which trafilatura drops although they are spelling in Persian, Pashto and Urdu."""
    for element in tree.iter():
        if element.text and not str(element.text).isascii():
            element.text = str(element.text).translate(_SHIELD)
        if element.tail and not str(element.tail).isascii():
            element.tail = str(element.tail).translate(_SHIELD)
