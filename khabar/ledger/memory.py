"""What makes a listed URL news: pure decisions that every ledger shares."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from khabar.models import Discovery, Entry, Why, utc
from khabar.ports import Found
from khabar.urls import canonical

RETRIES = 3  # how often a URL that failed is claimed again
RETRY_AFTER = timedelta(days=1)
KEEP = timedelta(days=400)  # what no endpoint has listed for so long is forgotten
CLOCK_BACK = timedelta(days=1)  # a clock set back by more is believed


@dataclass(frozen=True, slots=True)
class Seen:
    """What the ledger remembers of a URL: its last claim, its failures, and each endpoint's last word on it.

    The words are kept by endpoint because two feeds may describe one article differently: compared with each
    other they would make it look changed at every look.
    """

    why: Why
    claimed: datetime
    failures: int = 0
    retry: datetime | None = None  # when a failed one may be claimed again
    marks: Mapping[str, str] = field(default_factory=dict[str, str])


def mark(entry: Entry) -> str:
    """Return what tells one version of an entry from the next: its `updated`, else its title and text."""
    if entry.updated is not None:
        return utc(entry.updated).isoformat()
    if entry.mark is not None:
        return entry.mark
    said = f"{entry.title or ''}\0{entry.text or ''}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def without_text(entry: Entry) -> Entry:
    """Return an entry as a claim keeps it: its mark is the same, but a text in the frontier costs fifty times the rest."""
    if entry.text is None:
        return entry
    return replace(entry, text=None, mark=mark(entry) if entry.updated is None else None)


def endpoint_key(endpoint: str) -> str:
    """Return the short name under which an endpoint's word is kept."""
    return hashlib.sha256(endpoint.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def verdict(seen: Seen | None, found: Found, now: datetime) -> Why | None:
    """Return why a listed URL is to be claimed, None where there is nothing new about it."""
    if seen is None:
        return "new"
    before = seen.marks.get(endpoint_key(found.endpoint))
    if before is not None and before != mark(found.entry):
        return "changed"
    return _retry_why(seen) if retry_is_due(seen, now) else None


def retry_is_due(seen: Seen, now: datetime) -> bool:
    """Tell whether a URL failed, has waited, and has not failed too often."""
    return seen.retry is not None and seen.retry <= now and seen.failures <= RETRIES


def _retry_why(seen: Seen) -> Why:
    return "new" if seen.why in {"back-fill", "import"} else seen.why


def remember(seen: Seen | None, found: Found) -> Seen | None:
    """Return the memory with this endpoint's first word on a known URL; None where it is there already."""
    key = endpoint_key(found.endpoint)
    if seen is None or key in seen.marks:
        return None
    return replace(seen, marks={**seen.marks, key: mark(found.entry)})


def claimed(seen: Seen | None, found: Found, why: Why, at: datetime) -> Seen:
    """Return the memory after a claim: failures stay until one succeeds."""
    marks = {**(seen.marks if seen else {}), endpoint_key(found.endpoint): mark(found.entry)}
    return Seen(why, at, seen.failures if seen else 0, None, marks)


def ended(seen: Seen, why: Why, failed: bool, due: datetime) -> Seen:
    """Return the memory after an attempt that was due then has ended: one that failed may be tried again."""
    if failed:
        return replace(seen, why=why, failures=seen.failures + 1, retry=due + RETRY_AFTER)
    return replace(seen, why=why, failures=0, retry=None)


def recall(discoveries: Iterable[tuple[Discovery, bool]]) -> Seen | None:
    """Return the memory of one URL from its claims, oldest first, each with whether it failed."""
    seen = None
    for discovery, failed in discoveries:
        found = found_of(discovery)
        base = claimed(seen, found, discovery.why, discovery.claimed) if discovery.entry else None
        base = base or Seen(discovery.why, discovery.claimed, seen.failures if seen else 0, None, {})
        marks = base.marks or (seen.marks if seen else {})
        failures = base.failures + 1 if failed else 0
        retry = discovery.claimed + RETRY_AFTER if failed else None
        seen = replace(base, failures=failures, retry=retry, marks=marks)
    return seen


def found_of(discovery: Discovery) -> Found:
    """Return what had been found when this was claimed."""
    entry = discovery.entry or Entry(discovery.url)
    return Found(
        discovery.url, discovery.source, discovery.endpoint or "", discovery.scope or "opinion", entry
    )


def address(url: str) -> str | None:
    """Return the canonical URL to fetch, None where it is no web address."""
    try:
        return canonical(url) if not url.startswith("urn:") else None
    except ValueError:
        return None


def by_url(found: Sequence[Found]) -> dict[str, Found]:
    """Return what was found by canonical URL; of two words on one URL the later `updated`, else the first."""
    chosen: dict[str, Found] = {}
    for each in found:
        url = address(each.url)
        if url is not None and (url not in chosen or _is_later(each.entry, chosen[url].entry)):
            chosen[url] = each
    return chosen


def _is_later(entry: Entry, than: Entry) -> bool:
    if entry.updated is None:
        return False
    return than.updated is None or utc(entry.updated) > utc(than.updated)
