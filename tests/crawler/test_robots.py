"""robots.txt as RFC 9309 has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.robots import Robots, agent_token, read_robots

URL = "http://site.example/opinion/1"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_missing_file_allows_everything(status: int) -> None:
    assert read_robots(status, b"User-agent: *\nDisallow: /").decide(URL, "Khabar") == "allowed"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_in_trouble_allows_nothing(status: int) -> None:
    robots = read_robots(status, b"")
    assert robots.decide(URL, "Khabar") == "unreachable"
    assert robots.unreachable == f"http_{status}"
    assert robots.delay("Khabar") == 0


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        (b"", "allowed"),
        (b"User-agent: *\nDisallow: /", "disallowed"),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "disallowed"),
        (b"User-agent: *\nDisallow: /\nAllow: /opinion", "allowed"),
        (b"User-agent: *\nDisallow: /*/1$", "disallowed"),
        (b"User-agent: *\nDisallow:\n\nUser-agent: khabar\nDisallow: /", "disallowed"),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: Khabar\nAllow: /", "allowed"),
        (b"User-agent: bot\nDisallow: /", "allowed"),
        (b"<html>no such page</html>", "allowed"),
        (b"\xff\xfe\x00broken", "allowed"),
    ],
)
def test_the_rules_of_our_group_count(text: bytes, decision: str) -> None:
    assert read_robots(200, text).decide(URL, "Khabar") == decision


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        (b"User-agent: *\nCrawl-delay: 5", 5),
        (b"User-agent: *\nCrawl-delay: 2.5", 2.5),
        (b"User-agent: *\nCrawl-delay: soon", 0),
        (b"User-agent: *\nCrawl-delay: -4", 0),
        (b"User-agent: *\nRequest-rate: 1/10", 10),
        (b"User-agent: other\nCrawl-delay: 9\n\nUser-agent: *\nCrawl-delay: 1", 1),
        (b"", 0),
    ],
)
def test_delays_are_read(text: bytes, delay: float) -> None:
    assert read_robots(200, text).delay("Khabar") == delay


def test_our_token_is_the_product() -> None:
    assert agent_token("Khabar/0.1.0 (+https://khabar.example/bot)") == "Khabar"
    assert agent_token("Some Reader (a@b.example)") == "Some"
    assert agent_token("  ") == "*"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_file(body: bytes) -> None:
    robots = read_robots(200, b"User-agent: *\n" + body)
    assert robots.decide(URL, "Khabar") in {"allowed", "disallowed"}
    assert robots.delay("Khabar") >= 0


def test_no_rules_are_no_limit() -> None:
    assert Robots().decide(URL, "Khabar") == "allowed"
