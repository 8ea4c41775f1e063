"""What a page tells machines of its article's text: the headline, the summary, and now and then all of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.extract.jsonld import read_jsonld
from workers.extract.tree import Element, attributes

MIN_TEXT = 250  # characters; less is a summary
_TITLES = ("og:title", "twitter:title")
_SUMMARIES = ("og:description", "description")
_MARKUP = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"</p>|<br\s*/?>|\n|\\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Brief:
    """What a page says of its text outside of it."""

    title: str = ""
    summary: str = ""
    paragraphs: tuple[str, ...] = ()  # the article's text, where the data for machines have it


def read_brief(tree: Element) -> Brief:
    """Return what a page tells machines of its article's text."""
    page, metas = tree.page, dict[str, str]()
    for place in page.places.get("meta", ()):
        given = attributes(page.raw[place])
        if name := given.get("property") or given.get("name"):
            metas.setdefault(name, given.get("content", ""))
    headline = next(filter(None, map(page.line, page.places.get("h1", ()))), "")
    title = headline or next((metas[name] for name in _TITLES if metas.get(name)), "")
    summary = next((metas[name] for name in _SUMMARIES if metas.get(name)), "")
    return Brief(title, summary, _paragraphs(max(_texts(tree), key=len, default="")))


def _texts(tree: Element) -> Iterator[str]:
    if any("articlebody" in block.lower() for block in tree.page.data):
        for node in read_jsonld(tree):
            text = node.get("articleBody")
            if isinstance(text, str):
                yield text


def _paragraphs(text: str) -> tuple[str, ...]:
    if len(text) < MIN_TEXT:
        return ()
    lines = (_MARKUP.sub(" ", line) for line in _BREAK.split(html.unescape(text)))
    return tuple(filter(None, (" ".join(line.split()) for line in lines)))
