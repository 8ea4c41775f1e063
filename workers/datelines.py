"""Datelines: "KABUL:", "ISLAMABAD (Reuters) -" say where a report was sent from, not what it is about."""

from __future__ import annotations

from collections.abc import Container

import regex

from workers.sighting import Span, View

WITHIN = 600  # code points of the body in which a dateline may stand: releases put headings above it

# What follows the place: a country or a second town, a day, an agency or a day in brackets; then a mark that ends it.
_MORE = r"\s?[,،/]\s?[\p{Lu}\p{Lo}][\p{L}\p{M}'’]*\.?(?:\s[\p{Lu}\p{Lo}][\p{L}\p{M}'’]*\.?){0,2}"
_DAY = (
    r"\s?[,،]\s?(?:[\p{L}\p{M}]{3,9}\.?\s\p{Nd}{1,2}|\p{Nd}{1,2}\s[\p{L}\p{M}]{3,9}\.?)(?:[,،]?\s\p{Nd}{4})?"
)
_BRACKETS = r"\s?\([^()\n]{2,60}\)"
_TAIL = regex.compile(
    rf"(?:{_DAY}|{_MORE}){{0,3}}(?:{_BRACKETS}){{0,2}}\s{{0,2}}(?P<mark>:|--|[—–_।۔]|-(?=\s)|(?<=\)\s{{0,2}})(?=\s|\w|$))"
)
_BREAKS = "\n\r\u2028\u2029"


def without_datelines(view: View, spans: list[Span], places: Container[str]) -> list[Span]:
    """Return the names of a body but for those in a dateline, which begins with one of `places`."""
    ranges = [
        (view.tokens[span.start].start, end)
        for span in spans
        if span.entity in places and (end := _end(view, span)) is not None
    ]
    if not ranges:
        return spans
    return [span for span in spans if not any(a <= view.tokens[span.start].start < b for a, b in ranges)]


def _end(view: View, span: Span) -> int | None:
    """Return where the dateline ends that begins with this place, if it begins one."""
    start, after = view.tokens[span.start].start, view.tokens[span.end - 1].end
    tail = _TAIL.match(view.text, after) if start <= WITHIN else None
    if tail is None:
        return None
    name = view.text[start:after]
    if name.isupper():
        # Some outlets run a heading into the dateline: "Three are held KABUL: Police said".
        return tail.end() if _opens_a_line(view.text, start) or _runs_on(view, span, tail["mark"]) else None
    # In small letters, "Kabul: ..." may be a heading further down, and "Kabul (...)" a sentence.
    cased = name.lower() != name.upper()
    first = not view.text[:start].strip()
    return tail.end() if first and (tail["mark"] or not cased) else None


def _runs_on(view: View, span: Span, mark: str) -> bool:
    """Tell whether a place in capitals and its colon stand amid small letters."""
    before = view.original(max(0, span.start - 3), span.start) if span.start else ""
    return mark == ":" and not before.isupper() and span.start > 0


def _opens_a_line(text: str, start: int) -> bool:
    before = text[max(0, start - 3) : start].rstrip(" \t\u200e\u200f*")
    return before == "" or before[-1] in _BREAKS
