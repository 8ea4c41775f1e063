"""Who signs an article on the page: in which order signs are believed, and what is left out beside a name."""

from __future__ import annotations

import pytest

from workers.extract.bylines import bylines, names_in
from workers.extract.markup import parse
from workers.extract.room import Room
from workers.extract.tree import Element

TEXT = "<p>" + "The goats have taken the runway again, and nobody in the tower is surprised. " * 3 + "</p>"


def tree_of(html: str) -> Element:
    page = parse(html)
    assert page is not None
    return page.tree


def names(inside: str, around: str = "") -> list[str]:
    """Return the first names found on a page with this beside its headline, and around its article."""
    tree = tree_of(f"<body><main><h1>Goats on the runway</h1>{inside}{TEXT}{TEXT}</main>{around}</body>")
    return next(filter(None, bylines(Room(tree.page, "Goats on the runway"))), [])


@pytest.mark.parametrize(
    "inside",
    [
        '<div class="byline">By <a href="/author/x">Sultan Brushal</a> November 19, 2025</div>',
        '<div class="byline">Written by<span>Sultan Brushal</span><span>Senior Editor</span></div>',
        '<div class="author">Sultan Brushal<div>Published 19 November 2025</div></div>',
        '<span class="author-name">Sultan Brushal | Head of Goats</span>',
        '<p>By Sultan Brushal in Letters</p>',
        '<p>Nov 19, 2025 by Sultan Brushal</p>',
        '<p>This post was written by Sultan Brushal</p>',
        '<p><strong>Sultan Brushal</strong></p>',
        '<a rel="author">Sultan Brushal</a>',
    ],
)  # fmt: skip
def test_a_name_is_found_alone(inside: str) -> None:
    assert names(inside) == ["Sultan Brushal"]


def test_several_who_sign_are_all_found() -> None:
    two = '<div class="byline">By <a href="/author/a">Sultan Brushal</a> and <a href="/author/b">Hina Langah</a></div>'
    assert names(two) == ["Sultan Brushal", "Hina Langah"]
    assert names("<p><strong>Sultan Brushal/Hina Langah</strong></p>") == ["Sultan Brushal", "Hina Langah"]


def test_who_helped_does_not_sign() -> None:
    line = 'By <a href="/author/a">Sultan Brushal</a> {} by <a href="/author/b">Hina Langah</a>'
    for helped in ("Updated", "Medically reviewed", "Photographs", "Edited"):
        assert names(f'<div class="byline">{line.format(helped)}</div>') == ["Sultan Brushal"]


def test_a_name_beside_the_article_s_own_part_is_found_but_not_one_of_another_article() -> None:
    assert names("", '<div class="box"><a href="/author/a">Sultan Brushal</a></div>') == ["Sultan Brushal"]
    assert names("", '<div class="related"><a href="/author/a">Sultan Brushal</a></div>') == []
    assert names("", '<div class="comments"><span class="author">Sultan</span></div>') == []


@pytest.mark.parametrize(
    "line", ["<p><strong>What the tower saw!</strong></p>", "<p><strong>goats</strong></p>", "<p>Goats</p>"]
)
def test_what_stands_alone_and_is_no_name_is_none(line: str) -> None:
    assert names(line) == []


def test_a_piece_that_markup_sets_apart_does_not_stick_to_the_name() -> None:
    element = tree_of("<body><p>Author<b></b><span>Hina Langah</span><time>November 24</time></p></body>")
    assert names_in(element.page, element.page.places["p"][0]) == ["Hina Langah"]
