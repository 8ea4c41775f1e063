"""Clues: a query that is not asked could not have held, and one that is cut down holds and shows the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khabar.models import Article, Entity, Mention
from khabar.text import stem
from search.clues import Lookup, clues, probe, wanted
from search.grammar import parse
from search.matcher import analyse, holds, match
from search.tree import Boost, Form, Node, Or, Wildcard

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = (
    "talks",
    "talk",
    "talked",
    "border",
    "borders",
    "peace",
    "ttp",
    "مذاکرات",
    "سرحد",
    "سرحدوں",
    "सीमा",
    "the",
    "of",
)
LEAVES = (
    *WORDS, "tal*", "bord*", "سرح*", '"border talks"', '"talks"', '"peace talks"~3', "talks NEAR/3 border", "tal* ONEAR/2 (peace OR ttp)",
    "t?lks", "bord?r*", "border~1", "peaceful~2", "talks^2", "(peace OR talks)^3", "entity:ttp^2", "bo*er NEAR/3 (t?lk OR peace)", "title:tal?s",
    "title:peace", "body:talks", "author:shah", "entity:ttp", "about:ttp", "lang:en", "published:2025", "*",
)  # fmt: skip


def article(title: str, body: str, lang: str, salience: float | None) -> Article:
    mention = Mention("title", 0, len(title), title)
    entities = () if salience is None else (Entity("ttp", "TTP", "organization", salience, (mention,)),)
    return Article(
        "x", "https://a.example/x", "a", title, body, NOW, lang=lang, authors=("Shah Jan",), entities=entities,
        published=datetime(2025, 5, 1, tzinfo=UTC), published_precision="day",
    )  # fmt: skip


def tree(query: str) -> Node:
    return parse(query, now=NOW)


queries = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from((" OR ", " AND ")), inner).map(lambda three: f"({''.join(three)})"),
        inner.map(lambda query: f"(NOT {query})"),
    ),
    max_leaves=8,
)
texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
articles = st.builds(
    article, texts, texts, st.sampled_from(("en", "ur", "hi", "und")), st.sampled_from((None, 0.2, 0.9))
)


@given(st.lists(queries, min_size=1, max_size=4), articles, st.lists(st.sampled_from(WORDS), max_size=2))
@settings(max_examples=400, deadline=None)
def test_a_query_cut_down_to_what_has_a_clue_holds_and_shows_the_same(
    asked: list[str], article: Article, forms: list[str]
) -> None:
    trees = [*map(tree, asked), *(Or((Form(stem(word, "en")), tree(asked[0]))) for word in forms)]
    probes = [probe(node) for node in trees]
    view = analyse(article)
    held = Lookup(clue for each in probes for clue in wanted(each)).held(view)
    for node, ready in zip(trees, probes, strict=True):
        reduced = ready.reduced(held)
        assert holds(node, view) == ready.holds(view, held) == (reduced is not None and holds(reduced, view))
        if reduced is not None:
            assert match(node, view) == match(reduced, view)


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("talks", {("form", "talks")}),
        ("tal*", {("prefix", "tal")}),
        ('"peace talk border"', {("word", "border")}),
        ("talks OR entity:ttp", {("form", "talks"), ("entity", "ttp")}),
        ("(talks OR peace) AND about:ttp", {("about", "ttp")}),
        ("lang:en AND talks", {("form", "talks")}),
        ("(peace OR talks) NEAR/4 border", {("word", "border")}),
        ("talks^3 OR (ttp AND entity:ttp)^0.5", {("form", "talks"), ("form", "ttp")}),
        ("t?lks", {("prefix", "t")}),
        ("bord?r* NEAR/4 (tal* OR of)", {("prefix", "bord")}),
        ("border~1", None),
        ("talks OR lang:en", None),
        ("NOT talks", None),
        ("author:shah", None),
    ],
)
def test_what_a_query_needs(query: str, needed: set[tuple[str, str]] | None) -> None:
    assert clues(tree(query)) == needed


def test_a_form_of_one_language_needs_a_word_of_it() -> None:
    node = Boost(Form(stem("talks", "en")), 2.0)
    ready = probe(node)
    assert clues(node) == {("stem", "en:talk")} == ready.needs
    lookup = Lookup(wanted(ready))
    english, other = (analyse(article("", "they talked", lang, None)) for lang in ("en", "ur"))
    assert ready.holds(english, lookup.held(english)) and not ready.holds(other, lookup.held(other))
    assert probe(Form("en:talk", "title")).holds(english, lookup.held(english)) is False
    assert clues(Wildcard("?alks")) is None, "nothing that a word begins with"


def test_forms_are_looked_up_in_the_articles_own_language() -> None:
    node = tree("talks")
    lookup = Lookup(wanted(probe(node)))
    assert lookup.held(analyse(article("", "they talked", "en", None))) == {("form", "talks")}
    assert lookup.held(analyse(article("", "they talked", "und", None))) == set()
    assert lookup.held(analyse(article("", "they talked", "en", None))) == {("form", "talks")}


def test_of_many_alternatives_only_those_with_a_clue_are_left() -> None:
    ready = probe(tree("talks OR border OR peace OR (ttp AND of)"))
    lookup = Lookup(wanted(ready))
    assert ready.reduced(lookup.held(analyse(article("", "peace at last", "en", None)))) == tree("peace")
    assert ready.reduced(lookup.held(analyse(article("", "ttp", "en", None)))) is None
