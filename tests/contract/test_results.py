"""What is made of an index's answers alone is the same on both: folded copies, what is unusual, what is related."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from khabar import stories
from khabar.models import Article, Document, Entity, Folded
from khabar.ports import Index
from search import elastic
from search.elastic import generations as elastic_generations
from search.gist import terms
from search.grammar import parse
from search.related import likeness, shared
from search.tantivy import open_index
from search.tree import Keyword, Node
from search.unusual import unusual

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
SORTS: tuple[Any, ...] = ("relevance", "newest", "oldest")
MATTERS = {
    "water": "river canal dam glacier reservoir irrigation flood barrage treaty snow melt turbine",
    "cricket": "wicket batsman innings bowler stadium captain umpire trophy spinner over boundary century",
    "trade": "tariff export import customs cargo truck crossing invoice duty lorry warehouse broker",
}


@pytest.fixture(params=["tantivy", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    if request.param == "tantivy":
        yield open_index(tmp_path)
        return
    prefix = f"results-{uuid.uuid4().hex}"
    made = elastic.open_index(request.getfixturevalue("elasticsearch_url"), prefix, shards=2)
    yield made
    elastic_generations.drop_all(made.server, prefix)
    made.close()


def article(number: int, body: str, cluster: int | None = None, **fields: Any) -> Article:
    name = f"{number:020x}"
    given: dict[str, Any] = {"title": "", "source": "daily", "lang": "en", "fetched": NOW} | fields
    return Article(
        name, f"https://daily.example/{number}", body=body, cluster=f"{cluster or number:020x}", **given
    )


def put(index: Index, *articles: Article) -> None:
    index.update({each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each in articles})


def ids(found: Any) -> list[int]:
    return [int(hit.document.article.id, 16) for hit in found.hits]


def ask(query: str) -> Node:
    return parse(query, now=NOW)


# --- copies -------------------------------------------------------------------------------------------------


def test_one_hit_a_cluster_the_one_that_stands_first_and_the_total_is_of_articles(index: Index) -> None:
    day = timedelta(days=1)
    put(
        index,
        article(1, "Peace at the border", 1, published=NOW - 2 * day),
        article(2, "Peace at the border", 1, published=NOW - 1 * day),
        article(3, "Peace at the border, said the agency", 1, published=NOW - 3 * day),
        article(4, "Peace elsewhere", published=NOW),
        article(5, "Rain", 1, published=NOW),  # a copy that the query does not find
    )
    newest = stories.search(index, ask("peace"), sort="newest")
    assert (ids(newest), newest.total) == ([4, 2], 4)
    assert ids(stories.search(index, ask("peace"), sort="oldest")) == [3, 4]
    folded = newest.hits[1].document.article
    assert (folded.copies, folded.first) == (4, f"{3:020x}")
    assert ids(stories.search(index, ask("peace"), sort="newest", limit=0)) == []
    assert ids(stories.search(index, ask("*"), sort="newest", chosen={"source": ["nobody"]})) == []


def test_a_chosen_facet_decides_which_copy_stands_for_all(index: Index) -> None:
    put(
        index,
        article(1, "Peace", 1, source="first", published=NOW),
        article(2, "Peace", 1, source="second", published=NOW - timedelta(days=1)),
    )
    assert ids(stories.search(index, ask("peace"), sort="newest")) == [1]
    found = stories.search(
        index, ask("peace"), sort="newest", facets=["source"], chosen={"source": ["second"]}
    )
    assert (ids(found), found.facets["source"]) == ([2], {"first": 1, "second": 1})


def test_pages_show_each_cluster_once_by_mark_and_by_offset(index: Index) -> None:
    seed = random.Random(8)
    clusters = [seed.randrange(1, 30) for _ in range(120)]
    put(
        index,
        *(
            article(
                number,
                "peace " * seed.randrange(1, 4) + "word " * seed.randrange(9),
                1_000 + cluster,
                published=NOW - timedelta(days=seed.randrange(5)),
            )
            for number, cluster in enumerate(clusters, 1)
        ),
    )
    for sort in SORTS:
        whole = ids(stories.search(index, ask("peace"), sort=sort, limit=200))
        assert Counter(clusters[number - 1] for number in whole) == Counter(set(clusters)), sort
        every = ids(index.search(ask("peace"), sort=sort, limit=200))
        firsts = {clusters[number - 1]: number for number in reversed(every)}
        assert whole == [number for number in every if firsts[clusters[number - 1]] == number], sort
        offsets = [
            number
            for at in range(0, 40, 7)
            for number in ids(stories.search(index, ask("peace"), sort=sort, limit=7, offset=at))
        ]
        marks: list[int] = []
        after = None
        while hits := stories.search(index, ask("peace"), sort=sort, limit=7, after=after).hits:
            marks += [int(hit.document.article.id, 16) for hit in hits]
            after = stories.mark(hits[-1])
        assert offsets == marks == whole, sort


def test_of_a_scan_the_first_copy_by_id_stays_wherever_it_is_cut(index: Index) -> None:
    put(
        index,
        *(article(number, "Peace" if number != 1 else "Rain", number % 4 + 100) for number in range(1, 41)),
    )
    documents = list(index.scan(ask("peace")))
    for size in (3, 40):
        kept = [
            each.article
            for start in range(0, len(documents), size)
            for each in stories.folded(index, ask("peace"), documents[start : start + size])
        ]
        assert [int(each.id, 16) for each in kept] == [2, 3, 4, 5]
        assert {each.copies for each in kept} == {10}


# --- unusual ------------------------------------------------------------------------------------------------


def matter(number: int, name: str, seed: random.Random, **fields: Any) -> Article:
    common = ["the", "of", "and", "to", "in", "minister", "said", "week", "talks", "country"]
    drawn = seed.choices(MATTERS[name].split(), k=14) + seed.choices(common, k=30)
    seed.shuffle(drawn)
    return article(number, " ".join(drawn), **fields)


@pytest.fixture
def stocked(index: Index) -> Index:
    seed = random.Random(4)
    ttp = (Entity("ttp", "Tehrik", "organization", 0.6),)
    articles = [
        matter(n, list(MATTERS)[n % 3], seed, entities=ttp if n % 3 == 1 else ()) for n in range(1, 91)
    ]
    articles += [article(n, "cricket and the umpire pavilion agency", 500) for n in range(500, 520)]
    put(index, *articles)
    return index


def test_what_stands_out_is_what_is_rare_elsewhere(stocked: Index) -> None:
    found = unusual(stocked, ask("wicket batsman"))
    assert found.articles == stocked.search(ask("wicket batsman"), limit=0).total
    words = {odd.name for odd in found.terms}
    assert words <= set(MATTERS["cricket"].split()) - {"wicket", "batsman"} and len(words) > 5
    assert [(odd.id, odd.name, odd.share) for odd in found.entities] == [("ttp", "Tehrik", 1.0)]
    assert 0 < found.entities[0].background < 0.5
    assert unusual(stocked, ask("entity:ttp wicket")).entities == ()  # what was asked for is no wonder


def test_copies_count_once_and_nothing_found_is_nothing_unusual(stocked: Index) -> None:
    assert unusual(stocked, ask("pavilion")).articles == 1
    assert unusual(stocked, ask("pavilion")).terms == ()
    nothing = unusual(stocked, ask("pomegranate"))
    assert (nothing.articles, nothing.entities, nothing.terms) == (0, (), ())


# --- related ------------------------------------------------------------------------------------------------


def nearest(index: Index, of: Article, within: Node | None = None, limit: int = 10) -> list[int]:
    found = likeness(index, of, within)
    return ids(index.search(found.node, limit=limit)) if found else []


def test_the_nearest_are_of_the_same_matter_and_the_article_itself_is_not_among_them(stocked: Index) -> None:
    for number in (3, 4, 5):
        of = stocked.get([f"{number:020x}"])[f"{number:020x}"].article
        found = nearest(stocked, of)
        assert number not in found and len(found) == 10
        assert all(each % 3 == number % 3 for each in found), number


def test_copies_of_the_article_are_left_out_and_what_is_asked_for_is_kept_to(stocked: Index) -> None:
    of = stocked.get([f"{500:020x}"])[f"{500:020x}"].article
    assert not set(nearest(stocked, of, limit=100)) & set(range(500, 520))
    water = stocked.get([f"{3:020x}"])[f"{3:020x}"].article
    kept = nearest(stocked, water, Keyword("id", f"{6:020x}"))
    assert kept == [6]


def test_a_text_that_is_not_stored_has_its_nearest_too(stocked: Index) -> None:
    pasted = article(10**9, "A tariff on cargo: customs officers at the crossing counted every truck.")
    assert all(number % 3 == 2 for number in nearest(stocked, pasted, limit=5))
    assert nearest(stocked, article(10**9, "Zzyzx 1234 5678")) == []
    assert nearest(stocked, article(10**9, "")) == []


def test_entities_reach_across_scripts(stocked: Index) -> None:
    ttp = (Entity("ttp", "ٹی ٹی پی", "organization", 0.9),)
    urdu = article(901, "سرحد پر مذاکرات ناکام رہے", lang="ur", entities=ttp)
    pashto = article(902, "د پولې خبرې ناکامې شوې", lang="ps", entities=ttp)
    put(stocked, urdu, pashto, article(903, "بارش", lang="ur"))
    english = article(10**9, "Negotiations failed", entities=(Entity("ttp", "TTP", "organization", 0.9),))
    found = likeness(stocked, english)
    assert found
    hits = {*ids(stocked.search(found.node, limit=100))}
    assert {901, 902} <= hits and 903 not in hits
    assert shared(found, english, urdu) == ([], ["ٹی ٹی پی"])


def test_what_is_shared_is_said_in_the_words_of_the_other_what_counts_most_first(stocked: Index) -> None:
    of = stocked.get([f"{3:020x}"])[f"{3:020x}"].article
    found = likeness(stocked, of)
    assert found
    other = article(10**9, "Glaciers and DAMS, the 1234 rivers of the week")
    said, named = shared(found, of, other)
    assert named == [] and {"glaciers", "dams", "rivers"} >= set(said[:2])
    worth = [found.worth[f"en:{stem}"] for stem in ("glacier", "dam", "river") if f"en:{stem}" in found.worth]
    assert worth and min(worth) > 0


def test_both_engines_find_the_same(tmp_path: Path, elasticsearch_url: str) -> None:
    seed = random.Random(6)
    articles = [matter(n, list(MATTERS)[n % 3], seed) for n in range(1, 61)]
    here = open_index(tmp_path)
    prefix = f"related-{uuid.uuid4().hex}"
    there = elastic.open_index(elasticsearch_url, prefix)
    put(here, *articles)
    put(there, *articles)
    search: Callable[[Index, Node], Any] = lambda index, node: index.search(node, limit=10).hits  # noqa: E731
    for of in articles[:12]:
        ours, theirs = likeness(here, of), likeness(there, of)
        assert ours and theirs and ours.worth == pytest.approx(dict(theirs.worth), rel=1e-4)
        pairs = zip(search(here, ours.node), search(there, theirs.node), strict=True)
        assert all(one.score == pytest.approx(two.score, rel=1e-4) for one, two in pairs)
    assert unusual(here, ask("wicket")) == unusual(there, ask("wicket"))
    elastic_generations.drop_all(there.server, prefix)
    there.close()


def test_terms_are_forms_without_numbers_and_entities() -> None:
    ttp = (Entity("ttp", "TTP", "organization", 0.9),)
    of = article(1, "Talks talked 2021 covid19", title="Talk", entities=ttp)
    assert terms(of) == {"en:talk": 3, "entity:ttp": 1}
    assert terms(article(1, "one two three four"), 2) == {"en:one": 1, "en:two": 1}
