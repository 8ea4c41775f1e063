"""What a source's own rules find on its pages; everything they leave open is found without them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from khabar.models import Rules, Source
from workers.extract.agencies import without_agencies
from workers.extract.authors import clean_authors
from workers.extract.dates import Dated, habits_of, plausible, read_date
from workers.extract.markup import Page, parse
from workers.extract.metadata import Metadata

CERTAIN = 0.99  # somebody looked where it stands


@dataclass(frozen=True, slots=True)
class Told:
    """What the rules say of a page: the page without what is to be dropped, and what their selectors name."""

    page: Page
    body: Page | None = None  # the part of the page that is the article's text
    title: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None
    dates: tuple[str, ...] = ()


def rules_of(source: Source | None, fetched: date) -> Rules | None:
    """Return the version of a source's rules that held when a page was fetched."""
    versions = source.rules if source else ()
    return next((one for one in versions if one.valid_until is None or fetched <= one.valid_until), None)


def apply(rules: Rules, page: Page) -> Told:
    """Return what rules say of a page. A selector that finds nothing says nothing: the page may be of another kind."""
    tree = LexborHTMLParser(page.text)
    authors, agencies = without_agencies(clean_authors(_texts(tree, rules.author)))
    title, dates = _texts(tree, rules.title), _texts(tree, rules.date)
    for selector in rules.drop:
        for node in tree.css(selector):
            node.decompose()
    left = parse(tree.html or "") or page
    chosen = tree.css(rules.body) if rules.body else []
    text = "".join(node.html or "" for node in chosen if not _is_inside(node, chosen))
    body = parse(f"<html><body>{text}</body></html>") if text else None
    return Told(
        replace(left, late=page.late),
        body,
        next(iter(title), None),
        authors,
        ", ".join(agencies) or None,
        tuple(dates),
    )


def correct(found: Metadata, told: Told, source: Source, fetched: datetime) -> Metadata:
    """Return what a page says of its article, with what the rules know better."""
    published = _published(told.dates, source, fetched) or found.published
    signed = bool(told.authors or told.agency)
    return replace(
        found,
        title=told.title or found.title,
        authors=told.authors if signed else found.authors,
        agency=told.agency if signed else found.agency,
        published=published,
    )


def _texts(tree: LexborHTMLParser, selector: str | None) -> list[str]:
    nodes = tree.css(selector) if selector else []
    return [text for node in nodes if (text := _said_by(node))]


def _said_by(node: LexborNode) -> str:
    """Return what an element says: a meta's content, a time's machine-readable moment, else its text."""
    given = node.attributes.get("content") or node.attributes.get("datetime")
    return " ".join((given or node.text(separator=" ")).split())


def _is_inside(node: LexborNode, others: list[LexborNode]) -> bool:
    known = {other.mem_id for other in others}
    parent = node.parent
    while parent is not None:
        if parent.mem_id in known:
            return True
        parent = parent.parent
    return False


def _published(texts: tuple[str, ...], source: Source, fetched: datetime) -> Dated | None:
    for text in texts:
        found = read_date(text, habits_of(source))
        if found and plausible(found[0], fetched):
            return Dated(*found, "rule", CERTAIN)
    return None
