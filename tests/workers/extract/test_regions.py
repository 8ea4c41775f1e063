"""The room of an article on its page: what is in it, what is by the headline, what is the site's own."""

from __future__ import annotations

import pytest

from workers.extract.markup import parse
from workers.extract.regions import furnishes, heading_of, is_furniture, names_of, text_of
from workers.extract.room import Room
from workers.extract.tree import Element, Tree

LINE = "The lorries of May stood in a line that reached the bazaar, and nobody had told the drivers why they stood. "
PROSE = f"<p>{LINE}</p>" * 3


def tree_of(html: str) -> Element:
    page = parse(html)
    assert page is not None
    return page.tree


def page_of(html: str) -> Tree:
    return tree_of(html).page


def said(page: Tree, places: list[int], tag: str) -> list[str]:
    return [page.line(place) for place in places if page.tags[place] == tag]


@pytest.mark.parametrize(
    ("html", "line"),
    [
        ("<h1>Salt <b>roads</b></h1>", "Salt roads"),
        ("<h1><span>Letters</span><div>Salt roads</div></h1>", "Letters Salt roads"),
        ("<h1>Salt<br>roads</h1>", "Salt roads"),
        ("<h1>Salt <i>roads</i> , again</h1>", "Salt roads, again"),
        ("<h1></h1>", ""),
    ],
)
def test_a_heading_is_one_line_with_spaces_where_its_parts_stand_apart(html: str, line: str) -> None:
    assert heading_of(next(tree_of(html).iter("h1"))) == line


def test_an_element_is_named_by_what_it_is_styled_by() -> None:
    raw = page_of('<div class="a b" data-x="class=&quot;no&quot;" id="c" itemprop="d"></div>').raw[-1]
    assert names_of(raw) == "a b c d"
    assert names_of("") == ""


@pytest.mark.parametrize(
    ("html", "own"),
    [
        ("<footer></footer>", True),
        ('<div class="sidebar"></div>', True),
        ('<div class="post-footer"></div>', False),
        ('<div id="comments"></div>', True),
        ('<span class="today"></span>', True),
        ('<div class="commentary"></div>', False),
        ('<article class="related"></article>', False),
        ("<p></p>", False),
    ],
)
def test_the_site_s_own_is_told_by_tag_and_name(html: str, own: bool) -> None:
    page = page_of(f"<body>{html}</body>")
    assert furnishes(page, len(page) - 1) is own
    assert is_furniture(page.view(len(page) - 1)) is own


def test_a_room_is_the_smallest_part_with_headline_and_prose() -> None:
    page = page_of(
        f"<body><div id=out><p>{LINE}</p><div id=in><h1>Salt</h1><p>By Nadia Gul</p>{PROSE}</div></div></body>"
    )
    room = Room(page, "Salt")
    assert said(page, room.all(), "p") == ["By Nadia Gul", *[LINE.strip()] * 3]
    assert room.headline == page.places["h1"][0]
    assert all(map(room.holds, room.all()))
    assert room.leaves_out(page.places["p"][0]) and not room.holds(page.places["p"][0])


def test_without_one_it_is_what_follows_the_headline() -> None:
    page = page_of("<body><p>before</p><h1>Salt</h1><p>after</p><footer><p>below</p></footer></body>")
    room = Room(page, "Salt")
    assert said(page, room.all(), "p") == ["after"]
    assert [page.line(place) for place in room.outside() if page.tags[place] == "p"] == ["before"]


def test_without_a_headline_it_is_the_only_article() -> None:
    page = page_of("<body><p>out</p><article><p>in</p></article></body>")
    assert said(page, Room(page, "Salt").all(), "p") == ["in"]


def test_furniture_is_left_out_except_what_holds_the_headline() -> None:
    page = page_of(
        f'<body><div class="newsletter"><h1>Salt</h1>{PROSE}<div class="related"><p>no</p></div></div></body>'
    )
    room = Room(page, "Salt")
    assert "no" not in said(page, room.all(), "p")
    assert not any(room.holds(place) for place in page.places["p"] if page.line(place) == "no")


def test_by_the_headline_is_until_the_second_paragraph_of_prose() -> None:
    page = page_of(
        f"<main><p>kicker of May</p><h1>Salt</h1><p>By Nadia Gul</p>{PROSE}<p>By Somebody Else</p></main>"
    )
    room = Room(page, "Salt")
    assert said(page, room.near(), "p") == ["kicker of May", "By Nadia Gul", LINE.strip()]
    assert room.lines() == ["By Nadia Gul", "kicker of May"]


def test_lines_come_once_however_many_elements_have_them() -> None:
    page = page_of(f"<main><h1>Salt</h1><div><div><span>By Nadia Gul</span></div></div>{PROSE}</main>")
    assert Room(page, "Salt").lines() == ["By Nadia Gul"]


def test_times_by_the_headline_come_before_others() -> None:
    near = "<time>1 May 2024</time>"
    page = page_of(f"<main><h1>Salt</h1>{near}{PROSE}<time>2 May 2024</time></main>")
    assert [page.line(place) for place in Room(page, "Salt").times()] == ["1 May 2024"]
    page = page_of(
        f"<main><h1>Salt</h1>{PROSE}<time>2 May 2024</time><aside><time>3 May 2024</time></aside></main>"
    )
    assert [page.line(place) for place in Room(page, "Salt").times()] == ["2 May 2024"]


def test_text_is_on_one_line() -> None:
    assert text_of(tree_of("<p>one\n <b>two</b>\tthree</p>")) == "one two three"
