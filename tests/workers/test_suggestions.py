from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.catalogue.entity import Gazetteer, GazetteerEntity, gather
from khabar.models import Article
from workers.entities import compile_gazetteer, tag_entities
from workers.suggestions import likeness, suggest, suggestion_id

NOW = datetime(2025, 1, 31, tzinfo=UTC)


def _entity(name: str, *aliases: str) -> GazetteerEntity:
    return GazetteerEntity(name.lower().replace(" ", "-"), "person", name, aliases={"en": aliases})


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    every = (
        _entity("Zahid Hussain Orakzai"),
        _entity("Ferry Workers Front", "Tehrik-e-Mallahan"),
        _entity("Salt Gate"),
    )
    return gather({one.id: one for one in every})


def _found(gazetteer: Gazetteer, *bodies: str, lang: str = "en") -> list[tuple[str, str, int]]:
    matcher = compile_gazetteer(gazetteer)
    articles = [
        tag_entities(Article(str(number), "urn:x", "s", "", body, NOW, lang=lang), matcher)
        for number, body in enumerate(bodies)
    ]
    return [(one.spelling, one.entity, one.articles) for one in suggest(articles, gazetteer)]


def test_spellings_that_no_list_has_are_suggested_with_their_counts(gazetteer: Gazetteer) -> None:
    bodies = ("They asked Zahid Husain Orakzai. Zahid Husain Orakzai left.", "And Zahid Husain Orakzai came.")
    assert _found(gazetteer, *bodies) == [("Zahid Husain Orakzai", "zahid-hussain-orakzai", 2)]
    assert _found(gazetteer, "The Tahreek-e-Mallahan met.") == [
        ("Tahreek-e-Mallahan", "ferry-workers-front", 1)
    ]


@pytest.mark.parametrize(
    "body",
    [
        "They asked Zahid Hussain Orakzai.",  # known
        "The salt gates were shut.",  # not written as a name
        "They met at the Salt. Gatt was there.",  # not side by side
        "The Ferry Drivers Front met.",  # another word, not another spelling
        "Nothing of the kind.",
    ],
)
def test_what_is_known_or_no_spelling_of_it_is_not_suggested(gazetteer: Gazetteer, body: str) -> None:
    assert _found(gazetteer, body) == []


def test_a_name_in_another_script_is_suggested_where_its_spellings_are_known() -> None:
    one = GazetteerEntity("zahid-mahmood", "person", "Zahid Mahmood")
    other = GazetteerEntity("salt-gate", "place", "Salt Gate", aliases={"ur": ("زاہد محل",)})
    gazetteer = gather({one.id: one, other.id: other})
    assert _found(gazetteer, "یہ زاہد محمود نے کہا۔", lang="ur") == [("زاہد محمود", "zahid-mahmood", 1)]


def test_a_word_of_the_language_is_no_misspelling_of_a_names_word() -> None:
    one = GazetteerEntity("salt-front", "organization", "Salt Front", aliases={"ur": ("محاذ عدل",)})
    gazetteer = gather({one.id: one})
    assert _found(gazetteer, "وہ محاذ عدلل کا نام لیتے ہیں۔", lang="ur") == [("محاذ عدلل", "salt-front", 1)]
    named = GazetteerEntity("salt-front", "organization", "Salt Front", aliases={"ur": ("محاذ اوور",)})
    assert _found(gather({named.id: named}), "محاذ اور دریا", lang="ur") == []


@pytest.mark.parametrize(
    ("lang", "body"),
    [
        ("ur", "اجلاس میں سرفراز بلوچ نے کہا۔"),
        ("ps", "سرفراز بلوچ ته وویل شول."),
        ("fa", "سرفراز بلوچ به کراچی رفت."),
        ("hi", "बैठक में सरफ़राज़ बलोच ने कहा।"),
    ],
)
def test_an_unlisted_name_is_heard_in_other_scripts(lang: str, body: str) -> None:
    one = GazetteerEntity("sarfraz-baloch", "person", "Sarfraz Baloch")
    other = GazetteerEntity("salt-gate", "place", "Salt Gate")
    gazetteer = gather({one.id: one, other.id: other})
    found = _found(gazetteer, body, lang=lang)
    assert [(entity, count) for _, entity, count in found] == [("sarfraz-baloch", 1)]


def test_everyday_words_that_only_sound_like_a_name_are_not_suggested() -> None:
    every = (
        GazetteerEntity("one", "person", "Aysa Naqabil"),
        GazetteerEntity("two", "person", "Aysar Zarnush"),
    )
    gazetteer = gather({one.id: one for one in every})
    assert _found(gazetteer, "یہ اسے ناقابل سمجھتے ہیں۔", lang="ur") == []
    assert len(_found(gazetteer, "یہ ایسر زرنوش سمجھتے ہیں۔", lang="ur")) == 1


def test_a_name_that_two_could_bear_by_its_sound_is_not_suggested() -> None:
    bearers = [
        GazetteerEntity("a", "person", "Karim Nasiri"),
        GazetteerEntity("b", "person", "Kareem Nasseri"),
    ]
    gazetteer = gather({one.id: one for one in bearers})
    assert _found(gazetteer, "کریم ناصری نے کہا۔", lang="ur") == []


def test_an_id_is_the_same_whenever_a_suggestion_is_made() -> None:
    assert (
        suggestion_id("a", "Salt Gate") == suggestion_id("a", "SALT-gate") != suggestion_id("b", "Salt Gate")
    )


@given(st.lists(st.text("abcdé", min_size=1, max_size=8), min_size=1, max_size=4))
def test_a_name_is_wholly_like_itself_and_not_at_all_like_a_longer_one(words: list[str]) -> None:
    assert likeness(words, words) == 100
    assert likeness(words, [*words, "more"]) == 0
