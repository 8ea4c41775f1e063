from __future__ import annotations

import time

import pytest

from workers.extract.tokens import MAX_TAGS, cut, flattened

ITEM = "<li class='x'> <!-- one --> <a href='/a'><span>World</span> news</a>&nbsp;</li>\n<!-- two -->"


def texts_of(serialised: str) -> str:
    return " ".join("".join(cut(f"<body>{serialised}</body>")[1]).split())


def test_tags_and_the_texts_behind_them_are_cut_apart() -> None:
    assert cut('<p id="a">one<br>two&nbsp;</p>') == (['p id="a"', "br", "/p"], ["one", "two\u00a0", ""], True)


@pytest.mark.parametrize(
    ("serialised", "left"),
    [
        ("<p>a<!-- b > <p>c</p> -->d</p>", "ad"),
        ("<p>a<!-- b -- c - -->d</p>", "ad"),
        (f"<ul>{ITEM * 5}</ul>a", "a"),
        (f"<ul id='m'><!-- {'-' * 9} -->{ITEM * 5}</ul>a", "a"),
        ("<nav><a>x</a><!-- <p>y</p> --><div>z</div></nav>a", "a"),
        (f"<nav><ul>{ITEM * 6}</ul><!-- </nav> --></nav>a", "a"),
    ],
)
def test_comments_and_menus_are_left_out(serialised: str, left: str) -> None:
    assert texts_of(serialised) == left


@pytest.mark.parametrize(
    "serialised",
    [
        "<nav class='breadcrumbs'><a>x</a></nav>",
        "<nav><p>x</p></nav>",
        "<nav><!-- a --><h1>x</h1></nav>",
        f"<ul>{ITEM * 4}</ul>",
        f"<ul>{ITEM * 5}<li><a>x</a> and more</li></ul>",
    ],
)
def test_what_only_looks_like_a_menu_stays(serialised: str) -> None:
    assert texts_of(serialised) != ""


@pytest.mark.parametrize(
    "serialised",
    [
        "<nav>" * 200_000,
        "<nav><!-- -->" * 100_000,
        "<ul>" + "<li><a b><i>" * 100_000,
        "<ul>" + ITEM * 20_000,
        "<ul>" * 100_000 + "<!-- --> " * 10_000,
    ],
)
def test_markup_that_ends_nothing_is_cut_in_bounded_time(serialised: str) -> None:
    started = time.process_time()
    assert len(cut(serialised)[0]) <= MAX_TAGS
    assert time.process_time() - started < 10  # seconds; a tenth of one on a quiet machine


def test_tokens_too_deep_give_their_texts_to_those_before_them() -> None:
    tokens, texts = flattened(["p"] * 300 + ["/p"] * 300, ["a"] * 600)
    assert len(tokens) < 600 and "".join(texts) == "a" * 600
