"""No private address in any spelling, no odd scheme, no credentials."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.guard import absolute_link, check_url, is_public

PINNED = {"demo.example": "127.0.0.1"}


@pytest.mark.parametrize(
    "url",
    [
        "https://www.dawn.com/news/1",
        "http://site.example:8080/a?b=c",
        "https://93.184.216.34/",
        "https://[2606:4700:4700::1111]/",
        "https://ur_du.site.example/",
        "https://بی‌بی‌سی.example/",
        "https://8.example/",
    ],
)
def test_public_addresses_pass(url: str) -> None:
    assert check_url(url, {}) is None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "127.0.1", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1",
        "017700000001", "0177.0.0.1", "127.0.0.1.", "10.0.0.8", "192.168.1.1", "172.16.0.1", "100.64.0.1",
        "169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "[fc00::1]", "[fd12::1]", "[ff02::1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:db8::1]", "[::127.0.0.1]",
        "localhost", "LOCALHOST", "localhost.", "intranet", "１２７.0.0.1", "①②⑦.0.0.1", "093.184.216.34",
    ],
)  # fmt: skip
def test_private_addresses_do_not_pass_in_any_spelling(host: str) -> None:
    assert check_url(f"http://{host}/", {}) in {"forbidden_address", "bad_url"}
    assert check_url(f"http://{host}:8080/x", PINNED) in {"forbidden_address", "bad_url"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://site.example/", "bad_url"),
        ("file:///etc/passwd", "bad_url"),
        ("gopher://site.example/", "bad_url"),
        ("javascript:alert(1)", "bad_url"),
        ("http:///path", "bad_url"),
        ("http://", "bad_url"),
        ("http://site.example:99999/", "bad_url"),
        ("http://site.example:x/", "bad_url"),
        ("http://[::1/", "bad_url"),
        ("http://si te.example/", "bad_url"),
        ("http://site.example%00.evil.example/", "bad_url"),
        ("http://a..example/", "bad_url"),
        ("http://site.example/" + "x" * 3000, "bad_url"),
        ("http://user@site.example/", "credentials"),
        ("http://user:secret@demo.example/", "credentials"),
        ("http://:@site.example/", "credentials"),
        ("http://site.example:22/", "forbidden_port"),
        ("http://site.example:25/", "forbidden_port"),
    ],
)
def test_other_refusals(url: str, reason: str) -> None:
    assert check_url(url, PINNED) == reason


def test_a_pinned_host_is_exempt_and_nobody_else() -> None:
    assert check_url("http://demo.example:81/", PINNED) is None
    assert check_url("http://DEMO.example./", PINNED) is None
    assert check_url("http://sub.demo.example:81/", PINNED) == "forbidden_port"


@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    check_url(text, {})
    check_url(f"http://{text}/", {})
    absolute_link(text, "http://site.example/feed")


@given(st.ip_addresses(v=4))
def test_what_the_system_reads_as_a_private_address_is_refused(address: IPv4Address) -> None:
    """However a number is written: where the C library would connect to a private address, we refuse."""
    number = int(address)
    for spelling in (str(number), hex(number), f"0{number:o}", f"{number >> 24}.{number & 0xFFFFFF}"):
        if not is_public(socket.inet_ntoa(socket.inet_aton(spelling))):
            assert check_url(f"http://{spelling}/", {}) is not None


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("/a", "http://site.example/a"),
        ("b?c=d", "http://site.example/dir/b?c=d"),
        ("//cdn.example/x", "http://cdn.example/x"),
        (" https://x.example/ \n", "https://x.example/"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("data:text/html,hi", None),
        ("mailto:a@b.example", None),
        ("", None),
        ("http://[::1", None),
        ("http://x.example:70000/", None),
    ],
)
def test_links_become_absolute_or_nothing(link: str, found: str | None) -> None:
    assert absolute_link(link, "http://site.example/dir/feed") == found
