"""The examples of the API's description: one article of our own writing, seen from every side.

None of them holds a null: the library that writes the description drops it.
"""

from __future__ import annotations

from typing import Any

ID = "3f2a9c0d1e4b5a697886"
URL = "https://khyber-courier.example/opinion/torkham-reopens"
CURSOR = "eyJxdWVzdGlvbiI6IjEyM2YiLCJtYXJrIjp7fX0"
QUERY = "entity:pakistan AND (talks OR ceasefire)"

_SPAN = {"field": "body", "start": 4, "end": 9, "text": "talks"}
_SNIPPET = "The <mark>talks</mark> in Doha gave the traders of Torkham a date, and little else."

HEADLINE: dict[str, Any] = {
    "id": ID,
    "url": URL,
    "source": "khyber-courier",
    "title": "Torkham reopens, for now",
    "fetched": "2025-10-15T03:12:40.118204Z",
    "authors": ["Sample Writer"],
    "lang": "en",
    "lang_confidence": 0.99,
    "genre": "opinion",
    "genre_evidence": ["section: opinion"],
    "published": "2025-10-15T08:00:00+05:00",
    "published_precision": "second",
    "published_from": "json-ld",
    "published_confidence": 0.95,
    "country": "PK",
    "section": "Opinion",
    "words": 812,
    "entities": [
        {"id": "pakistan", "name": "Pakistan", "type": "state", "salience": 0.7, "mentions": [_SPAN]}
    ],
    "topics": [{"id": "pak-taliban", "score": 9.5, "version": 3, "evidence": [_SPAN]}],
    "mentions_dates": ["2021-08"],
    "cluster": ID,
    "first": ID,
    "copies": 2,
    "revisions": 1,
    "archive": {"segment": "segments/2025/10/15/a.warc.gz", "record": "urn:uuid:1", "sha256": "9f86d081"},
}
ARTICLE = HEADLINE | {"body": "The talks in Doha gave the traders of Torkham a date, and little else."}
_LINE = '{"id":"3f2a9c0d1e4b5a697886","url":"https://khyber-courier.example/opinion/torkham-reopens", …}\n'

EXPORTS = {
    "jsonl": _LINE,
    "csv": f"id,published,source,…\r\n{ID},2025-10-15T08:00:00+05:00,Khyber Courier,…\r\n",
    "ris": f"TY  - NEWS\r\nTI  - Torkham reopens, for now\r\nUR  - {URL}\r\nER  - \r\n",
    "bibtex": "@misc{writer2025torkham,\n  title = {Torkham reopens, for now},\n  year = {2025}\n}\n",
}

_FACETS = {"source": {"khyber-courier": 41, "kabul-ledger": 17}, "lang": {"en": 50, "ur": 8}}
_SPANS = [{"start": "2025-10-14", "count": 9}, {"start": "2025-10-15", "count": 12}]

SEARCH: dict[str, Any] = {
    "query": QUERY,
    "total": 58,
    "took_ms": 6.4,
    "hits": [{"score": 7.31, "article": HEADLINE, "snippets": [_SNIPPET]}],
    "facets": _FACETS,
    "timeline": _SPANS,
    "explain": {ID: [_SPAN]},
    "hints": [],
    "copies": "folded",
    "next": CURSOR,
}
FACETS = {"query": QUERY, "total": 58, "facets": _FACETS}
TIMELINE = {"query": QUERY, "total": 58, "timezone": "Asia/Karachi", "timeline": _SPANS}
WHY = {
    "query": QUERY,
    "article": ID,
    "matches": True,
    "spans": [_SPAN],
    "snippets": [_SNIPPET],
    "hints": [],
}
TOPIC = {
    "id": "pak-taliban",
    "title": "Pakistan–Taliban relations",
    "query": "entity:ttp AND entity:pakistan",
    "version": 3,
    "threshold": 7.0,
    "enabled": True,
    "digest": "06:30",
    "timezone": "Asia/Karachi",
    "articles": 412,
}
DIGESTS = {"digests": [{"topic": "pak-taliban", "day": "2025-10-15"}], "next": CURSOR}
DIGEST: dict[str, Any] = {
    "topic": "pak-taliban",
    "title": "Pakistan–Taliban relations",
    "day": "2025-10-15",
    "timezone": "Asia/Karachi",
    "lines": [],
    "articles": 0,
    "outlets": 0,
    "usual": 3.5,
    "before": [3, 4] * 14,
}
SOURCE = {
    "id": "khyber-courier",
    "name": "Khyber Courier",
    "country": "PK",
    "languages": ["en"],
    "enabled": True,
    "verified": "2025-10-01",
    "crawled": "2025-10-15T03:12:40Z",
    "articles": 1290,
    "endpoints": [
        {
            "kind": "feed",
            "url": "https://khyber-courier.example/opinion/feed",
            "checked": "2025-10-15T03:12:31Z",
            "newest": "2025-10-15T03:00:00Z",
            "failures": 1,
            "error": "HTTP 503",
        }
    ],
}
MISSED = {
    "missed": [
        {
            "attempt": "2025-10-15T03:12:31.000001Z https://khyber-courier.example/members/only",
            "source": "khyber-courier",
            "day": "2025-10-15",
            "url": "https://khyber-courier.example/members/only",
            "state": "rejected",
            "reason": "robots",
            "title": "Members only",
        }
    ],
    "next": CURSOR,
}
TRACE = {
    "url": URL,
    "steps": [
        {
            "at": "2025-10-15T03:12:31.000001Z",
            "what": "claimed as new at https://khyber-courier.example/opinion/feed for khyber-courier",
        },
        {"at": "2025-10-15T03:12:41Z", "what": f"indexed → article {ID}"},
    ],
}
HEALTH = {"ready": True, "articles": 48211, "findings": [], "checked": "2025-10-15T09:00:00Z"}
RELATED = {
    "article": ID,
    "took_ms": 4.1,
    "hits": [{"score": 31.2, "article": HEADLINE, "snippets": [_SNIPPET]}],
    "explain": {ID: {"terms": ["torkham", "talks"], "entities": ["pakistan"]}},
}
