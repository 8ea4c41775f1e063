"""What becomes of a claim: one archived record, sooner or later."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from crawler.fetch import Answer, Failure
from khabar.archive.segments import Writer
from khabar.models import Capture, Discovery, Endpoint, Source
from khabar.ports import Ledger
from khabar.urls import registrable_domain

SOON = 2.0  # the first other try is made by the same crawl
LATER = 600.0
MAX_REST = 86400.0
_FINAL = {"http_410", "http_451", "redirects", "bad_redirect", "bad_encoding"}
_EARLY = {"http_404", "http_401", "http_403"}  # perhaps announced a moment too early
_HTML = {"text/html", "application/xhtml+xml"}
_LOOKS_HTML = re.compile(
    rb"^\s*(<!doctype html|<html|<\?xml[^>]{0,200}\?>\s*<(!doctype html|html))", re.IGNORECASE
)


def out_of_scope(claim: Discovery, source: Source) -> Failure | None:
    """Refuse what its source file does not ask for: another domain, or a URL its endpoint does not match."""
    domains = source.domains or tuple(registrable_domain(endpoint.url) for endpoint in source.endpoints)
    endpoint = endpoint_of(claim, source)
    matches = endpoint is None or endpoint.match is None or re.search(endpoint.match, claim.url)
    if registrable_domain(claim.url) in domains and matches:
        return None
    return Failure("scope", refused=True)


def endpoint_of(claim: Discovery, source: Source) -> Endpoint | None:
    """Return the endpoint where a claim was found, None where the source file names it no more."""
    return next((each for each in source.endpoints if each.url == claim.endpoint), None)


def judge(outcome: Answer | Failure) -> Answer | Failure:
    """Turn an answer that is no page into the failure that it is."""
    if isinstance(outcome, Failure):
        return outcome
    if outcome.status != 200:
        return Failure(f"http_{outcome.status}", robots=outcome.robots)
    declared = (outcome.header("content-type") or "").split(";")[0].strip().lower()
    if declared in _HTML or (not declared and _LOOKS_HTML.match(outcome.body[:1000])):
        return outcome
    return Failure("not_html", refused=True, robots=outcome.robots)


def tries(failure: Failure) -> int:
    """Return how often a claim is postponed before its failure is final; 0 where another try would end the same."""
    if failure.refused or failure.reason in _FINAL:
        return 0
    return 1 if failure.reason in _EARLY else 3


def rest_asked(answer: Answer, now: datetime) -> float | None:
    """Return the seconds of rest that a host asks for by 429 or 503 and Retry-After, None where it does not."""
    if answer.status not in {429, 503}:
        return None
    printed = answer.header("retry-after") or ""
    try:
        asked = (
            float(printed) if printed.isdigit() else (parsedate_to_datetime(printed) - now).total_seconds()
        )
    except (ValueError, TypeError):
        asked = LATER if answer.status == 429 else None
    return None if asked is None else min(max(asked, 0.0), MAX_REST)


class Keeper:
    """Archives claims and postpones them; a claim leaves the frontier only when its segment is sealed."""

    def __init__(self, ledger: Ledger, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._ledger, self._writer, self._clock = ledger, writer, clock
        self._retried: set[str] = set()

    def page(self, claim: Discovery, answer: Answer, delay: float) -> None:
        """Archive a page under the URL where it was found to be, as it was received."""
        capture = Capture(
            answer.url,
            self._clock(),
            "page",
            answer.body,
            answer.status,
            answer.headers,
            answer.header("content-type"),
        )
        self._writer.append(capture, replace(claim, robots=answer.robots, delay=delay))

    def attempt(self, claim: Discovery, failure: Failure, delay: float) -> None:
        """Archive that there is no page, and why."""
        told = replace(
            claim, robots=failure.robots, delay=delay, failure=failure.reason, refused=failure.refused
        )
        self._writer.append(Capture(claim.url, self._clock(), "attempt"), told)

    def postpone(self, claim: Discovery, failure: Failure, rest: float = 0.0) -> float | None:
        """Leave a claim for another try; returns the seconds until then, None where it has had its tries.

        Most troubles pass in seconds: where it may help, the first other try of a crawl comes soon.
        """
        allowed = tries(failure)
        if not allowed:
            return None
        patient = failure.reason in _EARLY or failure.later or claim.attempt in self._retried
        wait = max(LATER if patient else SOON, rest)
        self._retried.add(claim.attempt)
        until = self._clock() + timedelta(seconds=wait)
        return wait if self._ledger.postpone(claim.attempt, until, failure.reason) <= allowed else None

    def has_tried(self, claim: Discovery) -> bool:
        """Tell whether this crawl has postponed a claim."""
        return claim.attempt in self._retried

    def seal(self) -> None:
        """Seal what is open: the claims in it leave the frontier."""
        self._writer.seal()
