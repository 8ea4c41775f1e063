"""How bodies are scored, and how sure a lead is."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "extraction"
Overlap = tuple[float, float]
DRAWS = 1000


def read_set(name: str, every: int = 1) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield the pages of a set, each with the truth about it."""
    folder = DATA / name
    for line in (folder / "truth.jsonl").read_text("utf-8").strip().split("\n")[::every]:
        truth = json.loads(line)
        yield truth, gzip.decompress((folder / truth["html"]).read_bytes())


def words(text: str) -> list[str]:
    """Return the words of a text."""
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
    """Return F1."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def by_shingles(found: str, wanted: str) -> Overlap:
    """Score one page by runs of four words."""
    return overlap(shingles(found), shingles(wanted))


def by_words(found: str, wanted: str) -> Overlap:
    """Score one page by its words."""
    return overlap(words(found), words(wanted))


def f1_of_means(pages: Sequence[Overlap]) -> float:
    """Return F1 of the mean precision and the mean recall: the article-extraction-benchmark's own measure."""
    return harmonic(sum(one for one, _ in pages) / len(pages), sum(one for _, one in pages) / len(pages))


def mean_f1(pages: Sequence[Overlap]) -> float:
    """Return the mean over pages of F1."""
    return sum(harmonic(*page) for page in pages) / len(pages)


Measure = tuple[Callable[[str, str], Overlap], Callable[[Sequence[Overlap]], float]]
MEASURES: dict[str, Measure] = {
    "aeb": (by_shingles, f1_of_means),
    "fundus": (by_words, mean_f1),
    "wcxb": (by_words, mean_f1),
    "funduseval": (by_words, mean_f1),
}


def lead_between(
    ours: Sequence[Overlap],
    theirs: Sequence[Overlap],
    total: Callable[[Sequence[Overlap]], float],
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return the lead on the same pages, and the 95 % interval of a paired bootstrap around it."""
    draw = random.Random(seed)
    leads: list[float] = []
    for _ in range(DRAWS):
        places = draw.choices(range(len(ours)), k=len(ours))
        leads.append(total([ours[at] for at in places]) - total([theirs[at] for at in places]))
    leads.sort()
    return total(ours) - total(theirs), leads[DRAWS // 40], leads[-DRAWS // 40]
