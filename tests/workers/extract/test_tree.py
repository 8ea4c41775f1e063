from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract.markup import parse
from workers.extract.tokens import MAX_DEPTH, MAX_TAGS
from workers.extract.tree import Element, Tree, grow


def tree_of(html: str) -> Element:
    root, whole = grow(html)
    assert root is not None and whole
    return root


def test_texts_and_tails_stand_where_the_page_has_them() -> None:
    p = next(tree_of("<p>one <b>two</b> three <!-- no --> four</p>").iter("p"))
    assert (p.text, p.children[0].text, p.children[0].tail) == ("one ", "two", " three  four")
    assert p.page.text(p.start) == "one two three  four"


def test_an_element_knows_what_is_inside_and_around_it() -> None:
    root = tree_of("<div id=a><p><i>x</i></p></div><p>y</p>")
    i, first, second = next(root.iter("i")), *root.iter("p")
    assert [one.start < i.start < one.end for one in (root, first, second)] == [True, True, False]
    assert [one.tag for one in i.iterancestors()] == ["p", "div", "body", "html"]
    assert next(root.iter("div")).get("id") == "a" and i.get("id") is None
    assert [one.tag for one in first.iter()] == ["p", "i"]


def test_what_is_too_deep_gives_its_text_to_the_one_above() -> None:
    root = tree_of("<div>" * (MAX_DEPTH + 50) + "deep")
    assert max(root.page.depths) == MAX_DEPTH
    assert root.page.text(0).strip() == "deep"


def test_what_comes_after_too_many_elements_is_not_read() -> None:
    root, whole = grow("<p><i></i>" * MAX_TAGS)
    assert root is not None and not whole and len(root.page.texts) == MAX_TAGS + 1
    assert root.end == len(root.page) and root.tail is None


def test_entities_are_what_they_say_in_texts_and_attributes() -> None:
    p = next(
        tree_of("<p title='&lt;a&gt; &quot;b&quot; &amp;amp;' hidden>1 &lt; 2 &amp; 3&nbsp;&gt; 2</p>").iter(
            "p"
        )
    )
    assert (p.get("title"), p.get("hidden"), p.get("id")) == ('<a> "b" &amp;', "", None)
    assert p.text == "1 < 2 & 3\u00a0> 2"


def test_scripts_and_drawings_are_not_in_the_tree_and_data_are_at_hand() -> None:
    root = tree_of(
        '<script type="application/LD+json">{"a": "<b>"}</script><script>x</script><svg><path/></svg><p>y'
    )
    assert root.page.data == ['{"a": "<b>"}']
    assert root.page.tags == ["html", "head", "body", "p"]


def test_a_name_with_a_bracket_in_it_costs_no_more_than_itself() -> None:
    root = tree_of('<a"<b>t</a"<b><p>one</p><p>two</p>')
    assert [p.text for p in root.iter("p")] == ["one", "two"]


def test_elements_are_found_by_a_word_in_their_attributes() -> None:
    page = tree_of("<p class=hidden hidden>a</p><p>b</p><i data-hidden=1>c</i><p id=c>d").page
    assert [page.tags[place] for place in page.saying("hidden")] == ["p", "i"]
    assert list(page.saying("none")) == []
    starts = [page.said.index(word) for word in ('class="hidden"', "data-", 'id="c"')]
    assert [page.line(place) for place in page.saying_at(starts)] == ["a", "c", "d"]


def test_each_text_knows_its_element() -> None:
    page = tree_of("<div>a<p>b<br>c</p>d</div>e").page
    owners = {text: page.tags[owner] for text, owner in zip(page.texts, page.owners, strict=False)}
    assert [owners[text] for text in "abcde"] == ["div", "p", "p", "div", "body"]


def test_the_same_place_is_the_same_element_until_it_is_let_go() -> None:
    root = tree_of("<div><p>x</p></div>")
    p = next(root.iter("p"))
    assert root.page.view(p.start) is p and p.parent is next(root.iter("div"))
    root.page.let_go()
    assert root.page.view(p.start) is not p


@given(st.text(alphabet="<>/abdivpul \"'=x", max_size=300))
def test_places_are_nested_like_elements(html: str) -> None:
    root, _ = grow(html)
    for element in root.iter() if root else []:
        assert all(element.start < child.start < child.end <= element.end for child in element.children)


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "<p>x",
        "<ul><li>" * 100_000 + "x",
        "<div><p>x" * 100_000,
        "<p>x</p>" * 2_000_000,
        "<p " + " ".join(f"a{at}=1" for at in range(50_000)) + ">x",
        "<p class='" + "a " * 5_000_000 + "'>x",
        "<p>" + "x" * 16_000_000,
    ],
    ids=[
        "deep",
        "deep lists",
        "deep and flat",
        "2 M elements",
        "50,000 attributes",
        "a long attribute",
        "a long text",
    ],
)
def test_hostile_pages_are_read_in_bounded_time(page: str) -> None:
    started = time.process_time()
    read = parse(page)
    assert read is not None and len(read.tree.page) <= MAX_TAGS
    assert time.process_time() - started < 20  # seconds on a quiet machine; without the budgets, minutes


def test_tokens_that_end_nothing_and_have_no_name_break_nothing() -> None:
    tokens = ["html", "", " a", "p", "/p", "/", "/", "/html", "/x"]
    tree = Tree(tokens, ["t"] * len(tokens), [])
    assert tree.tags == ["html", "", "", "p"]
    assert all(start < end <= len(tree) for start, end in enumerate(tree.ends))
