"""How an article begins and why it matched: its lead and the passages that hold the evidence, without saying twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from khabar.models import Article, Mention
from khabar.text import fold
from search.snippets import marked

LEAD = 260  # code points at most
PASSAGES = 2

# A full stop after "Dr", "Gen" or an initial ends no sentence.
_SENTENCE_END = re.compile(
    r"(?<!\b[A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z]{2})[.!?…][\"'”’)]*(?=\s)|[۔؟।॥]|\n\n"
)


def reasons(article: Article, evidence: Iterable[Mention]) -> tuple[str, tuple[str, ...]]:
    """Return the lead and up to two passages of the rest, with <mark>…</mark> around the evidence.

    A lead that holds several kinds of evidence says so much that one passage is enough. Evidence in the title alone
    is shown as the title.
    """
    spans = sorted(set(evidence), key=lambda span: (span.start, span.end))
    body = [span for span in spans if span.field == "body"]
    end = _lead_end(article.body)
    inside = [span for span in body if span.end <= end]
    beyond = [span for span in body if span.start >= end]
    count = PASSAGES - (len({fold(span.text) for span in inside}) > 1)
    lead = _lead(article.body, end, inside)
    if not beyond:
        return lead, () if inside else marked(article, spans, count)
    # A passage begins with the sentence before its evidence, which must not be the lead's last one.
    shifted = [replace(span, start=span.start - end, end=span.end - end) for span in beyond]
    return lead, marked(replace(article, body=article.body[end:]), shifted, count)


def _lead_end(body: str) -> int:
    """Return where the lead ends: with a sentence where that is not too early, else with a word."""
    if len(body) <= LEAD:
        return len(body)
    ends = [match.end() for match in _SENTENCE_END.finditer(body, 0, LEAD)]
    if ends and ends[-1] >= LEAD // 3:
        return ends[-1]
    return len(re.sub(r"\S*\Z", "", body[:LEAD])) or LEAD


def _lead(body: str, end: int, spans: Sequence[Mention]) -> str:
    parts: list[str] = []
    at = 0
    for span in spans:
        if span.start >= at:
            parts += [body[at : span.start], "<mark>", body[span.start : span.end], "</mark>"]
            at = span.end
    parts.append(body[at:end])
    text = " ".join("".join(parts).split())
    whole = end == len(body) or bool(_SENTENCE_END.search(body, max(0, end - 3), end + 1))
    return text if whole else f"{text.rstrip(' ,;:،؛')} …"
