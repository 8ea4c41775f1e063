"""What people write who know another tool: answered with the form that is right here, never read as something else."""

from __future__ import annotations

import re
from datetime import date

# In full, case counts: (what is written, why it is not run, what is meant)
_WORDS = [
    (re.compile(r"(?:[WwNn]|[Ww]ithin)/(\d+)|(?:ADJ|NEAR)(\d+)"), "{0} is not understood", "NEAR/{1}"),
    (re.compile(r"[Pp](?:re)?/(\d+)|ONEAR(\d+)"), "{0} is not understood", "ONEAR/{1}"),
    (re.compile(r"(?:[Ww]?/(?:s|sent))"), "there is no operator for one sentence", "NEAR/15"),
    (re.compile(r"(?:[Ww]?/(?:p|para))"), "there is no operator for one paragraph", "NEAR/50"),
    (re.compile(r"[Ww]/in|AROUND"), "{0} is not understood", "NEAR/5"),
    (re.compile(r"\|\|?"), "{0} is not understood", "OR"),
    (re.compile(r"(\w+)\|\|?(\w+)"), "{0} is not understood", "{1} OR {2}"),
    (re.compile(r"!(\w.*)"), "{0} is not understood", "-{1}"),
    (re.compile(r"[–—−](\w.*)"), "{0} begins with a dash that is no minus", "-{1}"),
    (re.compile(r"([^\W\d]{2,})[%$]"), "{0} is not understood", "{1}*"),
    (re.compile(r"/.+/i?"), "a regular expression is not understood; * and ? leave a word open", None),
]  # fmt: skip
_APART = re.compile(r"[\[{(]?\s*(\S+?)\s*(?:\.\.+|\bto\b|TO|;|,|–| - )\s*(\S+?)\s*[\]})]?")
_AGO = re.compile(r"(?:>?=?(?:now-|last|past|-)|>=)\s*(\d+)\s*([hdwmy])\w*(?:/\w)?", re.IGNORECASE)
_SAID = {"today": "1d", "yesterday": "2d", "last week": "7d", "last month": "1m", "last year": "1y"}
_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})(?:[/.](\d{1,2}))?")
_SINGLE = re.compile(r"(?<!\w)['‘](\w[^'’\"]*\s[^'’\"]*\w)['’](?!\w)")


def answer(word: str) -> tuple[str, str | None] | None:
    """Return why a bare word of a query is no word, and what is meant; None where it is one."""
    for form, reason, meant in _WORDS:
        if found := form.fullmatch(word):
            parts = (word, *filter(None, found.groups()))
            return reason.format(*parts) + "; in quotes it is searched", meant and meant.format(*parts)
    return None


def period(text: str) -> str | None:
    """Return the date, or range of dates, that is probably meant by one that cannot be read."""
    plain = text.strip().casefold()
    if plain in {">", ">=", "<", "<="}:
        return f"published:{plain}2025-01"
    if plain in _SAID:
        return f"published:{_SAID[plain]}"
    if found := _AGO.fullmatch(plain):
        return f"published:{found[1]}{found[2]}"
    if found := _APART.fullmatch(text):
        start, end = (part if part == "*" else _day(part) for part in found.groups())
        first, last = (end, start) if start and end and "*" != end < start else (start, end)
        return f"published:[{first} TO {last}]" if start and end else None
    one = _day(plain)
    return f"published:{one}" if one and one != plain else None


def single_quotes(text: str) -> list[str]:
    """Return what stands in single quotes as phrases do in double ones."""
    return [found[1] for found in _SINGLE.finditer(text)]


def _day(text: str) -> str | None:
    """Return a date in another order as it is written here; None where day and month could be either."""
    if found := _SLASHED.fullmatch(text):
        return "-".join(part.zfill(2) for part in found.groups() if part)
    if found := _DAY.fullmatch(text):
        first, second, year = map(int, found.groups())
        if (first > 12) == (second > 12):
            return None
        day, month = max(first, second), min(first, second)
        return _real(year, month, day)
    return text if re.fullmatch(r"\d{4}(-\d{1,2}){0,2}", text) else None


def _real(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
