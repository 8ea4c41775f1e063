"""How well copies are told from other texts, with floors that a change may not fall through."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import pytest

from workers.duplicates import SHORT, Words, is_copy, read, same, sign

FLOORS: dict[str, float] = json.loads((Path(__file__).parent / "floors.json").read_text("utf-8"))[
    "duplicates"
]

Pair = tuple[int, int]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def candidates(texts: Iterable[str]) -> set[Pair]:
    """Return the pairs of texts that share a key, as the index would bring them together."""
    sharing: dict[str, list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        signature = sign(text)
        for key in (*signature.bands, signature.exact):
            sharing[key].append(number)
    return {pair for numbers in sharing.values() for pair in combinations(numbers, 2)}


def connected(size: int, links: Iterable[Pair]) -> list[int]:
    """Return the component of each text: the smallest number in it."""
    labels = list(range(size))
    for a, b in links:
        old, new = max(labels[a], labels[b]), min(labels[a], labels[b])
        labels = [new if label == old else label for label in labels] if old != new else labels
    return labels


@pytest.fixture(scope="module")
def pages(shared_data: Path) -> list[tuple[str | None, str, Words]]:
    """Return pages as several programs read them, each with the page it is of, and newswire texts."""
    folder = shared_data / "tagging"
    extractions = ((row["cluster"], row["text"]) for row in rows(folder / "neardup_extractions.public.jsonl"))
    others = ((None, row["text"]) for row in islice(rows(folder / "reuters21578.public.jsonl"), 3000))
    read_texts = ((page, text, read(text)) for source in (extractions, others) for page, text in source)
    return [found for found in read_texts if len(found[2].words) >= SHORT]


def test_readings_of_one_page_are_one_cluster(pages: list[tuple[str | None, str, Words]]) -> None:
    """Pairs of newswire texts are left out: there are copies among them, which nobody has labelled."""
    words = [found[2] for found in pages]
    links = [(a, b) for a, b in candidates(text for _, text, _ in pages) if same(words[a], words[b])]
    labels = connected(len(pages), links)
    told = [number for number, (page, _, _) in enumerate(pages) if page]
    wanted = {pair for pair in combinations(told, 2) if pages[pair[0]][0] == pages[pair[1]][0]}
    members: dict[int, list[int]] = defaultdict(list)
    for number, label in enumerate(labels):
        members[label].append(number)
    found = {
        pair
        for cluster in members.values()
        for pair in combinations(cluster, 2)
        if pages[pair[0]][0] or pages[pair[1]][0]
    }
    precision, recall = len(found & wanted) / len(found), len(found & wanted) / len(wanted)
    print(f"near copies: precision {precision:.4f}, recall {recall:.4f} of {len(wanted)} pairs")  # noqa: T201
    assert precision >= FLOORS["neardup_precision"] - 1e-4
    assert recall >= FLOORS["neardup_recall"] - 1e-4


def test_what_was_written_anew_is_no_copy(shared_data: Path) -> None:
    judged = list(rows(shared_data / "tagging" / "clough_stevenson.public.jsonl"))
    copies = {
        label: [is_copy(row["text"], row["source_text"]) for row in judged if row["label"] == label]
        for label in ("non", "heavy", "cut")
    }
    assert not any(copies["non"])
    assert sum(copies["heavy"]) <= FLOORS["heavy_revisions_taken_for_copies"]
    assert sum(copies["cut"]) / len(copies["cut"]) >= FLOORS["cut_recall"]
