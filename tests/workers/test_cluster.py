"""The clusters are the connected components of copies, whatever the order and batches in which articles came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from khabar.models import Article, Document, Folded, Reference
from khabar.ports import Fold
from search.tantivy import TantivyIndex, create_index
from workers.cluster import CANDIDATES, cluster
from workers.copies import with_copies
from workers.duplicates import linked, sign

START = datetime(2025, 10, 1, tzinfo=UTC)


class Shelf:
    """An index in memory, as far as clusters need one; it counts the documents it was made to write."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.written: list[str] = []
        self.writes_left = -1  # no limit
        self.backwards = False
        self.before_update: Callable[[], None] = lambda: None

    def get(self, ids: Iterable[str]) -> dict[str, Document]:
        return {name: self.documents[name] for name in ids if name in self.documents}

    def update(self, folds: Mapping[str, Fold], outcomes: Iterable[object] = ()) -> dict[str, Document]:
        assert not list(outcomes)
        self.before_update()
        done: dict[str, Document] = {}
        # A bulk write promises no order.
        for name, fold in sorted(folds.items(), reverse=self.backwards):
            folded = fold(self.documents.get(name))
            if folded is not None:
                if self.writes_left == 0:
                    raise InterruptedError
                self.writes_left -= 1
                self.documents[name] = done[name] = folded.document
                self.written.append(name)
        return done

    def near(
        self, bands: Sequence[str], exact: str, since: datetime, until: datetime, limit: int
    ) -> list[Document]:
        found = [
            document
            for document in self.documents.values()
            if since <= document.references[0].date <= until
            and (document.signature.exact == exact or set(bands) & set(document.signature.bands))
        ]
        return sorted(found, key=lambda d: (d.references[0].date, d.article.id))[:limit]

    def members(self, clusters: Iterable[str]) -> list[Document]:
        wanted = set(clusters)
        return [document for document in self.documents.values() if document.article.cluster in wanted]


def paragraph(number: int) -> str:
    """Forty-five words that no other paragraph has."""
    return " ".join(f"w{number}x{place}" for place in range(45))


signed = cache(sign)


def document(
    name: str, body: str, day: int = 0, cluster: str | None = None, title: str = "Editorial"
) -> Document:
    date = START + timedelta(days=day)
    article = Article(
        id=name,
        url=f"https://a.example/{name}",
        source="a",
        title=title,
        body=body,
        fetched=date,
        cluster=cluster or name,
        first=name,
    )
    reference = Reference(date, f"urn:{name}", "s", article.url, f"t {article.url}", "a", date, "h")
    return Document(article, (reference,), signed(body))


def put(shelf: Shelf, name: str, body: str, day: int = 0, title: str = "Editorial") -> None:
    """Write an article as the fold does: whatever it says now, its cluster stays for the next pass to decide."""
    stored = shelf.documents.get(name)
    shelf.documents[name] = document(name, body, day, stored.article.cluster if stored else None, title)


def labels(shelf: Shelf) -> dict[str, str]:
    return {name: document.article.cluster for name, document in shelf.documents.items()}


def components(shelf: Shelf) -> dict[str, str]:
    """Compare all with all, and give each the smallest id that can be reached from it."""
    found = {name: name for name in shelf.documents}
    links = [(a, b) for a, x in shelf.documents.items() for b, y in shelf.documents.items() if linked(x, y)]
    for _ in found:
        for a, b in links:
            found[a] = min(found[a], found[b])
    return found


def text(*paragraphs: int) -> str:
    return " ".join(map(paragraph, paragraphs))


def stored(**named: str) -> dict[str, str]:
    """Return articles by name, those that are not named being copies of one another."""
    return {name: named.get(name, text(0)) for name in "abcdefgh"}


