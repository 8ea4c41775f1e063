"""Bodies: overlap with the text that people marked as the article's, beside trafilatura's on the same pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from learn import NETS, UNSEEN, quarter_of
from measures import MEASURES, Overlap, by_shingles, by_words, f1_of_means, lead_between, mean_f1
from trafilatura import bare_extraction

from khabar.models import Discovery, Record, attempt_name
from workers.extract import extract
from workers.extract.body import Favor, find_body
from workers.extract.judge import load
from workers.extract.markup import decode, parse

PEERS: dict[str, dict[str, Any]] = {"default": {}, "precision": {"favor_precision": True}}
FAVORS: tuple[Favor, ...] = ("speed", "accuracy")
FETCHED = datetime(2026, 12, 31, tzinfo=UTC)
HEADINGS = {
    "related", "related articles", "related posts", "read more", "also read", "more from author", "leave a reply", "comments",
    "newsletter", "subscribe", "share", "share this", "most popular", "latest news", "recommended", "you may also like",
}  # fmt: skip
NATIVE = re.compile(r"[\u0590-\u08ff\u0900-\u0dff]")
Pages = list[tuple[dict[str, Any], bytes]]
Note = Callable[[str, str, float], None]


@pytest.mark.parametrize("name", MEASURES)
def test_bodies_match_what_people_marked(
    name: str, articles: Callable[..., Any], hold: Callable[[str, float], None]
) -> None:
    score, total = MEASURES[name]
    hold(
        f"body F1, {name}",
        total([score(article.body if article else "", truth["body"]) for truth, article in articles(name)]),
    )


def test_hardly_any_boilerplate_heading_is_left(articles: Callable[..., Any]) -> None:
    left = lost = kept = unwanted = 0
    for truth, article in articles("tagdiv"):
        body = " ".join(article.body.split()) if article else ""
        lines = {line.strip().lower() for line in article.body.split("\n")} if article else set[str]()
        left += len(lines & HEADINGS)
        lost += sum(passage not in body for passage in truth.get("withs") or [])
        kept += sum(passage in body for passage in truth.get("without") or [])
        unwanted += len(truth.get("without") or [])
    assert (left, lost) == (0, 0)
    assert kept <= 0.05 * unwanted


# --- the lead over trafilatura, with --whole ---------------------------------------------------------------------


@pytest.fixture
def everything(whole: bool, pages: Callable[[str], Pages]) -> Callable[[str], Pages]:
    """Return a reader of all pages of a set; the peers take minutes, so there is none of the sample."""
    if not whole:
        pytest.skip("the peers run with --whole")
    return pages


@pytest.fixture(scope="module")
def peers() -> Callable[[str, Pages], dict[str, list[str]]]:
    """Return a reader of what trafilatura finds on the pages of a set, by mode: looked for once a run."""
    known: dict[str, dict[str, list[str]]] = {}

    def find(name: str, given: Pages) -> dict[str, list[str]]:
        if name not in known:
            known[name] = {
                peer: [body_by(page, options) for _, page in given] for peer, options in PEERS.items()
            }
        return known[name]

    return find


def body_by(page: bytes, options: dict[str, Any]) -> str:
    return getattr(bare_extraction(page, **options), "text", None) or ""


def scores_of(name: str, given: Pages, favor: Favor, unseen: bool) -> list[Overlap]:
    """Return how our bodies of a set score; `unseen`: judged by what was learned without the sites of a page's quarter."""
    score, nets = MEASURES[name][0], load(UNSEEN)
    scores: list[Overlap] = []
    for truth, payload in given:
        page, at = parse(decode(payload, None)), NETS * quarter_of(truth)
        body = find_body(page, favor=favor, nets=nets.of(at, at + NETS) if unseen else None) if page else None
        scores.append(score("\n\n".join(body.paragraphs) if body else "", truth["body"]))
    return scores


@pytest.mark.parametrize("favor", FAVORS)
@pytest.mark.parametrize("name", MEASURES)
def test_the_lead_over_trafilatura(
    name: str,
    favor: Favor,
    everything: Callable[[str], Pages],
    peers: Callable[[str, Pages], dict[str, list[str]]],
    compare: Note,
    hold: Callable[[str, float], None],
) -> None:
    given = everything(name)
    score, total = MEASURES[name]
    theirs = {
        peer: [score(text, truth["body"]) for text, (truth, _) in zip(texts, given, strict=True)]
        for peer, texts in peers(name, given).items()
    }
    for peer, scores in theirs.items():
        compare(f"body F1, {name}", f"trafilatura {peer}", total(scores))
    best = max(theirs.values(), key=total)
    for unseen in (False, True):
        ours = scores_of(name, given, favor, unseen)
        lead, low, high = lead_between(ours, best, total)
        of = "of sites it has not seen" if unseen else "as shipped"
        compare(f"body F1, {name}, --favor {favor}", of, total(ours))
        compare(f"lead, {name}, --favor {favor}", f"{of} [{low:+.4f} {high:+.4f}]", lead)
        if unseen:
            hold(f"lead on unseen sites, {name}, {favor}", lead)


@pytest.mark.parametrize("favor", FAVORS)
@pytest.mark.parametrize("name", ["aeb", "fundus"])
def test_the_speed_beside_trafilatura(
    name: str, favor: Favor, everything: Callable[[str], Pages], compare: Note
) -> None:
    """Body and metadata of the same pages in one process, page by page in turn."""
    given = everything(name)
    ours, theirs = list[float](), list[float]()
    for lap in range(2):  # the first warms both
        ours, theirs = [], []
        for truth, payload in given[: 10 if lap == 0 else None]:
            record = record_of(payload, truth["url"] or "urn:sha256:0")
            ours.append(seconds(lambda record=record: extract(record, None, favor)))
            theirs.append(seconds(lambda payload=payload: bare_extraction(payload, with_metadata=True)))
    compare(f"speed, {name}, --favor {favor}", "times trafilatura's", sum(theirs) / sum(ours))
    for what, at in (("p99", len(given) * 99 // 100), ("slowest", -1)):
        share = sorted(ours)[at] / sorted(theirs)[at]
        compare(f"{what} page, {name}, --favor {favor}", "share of trafilatura's", share)


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def record_of(payload: bytes, url: str) -> Record:
    discovery = Discovery(attempt_name(FETCHED, url), url, FETCHED, "quality", "import")
    return Record(
        "segments/2026/12/31/q.warc.gz", "urn:uuid:0", FETCHED, url, "page", discovery, payload=payload
    )


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
    same, other = "one two three four five", "six seven"
    assert f1_of_means([by_shingles(same, same)]) == mean_f1([by_words(same, same)]) == 1.0
    assert f1_of_means([by_shingles(other, same)]) == mean_f1([by_words(other, same)]) == 0.0
    assert mean_f1([by_words("one two three", "one two four")]) == pytest.approx(2 / 3)


def test_a_lead_is_the_difference_and_lies_in_its_interval() -> None:
    ours, theirs = [(1.0, 1.0), (0.8, 0.9), (1.0, 0.7)] * 9, [(0.9, 1.0), (0.8, 0.8), (0.7, 0.7)] * 9
    lead, low, high = lead_between(ours, theirs, mean_f1)
    assert lead == pytest.approx(mean_f1(ours) - mean_f1(theirs))
    assert low <= lead <= high
    assert lead_between(ours, ours, mean_f1) == (0.0, 0.0, 0.0)
