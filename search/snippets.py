"""The best passages of an article for a query, with <mark>…</mark> around what matched, cut by our own offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from khabar.models import Article, Mention
from khabar.text import fold
from search.matcher import View, analyse, match
from search.tree import Node

_WIDTH = 220  # code points of a passage, about
_REACH = 60  # code points looked at for the end of a sentence before a space will do
# A full stop between letters or digits ends nothing; ۔ and । end a sentence in Urdu and Hindi.
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|(?<=[۔؟।॥])\s*|\n+")
_SPACE = re.compile(r"\s+")


class Passage(NamedTuple):
    """A stretch of a text with the spans in it; better ones hold more different words, then more words."""

    start: int
    end: int
    spans: tuple[tuple[int, int], ...]


def snippets(node: Node, article: Article | View, count: int = 2) -> tuple[str, ...]:
    """Return up to `count` passages of the body that match best, in their order; else of the title; else none.

    The text is as it stands in the article: whoever renders it escapes everything but <mark> and </mark>.
    """
    view = article if isinstance(article, View) else analyse(article)
    found = match(node, view)
    return marked(view.article, found.spans, count) if found else ()


def marked(article: Article, spans: Iterable[Mention], count: int = 2) -> tuple[str, ...]:
    """Return up to `count` passages around these spans (evidence of a topic, e.g.), as `snippets` does."""
    kept = list(spans)
    body = [span for span in kept if span.field == "body"]
    if body:
        return tuple(_shown(article.body, passage) for passage in _best(article.body, body, count))
    title = _merged((span.start, span.end) for span in kept)
    return (_shown(article.title, Passage(0, len(article.title), title)),) if title and count else ()


def _best(text: str, spans: list[Mention], count: int) -> list[Passage]:
    """Choose passages greedily: each adds as many words not shown yet as it can."""
    words = {(span.start, span.end): fold(span.text) for span in spans}
    places = sorted(words)
    shown: set[str] = set()
    chosen: list[Passage] = []
    windows = _windows(places)
    while windows and len(chosen) < count:
        best = max(
            windows,
            key=lambda window: (len({words[at] for at in window} - shown), len(window), -window[0][0]),
        )
        passage = _passage(text, best)
        chosen.append(passage)
        shown |= {words[at] for at in best}
        windows = [
            window for window in windows if window[-1][1] <= passage.start or window[0][0] >= passage.end
        ]
    return sorted(chosen)


def _windows(places: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Return for each span the spans that fit into one passage with it as the first."""
    windows: list[list[tuple[int, int]]] = []
    end = 0
    for index, (start, _) in enumerate(places):
        end = max(end, index + 1)
        while end < len(places) and places[end][1] - start <= _WIDTH:
            end += 1
        windows.append(places[index:end])
    return windows


def _passage(text: str, window: list[tuple[int, int]]) -> Passage:
    first, last = window[0][0], max(end for _, end in window)
    room = max(_WIDTH - (last - first), 0)
    start, end = _start(text, first, room // 2), _end(text, last, room - room // 2)
    return Passage(start, end, _merged(at for at in window))


def _start(text: str, first: int, room: int) -> int:
    """Return where a passage begins: at a sentence near enough, else at a word."""
    floor = max(0, first - room - _REACH)
    begins = [floor + found.end() for found in _SENTENCE.finditer(text[floor:first])]
    near = [place for place in begins if place >= first - room] or begins[-1:]
    if near:
        return near[0]
    if floor == 0:
        return 0
    spaces = [floor + found.end() for found in _SPACE.finditer(text[floor:first])]
    wanted = [place for place in spaces if place >= first - room]
    return (wanted or spaces[-1:] or [first])[0]


def _end(text: str, last: int, room: int) -> int:
    """Return where a passage ends: with a sentence near enough, else with a word."""
    ceiling = min(len(text), last + room + _REACH)
    ends = [last + found.start() for found in _SENTENCE.finditer(text[last:ceiling])]
    near = [place for place in ends if place <= last + room] or ends[:1]
    if near:
        return near[-1]
    if ceiling == len(text):
        return ceiling
    spaces = [last + found.start() for found in _SPACE.finditer(text[last:ceiling])]
    wanted = [place for place in spaces if place <= last + room]
    return (wanted or spaces[:1] or [last])[-1]


def _merged(places: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Join spans that overlap: marks may not be nested."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _shown(text: str, passage: Passage) -> str:
    parts: list[str] = []
    at = passage.start
    for start, end in passage.spans:
        parts += [text[at:start], "<mark>", text[start:end], "</mark>"]
        at = end
    parts.append(text[at : passage.end])
    inner = " ".join("".join(parts).split())
    cut_before = bool(text[: passage.start].strip()) and not _SENTENCE.search(text[: passage.start][-3:])
    return f"{'… ' if cut_before else ''}{inner}{' …' if text[passage.end :].strip() else ''}"