# Bodies of one to three of five paragraphs: copies, parts, and texts that overlap too little.
bodies = st.sets(st.integers(0, 4), min_size=1, max_size=3).map(lambda some: text(*sorted(some)))
batches = st.lists(
    st.dictionaries(
        st.sampled_from("abcdefgh"), st.tuples(bodies, st.sampled_from([0, 30, 60, 100])), min_size=1
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=80, deadline=None)
@given(batches)
def test_after_each_batch_of_new_and_revised_articles_the_clusters_are_the_components(
    batches: list[dict[str, tuple[str, int]]],
) -> None:
    shelf = Shelf()
    for batch in batches:
        for name, (body, day) in batch.items():
            put(shelf, name, body, day)
        cluster(shelf, batch)
        assert labels(shelf) == components(shelf)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_a_real_index_gives_the_same_clusters(
    tmp_path_factory: pytest.TempPathFactory, batches: list[dict[str, tuple[str, int]]]
) -> None:
    shelf, folder = Shelf(), tmp_path_factory.mktemp("index")
    create_index(folder)
    index = TantivyIndex(folder)
    for batch in batches:
        for name, (body, day) in batch.items():
            put(shelf, name, body, day)
        written = {name: Folded(shelf.documents[name], ()) for name in batch}
        index.update({name: lambda _, folded=folded: folded for name, folded in written.items()})
        cluster(shelf, batch)
        cluster(index, batch)
        assert index.get(shelf.documents) == shelf.documents


# Each of these needs one rule of the order of writing: what leaves moves last, what names a part moves after the
# part; what joins moves first, then what named a cluster that is lost.
@settings(max_examples=60, deadline=None)
@example(stored(c=text(1), d=text(1, 3), f=text(3)), {"d": text(4)}, [1], False)
@example(stored(c=text(1), d=text(1, 3), f=text(3), g=text(3)), {"d": text(4)}, [1], False)
@example(stored(a=text(1), c=text(2), d=text(2, 3), e=text(3)), {"h": text(1, 2)}, [2], False)
@example(stored(a=text(1), c=text(2), d=text(2, 3), e=text(3)), {"h": text(1, 2)}, [3], True)
@example(stored(a=text(2), b=text(1, 3), c=text(1), d=text(3)), {"c": text(1, 2)}, [1], False)
@given(
    st.fixed_dictionaries(dict.fromkeys("abcdefgh", bodies)),
    st.dictionaries(st.sampled_from("0abcdefgh"), bodies, min_size=1, max_size=3),
    st.lists(st.integers(0, 6), min_size=1, max_size=3),
    st.booleans(),
)
def test_a_pass_that_dies_again_and_again_is_finished_by_the_next(
    before: dict[str, str], revised: dict[str, str], deaths: list[int], backwards: bool
) -> None:
    shelf = Shelf()
    shelf.backwards = backwards
    for name, body in before.items():
        put(shelf, name, body)
    cluster(shelf, before)
    for name, body in revised.items():
        put(shelf, name, body)
    for shelf.writes_left in deaths:
        with suppress(InterruptedError):
            cluster(shelf, revised)
    shelf.writes_left = -1
    cluster(shelf, revised)
    assert labels(shelf) == components(shelf)


@settings(max_examples=40, deadline=None)
@given(batches, st.sampled_from("abcdefgh"))
def test_taking_an_article_away_divides_what_it_alone_held_together(
    batches: list[dict[str, tuple[str, int]]], gone: str
) -> None:
    shelf = Shelf()
    for batch in batches:
        for name, (body, day) in batch.items():
            put(shelf, name, body, day)
        cluster(shelf, batch)
    label = labels(shelf).get(gone, gone)
    shelf.documents.pop(gone, None)
    cluster(shelf, [gone, *(document.article.id for document in shelf.members([label]))])
    assert labels(shelf) == components(shelf)


def test_a_late_copy_merges_two_clusters_and_only_what_moves_is_written() -> None:
    shelf = Shelf()
    one, two = paragraph(1), paragraph(2)
    for name, body in {"a": one, "b": one, "c": two, "d": two, "e": paragraph(3)}.items():
        put(shelf, name, body)
    cluster(shelf, "abcde")
    assert labels(shelf) == {"a": "a", "b": "a", "c": "c", "d": "c", "e": "e"}
    shelf.written.clear()
    put(shelf, "z", f"{one} {two}")
    report = cluster(shelf, ["z"])
    assert labels(shelf) == {"a": "a", "b": "a", "c": "a", "d": "a", "e": "e", "z": "a"}
    assert report.relabelled == tuple(sorted(shelf.written)) == ("c", "d", "z")


def test_a_revision_that_is_no_copy_any_more_leaves_and_may_divide_the_rest() -> None:
    shelf = Shelf()
    one, two = paragraph(1), paragraph(2)
    for name, body in {"a": f"{one} {two}", "b": one, "c": two}.items():
        put(shelf, name, body)
    cluster(shelf, "abc")
    assert set(labels(shelf).values()) == {"a"}
    put(shelf, "a", paragraph(3))
    cluster(shelf, ["a"])
    assert labels(shelf) == {"a": "a", "b": "b", "c": "c"}


def test_equal_titles_over_different_or_short_texts_are_no_copies() -> None:
    shelf = Shelf()
    put(shelf, "a", paragraph(1))
    put(shelf, "b", paragraph(2))
    put(shelf, "c", "Read more in the paper.")
    put(shelf, "d", "Read more in the paper.")
    assert cluster(shelf, "abcd").relabelled == ()


def test_copies_more_than_45_days_apart_are_linked_only_through_others() -> None:
    shelf = Shelf()
    put(shelf, "a", paragraph(1), day=0)
    put(shelf, "b", paragraph(1), day=90)
    cluster(shelf, "ab")
    assert labels(shelf) == {"a": "a", "b": "b"}
    put(shelf, "c", paragraph(1), day=45)
    cluster(shelf, ["c"])
    assert set(labels(shelf).values()) == {"a"}


def test_a_write_that_came_in_between_keeps_everything_but_the_cluster() -> None:
    shelf = Shelf()
    put(shelf, "a", paragraph(1))
    put(shelf, "b", paragraph(1))
    shelf.before_update = lambda: put(shelf, "b", paragraph(1), title="Renamed")
    cluster(shelf, "ab")
    assert shelf.documents["b"].article.title == "Renamed"
    assert shelf.documents["b"].article.cluster == "a"


def test_the_fold_leaves_alone_what_is_gone_or_right_already() -> None:
    shelf = Shelf()
    put(shelf, "a", paragraph(1))
    put(shelf, "b", paragraph(1))
    shelf.before_update = lambda: shelf.documents.pop("b", None)
    assert cluster(shelf, "ab").relabelled == ()
    put(shelf, "b", paragraph(1))
    shelf.before_update = lambda: shelf.documents.update(b=document("b", "Corrected.", cluster="a"))
    assert cluster(shelf, "ab").relabelled == ()
    assert shelf.documents["b"].article.body == "Corrected."


@pytest.mark.parametrize("copies", [CANDIDATES, CANDIDATES + 2])
def test_an_article_with_too_many_candidates_is_counted(copies: int) -> None:
    shelf = Shelf()
    names = [f"{number:03}" for number in range(copies)]
    for name in names:
        put(shelf, name, paragraph(1))
    report = cluster(shelf, names)
    assert report.capped == (tuple(names) if copies > CANDIDATES + 1 else ())
    assert set(labels(shelf).values()) == {"000"}


def test_first_and_copies_are_those_of_the_cluster_as_it_is_read() -> None:
    shelf = Shelf()
    for name in "ab":
        put(shelf, name, paragraph(1))
    put(shelf, "c", paragraph(2))
    late = replace(shelf.documents["a"].article, published=START + timedelta(days=9))
    shelf.documents["a"] = replace(shelf.documents["a"], article=late)
    cluster(shelf, "abc")
    read = with_copies(shelf, [shelf.documents[name] for name in "cba"])
    assert [(d.article.id, d.article.first, d.article.copies) for d in read] == [
        ("c", "c", 1),
        ("b", "b", 2),
        ("a", "b", 2),
    ]
