"""Canonical URLs and the identity of an article, frozen by ID_VERSION."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import SplitResult, urljoin, urlsplit

import tldextract
from w3lib.url import canonicalize_url

ID_VERSION = 1

# Parameters that name the reader's way here, never the article.
_TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|msclkid|igshid|mc_[ce]id|_ga|yclid|ref_src|ref_url|cmpid|ncid|ocid|"
    r"at_(medium|campaign|custom\d|link_\w+)|xtor|s_cid|smid|smtyp|source|share|amp|ito|taid|soc_\w+)$"
)
_SECTION = re.compile(
    r"^/?((index|home|default)\.\w+)?$|^/(category|tag|topics?|section|author|writer)s?/", re.IGNORECASE
)

# An address in which there is nothing to make uniform, as most are.
_PLAIN = re.compile(
    r"https?://[a-z][a-z0-9-]*(\.[a-z0-9-]+)+/(?:[A-Za-z0-9/_-]|(?<=[A-Za-z0-9])\.(?=[A-Za-z0-9]))*"
)
_AMP = re.compile(r"(/amp)+/?$")

# The list of public suffixes that ships with tldextract: never fetched, never cached on disk.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def canonical(url: str, base: str | None = None) -> str:
    """Return the URL by which an article is known: absolute, sorted query, no tracking, no fragment.

    `urn:` names pass unchanged. Raises ValueError where the URL has no host or is not http(s).
    """
    if url.startswith("urn:") or (_PLAIN.fullmatch(url) and not _AMP.search(url)):
        return url
    absolute = urljoin(base, url.strip()) if base else url.strip()
    parts = urlsplit(absolute)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"not a web address: {url!r}")
    normal = urlsplit(canonicalize_url(absolute))
    path = _AMP.sub("/", normal.path) or "/"
    # Only now: an escaped name has become plain.
    kept = [field for field in normal.query.split("&") if not _TRACKING.match(field.split("=", 1)[0])]
    return normal._replace(netloc=_host(normal), path=path, query="&".join(kept)).geturl()


def _host(parts: SplitResult) -> str:
    """Return the host without user and usual port; a name in any script as the network knows it (`xn--…`)."""
    name = (parts.hostname or "").rstrip(".")
    if not name or re.search(r"[\s<>\"{}|\\^`%]", name):
        raise ValueError(f"no host has the name {name!r}")
    usual = {"http": 80, "https": 443}[parts.scheme]
    return (f"[{name}]" if ":" in name else _networks(name)) + (
        f":{parts.port}" if parts.port not in {None, usual} else ""
    )


def _networks(name: str) -> str:
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def article_id(url: str) -> str:
    """Return the id of the article at this canonical URL: 20 hex digits.

    Scheme, `www.` and a trailing slash do not tell two articles apart.
    """
    key = re.sub(r"^https?://(www\.)?", "", url)
    key = re.sub(r"/(\?|$)", r"\1", key) if not url.startswith("urn:") else key
    return hashlib.sha256(f"{ID_VERSION}:{key}".encode()).hexdigest()[:20]


def registrable_domain(url_or_host: str) -> str:
    """Return the domain someone registered (`www.bbc.co.uk` → `bbc.co.uk`), or the bare host where there is none."""
    host = urlsplit(url_or_host).hostname if "//" in url_or_host else url_or_host
    return _domain((host or "").rstrip(".").lower())


@lru_cache(maxsize=65536)
def _domain(host: str) -> str:
    found = _suffixes(host)
    if found.top_domain_under_public_suffix or found.suffix or found.ipv4 or ":" in host:
        return found.top_domain_under_public_suffix or host
    return ".".join(
        host.split(".")[-2:]
    )  # an unlisted top level, such as .example: the list's own default rule


def believable_canonical(claimed: str, page: str) -> bool:
    """Tell whether a page's rel=canonical may name the article: same domain, and no home or section page."""
    if registrable_domain(claimed) != registrable_domain(page):
        return False
    return not names_section(claimed) or urlsplit(page).path == urlsplit(claimed).path


def names_section(url: str) -> bool:
    """Tell whether a URL names a home or section page by its look: such pages are no articles."""
    here = urlsplit(url)
    return bool(_SECTION.search(here.path)) and not here.query
