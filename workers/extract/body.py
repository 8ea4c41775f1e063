"""The body of an article: trafilatura, and a plain walk over paragraphs where a page is too much for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.extract import fallback
from workers.extract.authors import is_note, may_have_note
from workers.extract.markup import Element, Page
from workers.extract.regions import is_furniture, text_of

SHORT = 250  # characters; a body below it is looked for again
SHARE = 0.4  # of the text in long paragraphs; the same
LONG = 80  # characters of a paragraph that is prose

_BLOCKS = frozenset(
    {
        "p",
        "div",
        "li",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "br",
        "tr",
        "figure",
        "ul",
        "ol",
        "body",
        "section",
    }
)

_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Body:
    """Paragraphs in order, and how far the finding is to be trusted."""

    paragraphs: list[str]
    confidence: float


def find_body(page: Page, whole: bool = False) -> Body:
    """Return the article's paragraphs; `whole` says that all of the page is the article.

    trafilatura's precision mode is the cleaner one, but now and then keeps a fragment only. Its result is measured
    against the long paragraphs on the page, and a fragment gives way to the default mode.
    """
    if page.heavy:
        return Body(_plain(page.tree), 0.3)
    prose = [text for p in page.tree.iter("p") if len(text := text_of(p)) > LONG]
    if whole:
        return Body(_whole(page.tree), 0.9)
    enough = max(SHORT, SHARE * sum(map(len, prose)))
    body = Body(_lines(fallback.ask_trafilatura(page.text, precise=True)), 0.9)
    if sum(map(len, body.paragraphs)) < enough:
        other = Body(_lines(fallback.ask_trafilatura(page.text, precise=False)), 0.6)
        body = other if other.paragraphs else body
    if not body.paragraphs:
        body = Body(_plain(page.tree), 0.3)
    return Body(_with_note(body.paragraphs, page), body.confidence)


def _lines(text: str) -> list[str]:
    """Return paragraphs from one line each; the items of a list stay together, one a line."""
    paragraphs: list[str] = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        if not _WORD.search(line):  # rules and empty rows of tables
            continue
        plain = line.strip("| ") if line.startswith("|") else line
        if plain.startswith("- ") and paragraphs and paragraphs[-1].startswith("- "):
            paragraphs[-1] += f"\n{plain}"
        else:
            paragraphs.append(plain)
    return paragraphs


def _with_note(paragraphs: list[str], page: Page) -> list[str]:
    """Return the body with the note about its author at the end, where the page has one that was left out."""
    if not paragraphs or any(map(is_note, paragraphs)) or not may_have_note(page.text):
        return paragraphs
    for element in page.tree.iter("p", "em", "i", "div"):
        simple = len(element) <= 3 and not any(child.tag in _BLOCKS for child in element)
        if (
            simple
            and is_note(text := text_of(element))
            and not any(map(is_furniture, element.iterancestors()))
        ):
            return [*paragraphs, text]
    return paragraphs


def _whole(tree: Element) -> list[str]:
    """Return every block of a fragment as a paragraph, also text that stands between blocks."""
    pieces: list[str] = []
    for element in tree.iter():
        if element.tag in _BLOCKS:
            pieces.append("\n")
        if element.tag not in {"script", "style", "figcaption"}:
            pieces.append(element.text or "")
        if element.tail:
            pieces.append(f"\n{element.tail}" if element.tag in _BLOCKS - {"br"} else element.tail)
    lines = (" ".join(line.split()) for line in "".join(pieces).replace("\r", " ").split("\n"))
    return [line for line in lines if line]


def _plain(tree: Element) -> list[str]:
    """Return the paragraphs of a page that are prose and not the site's own, in one linear walk."""
    return [text for element in _paragraphs(tree) if len(text := text_of(element)) > LONG]


def _paragraphs(tree: Element) -> Iterator[Element]:
    for paragraph in tree.iter("p"):
        near = [parent for _, parent in zip(range(6), paragraph.iterancestors(), strict=False)]
        if not any(map(is_furniture, near)):
            yield paragraph
