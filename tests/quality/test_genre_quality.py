"""How well opinion is told from news, on judged texts and on pages whose address tells; with floors.

The shipped weights were learned from these judged texts, so their score here guards the code and says nothing of other
texts. What says something of them is the cross-validation, which `--whole` runs: each outlet judged by what the others
teach.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from khabar.models import Article, Discovery, Record
from workers.extract import Extracted, Rejected, extract
from workers.genre import classify
from workers.language import identify
from workers.normalize import normalize

NOW = datetime(2026, 12, 31, tzinfo=UTC)
FLOORS: dict[str, float] = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))["genre"]
TRAINING = Path(__file__).parents[2] / "benchmarks" / "training" / "genre.py"
ANYWHERE = Discovery("a", "urn:x", NOW, "quality", "import")
TELLS = dict.fromkeys(
    ["opinion", "opinions", "columnists", "commentisfree", "comment", "commentary", "editorial", "editorials", "kommentar", "kommentare", "meinung", "tribune", "tribunes", "opinie", "debatt", "ledare"],
    "opinion",
) | dict.fromkeys(["news", "nachrichten", "noticias", "nyheter", "world", "politics", "sport", "sports"], "news")  # fmt: skip
VIEWS = ("opinion", "editorial", "column", "letter")
SETS = ("aeb", "fundus", "funduseval", "traf", "htmldate", "wcxb")


def hold(what: str, score: float) -> None:
    print(f"{what}: {score:.4f}, floor {FLOORS[what]}")  # noqa: T201 - `make quality` shows it
    assert score >= FLOORS[what] - 1e-4


def f1(pairs: Counter[tuple[Any, str]], genre: str) -> float:
    said = sum(count for (_, found), count in pairs.items() if found == genre)
    true = sum(count for (known, _), count in pairs.items() if known == genre)
    return 2 * pairs[genre, genre] / max(1, said + true)


def judged(shared_data: Path, masked: bool) -> Counter[tuple[Any, str]]:
    pairs: Counter[tuple[Any, str]] = Counter()
    for line in (shared_data / "regional" / "judged.public.jsonl").read_text("utf-8").strip().split("\n"):
        row = json.loads(line)
        url, section = ("urn:x", None) if masked else (row["url"], row["section"])
        article = Article(
            "x", url, "s", row["title"] or "", row["body"], NOW, lang=row["lang"], section=section
        )
        found = classify(article, Extracted(url, article.title, article.body, 1.0), ANYWHERE)
        assert found.genre_evidence or found.genre == "unknown", "a genre without a reason"
        pairs[row["genre"], found.genre] += 1
    return pairs


def test_opinion_against_news_by_the_text_alone_and_by_all_cues(shared_data: Path) -> None:
    for name, masked in (("text alone", True), ("all cues", False)):
        pairs = judged(shared_data, masked)
        two: Counter[tuple[Any, str]] = Counter(
            {pair: n for pair, n in pairs.items() if pair[0] in {"opinion", "news"}}
        )
        hold(f"opinion F1, judged, {name}", f1(two, "opinion"))
        hold(f"interview F1, judged, {name}", f1(pairs, "interview"))


def told(url: str) -> str | None:
    """Return what a folder of the address says of the page, an opinion page of the news being opinion.

    A folder with three hyphens is a headline, which names no section.
    """
    parts = urlsplit(url).path.lower().split("/")[:-1]
    folders = re.findall(r"[a-z]+", " ".join(part for part in parts if part.count("-") < 3))
    found = {TELLS[folder] for folder in folders if folder in TELLS}
    return "opinion" if "opinion" in found else next(iter(found), None)


def test_pages_whose_address_tells(pages: Callable[..., Any], whole: bool) -> None:
    """Truth is a folder of the address; masked, the page has no address, section or breadcrumb.

    Nothing was learned from any of these sites, and most are no newspapers of the region. Few are opinion (ten), so one
    page more or less is worth .04 of their F1.
    """
    if not whole:
        pytest.skip("too few in the sample: run with --whole")
    seen, masked = Counter[tuple[Any, str]](), Counter[tuple[Any, str]]()
    for truth, html in (page for name in SETS for page in pages(name)):
        known = told(truth["url"] or "")
        record = Record("s", "urn:uuid:0", NOW, truth["url"], "page", ANYWHERE, payload=html)
        found = extract(record, None) if known else None
        if found is None or isinstance(found, Rejected):
            continue
        article = identify(normalize(found, record, None), None)
        bare = replace(article, url="urn:x", section=None, breadcrumb=())
        for counts, case in ((seen, article), (masked, bare)):
            genre = classify(case, found, ANYWHERE).genre
            counts[known, "opinion" if genre in VIEWS else genre] += 1
    print(seen, masked, sep="\n")  # noqa: T201 - `make quality` shows it
    for name, counts in (("all cues", seen), ("masked", masked)):
        hold(f"news F1, pages, {name}", f1(counts, "news"))
        hold(f"opinion F1, pages, {name}", f1(counts, "opinion"))
        of = sum(count for (known, _), count in counts.items() if known == "opinion")
        hold(f"opinion found, pages, {name}", counts["opinion", "opinion"] / of)


def test_what_the_texts_teach_holds_for_texts_and_outlets_that_taught_nothing(
    shared_data: Path, whole: bool
) -> None:
    if not whole:
        pytest.skip("learning again takes too long here: run with --whole")
    learned = subprocess.run(
        [sys.executable, TRAINING, shared_data / "regional"], capture_output=True, text=True, check=True
    )
    for what in ("over texts, text alone", "over outlets, text alone", "over outlets, all cues"):
        score = re.search(rf"{what}\s+([\d.]+)", learned.stdout)
        assert score
        hold(f"opinion F1, learned, {what}", float(score[1]))
