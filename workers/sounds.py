"""How a name sounds, whatever its script: the consonants that are left when it is written in another one.

"Faiz Hameed", "فیض حمید" and "फ़ैज़ हमीद" sound alike by this. It is a key for finding spellings that a person then
reviews, never one that anything is tagged by: short names of different people sound alike too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from khabar.data import read_data
from khabar.text import fold_word

_FILE = Path(__file__).with_name("sounds.yaml")
_WITHIN = re.compile("[aeiouwyh]")  # within a word some scripts leave them out, or one letter is any of them
_TWICE = re.compile(r"(.)\1+")
_SOFT = re.compile("c(?=[eiy])")
_VOWEL = "a"


class _Sounds(NamedTuple):
    latin: tuple[tuple[str, str], ...]
    letters: Mapping[str, str]
    vowels: frozenset[str]


def sound_of(words: Iterable[str]) -> str:
    """Return how folded words sound together: where a name is parted into words is no part of it."""
    joined = "".join(map(_word, words))
    if not joined:
        return ""
    plain = joined[0] + _WITHIN.sub("", joined[1:])
    # "Steve" is "اسٹیو", "Salahuddin" is "Salah ul Din": a vowel before s is written or not, l before d spoken or not.
    plain = re.sub("^as(?=.)", "s", plain).replace("ldn", "dn")
    return _TWICE.sub(r"\1", plain)


def sounds_much(word: str) -> bool:
    """Tell whether a word by itself has two sounds at least: particles and case endings have one."""
    return len(sound_of([word])) > 1


@lru_cache(maxsize=50_000)
def _word(word: str) -> str:
    known = _known()
    if word[:1].isascii():
        word = _SOFT.sub("s", word)
        for letters, sound in known.latin:
            word = word.replace(letters, sound)
        return _VOWEL + word[1:] if word[:1] in known.vowels else word
    sounds = "".join(known.letters.get(letter, "") for letter in word.replace("کھ", "خ"))
    return _VOWEL + sounds if word[:1] in known.vowels else sounds


@lru_cache(maxsize=1)
def _known() -> _Sounds:
    """Return the letters as folding leaves them; the file is read once a process."""
    told = read_data(_FILE)
    letters = {
        form: sound
        for sound, every in told["letters"].items()
        for letter in every
        for form in (letter, fold_word(letter))
    }
    return _Sounds(tuple(told["latin"].items()), letters, frozenset(told["vowels"]))
