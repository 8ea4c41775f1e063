"""What every index promises, whatever keeps it: one suite over the protocol of khabar.ports."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khabar.models import (
    Article,
    Document,
    Entity,
    Folded,
    Hit,
    Mention,
    Outcome,
    Reference,
    Signature,
    TopicMatch,
    attempt_name,
)
from khabar.ports import Fold, Frequencies, Index, Mark, RefusedDocumentsError
from search import elastic
from search.elastic import generations as elastic_generations
from search.grammar import parse
from search.matcher import analyse, holds
from search.schema import micros
from search.tantivy import open_index
from search.tree import And, Boost, Everything, Form, Keyword, Node, Not, Or, Word

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
KARACHI = timezone(timedelta(hours=5))
DAY = timedelta(days=1)
ALL = Everything()
UNSIGNED = Signature(0)


@dataclass(frozen=True)
class Shelf:
    """Makes empty indexes, and second handles on one, as another process would have."""

    new: Callable[[], Index]
    again: Callable[[Index], Index]


def _tantivy(folder: Path) -> Iterator[Shelf]:
    opened: list[tuple[Index, Path]] = []

    def handle(path: Path) -> Index:
        index = open_index(path)
        opened.append((index, path))
        return index

    yield Shelf(
        new=lambda: handle(folder / str(len(opened))),
        again=lambda index: handle(next(path for made, path in opened if made is index)),
    )
    for index, _ in opened:
        index.close()


def _elasticsearch(url: str) -> Iterator[Shelf]:
    opened: list[tuple[elastic.ElasticIndex, str]] = []

    def handle(prefix: str) -> Index:
        index = elastic.open_index(url, prefix, shards=1 + len(opened) % 2)
        opened.append((index, prefix))
        return index

    yield Shelf(
        new=lambda: handle(f"contract-{uuid.uuid4().hex}"),
        again=lambda index: handle(next(prefix for made, prefix in opened if made is index)),
    )
    for prefix in {prefix for _, prefix in opened}:
        elastic_generations.drop_all(opened[0][0].server, prefix)
    for index, _ in opened:
        index.close()


@pytest.fixture(params=["tantivy", "elasticsearch"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    if request.param == "tantivy":
        yield from _tantivy(tmp_path)
    else:
        yield from _elasticsearch(request.getfixturevalue("elasticsearch_url"))


@pytest.fixture
def index(shelf: Shelf) -> Index:
    return shelf.new()


# --- what is put in -----------------------------------------------------------------------------------------


def document(number: int, at: datetime = NOW, signature: Signature = UNSIGNED, **fields: Any) -> Document:
    name = f"{number:020x}"
    url = f"https://daily.example/{number}"
    fields = {
        "source": "daily",
        "title": f"Title {number}",
        "body": "Peace at the border.",
        "lang": "en",
    } | fields
    reference = Reference(
        at, f"urn:uuid:{number}", "segments/a", url, attempt_name(at, url), "daily", at, "t"
    )
    return Document(Article(id=name, url=url, fetched=at, **fields), (reference,), signature)


def row(number: int, at: datetime = NOW, record: str = "r1", **fields: Any) -> Outcome:
    url = f"https://daily.example/{number}"
    given = {"source": "daily", "outcome": "indexed", "reason": None, "segment": "segments/a"} | fields
    claimed = NOW + timedelta(seconds=number)
    return Outcome(attempt_name(claimed, url), day=claimed.date(), url=url, record=record, date=at, **given)


def put(index: Index, *documents: Document, outcomes: tuple[Outcome, ...] = ()) -> None:
    def fold(wanted: Document) -> Fold:
        return lambda _: Folded(wanted, ())

    index.update({each.article.id: fold(each) for each in documents}, outcomes)


def found(index: Index, query: str = "*", **options: Any) -> list[int]:
    hits = index.search(parse(query, now=NOW), **options).hits
    return [int(hit.document.article.id, 16) for hit in hits]


# --- documents ----------------------------------------------------------------------------------------------


def test_a_document_comes_back_as_it_was_put(index: Index) -> None:
    mention = Mention("body", 0, 5, "Peace")
    whole = document(
        1,
        signature=Signature(3, ("1:ab", "2:cd"), "ef"),
        published=NOW.astimezone(KARACHI),
        published_precision="second",
        entities=(Entity("ttp", "TTP", "organization", 0.7, (mention,)),),
        topics=(TopicMatch("pak-taliban", 9.5, 3, (mention,)),),
        authors=("Zahid Hussain", "عائشہ صدیقہ"),
    )
    put(index, whole)
    assert index.get([whole.article.id, "0" * 20]) == {whole.article.id: whole}


def test_a_write_is_seen_at_once_by_every_handle(shelf: Shelf, index: Index) -> None:
    other = shelf.again(index)
    assert found(other) == []
    put(index, document(1))
    assert list(other.get([f"{1:020x}"])) == [f"{1:020x}"]
    assert found(other) == [1]
    put(other, document(2))
    assert sorted(found(index)) == [1, 2]


def test_a_fold_is_given_what_is_stored_and_may_leave_it(index: Index) -> None:
    seen: list[Document | None] = []

    def fold(stored: Document | None) -> Folded | None:
        seen.append(stored)
        return Folded(document(1), (row(1),)) if stored is None else None

    name = f"{1:020x}"
    assert index.update({name: fold}) == {name: document(1)}
    assert index.update({name: fold}) == {}
    assert seen == [None, document(1)]
    assert [each.attempt for each in index.rows()] == [row(1).attempt]


def test_a_document_written_again_replaces_itself(index: Index) -> None:
    put(index, document(1, title="Old words"))
    put(index, document(1, title="New words"))
    assert found(index, "old") == []
    assert found(index, "new") == [1]
    assert index.search(ALL).total == 1


def test_a_fold_may_not_write_another_article(index: Index) -> None:
    with pytest.raises(ValueError, match="gave the article"):
        index.update({f"{2:020x}": lambda _: Folded(document(1), ())})


def test_what_is_deleted_is_gone(index: Index) -> None:
    put(index, document(1), document(2), outcomes=(row(1), row(2)))
    index.delete([f"{1:020x}"], [row(2).attempt])
    assert found(index) == [2]
    assert index.get([f"{1:020x}"]) == {}
    assert list(index.rows()) == [row(1)]


def test_deleting_nothing_and_the_unknown_is_fine(index: Index) -> None:
    index.delete([])
    index.delete(["f" * 20], ["no such attempt"])
    assert index.update({}) == {}


# --- outcome rows -------------------------------------------------------------------------------------------


def test_of_two_records_of_an_attempt_the_earlier_counts(index: Index) -> None:
    late = row(1, NOW + DAY, "r2", outcome="unchanged")
    index.update({}, [late])
    index.update({}, [row(1, NOW, "r1")])
    index.update({}, [late])
    assert list(index.rows()) == [row(1, NOW, "r1")]


def test_the_row_of_the_same_record_is_replaced(index: Index) -> None:
    index.update({}, [row(1)])
    again = row(1, outcome="rejected", reason="rejected(short)")
    index.update({}, [again])
    assert list(index.rows()) == [again]
    assert index.tally() == {("daily", NOW.date(), "rejected", "rejected(short)"): 1}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([(0, "a"), (0, "b"), (1, "a"), (2, "c")]), st.integers(1, 4))
def test_rows_do_not_depend_on_the_order_or_portions_of_writing(
    shelf: Shelf, order: list[tuple[int, str]], size: int
) -> None:
    index = shelf.new()
    rows = [row(1, NOW + days * DAY, record) for days, record in order]
    for start in range(0, len(rows), size):
        index.update({}, rows[start : start + size])
    assert list(index.rows()) == [row(1, NOW, "a")]


def test_rows_are_found_by_each_of_their_fields_in_order_of_attempt(index: Index) -> None:
    rows = [row(number, source="daily" if number % 2 else "weekly") for number in range(9)]
    rows[4] = replace(rows[4], outcome="failed", reason="failed(timeout)", day=date(2026, 3, 20))
    index.update({}, reversed(rows))
    assert list(index.rows()) == rows
    assert list(index.rows(source="weekly")) == rows[::2]
    assert list(index.rows(url="https://daily.example/3")) == [rows[3]]
    assert list(index.rows(attempts=[rows[5].attempt, rows[2].attempt])) == [rows[2], rows[5]]
    assert list(index.rows(attempts=[])) == []
    assert list(index.rows(outcomes=["failed", "rejected"])) == [rows[4]]
    assert list(index.rows(since=date(2026, 3, 15))) == [rows[4]]
    assert list(index.rows(since=date(2026, 3, 20), until=date(2026, 3, 20))) == [rows[4]]
    assert list(index.rows(until=date(2026, 3, 13))) == []
    assert list(index.rows(source="weekly", outcomes=["failed"])) == [rows[4]]


def test_rows_of_one_claim_time_are_in_order_of_their_urls(index: Index) -> None:
    names = [attempt_name(NOW, f"https://daily.example/{number}") for number in range(30)]
    rows = [replace(row(0), attempt=name) for name in sorted(names)]
    index.update({}, random.Random(3).sample(rows, len(rows)))
    assert list(index.rows()) == rows


def test_the_tally_counts_every_row_once(index: Index) -> None:
    assert index.tally() == {}
    rows = [row(number, source=f"s{number % 3}") for number in range(30)]
    rows += [row(number, outcome="rejected", reason="rejected(robots)") for number in range(30, 40)]
    rows += [replace(row(number), day=date(2025, 12, 31)) for number in range(40, 45)]
    index.update({}, rows)
    day = NOW.date()
    assert index.tally() == {
        **{(f"s{number}", day, "indexed", None): 10 for number in range(3)},
        ("daily", day, "rejected", "rejected(robots)"): 10,
        ("daily", date(2025, 12, 31), "indexed", None): 5,
    }


# --- search -------------------------------------------------------------------------------------------------


def test_newest_and_oldest_put_the_undated_where_they_were_first_fetched(index: Index) -> None:
    put(
        index,
        document(1, NOW, published=NOW - 2 * DAY),
        document(2, NOW - DAY),
        document(3, NOW, published=NOW - 3 * DAY),
        document(4, NOW),
    )
    assert found(index, sort="newest") == [4, 2, 1, 3]
    assert found(index, sort="oldest") == [3, 1, 2, 4]


def test_pages_tile_what_is_found_though_many_are_equal(index: Index) -> None:
    seed = random.Random(5)
    # A third begins alike: what sorts by time and the beginning of an id must still tell them apart.
    numbers = [seed.getrandbits(80) for _ in range(100)] + [
        0xABC << 68 | seed.getrandbits(68) for _ in range(50)
    ]
    for start in range(0, 150, 50):  # in several segments
        put(index, *(document(number, published=NOW) for number in numbers[start : start + 50]))
    for sort in ("newest", "oldest", "relevance"):
        for query in ("*", "peace"):
            pages = [found(index, query, sort=sort, limit=7, offset=at) for at in range(0, 160, 7)]
            if query == "peace" and sort == "relevance":  # titles differ by one word: all score alike
                assert {len(each) for each in pages[:21]} == {7}
            assert [number for each in pages for number in each] == sorted(numbers), (sort, query)


def test_pages_by_mark_tile_what_is_found_though_articles_come_in_between(index: Index) -> None:
    seed = random.Random(6)
    numbers = [seed.getrandbits(80) for _ in range(60)] + [
        0xABC << 68 | seed.getrandbits(68) for _ in range(30)
    ]
    for start in range(0, 90, 30):  # in several segments
        put(index, *(document(n, published=NOW - (n % 3) * DAY) for n in numbers[start : start + 30]))
    for sort in ("newest", "oldest", "relevance"):
        for query in ("*", "peace"):
            whole = found(index, query, sort=sort, limit=200)
            before, pages = whole[:7], []
            mark = None
            while page := index.search(parse(query, now=NOW), sort=sort, limit=7, after=mark):
                pages += [int(hit.document.article.id, 16) for hit in page.hits]
                if len(page.hits) < 7:
                    break
                # How far to look is told rightly, wrongly or not at all: it changes nothing.
                mark = replace(mark_of(page.hits[-1]), place=seed.choice((0, len(pages), 10**12, -5)))
                assert page.total == len(whole)
            assert pages == whole and before == pages[:7], (sort, query)
    for sort in (
        "newest",
        "oldest",
    ):  # in the middle of which others are added, and one that was seen is taken out
        whole = found(index, "*", sort=sort, limit=200)
        first = index.search(ALL, sort=sort, limit=40)
        newcomers = [seed.getrandbits(80) for _ in range(5)]
        put(index, *(document(n, published=NOW + (-9 if sort == "oldest" else 9) * DAY) for n in newcomers))
        index.delete([first.hits[3].document.article.id, first.hits[-1].document.article.id])
        rest = found(index, "*", sort=sort, limit=200, after=mark_of(first.hits[-1]))
        assert rest == whole[40:], sort
        index.delete([f"{n:020x}" for n in newcomers])


def test_a_page_after_the_last_hit_is_empty_and_one_without_a_limit_counts(index: Index) -> None:
    put(index, *(document(number, published=NOW) for number in range(5)))
    for sort in ("newest", "oldest", "relevance"):
        last = mark_of(index.search(parse("peace", now=NOW), sort=sort, limit=5).hits[-1])
        results = index.search(parse("peace", now=NOW), sort=sort, limit=3, after=last)
        assert (results.total, results.hits) == (5, ())
        results = index.search(parse("peace", now=NOW), sort=sort, limit=0, after=last)
        assert (results.total, results.hits) == (5, ())


def mark_of(hit: Hit) -> Mark:
    article = hit.document.article
    return Mark(hit.score, micros(article.published or article.fetched), article.id)


def test_the_total_is_exact_without_a_page_too(index: Index) -> None:
    put(index, *(document(number) for number in range(40)))
    assert index.search(ALL, limit=0).total == 40
    assert index.search(ALL, limit=0).hits == ()
    assert index.search(ALL, limit=5, offset=39).total == 40
    assert len(index.search(ALL, limit=5, offset=39).hits) == 1
    assert index.search(ALL, limit=5, offset=400).hits == ()


def test_uncounted_hits_are_the_same(index: Index) -> None:
    seed = random.Random(12)
    put(
        index,
        *(document(n, body="peace " * seed.randrange(1, 9), published=NOW - n * DAY) for n in range(90)),
    )
    put(index, *(document(n, body="talks", published=NOW - (n % 3) * DAY) for n in range(100, 250)))
    for query in ("peace", "peace OR talks", "talks", "*", "nothing"):
        for limit, offset in ((10, 0), (7, 5), (200, 0), (0, 0), (10, 300)):
            whole = index.search(parse(query, now=NOW), limit=limit, offset=offset)
            fast = index.search(parse(query, now=NOW), limit=limit, offset=offset, counted=False)
            assert fast.hits == whole.hits, (query, limit, offset)
            assert len(fast.hits) <= fast.total <= whole.total or query == "*"


def test_relevance_prefers_the_title_and_scores_fall(index: Index) -> None:
    long = "The ministers met again and said nothing new of it. " * 3
    put(
        index,
        document(1, title="Weather", body=f"{long} A ceasefire is far."),
        document(2, title="Ceasefire at last", body=long),
        document(3, title="Weather", body=long),
    )
    results = index.search(parse("ceasefire", now=NOW))
    assert [int(hit.document.article.id, 16) for hit in results.hits] == [2, 1]
    assert results.hits[0].score > results.hits[1].score > 0
    assert all(hit.score == 0 for hit in index.search(parse("ceasefire", now=NOW), sort="newest").hits)


def test_a_filter_does_not_change_the_score(index: Index) -> None:
    put(index, document(1, country="PK"), document(2, country="AF", body="Cold"))
    plain = index.search(parse("peace", now=NOW)).hits[0].score
    assert index.search(parse("peace country:pk -cold published:<2020 OR peace", now=NOW)).total == 1
    assert index.search(parse("peace country:pk -cold", now=NOW)).hits[0].score == pytest.approx(plain)


def test_facets_count_the_query_the_most_frequent_first_then_by_name(index: Index) -> None:
    put(
        index,
        document(1, source="b", authors=("Zed", "Amina", "Amina")),
        document(2, source="a", authors=("Zed",), topics=(TopicMatch("t", 1, 1),)),
        document(3, source="a", body="Other words", authors=("Nobody",)),
        document(4, source="c", entities=(Entity("ttp", "TTP", "organization", 0.1),)),
    )
    names = ("source", "author", "topic", "entity", "lang", "country", "genre")
    facets = index.search(parse("peace", now=NOW), limit=0, facets=names).facets
    assert list(facets) == list(names)
    assert list(facets["source"].items()) == [("a", 1), ("b", 1), ("c", 1)]
    assert list(facets["author"].items()) == [("Zed", 2), ("Amina", 1)]
    assert facets["topic"] == {"t": 1}
    assert facets["entity"] == {"ttp": 1}
    assert (facets["lang"], facets["country"], facets["genre"]) == ({"en": 3}, {}, {"unknown": 3})


def test_dates_of_a_text_changes_and_joined_authors_are_found(index: Index) -> None:
    put(
        index,
        document(
            1, mentions_dates=("2021-08-15", "2024"), changed=("title",), authors=("Dr. Aamir Mehmood",)
        ),
        document(2, mentions_dates=("2021-09",), changed=("title", "body"), authors=("عامر محمود",)),
        document(3, authors=("Aamir Mehmood Butt", "Amir Mahmood")),
        document(4, authors=("A. Mahmood",)),
    )

    def search(query: str) -> list[int]:
        return sorted(int(hit.document.article.id, 16) for hit in index.search(parse(query, now=NOW)).hits)

    assert search("mentions:2021-08") == [1]
    assert search("mentions:2021-8-15") == [1]
    assert search("mentions:2021") == [1, 2]
    assert search("mentions:2021-08-16") == []
    assert search("changed:title") == [1, 2]
    assert search("changed:body") == [2]
    for name in ("Dr Amir Mahmood", "عامر محمود", "Aamer Mehmood"):
        assert search(f'author:"{name}"') == [1, 2, 3], name
    assert search("author:mahmood") == [1, 2, 3, 4]
    facets = index.search(ALL, facets=("author",)).facets["author"]
    assert facets == {"Aamir Mahmood": 3, "Aamir Mahmood Butt": 1, "A. Mahmood": 1}
    assert index.search(ALL, chosen={"author": ["Amir Mehmood"]}).total == 3


def test_an_unknown_facet_is_refused(index: Index) -> None:
    with pytest.raises(ValueError, match="no facet"):
        index.search(ALL, facets=("colour",))
    with pytest.raises(ValueError, match="no facet"):
        index.search(ALL, chosen={"colour": ["red"]})


def test_what_is_chosen_of_a_facet_narrows_all_but_its_own_counts(index: Index) -> None:
    put(
        index,
        document(1, source="a", country="PK", authors=("Amina Khan",)),
        document(2, source="b", country="PK", authors=("Amina Khan Jr",)),
        document(3, source="c", country="AF", entities=(Entity("ttp", "TTP", "organization", 0.1),)),
        document(4, source="a", country="AF", authors=("amina khan",)),
        document(5, source="a", country="PK", body="Other words"),
    )

    def search(**chosen: list[str]) -> tuple[list[int], dict[str, dict[str, int]]]:
        results = index.search(
            parse("peace", now=NOW), sort="oldest", facets=("source", "country"), chosen=chosen
        )
        assert results.total == len(results.hits)
        return [int(hit.document.article.id, 16) for hit in results.hits], results.facets

    assert search(source=["a"]) == (
        [1, 4],
        {"source": {"a": 2, "b": 1, "c": 1}, "country": {"AF": 1, "PK": 1}},
    )
    assert search(source=["b", "a"], country=["pk"]) == (
        [1, 2],
        {"source": {"a": 1, "b": 1}, "country": {"PK": 2, "AF": 1}},
    )
    assert search(entity=["ttp"])[0] == [3]
    assert search(author=["Amina Khan"])[0] == [1]  # the name as it is, no other that begins so
    assert search(source=["nobody"])[1]["source"] == {"a": 2, "b": 1, "c": 1}
    assert search(source=[])[0] == [1, 2, 3, 4]


def test_what_is_chosen_holds_for_the_timeline_and_changes_no_score(index: Index) -> None:
    put(index, document(1, source="a"), document(2, source="b", body="Peace, peace and talks"))
    whole = {hit.document.article.id: hit.score for hit in index.search(parse("peace", now=NOW)).hits}
    results = index.search(parse("peace", now=NOW), timeline="day", chosen={"source": ["b"]})
    assert list(results.timeline.values()) == [1]
    assert [hit.score for hit in results.hits] == [pytest.approx(whole[f"{2:020x}"])]


def test_frequencies_are_of_articles_not_of_words(index: Index) -> None:
    assert index.frequencies("body_form", ["en:peac"]).articles == 0
    put(
        index,
        document(1, body="Peace, peace and talks", entities=(Entity("ttp", "TTP", "organization", 0.1),)),
        document(2),
        document(3, lang="ur", title="Peace", body="مذاکرات"),
    )
    found = index.frequencies("body_form", ["en:peac", "en:talk", "und:مذاکرات", "en:none", "en:peac"])
    assert found.articles == 3
    assert found.holding == {"en:peac": 2, "en:talk": 1, "und:مذاکرات": 1, "en:none": 0}
    assert index.frequencies("entity", ["ttp", "pakistan"]).holding == {"ttp": 1, "pakistan": 0}
    assert index.frequencies("lang", ["ur", "en", "ps"]).holding == {"ur": 1, "en": 2, "ps": 0}
    assert index.frequencies("entity", []) == Frequencies(3, {})
    many = [f"en:{number}" for number in range(2_500)]
    assert set(index.frequencies("body_form", [*many, "en:peac"]).holding.values()) == {0, 2}


def test_gists_tell_what_the_best_hits_say_first(index: Index) -> None:
    ttp = Entity(
        "ttp", "TTP", "organization", 0.1, (Mention("body", 0, 3, "TTP"), Mention("body", 9, 12, "TTP"))
    )
    put(
        index,
        document(1, title="Peace", body="Peace, peace and talks in 2021", entities=(ttp,)),
        document(2, title="", body="peace " + "far " * 200 + "away"),
        document(3, lang="ur", title="Peace", body="مذاکرات"),
    )
    query = parse("peace", now=NOW)
    gists, hits = index.gists(query, 10), index.search(query, limit=10).hits
    assert [each.score for each in gists] == pytest.approx([hit.score for hit in hits])
    assert [each.lang for each in gists] == [hit.document.article.lang for hit in hits]
    told = {hit.document.article.id: dict(each.terms) for each, hit in zip(gists, hits, strict=True)}
    assert told[f"{1:020x}"] == {"en:peac": 3, "en:and": 1, "en:talk": 1, "en:in": 1, "entity:ttp": 2}
    assert told[f"{2:020x}"] == {"en:peac": 1, "en:far": 79}, "the first eighty words"
    assert told[f"{3:020x}"] == {"und:peace": 1, "und:مذاکرات": 1}
    assert len(index.gists(query, 1)) == 1 and index.gists(parse("nothing", now=NOW), 3) == []


def test_an_entity_counts_and_weighs_as_a_word_of_the_body(index: Index) -> None:
    named = Entity("ttp", "TTP", "organization", 0.1)
    often = replace(named, mentions=(Mention("body", 0, 3, "TTP"),) * 4)
    put(index, document(1, entities=(named,)), document(2, entities=(often,)), document(3))
    assert index.frequencies("body_form", ["entity:ttp"]).holding == {"entity:ttp": 2}
    hits = index.search(Boost(Form("entity:ttp", "body"), 2.0), counted=False).hits
    assert [int(hit.document.article.id, 16) for hit in hits] == [2, 1]
    assert index.search(parse("ttp entity", now=NOW)).total == 0, "no words of a query"


# --- what ranks ---------------------------------------------------------------------------------------------


def scores(index: Index, node: Node) -> dict[int, float]:
    return {int(hit.document.article.id, 16): hit.score for hit in index.search(node, limit=100).hits}


def test_a_boost_multiplies_what_ranks(index: Index) -> None:
    put(index, document(1, body="Talks of peace"), document(2, body="Talks"), document(3, body="Rain"))
    plain = scores(index, Or((Word("talks"), Word("peace"))))
    apart = scores(index, Word("peace"))
    boosted = scores(index, Or((Word("talks"), Boost(Word("peace"), 3.0))))
    assert boosted == {1: pytest.approx(plain[1] + 2 * apart[1], rel=1e-5), 2: pytest.approx(plain[2])}
    inside = scores(index, Boost(Or((Word("talks"), Word("peace"))), 3.0))
    assert inside == {number: pytest.approx(3 * score, rel=1e-5) for number, score in plain.items()}


def test_a_boosted_filter_counts_what_it_weighs_and_the_bare_one_nothing(index: Index) -> None:
    put(index, document(1, country="PK"), document(2, country="AF"))
    plain = scores(index, Word("peace"))
    pakistan = Keyword("country", "PK")
    assert scores(index, Or((Word("peace"), Boost(pakistan, 2.5)))) == {
        1: pytest.approx(plain[1] + 2.5),
        2: pytest.approx(plain[2]),
    }
    assert scores(index, Boost(pakistan, 2.5)) == {1: 2.5}
    assert scores(index, And((Word("peace"), Boost(Not(pakistan), 2.5)))) == {
        2: pytest.approx(plain[2] + 2.5)
    }


def test_a_form_is_of_one_language(index: Index) -> None:
    put(
        index,
        document(1, title="Border", body="They talked"),
        document(2, title="Talks", body="Rain"),
        document(3, lang="ur", title="x", body="talk"),
    )
    assert set(scores(index, Form("en:talk"))) == {1, 2}
    assert set(scores(index, Form("en:talk", "body"))) == {1}
    assert set(scores(index, Form("und:talk"))) == {3}
    assert scores(index, Form("en:talk"))[2] == pytest.approx(scores(index, Word("talks"))[2])
    both_engines = [analyse(each) for each in (hit.document.article for hit in index.search(ALL).hits)]
    assert sum(holds(Boost(Form("en:talk"), 2.0), view) for view in both_engines) == 2


def test_the_timeline_counts_days_weeks_and_months_of_a_time_zone(index: Index) -> None:
    evening = datetime(2026, 1, 31, 20, 0, tzinfo=UTC)  # the 1st of February in Karachi
    put(
        index,
        document(1, published=evening),
        document(2, published=datetime(2026, 2, 3, 6, 0, tzinfo=UTC)),
        # Known to the day: the 31st wherever it is read.
        document(3, published=datetime(2026, 1, 31, tzinfo=KARACHI), published_precision="day"),
        document(4, evening + DAY),  # undated
    )

    def timeline(interval: Any, zone: str) -> list[tuple[str, int]]:
        return list(index.search(ALL, timeline=interval, timezone=zone).timeline.items())

    days = [("2026-01-31", 1), ("2026-02-01", 1), ("2026-02-02", 1), ("2026-02-03", 1)]
    assert timeline("day", "Asia/Karachi") == days
    assert timeline("day", "UTC") == [("2026-01-31", 2), ("2026-02-01", 1), ("2026-02-03", 1)]
    assert timeline("week", "Asia/Karachi") == [("2026-W05", 2), ("2026-W06", 2)]
    assert timeline("month", "Asia/Karachi") == [("2026-01", 1), ("2026-02", 3)]
    assert index.search(parse("nothing", now=NOW), timeline="day").timeline == {}


def test_days_of_the_timeline_are_days_of_the_query(index: Index) -> None:
    seed = random.Random(11)
    moments = [NOW - timedelta(minutes=seed.randrange(60 * 24 * 30)) for _ in range(60)]
    put(index, *(document(number, published=moment) for number, moment in enumerate(moments)))
    zone = "America/New_York"  # its clocks change on the 8th of March
    timeline = index.search(ALL, timeline="day", timezone=zone).timeline
    assert sum(timeline.values()) == 60
    for day, count in timeline.items():
        assert index.search(parse(f"published:{day}", now=NOW, timezone=zone)).total == count


def test_a_scan_goes_by_id_and_can_be_taken_up_again(index: Index) -> None:
    seed = random.Random(2)
    numbers = [*sorted(seed.getrandbits(80) for _ in range(70)), 2**80 - 2, 2**80 - 1]
    for start in range(0, 72, 20):
        put(index, *(document(number) for number in numbers[start : start + 20]))
    assert [int(each.article.id, 16) for each in index.scan(ALL)] == numbers
    assert [int(each.article.id, 16) for each in index.scan(ALL, f"{numbers[40]:020x}")] == numbers[41:]
    assert [int(each.article.id, 16) for each in index.scan(parse("title:x", now=NOW))] == []


def test_a_scan_is_not_disturbed_by_writes_behind_it(index: Index) -> None:
    put(index, *(document(number) for number in range(20)))
    scan = index.scan(ALL)
    seen = [next(scan)]
    put(index, *(document(number, body="Changed") for number in range(10, 30)))
    seen += scan
    assert [int(each.article.id, 16) for each in seen] == list(range(20))


# --- copies -------------------------------------------------------------------------------------------------


def test_near_finds_shared_bands_or_equal_bodies_the_earliest_first(index: Index) -> None:
    put(
        index,
        document(1, NOW, Signature(1, ("a", "b"), "x")),
        document(2, NOW - DAY, Signature(1, ("b", "c"), "y")),
        document(3, NOW - DAY, Signature(1, ("c",), "x")),
        document(4, NOW, Signature(1, ("d",), "")),
        document(5, NOW + DAY, Signature(1, ("a",), "x")),
    )

    def near(*arguments: Any) -> list[int]:
        return [int(each.article.id, 16) for each in index.near(*arguments)]

    assert near(["a", "b"], "", NOW - DAY, NOW, 10) == [2, 1]
    assert near(["b"], "x", NOW - DAY, NOW + DAY, 10) == [2, 3, 1, 5]
    assert near(["b"], "x", NOW - DAY, NOW + DAY, 2) == [2, 3]
    assert near([], "x", NOW, NOW, 10) == [1]
    assert near([], "", NOW - DAY, NOW + DAY, 10) == []
    assert near(["nothing"], "nothing", NOW - DAY, NOW + DAY, 10) == []


def test_members_are_all_articles_of_the_clusters(index: Index) -> None:
    put(index, *(document(number, cluster="c1" if number < 25 else f"{number:020x}") for number in range(30)))
    members = index.members(["c1", f"{27:020x}", "none"])
    assert [int(each.article.id, 16) for each in members] == [*range(25), 27]
    assert index.members([]) == []


def test_an_article_without_a_cluster_is_one_of_its_own(index: Index) -> None:
    put(index, document(1))
    assert [each.article.id for each in index.members([f"{1:020x}"])] == [f"{1:020x}"]


# --- what is refused ----------------------------------------------------------------------------------------


def test_what_no_index_can_take_is_refused_alone_and_said(index: Index) -> None:
    put(index, document(2, title="As it was"), outcomes=(row(2),))
    half_a_character = "A gate \ud800"  # no UTF-8 says it
    documents = {n: document(n, title=half_a_character if n in {2, 3} else f"Title {n}") for n in range(1, 6)}
    folds: dict[str, Fold] = {
        each.article.id: lambda _, each=each, n=n: Folded(each, (row(n + 10),))
        for n, each in documents.items()
    }
    with pytest.raises(RefusedDocumentsError, match="refused 2 document") as refusal:
        index.update(folds, [row(20)])
    assert sorted(refusal.value.refused) == [f"{2:020x}", f"{3:020x}"]
    assert all("surrogates" in reason for reason in refusal.value.refused.values())
    held = {int(each.article.id, 16): each.article.title for each in index.scan(ALL)}
    assert held == {1: "Title 1", 2: "As it was", 4: "Title 4", 5: "Title 5"}
    assert [each.url.rsplit("/", 1)[1] for each in index.rows()] == ["2", "11", "14", "15", "20"]
