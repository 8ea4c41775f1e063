"""Times of day as our languages print them, "शाम 6:40" or "6:40 شام", in the letters that dates are read with."""

from __future__ import annotations

import re
from functools import lru_cache

from khabar.data import read_data
from workers.extract.dateline import WORDS

_CLOCK = r"(\d{1,2})\s?:\s?(\d{2})"
_SPACED = re.compile(r"(?<!\d)(\d{1,2}:) (\d{2})(?!\d)")
SMALL = 6  # the hour before which, at night, the day has begun


@lru_cache(maxsize=1)
def _known() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, str]]:
    """Return what finds a time with a word before or behind it, and each word's kind; the file is read once a process."""
    told: dict[str, list[str]] = read_data(WORDS)
    # borders are what stands there, not \b: the vowel signs of Indic words are no letters to it
    kinds = {word: kind for kind in ("forenoon", "afternoon", "night", "clock") for word in told[kind]}
    words = "|".join(sorted(map(re.escape, kinds), key=len, reverse=True))
    before = re.compile(rf"(?<![^\s,،|(·-])({words})\s+{_CLOCK}(?!\d)")
    behind = re.compile(rf"(?<!\d){_CLOCK}\s*({words})(?![^\s,،।۔.|)·-])")
    return before, behind, kinds


def with_halves(text: str) -> str:
    """Return a text whose times of day have "am" or "pm" behind them where a word of another script says so."""
    text = _SPACED.sub(r"\1\2", text)
    if text.isascii():
        return text
    before, behind, kinds = _known()
    text = before.sub(lambda found: _plain(found[2], found[3], kinds[found[1]]), text)
    return behind.sub(lambda found: _plain(found[1], found[2], kinds[found[3]]), text)


def _plain(hour: str, minute: str, kind: str) -> str:
    """Return a time with the half of the day that a word means, which at night the hour decides."""
    if kind == "clock":
        return f"{hour}:{minute}"
    at = int(hour)
    early = kind == "forenoon" or (kind == "night" and (at < SMALL or at == 12))
    return f"{hour}:{minute} {'am' if early else 'pm'}"
