"""Languages: sentences and their first six words, about as much as a headline has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from workers.language import detect

MACRO = {"prs": "fa"}  # Dari is told by its source, not by its words
UNKNOWN = {"skr", "pnb"}  # neither detector has Saraiki or Western Punjabi: both come out as Urdu


@pytest.mark.parametrize(("name", "length"), [("sib200", 6), ("sib200", None), ("langid_ud_udhr", None)])
def test_languages(
    name: str, length: int | None, shared_data: Path, hold: Callable[[str, float], None]
) -> None:
    lines = (shared_data / "tagging" / f"{name}.public.jsonl").read_text("utf-8").strip().split("\n")
    rows = [row for row in map(json.loads, lines) if row["lang"] not in UNKNOWN]
    right = sum(
        detect(" ".join(row["text"].split()[:length]))[0] == MACRO.get(row["lang"], row["lang"])
        for row in rows
    )
    hold(f"language, {name}{f', {length} words' if length else ''}", right / len(rows))
