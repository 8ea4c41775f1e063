from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract.markup import MAX_NODES, decode, looks_like_html, parse

URDU = "پل کے نیچے پانی بہت گہرا ہے اور کشتی چھوٹی"
GERMAN = "Die Brücke über den Fluß ist für Füße schöner als für Räder"


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        (URDU, "utf-8", None),
        (URDU, "utf-8", "iso-8859-1"),  # the header lies
        (URDU, "utf-8-sig", "windows-1256"),
        (URDU, "utf-16", None),
        (GERMAN, "iso-8859-1", "iso-8859-1"),
        (GERMAN, "cp1252", None),
        (GERMAN, "cp1252", "utf-8"),
        ("پل بن گيا تو سب نے اوپر سے گزرتى گاڑياں ديکھيں", "cp1256", None),
        ("پل بن گيا تو سب نے اوپر سے گزرتى گاڑياں ديکھيں", "cp1256", "utf-8"),
        ("橋の下の水はとても深い", "iso2022_jp", "iso-2022-jp"),
        ("橋の下の水はとても深い", "shift_jis", "shift_jis"),
    ],
)
def test_text_comes_out_as_it_was_written(text: str, encoding: str, declared: str | None) -> None:
    assert decode(f"<html><body><p>{text}</p>".encode(encoding), declared) == f"<html><body><p>{text}</p>"


def test_the_meta_element_counts_where_no_header_does() -> None:
    page = f"<html><head><meta charset=iso-8859-2></head><p>Łódź i ąęśćź {'x' * 40}</p>"
    assert decode(page.encode("iso-8859-2"), None) == page


def test_a_cut_letter_at_the_end_does_not_change_the_charset() -> None:
    text = decode(URDU.encode()[:-1], "windows-1256")
    assert text.startswith(URDU[:-1])


@given(st.binary(max_size=300), st.sampled_from([None, "utf-8", "utf-7", "hz", "no-such", "\x00", "cp037"]))
def test_no_bytes_break_decoding(payload: bytes, charset: str | None) -> None:
    assert isinstance(decode(payload, charset), str)


@pytest.mark.parametrize(
    ("payload", "content_type", "verdict"),
    [
        (b"<!DOCTYPE html><p>x", None, True),
        (b"  <html>", "application/octet-stream", True),
        (b"<p>a fragment", "text/plain", True),
        ("<html><p>x".encode("utf-16"), None, True),
        (b"<custom-element>text", "text/html; charset=utf-8", True),
        (b"%PDF-1.7 <html>", "text/html", False),
        (b"\x89PNG\r\n", None, False),
        (b"PK\x03\x04<html>", "text/html", False),
        (b'{"title": "<b>x</b>"}', "application/json", False),
        (b'<?xml version="1.0"?><rss><channel><description>&lt;p>', "text/html", False),
        (b'<?xml version="1.0"?>\n<!-- made by us -->\n<feed xmlns="a"><title>x</title>', None, False),
        (b"plain words", "text/html", False),
        (b"", "text/html", False),
    ],
)  # fmt: skip
def test_pages_are_told_from_everything_else(payload: bytes, content_type: str | None, verdict: bool) -> None:
    assert looks_like_html(payload, content_type) is verdict


def test_many_comments_before_the_root_are_read_quickly() -> None:
    assert looks_like_html(b"<!-- a -->" * 400 + b"<p>", None)


def test_empty_bytes_and_controls_are_left_out() -> None:
    page = parse("<p>be\x00fore\x0b and after</p>")
    assert page is not None and next(page.tree.iter("p")).text == "before and after"


@pytest.mark.parametrize("text", ["", "  \n", "\x00\x01", "<!-- only a comment -->"])
def test_nothing_gives_no_page(text: str) -> None:
    page = parse(text)
    assert page is None or not page.tree.page.text(0).strip()


def test_a_root_closed_at_once_still_has_its_page() -> None:
    page = parse('<html lang="en" /><body><p>words</p></body>')
    assert page is not None and next(page.tree.iter("p")).text == "words"


def test_a_page_of_too_many_elements_is_heavy() -> None:
    light, heavy = parse("<p>x" * 100), parse("<p>x" * (MAX_NODES + 1))
    assert light is not None and not light.heavy
    assert heavy is not None and heavy.heavy


@given(st.text(alphabet="<>/!-?pdivtable&;\"' =x\x00\u200c", max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    page = parse(text)
    assert page is None or page.tree.tag is not None
