"""Words, gaps and places of an article, held against a slower and simpler reading of the same rules."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from khabar.models import Article, Mention
from search.analysed import Field, analyse, in_order, near
from search.tree import Near, Term

NOW = datetime(2025, 10, 12, 9, 30, tzinfo=UTC)
TEXTS = st.lists(st.sampled_from(["ab", "abc", "b", "cd"]), max_size=14)
PHRASES = st.lists(st.sampled_from(["ab", "abc", "b", "cd"]), min_size=1, max_size=3).map(tuple)


def field(*values: str) -> Field:
    return Field("body", values, "und")


def standing(words: list[str], phrase: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return where a phrase stands, by looking everywhere."""
    size = len(phrase)
    return [(at, at + size) for at in range(len(words) - size + 1) if tuple(words[at : at + size]) == phrase]


@given(TEXTS, PHRASES, st.integers(0, 4))
def test_words_in_order_are_all_choices_of_places_within_the_slop(
    words: list[str], phrase: tuple[str, ...], slop: int
) -> None:
    chosen = [
        places
        for places in combinations(range(len(words)), len(phrase))
        if tuple(words[place] for place in places) == phrase
        and places[-1] - places[0] - len(phrase) + 1 <= slop
    ]
    runs = set(in_order(field(" ".join(words)), phrase, slop))
    if slop == 0:
        assert runs == {(places[0], places[-1] + 1) for places in chosen}
    else:
        assert runs == {(place, place + 1) for places in chosen for place in places}


@given(TEXTS, PHRASES, PHRASES, st.integers(0, 4), st.booleans())
def test_near_is_all_pairs_that_do_not_overlap(
    words: list[str], left: tuple[str, ...], right: tuple[str, ...], distance: int, ordered: bool
) -> None:
    pairs = [
        (first, second)
        for first in standing(words, left)
        for second in standing(words, right)
        if 0 <= second[0] - first[1] <= distance or (not ordered and 0 <= first[0] - second[1] <= distance)
    ]
    terms = [tuple(Term(word) for word in phrase) for phrase in (left, right)]
    node = Near((terms[0],), (terms[1],), distance, ordered)
    assert set(near(field(" ".join(words)), node)) == {run for pair in pairs for run in pair}


@given(TEXTS, st.sampled_from(["a", "ab", "abc", "c", "x"]))
def test_a_prefix_stands_wherever_a_word_begins_so(words: list[str], prefix: str) -> None:
    found = sorted(field(" ".join(words)).beginning(prefix))
    assert found == [(at, at + 1) for at, word in enumerate(words) if word.startswith(prefix)]


def test_between_two_values_one_place_stays_free() -> None:
    authors = field("Zahid Hussain", "Amina Khan", "", "Zed")
    assert list(in_order(authors, ("hussain", "amina"), 0)) == []
    assert list(in_order(authors, ("hussain", "amina"), 1)) == [(1, 2), (3, 4)]
    assert authors.places == {"zahid": [0], "hussain": [1], "amina": [3], "khan": [4], "zed": [7]}


def test_a_field_without_values_holds_nothing() -> None:
    empty = field()
    assert empty.places == {}
    assert list(empty.any_form("a")) == []
    assert list(empty.beginning("a")) == []
    assert list(in_order(empty, ("a",), 2)) == []


def test_forms_are_those_of_the_language() -> None:
    english = Field("body", ("Talks talked talking stalk",), "en")
    assert sorted(english.any_form("talk")) == [(0, 1), (1, 2), (2, 3)]
    assert sorted(field("Talks talked").any_form("talk")) == []


def test_a_mention_is_cut_from_the_original() -> None:
    text = "«Ṭālibān», they say — می‌خواهد."
    words = field(text)
    assert words.mention((0, 1)) == Mention("body", 1, 8, "Ṭālibān")
    assert words.mention((0, 3)).text == "Ṭālibān», they say"
    assert words.mention((3, 4)).text == "می‌خواهد"


def test_a_view_knows_the_keywords_as_the_index_does() -> None:
    article = Article("A1", "u", "Dawn", "", "", NOW, lang="EN", country="pk")
    view = analyse(article)
    assert view.keywords("source") == ("dawn",)
    assert view.keywords("country") == ("PK",)
    assert view.keywords("lang") == ("en",)
    assert view.keywords("id") == ("A1",)
    assert view.keywords("cluster") == ("A1",)
    assert view.keywords("topic") == ()
