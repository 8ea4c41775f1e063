"""What only an index on Elasticsearch promises: many writers at once, generations behind aliases, refusals one by one."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from khabar.models import Article, Document, Entity, Folded, Outcome, Reference, attempt_name
from khabar.ports import RefusedDocumentsError
from search.elastic import ElasticIndex, open_index
from search.elastic import bulk as elastic_bulk
from search.elastic import generations as elastic_generations
from search.elastic import read as elastic_read
from search.elastic import rows as elastic_rows
from search.elastic.client import MissingIndexError, SearchServerError, connect
from search.elastic.fields import KINDS, mapping
from search.elastic.query import compiled
from search.elastic.write import BARE, counts_before, write_rows
from search.grammar import parse
from search.refusal import QueryError
from search.tree import And, Everything, Node, Or, Word

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
NAME = f"{1:020x}"
EVERYTHING = Everything()


@pytest.fixture
def prefix() -> str:
    return f"own-{uuid.uuid4().hex}"


@pytest.fixture
def opened(elasticsearch_url: str, prefix: str) -> Iterator[Callable[..., ElasticIndex]]:
    """Give handles on one index, as several processes would have them."""
    handles: list[ElasticIndex] = []

    def another(**options: Any) -> ElasticIndex:
        handles.append(open_index(elasticsearch_url, prefix, **options))
        return handles[-1]

    yield another
    with closing(connect(elasticsearch_url)) as server:
        elastic_generations.drop_all(server, prefix)
    for handle in handles:
        handle.close()


@pytest.fixture
def index(opened: Callable[..., ElasticIndex]) -> ElasticIndex:
    return opened()


def reference(number: int) -> Reference:
    url, claimed = f"https://daily.example/{number}", NOW + timedelta(seconds=number)
    attempt = attempt_name(claimed, url)
    return Reference(claimed, f"r{number}", "segments/a", url, attempt, "daily", claimed, "t")


def document(name: str, references: tuple[Reference, ...] = (), **fields: Any) -> Document:
    given = {"source": "daily", "title": "Peace", "body": "Peace at the border.", "lang": "en"} | fields
    return Document(Article(id=name, url="https://daily.example/1", fetched=NOW, **given), references)


def row(number: int, at: datetime = NOW, record: str = "r", **fields: Any) -> Outcome:
    of = reference(number)
    given = {"outcome": "indexed", "reason": None} | fields
    return Outcome(
        of.attempt, "daily", of.claimed.date(), of.url, segment="segments/a", record=record, date=at, **given
    )


def put(index: ElasticIndex, *numbers: int, **fields: Any) -> None:
    folds = {f"{number:020x}": document(f"{number:020x}", **fields) for number in numbers}
    index.update(
        {name: lambda _, each=each: Folded(each, ()) for name, each in folds.items()}, map(row, numbers)
    )


def numbers(index: ElasticIndex) -> list[int]:
    return [int(each.article.id, 16) for each in index.scan(EVERYTHING)]


def adding(number: int, before: Callable[[], object] = int) -> Callable[[Document | None], Folded]:
    """Return a fold that adds one record, and gives the rows of all, each telling how many there are."""

    def fold(stored: Document | None) -> Folded:
        before()
        references = tuple(sorted({reference(number), *(stored.references if stored else ())}))
        rows = tuple(
            replace(row(int(ref.record[1:])), article=NAME, reason=f"of {len(references)}")
            for ref in references
        )
        return Folded(document(NAME, references), rows)

    return fold


def together(*tasks: Callable[[], object]) -> None:
    """Run tasks in threads of their own; raises what the first of them that failed raised."""
    failures: list[BaseException] = []

    def run(task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]


# --- many writers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exists", [False, True])
def test_two_writers_with_two_captures_of_one_article_lose_neither(
    opened: Callable[..., ElasticIndex], exists: bool
) -> None:
    if exists:
        opened().update({NAME: adding(0)})
    both_have_read = threading.Barrier(2)
    calls: list[int] = []

    def meet() -> None:
        calls.append(1)
        if len(calls) <= 2:
            both_have_read.wait(20)

    first, second = opened(), opened()
    together(
        lambda: first.update({NAME: adding(1, meet)}),
        lambda: second.update({NAME: adding(2, meet)}),
    )
    held = first.get([NAME])[NAME]
    wanted = [reference(number) for number in ([0] if exists else []) + [1, 2]]
    assert list(held.references) == wanted
    assert len(calls) == 3  # the loser folded again, over what the winner had written
    assert {each.reason for each in first.rows()} == {f"of {len(wanted)}"}
    assert len(list(first.rows())) == len(wanted)


def test_many_writers_of_one_article_lose_no_record_and_no_row(opened: Callable[..., ElasticIndex]) -> None:
    def write(index: ElasticIndex, start: int) -> None:
        for number in range(start, start + 8):
            index.update({NAME: adding(number)})

    handles = [opened() for _ in range(4)]
    together(*(lambda at=at, index=index: write(index, at * 8) for at, index in enumerate(handles)))
    held = handles[0].get([NAME])[NAME]
    assert [ref.record for ref in held.references] == [f"r{number}" for number in range(32)]
    assert {each.reason for each in handles[0].rows()} == {"of 32"}
    assert handles[0].tally() == {("daily", NOW.date(), "indexed", "of 32"): 32}


def test_the_rows_of_an_older_fold_never_take_the_place_of_a_newer_ones(index: ElasticIndex) -> None:
    place = elastic_generations.located(index.server, index.prefix)
    for version in (7, 3, 9, 8):
        write_rows(index.server, place.outcomes, [(row(1, article=NAME, reason=f"by {version}"), version)])
    index.delete([], ["none"])  # makes all visible
    index.update({}, [row(2)])
    assert [each.reason for each in index.rows()] == ["by 9", None]


def test_which_of_two_rows_counts() -> None:
    of_article = replace(row(1), article="a")
    earlier, later = row(1, NOW, "q"), row(1, NOW + timedelta(days=1), "a")
    assert counts_before((row(1), BARE), None)
    assert counts_before((earlier, BARE), (row(1), 9)) and not counts_before((row(1), 9), (earlier, BARE))
    assert not counts_before((later, 9), (row(1), BARE))
    assert counts_before((of_article, 5), (of_article, 4))
    assert not counts_before((of_article, 4), (of_article, 4))
    assert not counts_before((replace(of_article, reason="x"), 4), (of_article, 5))
    # Read by newer code the same record gave another article, or none: what came last.
    assert counts_before((replace(of_article, article="b"), 0), (of_article, 5))
    assert counts_before((row(1), BARE), (of_article, 5)) and not counts_before(
        (row(1), BARE), (row(1), BARE)
    )


def test_two_who_open_it_first_at_the_same_time_make_one(opened: Callable[..., ElasticIndex]) -> None:
    together(*[lambda: put(opened(), 1)] * 4)
    index = opened()
    assert elastic_generations.generations(index.server, index.prefix) == [1]
    assert numbers(index) == [1]


# --- refusals -----------------------------------------------------------------------------------------------


def test_a_document_that_is_refused_takes_no_other_with_it(
    opened: Callable[..., ElasticIndex], elasticsearch_url: str, prefix: str
) -> None:
    index = opened()
    place = elastic_generations.located(index.server, prefix)
    drifted = mapping("articles")
    del drifted["properties"]["about"]  # as if an older release had made the index

    def make_again(es: Any) -> None:
        es.indices.delete(index=place.articles)
        es.indices.delete_index_template(name=f"{prefix}-articles")
        es.indices.create(index=place.articles, mappings=drifted, aliases={f"{prefix}-articles": {}})

    index.server.ask(make_again)
    entity = Entity("ttp", "TTP", "organization", 0.9)
    folds = {
        f"{number:020x}": document(f"{number:020x}", entities=(entity,) if number == 2 else ())
        for number in range(5)
    }
    with pytest.raises(RefusedDocumentsError, match="about") as refusal:
        index.update(
            {
                name: lambda _, each=each: Folded(each, (row(int(each.article.id, 16)),))
                for name, each in folds.items()
            },
            [row(9)],
        )
    assert list(refusal.value.refused) == [f"{2:020x}"]
    assert f"{2:020x}" in str(refusal.value)
    assert numbers(index) == [0, 1, 3, 4]
    assert [each.url[-1] for each in index.rows()] == ["0", "1", "3", "4", "9"]


def test_an_index_of_another_release_is_not_written_to(
    opened: Callable[..., ElasticIndex], prefix: str
) -> None:
    index = opened()
    place = elastic_generations.located(index.server, prefix)
    index.server.ask(
        lambda es: es.indices.put_mapping(index=place.articles, meta={"version": "0.0"}, properties={})
    )
    with pytest.raises(SearchServerError, match=r"another release: 0\.0.*khabar reindex"):
        opened()


def test_long_names_are_kept_whole(index: ElasticIndex) -> None:
    long = replace(row(1), attempt=attempt_name(NOW, "https://daily.example/" + "a" * 6_000))
    endless = replace(row(1), attempt=attempt_name(NOW, "https://daily.example/" + "b" * 60_000))
    index.update({}, [long, endless])
    assert list(index.rows(attempts=[long.attempt])) == [long]
    assert set(index.rows()) == {long, endless}
    put(index, 1, authors=("ab " * 20_000, "Zahid Hussain"))
    assert index.search(parse("author:hussain", now=NOW), facets=("author",)).facets["author"] == {
        "Zahid Hussain": 1
    }


# --- generations --------------------------------------------------------------------------------------------


def test_a_swap_is_followed_by_those_who_have_the_index_open(
    opened: Callable[..., ElasticIndex], prefix: str
) -> None:
    index = opened()
    put(index, 1, 2)
    second = elastic_generations.create_generation(index.server, prefix, 1)
    put(opened(generation=second), 3)
    assert numbers(index) == [1, 2]
    elastic_generations.swap(index.server, prefix, second)
    assert elastic_generations.current(index.server, prefix) == second == 2
    assert numbers(index) == [3]
    put(index, 4)
    assert numbers(opened(generation=second)) == [3, 4]
    assert numbers(opened(generation=1)) == [1, 2]
    with pytest.raises(ValueError, match="in use"):
        elastic_generations.drop_generation(index.server, prefix, second)
    elastic_generations.drop_generation(index.server, prefix, 1)
    assert elastic_generations.generations(index.server, prefix) == [2]
    assert elastic_generations.create_generation(index.server, prefix, 1) == 3


def test_readers_find_no_gap_while_aliases_move(opened: Callable[..., ElasticIndex], prefix: str) -> None:
    index = opened()
    put(index, 1, 2)
    put(opened(generation=elastic_generations.create_generation(index.server, prefix, 1)), 1, 2, 3)
    done = threading.Event()

    def read(handle: ElasticIndex) -> None:
        while not done.is_set():
            assert handle.search(EVERYTHING).total in {2, 3}
            assert len(list(handle.rows())) in {2, 3}
            assert len(handle.get([f"{1:020x}", f"{2:020x}"])) == 2

    def move() -> None:
        try:
            for turn in range(30):
                elastic_generations.swap(index.server, prefix, 2 - turn % 2)
        finally:
            done.set()

    together(move, lambda: read(opened()), lambda: read(opened()))


def test_no_swap_to_what_does_not_exist(index: ElasticIndex, prefix: str) -> None:
    with pytest.raises(MissingIndexError):
        elastic_generations.swap(index.server, prefix, 7)
    assert elastic_generations.current(index.server, prefix) == 1


def test_a_write_that_comes_too_late_for_a_dropped_generation_goes_to_the_one_in_use(
    opened: Callable[..., ElasticIndex], prefix: str
) -> None:
    index = opened()
    put(index, 1)
    moved: list[int] = []

    def fold(stored: Document | None) -> Folded:
        if not moved:
            moved.append(elastic_generations.create_generation(index.server, prefix, 1))
            elastic_generations.swap(index.server, prefix, 2)
            elastic_generations.drop_generation(index.server, prefix, 1)
        return Folded(document(NAME), (row(1, reason="new" if stored is None else "over the old"),))

    index.update({NAME: fold})
    assert [each.reason for each in index.rows()] == ["new"]
    assert numbers(index) == [1]
    assert elastic_generations.generations(index.server, prefix) == [2]  # the dropped one did not come back
    with pytest.raises(MissingIndexError, match="khabar reindex"):
        put(opened(generation=7), 1)


def test_a_scan_goes_on_in_the_generation_in_use_when_its_own_is_dropped(
    opened: Callable[..., ElasticIndex], prefix: str
) -> None:
    index = opened()
    put(index, *range(20))
    put(opened(generation=elastic_generations.create_generation(index.server, prefix, 1)), *range(25))
    walk = elastic_read.walk(index.server, f"{prefix}-articles", compiled(EVERYTHING), "id", size=4)
    seen = [next(walk)["_id"] for _ in range(6)]
    elastic_generations.swap(index.server, prefix, 2)
    elastic_generations.drop_generation(index.server, prefix, 1)
    seen += [hit["_id"] for hit in walk]
    assert seen == [f"{number:020x}" for number in range(25)]


# --- what does not fit into one request ---------------------------------------------------------------------


def test_a_page_beyond_the_window_is_what_comes_next(index: ElasticIndex, prefix: str) -> None:
    put(index, *range(60))
    query = compiled(parse("peace", now=NOW))
    order = [{"_score": "desc"}, {"when": "desc"}, {"id": "asc"}]
    for offset, limit in ((0, 25), (7, 10), (35, 7), (50, 20), (60, 5), (0, 100)):
        page = elastic_read.page(index.server, f"{prefix}-articles", query, order, limit, offset, window=10)
        found = [int(hit["_id"], 16) for hit in page.hits]
        assert (page.total, found) == (60, list(range(60))[offset : offset + limit])


@pytest.mark.parametrize("size", [1, 3, 100])
def test_what_does_not_fit_into_one_count_is_counted_in_parts(
    index: ElasticIndex, prefix: str, size: int
) -> None:
    rows = [replace(row(number), day=date(2026, 1, 1 + number % 3)) for number in range(30)]
    rows = [replace(each, reason=f"rejected({at % 4})") if at % 5 else each for at, each in enumerate(rows)]
    index.update({}, rows)
    found = elastic_rows.tally(index.server, f"{prefix}-outcomes", size)
    assert found == index.tally() and sum(found.values()) == 30
    assert found["daily", date(2026, 1, 1), "indexed", None] == 2


def test_more_than_one_request_of_writes_is_as_good_as_one(index: ElasticIndex, prefix: str) -> None:
    place = elastic_generations.located(index.server, prefix)
    actions = [
        elastic_bulk.write(place.outcomes, f"{at}", {"url": "u" * 500, "version": 0}, None) for at in range(9)
    ]
    items = list(elastic_bulk.send(index.server, actions, size=1_500))
    assert [item.fate for item in items] == ["written"] * 9
    again = list(elastic_bulk.send(index.server, [*actions[:2], actions[0]], size=100))
    assert [item.fate for item in again] == ["conflict"] * 3


def test_a_timeline_of_centuries_is_counted(index: ElasticIndex) -> None:
    for number, year in enumerate((1700, 1890, 2026)):
        put(index, number, published=datetime(year, 5, 17, 12, tzinfo=UTC))
    found = index.search(EVERYTHING, timeline="day").timeline
    assert found == {"1700-05-17": 1, "1890-05-17": 1, "2026-05-17": 1}


def test_a_query_may_be_nested_as_deep_as_the_language_allows(index: ElasticIndex) -> None:
    put(index, 1)
    node: Node = Word("peace")
    for level in range(80):
        node = And((node, Word("border"))) if level % 2 else Or((node, Word(f"word{level}")))
    assert index.search(node).total == 1
    assert index.search(And((node, Word("war")))).total == 0


def test_a_thousand_words_are_searched(index: ElasticIndex) -> None:
    put(index, 1)
    words = " OR ".join(f"word{number}" for number in range(900))
    assert index.search(parse(f"{words} OR peace", now=NOW)).total == 1
    assert (
        index.search(
            parse(f"({' OR '.join(f'wo{n}*' for n in range(50))} OR bord*) NEAR/3 peace", now=NOW)
        ).total
        == 1
    )


def test_it_is_made_as_the_field_table_says(index: ElasticIndex, prefix: str) -> None:
    for kind in KINDS:
        found = index.server.ask(lambda es, kind=kind: es.indices.get(index=f"{prefix}-{kind}")).body
        ((name, made),) = found.items()
        assert name == f"{prefix}-{kind}-1"
        assert made["mappings"]["dynamic"] == "strict"
        assert set(made["mappings"]["properties"]) == set(mapping(kind)["properties"])
        assert made["settings"]["index"]["number_of_shards"] == "1"


def test_a_query_that_takes_its_time_is_given_up_and_in_words(index: ElasticIndex) -> None:
    seed = random.Random(3)
    for number in range(20):  # many different words
        put(index, number, body=" ".join("".join(seed.choices("abcdef", k=8)) for _ in range(700)))
    place = elastic_generations.located(index.server, index.prefix)
    shapes = ("".join(f"*{letter}" for letter in letters) for letters in product("abcdef", repeat=4))
    slow = {"bool": {"should": [{"wildcard": {"body": {"value": shape}}} for shape in shapes]}}
    order: elastic_read.Order = [{"_score": "desc"}]
    began = time.monotonic()
    with pytest.raises(QueryError, match="took longer than it may; narrow it"):
        elastic_read.page(index.server, place.articles, slow, order, 10, 0, seconds=1e-6)
    assert time.monotonic() - began < index.server.seconds, "it is not asked again until patience ends"
    assert elastic_read.page(index.server, place.articles, slow, order, 10, 0, seconds=60.0).total == 20
