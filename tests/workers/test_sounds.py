from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.catalogue import SHIPPED, load
from khabar.text import fold
from workers.sounds import sound_of, sounds_much


def heard(name: str) -> str:
    return sound_of(fold(name).split())


@pytest.mark.parametrize(
    "spellings",
    [
        ("Faiz Hameed", "فیض حمید", "फ़ैज़ हमीद", "ফয়েজ হামিদ"),
        ("Nooruddin Azizi", "Noor ul Din Azizi", "نورالدین عزیزی"),
        ("Sarfaraz Chaudhry", "سرفراز چوہدری", "सरफ़राज़ चौधरी"),
        ("Shah Mahmood Qureshi", "شاه‌محمود قریشی", "شاہ محمود قریشی", "शाह महमूद कुरैशी"),
        ("Steve Millar", "اسٹیو ملر"),
        ("Ghazal Khan Jaffer", "غزل خان جعفر", "ग़ज़ल ख़ान जाफ़र"),
    ],
)
def test_a_name_sounds_the_same_in_every_script(spellings: tuple[str, ...]) -> None:
    assert {heard(spelling) for spelling in spellings} == {heard(spellings[0])}
    assert len(heard(spellings[0])) >= 4


def test_other_names_sound_otherwise() -> None:
    assert (
        len({heard(name) for name in ("Zahid Hussain", "Nasir Hussain", "زاہد حسن خان", "زاهد کریمی")}) == 4
    )


def test_particles_and_endings_sound_little() -> None:
    assert not any(map(sounds_much, map(fold, ("نے", "کی", "د", "او", "की"))))
    assert all(map(sounds_much, map(fold, ("حمید", "Khan", "खान"))))


@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_words_have_a_sound_that_does_not_hang_on_how_they_are_parted(words: list[str]) -> None:
    folded = [part for word in words for part in fold(word).split()]
    assert sound_of(folded) == sound_of(tuple(folded))
    assert " " not in sound_of(folded)


def test_most_listed_names_would_be_found_by_ear_and_hardly_any_is_taken_for_another() -> None:
    """Each name in another script counts as unlisted, and is looked for among the names in Latin letters."""
    entities = [one for one in load([SHIPPED]).gazetteer.entities.values() if one.type in {"person", "place"}]
    latin: dict[str, set[str]] = defaultdict(set)
    for one in entities:
        for name in map(fold, one.spellings()):
            if name.isascii() and " " in name:
                latin[sound_of(name.split())].add(one.id)
    found, asked, mistaken = Counter[str](), Counter[str](), 0
    for one in entities:
        for lang, names in one.aliases.items():
            for name in map(fold, names):
                if name.isascii() or " " not in name or len(sound_of(name.split())) < 5:
                    continue
                who = latin.get(sound_of(name.split()), set())
                asked[lang] += 1
                found[lang] += one.id in who
                mistaken += bool(who) and one.id not in who
    for lang in ("ur", "fa", "ps", "hi"):
        assert found[lang] / asked[lang] > 0.6, (lang, found, asked)
    assert mistaken / asked.total() < 0.01
