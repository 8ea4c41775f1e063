"""Canonical URLs: one name for one page, whatever way led to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.urls import article_id, believable_canonical, canonical, names_section, registrable_domain

ODD = st.text("abAB09-_.~%/;:@!$&'()*+,= ا़é?#[]\\|\"<>", max_size=12)
HOSTS = [
    "a.example",
    "WWW.A.example.",
    "bücher.example",
    "[::1]",
    "a.example:80",
    "a.example:443",
    "u:p@a.example:8080",
]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("HTTP://A.Example:80/B?", "http://a.example/B"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("https://a.example:80/x", "https://a.example:80/x"),
        ("http://a.example", "http://a.example/"),
        ("http://a.example./x", "http://a.example/x"),
        ("http://user:secret@a.example/x", "http://a.example/x"),
        ("http://a.example/x#comments", "http://a.example/x"),
        ("http://a.example/x?b=2&a=1", "http://a.example/x?a=1&b=2"),
        ("http://a.example/x?utm_source=feed&id=7&fbclid=z", "http://a.example/x?id=7"),
        ("http://a.example/x?%75tm_source=feed&id=7", "http://a.example/x?id=7"),
        ("http://a.example/x?tag=1&tag=2&utm_medium=rss", "http://a.example/x?tag=1&tag=2"),
        ("http://a.example/story/amp", "http://a.example/story/"),
        ("http://a.example/story/amp/amp/", "http://a.example/story/"),
        ("http://a.example/a/../b", "http://a.example/b"),
        ("http://a.example/اردو", "http://a.example/%D8%A7%D8%B1%D8%AF%D9%88"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("  http://a.example/x\n", "http://a.example/x"),
        ("urn:sha256:00ff", "urn:sha256:00ff"),
    ],
)
def test_a_page_has_one_name(url: str, name: str) -> None:
    assert canonical(url) == name


def test_a_host_is_named_as_the_network_knows_it() -> None:
    assert canonical("https://bücher.example/x") == canonical("https://xn--bcher-kva.example/x")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news/1",
        "ftp://a.example/x",
        "javascript:void(0)",
        "mailto:desk@a.example",
        "http://",
        "http:///x",
        "http://a b.example/",
        "http://a.example:99999/",
        "http://[::1/x",
        "http://./x",
        "http://a%2eexample/x",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical(url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/opinion/1", "https://a.example/opinion/1"),
        ("2", "https://a.example/news/2"),
        ("//b.example/x", "https://b.example/x"),
    ],
)
def test_a_relative_url_is_read_from_its_page(url: str, name: str) -> None:
    assert canonical(url, "https://a.example/news/1") == name


@given(st.sampled_from(["http", "https", "HTTP"]), st.sampled_from(HOSTS), ODD, ODD)
def test_a_canonical_url_is_its_own(scheme: str, host: str, path: str, query: str) -> None:
    try:
        name = canonical(f"{scheme}://{host}/{path}?{query}")
    except ValueError:
        return
    assert canonical(name) == name
    assert name.startswith(("http://", "https://")) and "#" not in name


@given(st.text(max_size=60))
def test_whatever_is_given_is_named_or_refused(text: str) -> None:
    try:
        assert canonical(text)
    except ValueError:
        assert not text.startswith("urn:")


@given(
    st.sampled_from(["http", "https"]),
    st.from_regex(r"[a-z][a-z0-9-]{0,5}(\.[a-z0-9-]{1,5}){1,2}", fullmatch=True),
    st.text("aZ09/_-.", max_size=12),
)
def test_an_address_with_nothing_to_make_uniform_comes_out_as_by_the_long_way(
    scheme: str, host: str, path: str
) -> None:
    plain = f"{scheme}://{host}/{path}"
    assert canonical(plain) == canonical(f"{plain}#x")  # what has a fragment goes the long way


def test_scheme_www_and_a_last_slash_do_not_tell_articles_apart() -> None:
    same = ["http://a.example/x", "https://a.example/x/", "https://www.a.example/x"]
    assert len({article_id(url) for url in same}) == 1
    assert article_id("https://a.example/x/?id=1") == article_id("http://a.example/x?id=1")


@pytest.mark.parametrize("other", ["https://a.example/y", "https://a.example/x?id=2", "https://b.example/x"])
def test_other_pages_are_other_articles(other: str) -> None:
    assert article_id(other) != article_id("https://a.example/x")


def test_the_rules_of_identity_are_frozen() -> None:
    # Changed only with ID_VERSION: every stored article would get a new name.
    assert article_id("https://www.a.example/opinion/1/") == "c99b0c41093557ab5438"


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("epaper.jang.com.pk", "jang.com.pk"),
        ("http://press0.example:8080/feed", "press0.example"),
        ("http://www.press0.example./feed", "press0.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("http://[::1]:80/", "::1"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_the_domain_somebody_registered(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("url", "is_section"),
    [
        ("https://a.example/", True),
        ("https://a.example/index.html", True),
        ("https://a.example/Category/opinion", True),
        ("https://a.example/authors/someone", True),
        ("https://a.example/opinion/1", False),
        ("https://a.example/?p=7", False),
        ("https://a.example/tagged-for-life", False),
    ],
)
def test_home_and_section_pages_look_so(url: str, is_section: bool) -> None:
    assert names_section(url) is is_section


def test_a_canonical_link_is_believed_within_its_domain_and_not_when_it_names_the_home() -> None:
    page = "https://m.a.example/opinion/1"
    assert believable_canonical("https://www.a.example/opinion/1", page)
    assert not believable_canonical("https://b.example/opinion/1", page)
    assert not believable_canonical("https://www.a.example/", page)
    assert believable_canonical("https://www.a.example/", "https://m.a.example/")
