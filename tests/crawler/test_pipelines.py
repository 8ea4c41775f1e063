"""What becomes of an answer: a page, a failure by name, another try."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.fetch import Answer, Failure
from crawler.pipelines import judge, out_of_scope, rest_asked, tries
from khabar.models import Discovery, Endpoint, Source

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FEED = Endpoint("feed", "https://www.alpha.example/feed", match=r"/opinion/\d+")
ALPHA = Source("alpha", "Alpha", endpoints=(FEED,))


def answer(
    status: int = 200, kind: str | None = "text/html", body: bytes = b"<html>", **headers: str
) -> Answer:
    listed = [("Content-Type", kind)] if kind else []
    listed += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Answer("https://www.alpha.example/opinion/1", status, tuple(listed), body, "allowed")


def claim(url: str, endpoint: str = FEED.url) -> Discovery:
    return Discovery(f"t {url}", url, NOW, "alpha", "new", endpoint)


@pytest.mark.parametrize(
    "kind", ["text/html", "TEXT/HTML; charset=windows-1256", "application/xhtml+xml", "text/html;"]
)
def test_html_is_a_page(kind: str) -> None:
    page = answer(kind=kind)
    assert judge(page) is page


@pytest.mark.parametrize(
    ("body", "is_page"),
    [
        (b"<!doctype HTML><p>", True),
        (b" \n<html lang=ur>", True),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html>', True),
        (b"<rss/>", False),
        (b"%PDF-1.4", False),
        (b"", False),
    ],
)
def test_without_a_type_the_body_tells(body: bytes, is_page: bool) -> None:
    assert isinstance(judge(answer(kind=None, body=body)), Answer) == is_page


@pytest.mark.parametrize("kind", ["application/pdf", "image/jpeg", "application/json", "text/plain"])
def test_other_types_are_refused(kind: str) -> None:
    assert judge(answer(kind=kind)) == Failure("not_html", refused=True, robots="allowed")


@pytest.mark.parametrize("status", [201, 204, 206, 304, 404, 500, 999])
def test_other_statuses_are_failures(status: int) -> None:
    assert judge(answer(status)) == Failure(f"http_{status}", robots="allowed")


def test_a_failure_stays_one() -> None:
    failure = Failure("timeout")
    assert judge(failure) is failure


@pytest.mark.parametrize(
    ("failure", "allowed"),
    [
        (Failure("http_500"), 3),
        (Failure("timeout"), 3),
        (Failure("dns"), 3),
        (Failure("http_404"), 1),
        (Failure("http_410"), 0),
        (Failure("redirects"), 0),
        (Failure("robots", refused=True), 0),
        (Failure("too_large", refused=True), 0),
    ],
)
def test_another_try_is_for_what_may_pass(failure: Failure, allowed: int) -> None:
    assert tries(failure) == allowed


@pytest.mark.parametrize(
    ("url", "endpoint", "inside"),
    [
        ("https://alpha.example/opinion/12", FEED.url, True),
        ("https://blogs.alpha.example/opinion/12", FEED.url, True),
        ("https://alpha.example/sport/12", FEED.url, False),
        ("https://alpha.example/sport/12", "https://alpha.example/an-endpoint-of-once", True),
        ("https://beta.example/opinion/12", FEED.url, False),
        ("https://notalpha.example/opinion/12", FEED.url, False),
    ],
)
def test_scope_is_domain_and_pattern(url: str, endpoint: str, inside: bool) -> None:
    assert (out_of_scope(claim(url, endpoint), ALPHA) is None) == inside


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "120", 120),
        (503, "120", 120),
        (503, None, None),
        (429, None, 600),
        (429, "soon", 600),
        (429, "Thu, 01 Jan 2026 12:00:30 GMT", 30),
        (429, "Thu, 01 Jan 2026 11:00:00 GMT", 0),
        (429, "99999999999", 86400),
        (200, "120", None),
    ],
)
def test_a_host_may_ask_for_rest(status: int, header: str | None, seconds: float | None) -> None:
    headers = {"Retry_After": header} if header else {}
    assert rest_asked(answer(status, **headers), NOW) == seconds
