"""What a page says of its article: JSON-LD, then meta, then byline and time elements, then htmldate for the date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from khabar.models import Entry, Source
from khabar.text import fold
from khabar.urls import believable_canonical, canonical, registrable_domain
from workers.extract import jsonld
from workers.extract.agencies import without_agencies
from workers.extract.authors import clean_authors, is_login
from workers.extract.bylines import bylines
from workers.extract.dates import Dated
from workers.extract.markup import Page
from workers.extract.pubdate import Clues, choose_modified, choose_published
from workers.extract.regions import text_of
from workers.extract.room import Room
from workers.extract.titles import MAX_TITLE, choose_title, headings_of
from workers.extract.tree import Element, Tree, attributes

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "datepublished", "date", "dc.date", "dc.date.issued",
    "dcterms.created", "dcterms.date", "dc.date.created", "pubdate", "publishdate", "publish-date", "publish_date",
    "article.published", "published_time", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime",
    "og:pubdate", "og:published_time", "article:post_date", "weibo:article:create_at", "originalpublicationdate",
    "created", "article_date_original", "displaydate", "date.created", "last-modified-original", "cre", "iso-8601-publish-date",
    "citation_online_date", "citation_publication_date", "citation_date", "published", "publication_date",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "last-modified",
    "revised",
    "lastmod",
)
_PUBLISHED_NAME = re.compile(
    r"publi[sc]h?\w*[-_.:]?(date|time|on|at)\b|pub[-_]?date|(date|time)[-_.:]?publi[sc]|first[-_]?publi"
)
_PUBLISHED_RANKS = {name: rank for rank, name in enumerate(_PUBLISHED)}  # the first is believed most
_MODIFIED_RANKS = {name: rank for rank, name in enumerate(_MODIFIED)}
_AUTHOR = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "sailthru.author",
    "byl",
    "article:author_name",
    "cxenseparse:author",
    "citation_author",
    "twitter:data1",
)
_NAMES = ("property", "name", "itemprop", "http-equiv")
_WEB = ("http://", "https://")
_CRUMB_TAGS = ("nav", "ul", "ol", "div", "p")
MAX_CONTENT = 2000
_LISTS = frozenset({"CollectionPage", "SearchResultsPage"})
_RESERVED = frozenset({"noarchive", "nosnippet", "noai", "noimageai", "none"})


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says of its article."""

    url: str
    title: str = ""
    authors: tuple[str, ...] = ()
    agency: str | None = None
    published: Dated | None = None
    modified: Dated | None = None
    section: str | None = None
    breadcrumb: tuple[str, ...] = ()
    image: str | None = None
    lang_hint: str | None = None
    kinds: tuple[str, ...] = ()
    reservations: tuple[str, ...] = ()
    free: bool | None = None  # False: the page says that not all of it can be read without paying
    video: bool = False  # the page says that it is a film's
    collection: bool = False  # the page says that it is a list


Metas = Mapping[str, list[str]]


def describe(page: Page, url: str, source: Source | None, entry: Entry | None, fetched: datetime) -> Metadata:
    """Return what a parsed page says of its article; the feed's entry fills what the page leaves open."""
    tree = page.tree
    metas, nodes = _metas(tree), jsonld.read_jsonld(tree)
    social, page_title = _first(metas, "og:title", "twitter:title"), _page_title(tree)
    headings = headings_of(tree, page_title or "")
    address = _address(tree, metas, url)
    article = jsonld.article_of(nodes, (url, address), headings[0] if headings else social)
    node = article or {}
    sites = _sites(metas, node, source, address)
    kinds = jsonld.types(node)
    news = any(kind.endswith("NewsArticle") for kind in kinds)
    title = choose_title(headings, jsonld.text(node.get("headline")), social, page_title, sites, news=news)
    room = Room(tree.page, title)
    crumbs = _without_home(jsonld.breadcrumb(nodes) or _printed_crumbs(tree), title)
    authors, agency = _signed(
        _named(article or jsonld.page_of(nodes) or {}, nodes, metas, room, entry), sites
    )
    clues = Clues(_dates(article, nodes, metas), room, address, entry, fetched, page)
    return Metadata(
        url=address,
        title=title or (entry.title if entry and entry.title else ""),
        authors=authors,
        agency=agency,
        published=choose_published(clues, source),
        modified=choose_modified(clues, source),
        section=_first(metas, "article:section")
        or jsonld.text(node.get("articleSection"))
        or (crumbs[-1] if crumbs else None),
        breadcrumb=crumbs,
        image=_image(node, metas, address),
        lang_hint=_language(tree, metas, node),
        kinds=kinds,
        reservations=_reservations(metas),
        free=_is_free(nodes),
        video=(_first(metas, "og:type") or "").startswith("video"),
        collection=any(_LISTS.intersection(jsonld.types(one)) for one in nodes),
    )


