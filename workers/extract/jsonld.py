"""JSON-LD as pages really carry it: in comments, with raw newlines, as @graph, with references by @id."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from workers.extract.markup import Element

Node = Mapping[str, Any]

MAX_BLOCK = 1 << 20
MAX_NODES = 400
MAX_VALUE = 2000

ARTICLE = frozenset(
    [
        "Article",
        "NewsArticle",
        "OpinionNewsArticle",
        "AnalysisNewsArticle",
        "BackgroundNewsArticle",
        "ReportageNewsArticle",
        "ReviewNewsArticle",
        "AskPublicNewsArticle",
        "AdvertiserContentArticle",
        "SatiricalArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "SocialMediaPosting",
        "Report",
        "ScholarlyArticle",
        "TechArticle",
        "Review",
        "ClaimReview",
    ]
)
_PAGE = frozenset({"WebPage", "ItemPage", "CollectionPage"})
_PAIR = re.compile(r'"(@type|datePublished|dateModified|dateCreated)"\s*:\s*"([^"\n]{4,60})"')
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


def read_jsonld(tree: Element) -> list[Node]:
    """Return all nodes of a page's JSON-LD, in order, the members of @graph and of lists one by one."""
    nodes: list[Node] = []
    for block in tree.page.data:
        nodes.extend(_flatten(_load(block[:MAX_BLOCK])))
        if len(nodes) >= MAX_NODES:
            break
    return nodes[:MAX_NODES]


@lru_cache(maxsize=8)  # the stages read the same page one after the other, and change nothing in it
def _load(text: str) -> object:
    """Return what a block says, mended where it must be; None where nothing helps."""
    bare = _unwrap(text)
    for attempt in (bare, _TRAILING_COMMA.sub(r"\1", bare), html.unescape(bare)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return _salvaged(bare)


def _salvaged(text: str) -> object:
    """Return the dates and the type in a block that is no JSON, as one that quotes its headline wrongly."""
    found = dict(
        reversed(_PAIR.findall(text))
    )  # the first of each: an image's or a publisher's type comes later
    kind = found.pop("@type", "")
    return {"@type": kind, **found} if kind in ARTICLE and found else None


def _unwrap(text: str) -> str:
    """Return a block's JSON without the comment or CDATA marks that hide it from old browsers."""
    bare = text.strip()
    for mark in ("//", "<!--", "//", "<![CDATA[", "//"):
        bare = bare.removeprefix(mark).lstrip()
    for mark in (";", "-->", "]]>", "//", ";"):
        bare = bare.removesuffix(mark).rstrip()
    return bare


def _flatten(value: object, depth: int = 0) -> Iterator[Node]:
    if depth > 6:
        return
    if isinstance(value, list):
        for item in value:
            yield from _flatten(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity"):
            yield from _flatten(value.get(key), depth + 1)


def types(node: Node) -> tuple[str, ...]:
    """Return the types of a node without their namespace."""
    value = node.get("@type")
    listed = value if isinstance(value, list) else [value]
    return tuple(re.split(r"[/#:]", name)[-1] for name in listed if isinstance(name, str))


def article_of(nodes: Sequence[Node], urls: Sequence[str], title: str | None) -> Node | None:
    """Return the node that describes this page's article: that of its address, of its title, else the first."""
    articles = [node for node in nodes if ARTICLE.intersection(types(node))]
    if not articles:
        return None
    paths = set(map(_path, urls)) - {""}
    for node in articles:
        if paths.intersection(map(_path, _addresses(node))):
            return node
    same = [node for node in articles if title and text(node.get("headline")) == title]
    return (same or articles)[0]


def _path(url: str) -> str:
    """Return the path of an address; of what is none, nothing."""
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""


def page_of(nodes: Sequence[Node]) -> Node | None:
    """Return the node that describes the page itself, which some sites give dates and authors instead."""
    return next((node for node in nodes if _PAGE.intersection(types(node))), None)


def _addresses(node: Node) -> Iterator[str]:
    for key in ("url", "mainEntityOfPage", "@id"):
        value = node.get(key)
        value = value.get("@id") or value.get("url") if isinstance(value, dict) else value
        if isinstance(value, str):
            yield value


def resolve(value: object, nodes: Sequence[Node]) -> object:
    """Return the node that a bare {"@id": …} refers to, and anything else as it is."""
    if isinstance(value, dict) and "@id" in value and "name" not in value:
        return next((node for node in nodes if node.get("@id") == value["@id"] and "name" in node), value)
    return value


def text(value: object) -> str | None:
    """Return the first string in a value, its HTML entities resolved."""
    if isinstance(value, list):
        return next((found for item in value if (found := text(item))), None)
    if isinstance(value, dict):
        return text(value.get("@value") or value.get("name"))
    if not isinstance(value, str):
        return None
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", value[:MAX_VALUE])).split()) or None


def names(value: object, nodes: Sequence[Node]) -> Iterator[str]:
    """Yield the names in an author value: a string, a person, a reference, or a list of any."""
    value = resolve(value, nodes)
    if isinstance(value, list):
        for item in value:
            yield from names(item, nodes)
    elif isinstance(value, dict):
        name = value.get("name")
        # what a name refers to is not looked up: it might be the very node it is of
        yield from names(name, ()) if isinstance(name, list | dict) else filter(None, [text(name)])
    elif found := text(value):
        yield found


def _position(crumb: tuple[int, Node]) -> int:
    place, item = crumb
    told = item.get("position")
    return int(told) if isinstance(told, int) else place


def breadcrumb(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Return the names of the page's breadcrumb list, in order of position."""
    for node in nodes:
        items = node.get("itemListElement")
        if "BreadcrumbList" not in types(node) or not isinstance(items, list):
            continue
        crumbs = [(place, item) for place, item in enumerate(items) if isinstance(item, dict)]
        crumbs.sort(key=_position)
        found = (text(item.get("name")) or text(item.get("item")) for _, item in crumbs)
        return tuple(name for name in found if name and "://" not in name)
    return ()
