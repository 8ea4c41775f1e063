"""Bodies: overlap with the text that people marked as the article's, beside trafilatura's on the same pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import pytest
from trafilatura import bare_extraction

Overlap = tuple[float, float]
PEERS = {
    "trafilatura default": {},
    "trafilatura precision": {"favor_precision": True},
}
NATIVE = re.compile(r"[\u0590-\u08ff\u0900-\u0dff]")


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def shingles(text: str) -> list[Hashable]:
    """Return the runs of four words, as the article-extraction-benchmark counts them."""
    all_words = re.findall(r"\w+", text)
    return [tuple(all_words[at : at + 4]) for at in range(max(1, len(all_words) - 3))] if all_words else []


def overlap(found: Iterable[Hashable], wanted: Iterable[Hashable]) -> Overlap:
    """Return precision and recall of one bag in another."""
    ours, theirs = Counter(found), Counter(wanted)
    both = sum((ours & theirs).values())
    return both / max(1, sum(ours.values())), both / max(1, sum(theirs.values()))


def harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def shingle_f1(bodies: list[tuple[str, str]]) -> float:
    """Return F1 of the mean precision and the mean recall over pages: the benchmark's own measure."""
    scores = [overlap(shingles(found), shingles(wanted)) for found, wanted in bodies]
    return harmonic(*(sum(column) / len(scores) for column in zip(*scores, strict=True)))


def token_f1(bodies: list[tuple[str, str]]) -> float:
    """Return the mean over pages of the F1 of words."""
    scores = [harmonic(*overlap(words(found), words(wanted))) for found, wanted in bodies]
    return sum(scores) / len(scores)


MEASURES: dict[str, Callable[[list[tuple[str, str]]], float]] = {
    "aeb": shingle_f1,
    "fundus": token_f1,
    "wcxb": token_f1,
    "funduseval": token_f1,
}


@pytest.mark.parametrize("name", MEASURES)
def test_bodies_match_what_people_marked(
    name: str, articles: Callable[..., Any], hold: Callable[[str, float], None]
) -> None:
    bodies = [(article.body if article else "", truth["body"]) for truth, article in articles(name)]
    hold(f"body F1, {name}", MEASURES[name](bodies))


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", ["aeb", "fundus", "wcxb"])
def test_peers_on_the_same_pages(
    name: str, peer: str, whole: bool, pages: Callable[..., Any], compare: Callable[[str, str, float], None]
) -> None:
    if not whole:
        pytest.skip("the peers run with --whole")
    found = [(bare_extraction(page, **PEERS[peer]), truth) for truth, page in pages(name)]
    bodies = [(getattr(document, "text", None) or "", truth["body"]) for document, truth in found]
    compare(f"body F1, {name}", peer, MEASURES[name](bodies))


def test_wanted_passages_are_kept_and_unwanted_dropped(
    articles: Callable[..., Any], hold: Callable[[str, float], None]
) -> None:
    kept = lost = wanted = left = unwanted = 0
    for truth, article in articles("traf"):
        body = " ".join(article.body.split()) if article else ""
        kept += sum(passage in body for passage in truth["withs"])
        wanted += len(truth["withs"])
        left += sum(passage in body for passage in truth["without"])
        unwanted += len(truth["without"])
    lost = wanted - kept
    assert lost < wanted
    hold("wanted passages kept, traf", kept / wanted)
    hold("unwanted passages dropped, traf", 1 - left / unwanted)


def test_pages_in_other_scripts_give_text_in_them(articles: Callable[..., Any]) -> None:
    short = [
        truth["id"]
        for truth, article in articles("rtl")
        if not article or len(NATIVE.findall(article.body)) < 300
    ]
    assert short == []


def test_the_measures_measure() -> None:
    same, other = (
        [("one two three four five", "one two three four five")],
        [("six seven", "one two three four")],
    )
    assert shingle_f1(same) == token_f1(same) == 1.0
    assert shingle_f1(other) == token_f1(other) == 0.0
    assert token_f1([("one two three", "one two four")]) == pytest.approx(2 / 3)