def _metas(tree: Element) -> dict[str, list[str]]:
    """Return the contents of meta elements and of itemprops by lower-case name."""
    found: dict[str, list[str]] = {}
    page = tree.page
    for place in page.places.get("meta", ()):
        raw = page.raw[place]
        given = attributes(raw) if "content=" in raw else {}
        content = " ".join(given.get("content", "")[:MAX_CONTENT].split())
        for attribute in _NAMES if content else ():
            if name := given.get(attribute):
                found.setdefault(name.strip().lower(), []).append(content)
    return found


def _first(metas: Metas, *names: str) -> str | None:
    return next((metas[name][0] for name in names if name in metas), None)


def _page_title(tree: Element) -> str | None:
    title = next(tree.iter("title"), None)
    return text_of(title)[:MAX_TITLE] if title is not None else None


def _sites(metas: Metas, node: jsonld.Node, source: Source | None, url: str) -> list[str]:
    """Return the names that the site goes by; the last is that in its address."""
    named = [
        *metas.get("og:site_name", []),
        *metas.get("application-name", []),
        jsonld.text(node.get("publisher")),
    ]
    handle = (_first(metas, "twitter:site") or "").lstrip("@")
    domain = "" if url.startswith("urn:") else registrable_domain(url).split(".")[0]
    return [name for name in [*named, handle, source.name if source else None, domain] if name]


def _address(tree: Element, metas: Metas, url: str) -> str:
    """Return the URL by which the page wants to be known, where it can be believed, else its own."""
    base = "" if url.startswith("urn:") else url
    for claim in [*_canonical_links(tree.page), _first(metas, "og:url")]:
        try:
            claimed = canonical(claim or "", base or None)
            if _believable(claimed, url):
                return claimed
        except ValueError:
            continue
    return canonical(url)


def _canonical_links(page: Tree) -> Iterator[str | None]:
    for place in page.places.get("link", ()):
        if "anonical" in page.raw[place]:
            given = attributes(page.raw[place])
            if "canonical" in given.get("rel", "").lower().split():
                yield given.get("href")


def _believable(claimed: str, url: str) -> bool:
    """Tell whether a page's word on its own address is to be trusted; a page without one may name any but a home page."""
    return len(urlsplit(claimed).path) > 1 if url.startswith("urn:") else believable_canonical(claimed, url)


def _dates(
    article: jsonld.Node | None, nodes: Sequence[jsonld.Node], metas: Metas
) -> list[tuple[str, str, str]]:
    """Return the machine-readable dates as (which, origin, text), the most trusted first."""
    found: list[tuple[str, str, str]] = []
    for origin, node in (("json-ld", article), ("json-ld-page", jsonld.page_of(nodes))):
        for which, key in (
            ("published", "datePublished"),
            ("published", "dateCreated"),
            ("modified", "dateModified"),
        ):
            value = jsonld.text(node.get(key)) if node else None
            if value:
                found.append((which, origin, value))
    for which, ranks in (("published", _PUBLISHED_RANKS), ("modified", _MODIFIED_RANKS)):
        named = sorted(metas.keys() & ranks.keys(), key=ranks.__getitem__)
        found.extend((which, "meta", value) for name in named for value in metas[name])
    odd = (
        name
        for name in metas
        if "pub" in name and name not in _PUBLISHED_RANKS and _PUBLISHED_NAME.search(name)
    )
    found.extend(("published", "meta", value) for name in odd for value in metas[name])
    return found


