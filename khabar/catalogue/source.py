"""Source files: a publisher, where it announces its articles, and how politely to look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from khabar.catalogue import fields
from khabar.catalogue.fields import Key
from khabar.catalogue.marks import Entries, Items, Scalar, Value, read_yaml
from khabar.catalogue.problems import Place, Problems
from khabar.catalogue.rules import read_rules
from khabar.models import Endpoint, Source
from khabar.urls import registrable_domain

SCOPES = ("opinion", "editorial", "column", "letter", "interview", "news", "all")

_host = fields.pattern(r"[\w-]+(\.[\w-]+)*\.?", "host name", "write the bare name, such as dawn.com")

ENDPOINT_KEYS = {
    "kind": Key(fields.choice("feed", "sitemap", "listing"), "feed", required=True),
    "url": Key(fields.web_address, "https://www.dawn.example/feeds/opinion", required=True),
    "scope": Key(fields.choice(*SCOPES), "opinion"),
    "match": Key(fields.expression, r'"/news/\\d+"'),
}


def _endpoint(value: Value, problems: Problems) -> Endpoint | None:
    found = fields.record(value, ENDPOINT_KEYS, problems)
    return None if found is None else Endpoint(**found)


EXPECT_KEYS = {"articles_per_week": Key(fields.many(fields.whole(0, 100_000)), "[5, 80]")}


def _expect(value: Value, problems: Problems) -> tuple[int, int] | None:
    found = fields.record(value, EXPECT_KEYS, problems)
    weekly = cast("tuple[int, ...] | None", (found or {}).get("articles_per_week"))
    if weekly is None:
        return None
    if len(weekly) != 2 or weekly[0] > weekly[1]:
        return fields.wrong(value, problems, "articles_per_week is no range", "write [lowest, highest]")
    return weekly[0], weekly[1]


def _domain(value: Value, problems: Problems) -> str | None:
    found = _host(value, problems)
    if found is None:
        return None
    domain = registrable_domain(found)
    if domain != found.lower().rstrip("."):
        return fields.wrong(value, problems, f"`{found}` is no registrable domain", f"write `{domain}`")
    return domain


SOURCE_KEYS = {
    "id": Key(fields.identifier, "dawn", required=True),
    "name": Key(fields.text, "Dawn", required=True),
    "country": Key(fields.country, "PK"),
    "languages": Key(fields.many(fields.language), "[en]", required=True),
    "timezone": Key(fields.zone, "Asia/Karachi", required=True),
    "endpoints": Key(fields.many(_endpoint), "[{kind: feed, url: …}]", required=True),
    "domains": Key(fields.many(_domain), "[dawn.com]"),
    "expect": Key(_expect, "{articles_per_week: [5, 80]}"),
    "verified": Key(fields.day, "2026-01-31"),
    "evidence": Key(fields.text, "who saw it answer, and when"),
    "enabled": Key(fields.boolean, "true"),
    "every": Key(fields.seconds, "1h"),
    "delay": Key(fields.number(0, 3600), "2"),
    "rules": Key(read_rules, "[{body: div.story, valid_until: 2025-06-30}]"),
    "addresses": Key(fields.table(_host, fields.address), "{dawn.example: 127.0.0.1}"),
}


def read_source(path: Path, problems: Problems) -> tuple[Place, Source] | None:
    """Return the publisher that a source file describes and the place of its id, or None after saying why not."""
    value = read_yaml(path, problems)
    if value is None:
        return None
    found = fields.record(value, SOURCE_KEYS, problems)
    if isinstance(value, Entries):
        _refuse_doubles(value, problems)
    if found is None or not isinstance(value, Entries):
        return None
    return value.values["id"][1].place, _source(found)


def _source(found: dict[str, Any]) -> Source:
    endpoints = cast("tuple[Endpoint, ...]", found["endpoints"])
    domains = tuple(dict.fromkeys(registrable_domain(endpoint.url) for endpoint in endpoints))
    addresses = cast("dict[str, str]", found.get("addresses", {}))
    weekly = found.get("expect")
    rest = {name: value for name, value in found.items() if name not in {"expect", "addresses"}}
    described: dict[str, Any] = {"domains": domains, **rest, "articles_per_week": weekly}
    return Source(**described, addresses=tuple((host.lower(), ip) for host, ip in addresses.items()))


def _refuse_doubles(value: Entries, problems: Problems) -> None:
    """Two endpoints of one URL would race for its ETag."""
    seen: dict[str, Place] = {}
    for url in _endpoint_urls(value):
        first = seen.setdefault(url.text, url.place)
        if first != url.place:
            how = f"the first is on line {first.line}; keep one"
            problems.add(url.place, "this endpoint stands twice", how)


def _endpoint_urls(value: Entries) -> Iterator[Scalar]:
    _, endpoints = value.values.get("endpoints", (None, None))
    for endpoint in endpoints.values if isinstance(endpoints, Items) else ():
        _, url = endpoint.values.get("url", (None, None)) if isinstance(endpoint, Entries) else (None, None)
        if isinstance(url, Scalar):
            yield url
