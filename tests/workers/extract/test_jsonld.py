from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract import jsonld
from workers.extract.markup import parse


def nodes_of(*blocks: str) -> list[jsonld.Node]:
    scripts = "".join(f'<script type="application/ld+json">{block}</script>' for block in blocks)
    page = parse(f"<html><head>{scripts}</head><body><p>x</p></body></html>")
    assert page is not None
    return jsonld.read_jsonld(page.tree)


@pytest.mark.parametrize(
    "block",
    [
        '{"@type": "NewsArticle", "headline": "Salt roads"}',
        '<!-- {"@type": "NewsArticle", "headline": "Salt roads"} -->',
        '//<![CDATA[\n{"@type": "NewsArticle", "headline": "Salt roads"}\n//]]>',
        '{"@type": "NewsArticle", "headline": "Salt roads", }',
        '{"@type": "NewsArticle", "headline": "Salt roads"};',
        '{"@type": "NewsArticle", "description": "two\nlines\tand a tab", "headline": "Salt roads"}',
        '[{"@type": "WebSite"}, {"@type": ["Thing", "https://schema.org/NewsArticle"], "headline": "Salt roads"}]',
        '{"@context": "x", "@graph": [{"@type": "WebPage"}, {"@type": "NewsArticle", "headline": "Salt roads"}]}',
        '{"@type": "WebPage", "mainEntity": {"@type": "NewsArticle", "headline": "Salt roads"}}',
        "{&quot;@type&quot;: &quot;NewsArticle&quot;, &quot;headline&quot;: &quot;Salt roads&quot;}",
        '{"@type": "NewsArticle", "headline": "<b>Salt</b> &#114;oads"}',
    ],
)
def test_an_article_is_found_however_it_is_wrapped(block: str) -> None:
    found = jsonld.article_of(nodes_of(block), (), None)
    assert found is not None and jsonld.text(found["headline"]) == "Salt roads"


def test_a_broken_block_costs_that_block_alone() -> None:
    assert [jsonld.types(node) for node in nodes_of("{broken", '{"@type": "Article"}', "")] == [("Article",)]


def test_among_several_the_one_of_this_address_is_the_article() -> None:
    nodes = nodes_of(
        json.dumps({"@type": "NewsArticle", "headline": "Another", "url": "https://a.example/other"}),
        json.dumps(
            {
                "@type": "NewsArticle",
                "headline": "This",
                "mainEntityOfPage": {"@id": "https://a.example/this/"},
            }
        ),
    )
    found = jsonld.article_of(nodes, ("https://www.a.example/this",), None)
    assert found is not None and found["headline"] == "This"


def test_else_the_one_of_this_title() -> None:
    nodes = nodes_of(
        '[{"@type": "Article", "headline": "Another"}, {"@type": "Article", "headline": "This"}]'
    )
    found = jsonld.article_of(nodes, (), "This")
    assert found is not None and found["headline"] == "This"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ('"Iqra Abbasi"', ["Iqra Abbasi"]),
        ('{"@type": "Person", "name": "Iqra Abbasi"}', ["Iqra Abbasi"]),
        ('[{"name": "Iqra Abbasi"}, "Daud Zehri"]', ["Iqra Abbasi", "Daud Zehri"]),
        ('{"name": ["Iqra Abbasi", "Daud Zehri"]}', ["Iqra Abbasi", "Daud Zehri"]),
        ('{"@id": "#iqra"}', ["Iqra Abbasi"]),
        ('{"@id": "#nobody"}', []),
        ("null", []),
        ("7", []),
    ],
)
def test_authors_in_every_shape(author: str, expected: list[str]) -> None:
    nodes = nodes_of(
        f'{{"@graph": [{{"@type": "Article", "author": {author}}}, {{"@type": "Person", "@id": "#iqra", "name": "Iqra Abbasi"}}]}}'
    )
    assert list(jsonld.names(nodes[1]["author"], nodes)) == expected


def test_a_breadcrumb_is_in_order_of_position() -> None:
    items = [
        {"@type": "ListItem", "position": 2, "item": {"@id": "https://a.example/views", "name": "Views"}},
        {"@type": "ListItem", "position": 1, "name": "Home"},
        {"@type": "ListItem", "position": 3, "name": "https://a.example/x"},
    ]
    nodes = nodes_of(json.dumps({"@type": "BreadcrumbList", "itemListElement": items}))
    assert jsonld.breadcrumb(nodes) == ("Home", "Views")


def test_a_name_that_refers_to_itself_ends() -> None:
    nodes = nodes_of(json.dumps({"@id": "#a", "name": {"@id": "#a"}}))
    assert list(jsonld.names({"@id": "#a"}, nodes)) == []


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@type", "@graph", "@id", "name", "author", "itemListElement", "position", "url", "headline", "mainEntityOfPage"]), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_no_json_breaks_the_reading(value: object) -> None:
    nodes = nodes_of(
        json.dumps(value), json.dumps({"@type": "Article", "author": value, "headline": value, "url": value})
    )
    article = jsonld.article_of(nodes, ("https://a.example/x",), "x")
    assert article is not None
    assert all(isinstance(name, str) for name in jsonld.names(article.get("author"), nodes))
    assert isinstance(jsonld.breadcrumb(nodes), tuple)
    jsonld.page_of(nodes)