def _signed(given: Iterable[list[str]], sites: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    """Return the authors by the first that names people, and the agency by the first that names one.

    The site itself, or a login in place of a name, signs only where nobody else does.
    """
    own = {fold(site).replace(" ", "") for site in sites}
    weak: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    for names in filter(None, given):
        people, found = without_agencies(clean_authors(names))
        agencies = agencies or found
        named = tuple(
            name for name in people if fold(name).replace(" ", "") not in own and not is_login(name)
        )
        if named:
            return named, ", ".join(agencies) or None
        weak = weak or people
    return weak, ", ".join(agencies) or None


def _named(
    node: jsonld.Node,
    nodes: Sequence[jsonld.Node],
    metas: Metas,
    room: Room,
    entry: Entry | None,
) -> Iterator[list[str]]:
    yield list(jsonld.names(node.get("author"), nodes))
    yield list(jsonld.names(node.get("creator"), nodes))
    yield from (metas[name] for name in _AUTHOR if name in metas)
    yield list(entry.authors) if entry else []
    yield from bylines(room)


def _printed_crumbs(tree: Element) -> tuple[str, ...]:
    page = tree.page
    marked = (place for tag in _CRUMB_TAGS for place in page.places.get(tag, ()) if "rumb" in page.raw[place])
    place = min((place for place in marked if _is_crumbs(page.raw[place])), default=None)
    if place is None:
        return ()
    links = [text_of(link) for link in page.view(place).iter("a")]
    return tuple(link for link in links if 0 < len(link) <= 60)[:8]


def _is_crumbs(raw: str) -> bool:
    given = attributes(raw)
    return any("crumb" in given.get(name, "").lower() for name in ("class", "id", "aria-label"))


def _without_home(crumbs: tuple[str, ...], title: str) -> tuple[str, ...]:
    kept = [
        crumb for crumb in crumbs if crumb != title and len(crumb) <= 80 and not crumb.endswith(("...", "…"))
    ]
    home = bool(kept) and kept[0].lower() in {
        "home",
        "homepage",
        "startseite",
        "inicio",
        "accueil",
        "صفحہ اول",
        "ہوم",
        "होम",
        "خانه",
        "کور",
    }
    return tuple(kept[home:])


def _image(node: jsonld.Node, metas: Metas, base: str) -> str | None:
    value = node.get("image")
    value = value[0] if isinstance(value, list) and value else value
    value = value.get("url") if isinstance(value, dict) else value
    found = _first(metas, "og:image", "og:image:url", "twitter:image") or (
        value if isinstance(value, str) else None
    )
    if not found:
        return None
    if found.startswith(_WEB) and "[" not in found:
        return found
    try:
        absolute = urljoin("" if base.startswith("urn:") else base, found)
    except ValueError:
        return None
    return absolute if absolute.startswith(_WEB) else None


def _is_free(nodes: Sequence[jsonld.Node]) -> bool | None:
    """Return what the page says of being free to read; nothing where it says nothing."""
    told = [str(node["isAccessibleForFree"]).lower() for node in nodes if "isAccessibleForFree" in node]
    return not any(word in {"false", "no"} or word.endswith("/false") for word in told) if told else None


def _language(tree: Element, metas: Metas, node: jsonld.Node) -> str | None:
    hint = (
        tree.get("lang")
        or _first(metas, "content-language", "og:locale")
        or jsonld.text(node.get("inLanguage"))
    )
    return hint.replace("_", "-") if hint else None


def _reservations(metas: Metas) -> tuple[str, ...]:
    """Return what the publisher reserves, as its meta elements say it."""
    words = {word.strip().lower() for value in metas.get("robots", []) for word in value.split(",")}
    mining = {"tdm-reservation"} if "1" in metas.get("tdm-reservation", []) else set[str]()
    return tuple(sorted(words & _RESERVED | mining))
