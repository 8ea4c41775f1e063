from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from workers.extract.blocks import EDGE, MAX_BLOCKS, Blocks, hints_of, read_blocks
from workers.extract.body import FAVOR, Favor, find_body
from workers.extract.brief import Brief, read_brief
from workers.extract.features import measure
from workers.extract.judge import judge, shipped
from workers.extract.marks import hints_of_lines, hints_of_names, line_hints, name_hints
from workers.extract.markup import Page, parse
from workers.extract.wording import letters

MakePage = Callable[..., str]


def page_of(html: str) -> Page:
    page = parse(html)
    assert page is not None
    return page


def blocks_of(html: str) -> Blocks:
    return read_blocks(page_of(html).tree)


# --- blocks --------------------------------------------------------------------------------------------------


def test_a_block_is_the_text_between_two_borders() -> None:
    found = blocks_of(
        "<div>one <b>two</b><p>three<a href=/>four</a></p>five</div><script>no</script><p hidden>no</p>"
    )
    assert found.texts == ["one two", "threefour", "five"]
    assert found.linked == [0, 4, 0]
    assert [found.tree.tags[place] for place in found.places] == ["div", "p", "div"]


def test_one_break_ends_a_line_and_two_end_a_block() -> None:
    assert blocks_of("<p>one<br>two<br><br>three</p>").texts == ["one\ntwo", "three"]


def test_what_is_hidden_is_not_read_unless_it_is_only_on_its_way() -> None:
    hidden = (
        "<div hidden><p>a</p></div><div style='display: none'>b</div><section aria-hidden=true>c</section>"
    )
    shown = '<div hidden id="S:1f"><p>d</p></div><div class="hidden-xs none">e</div>'
    assert blocks_of(hidden + shown).texts == ["d", "e"]


def test_spaces_between_words_are_kept_and_those_around_are_not() -> None:
    found = blocks_of(
        "<p> one <b>two</b> <i>three</i>\n</p> <p>R&amp;D &lt;b&gt;</p><div><button>no</button> a<img>b</div>"
    )
    assert found.texts == ["one two three", "R&D <b>", "ab"]


def test_the_inner_links_of_a_long_list_are_only_counted() -> None:
    links = "".join(f"<div><a href=/{at}>Link {at}</a></div>" for at in range(9))
    found = blocks_of(f"<p>Before.</p><section>{links}</section><p>After.</p>")
    assert len(found.texts) == 2 + 2 * EDGE and len(found.links) == 9 - 2 * EDGE
    assert found.texts[EDGE] == "Link 1" and found.texts[EDGE + 1] == "Link 7"


def test_menus_are_not_read_and_trails_of_crumbs_are() -> None:
    items = "".join(f"<li><a href=/{at}><span>Link</span></a></li>" for at in range(6))
    menus = f"<nav><a href=/>Home</a></nav><ul>{items}</ul>"
    kept = "<nav class=breadcrumbs><a href=/>Top</a></nav><nav><p>A text.</p></nav><ul><li><a href=/>One</a></li></ul>"
    assert blocks_of(menus + kept).texts == ["Top", "A text.", "One"]


def test_a_row_of_plain_cells_is_one_line_and_other_cells_are_not() -> None:
    plain = "<table><tr><td>1</td><td>Karachi</td></tr></table>"
    rich = "<table><tr><td><p>one</p></td><td><p>two</p></td></tr></table>"
    assert blocks_of(plain + rich).texts == ["1 Karachi", "one", "two"]


def test_blocks_know_what_is_around_them() -> None:
    found = blocks_of(
        '<div class="relatedPosts"><ul><li><i>A bridge in search of a river</i></li></ul></div>'
    )
    assert hints_of(found).around[0] & name_hints().bit("related")
    assert found.strong == [True]


def test_a_page_has_only_so_many_blocks() -> None:
    assert len(blocks_of("<p>x</p>" * (MAX_BLOCKS + 99))) <= MAX_BLOCKS + 1


@pytest.mark.parametrize(
    "line",
    ["Also read: A gate", "مزید پڑھیں", "یہ بھی پڑھیں: ایک دروازہ", "यह भी पढ़ें", "「あわせて読みたい」"],
)
def test_lines_that_lead_elsewhere_are_known_in_many_languages(line: str) -> None:
    assert hints_of_lines(["A sentence.", line])[1] & line_hints().bit("related")


def test_a_word_counts_where_it_begins_and_prose_not_at_all() -> None:
    related, promo = line_hints().bit("related"), name_hints().bit("promo")
    lines = hints_of_lines(["unrelated", "Related: " + "a long sentence " * 20, "(Related\nline"])
    assert [bool(bits & related) for bits in lines] == [False, False, True]
    names = hints_of_names(
        ['class="shadow"', 'id="ad slot"', 'class="sideAd"', 'href="/ad/"', "", 'class="a\nad"']
    )
    assert [bool(bits & promo) for bits in names] == [False, True, True, False, False, True]


# --- what they are weighed by --------------------------------------------------------------------------------


def test_every_block_has_a_row_of_finite_numbers_and_a_chance() -> None:
    found = blocks_of("<h1>Title</h1>" + "<p>Some words of an ordinary sentence.</p>" * 30 + "<p>Share</p>")
    rows = measure(found, Brief("Title"))
    chances = judge(rows, shipped())
    assert rows.shape[0] == len(found) == len(chances)
    assert np.isfinite(rows).all() and ((chances >= 0) & (chances <= 1)).all()


def test_letters_leave_out_all_else() -> None:
    assert letters("A-b c_1, «é»") == "abc1é"


def test_the_brief_is_what_the_head_says() -> None:
    text = "A sentence of the article that machines are given. " * 8
    html = f'<meta name=description content="In short"><script type="application/ld+json">{{"@type": "Article", "articleBody": "{text}\\nNext."}}</script><h1>Title</h1>'
    brief = read_brief(page_of(html).tree)
    assert (brief.title, brief.summary, brief.paragraphs) == ("Title", "In short", (text.strip(), "Next."))


# --- bodies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("favor", ["speed", "accuracy"])
def test_either_way_the_text_is_found_in_order_and_without_the_rest(
    make_page: MakePage, prose: str, favor: Favor
) -> None:
    page = make_page(before="<nav><a href=/>Home</a></nav>", after="<footer>All rights reserved.</footer>")
    body = find_body(page_of(page), favor=favor)
    assert "\n\n".join(body.paragraphs) == prose
    assert body.confidence > 0.9


def test_a_text_that_only_machines_are_given_is_taken(prose: str) -> None:
    told = prose.replace("\n", "\\n").replace('"', "'")
    html = f'<script type="application/ld+json">{{"@type": "NewsArticle", "articleBody": "{told}"}}</script><div id=app>Loading</div>'
    assert find_body(page_of(html)).paragraphs[0][:40] == prose[:40]


def test_what_is_said_twice_is_kept_once(make_page: MakePage, prose: str) -> None:
    first = prose.split("\n", maxsplit=1)[0]
    page = make_page().replace("</article>", f"<p>{first}</p></article>")
    assert "\n".join(find_body(page_of(page)).paragraphs).count(first) == 1


def test_ingest_favors_speed() -> None:
    assert FAVOR == "speed"
