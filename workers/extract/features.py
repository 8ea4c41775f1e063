"""What is measured of each block of a page, a row of numbers for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.extract.blocks import HEADINGS, TAG_BITS, Block
from workers.extract.brief import Brief
from workers.extract.marks import hints_of_line, line_hints, name_hints
from workers.extract.tree import Element

Numbers = NDArray[np.float32]

PROSE = 80  # characters; a block of more, not mostly links, is likely prose
_ENDS = tuple('.!?…:;。！？।۔؟"”’»)')
_NO_LETTER = re.compile(r"[\W_]+")
_DIGIT = re.compile(r"\d")
_COMMAS = re.compile(r"[,，、،]")
MAX_COMPARED = 5_000
_LEVELS = 4


def measure(blocks: Sequence[Block], brief: Brief) -> Numbers:
    """Return the rows for the blocks of one page, of which there is at least one."""
    own = np.array(_own_rows(blocks, brief), dtype=np.float32)
    lines = [hints_of_line(block.text) for block in blocks]
    bits = np.array(
        [[b.tags, b.near, b.around, b_line] for b, b_line in zip(blocks, lines, strict=True)],
        dtype=np.int64,
    )
    widths = (len(TAG_BITS), len(name_hints().kinds), len(name_hints().kinds), len(line_hints().kinds))
    flags = np.concatenate(
        [(bits[:, at : at + 1] >> np.arange(width)) & 1 for at, width in enumerate(widths)], axis=1
    ).astype(np.float32)
    places = np.array(_places(blocks, lines), dtype=np.float32)
    return np.concatenate([own, flags, places, _beside(own[:, :8], flags[:, -widths[3] :])], axis=1)


def letters(text: str) -> str:
    """Return the letters and digits of a text only, to compare texts that differ in spaces and marks."""
    return _NO_LETTER.sub("", text).lower()


def _own_rows(blocks: Sequence[Block], brief: Brief) -> list[tuple[float, ...]]:
    seen = Counter(block.text for block in blocks)
    title, summary, told = letters(brief.title), letters(brief.summary), letters(" ".join(brief.paragraphs))
    rows: list[tuple[float, ...]] = []
    before: set[str] = set()
    for block in blocks:
        text, tag = block.text, block.element.tag
        size = len(text)
        level = HEADINGS.get(tag, 0)
        bare = (
            letters(text[:MAX_COMPARED])
            if told or (size < 400 and (summary or size < 2 * len(brief.title)))
            else ""
        )
        rows.append(
            (
                min(1.0, size / 40),
                min(1.0, size / 120),
                min(1.0, size / 400),
                block.linked / size,
                float(block.linked >= size - 1),
                float(text.endswith(_ENDS)),
                float(tag == "p"),
                float(level > 0),
                float(tag == "li"),
                float(tag in {"div", "span", "td", "th", "tr", "body", "section", "article"}),
                float(level == 1),
                float(tag in {"blockquote", "pre", "dd", "dt"}),
                float(block.strong),
                min(1.0, len(_COMMAS.findall(text)) / 4) if size < 1000 else 1.0,
                float(seen[text] > 1),
                float(seen[text] > 2),
                float(text in before),
                float(_DIGIT.search(text) is not None if size < 60 else 0),
                float(size < 40 and text.isupper()),
                float(bool(title) and size < 400 and bare == title),
                float(bool(summary) and 30 < size < 400 and (bare in summary or summary in bare)),
                float(bool(told)),
                float(bool(told) and len(bare) > 5 and bare in told),
                float(bool(told) and len(bare) > 60 and bare[10:50] in told),
                float("\n" in text),
                float("|" in text or "›" in text or "»" in text[-3:] or text.endswith(">")),
                float(text[0] in '"“„«‘'),
            )
        )
        before.add(text)
    return rows


class _Sums:
    """What the blocks in an element, or of one look, come to together."""

    __slots__ = ("count", "linked", "prose", "size")

    def __init__(self) -> None:
        self.count = 0
        self.size = 0
        self.linked = 0
        self.prose = 0.0

    def add(self, size: int, linked: int, prose: float) -> None:
        self.count += 1
        self.size += size
        self.linked += linked
        self.prose += prose


def _surroundings(blocks: Sequence[Block], weights: Sequence[float]) -> list[tuple[float, ...]]:
    """Return what the parts around each block hold, and what all blocks that look like it do."""
    total = sum(weights) or 1.0
    held: dict[Element, _Sums] = {}
    alike: dict[tuple[str, str, str, str], _Sums] = {}
    looks = [_look(block.element) for block in blocks]
    for block, weight, look in zip(blocks, weights, looks, strict=True):
        size, linked = len(block.text), block.linked
        around: Element | None = block.element
        for _ in range(_LEVELS + 1):
            if around is None:
                break
            sums = held.get(around)
            if sums is None:
                sums = held[around] = _Sums()
            sums.add(size, linked, weight)
            around = around.parent
        same = alike.get(look)
        if same is None:
            same = alike[look] = _Sums()
        same.add(size, linked, weight)
    rows: list[tuple[float, ...]] = []
    for block, look in zip(blocks, looks, strict=True):
        same, numbers = alike[look], list[float]()
        around = block.element
        for _ in range(_LEVELS + 1):
            if around is None:
                numbers += (1.0, 0.5, 0.0)
                continue
            sums = held[around]
            numbers += (sums.prose / total, sums.linked / sums.size, min(1.0, sums.size / sums.count / 200))
            around = around.parent
        numbers += (
            min(1.0, same.count / 10),
            same.linked / same.size,
            min(1.0, same.size / same.count / 200),
            same.prose / total,
        )
        rows.append(tuple(numbers))
    return rows


def _look(element: Element) -> tuple[str, str, str, str]:
    above = element.parent
    return (
        element.tag,
        element.get("class") or "",
        above.tag if above else "",
        (above.get("class") or "") if above else "",
    )


def _places(blocks: Sequence[Block], lines: Sequence[int]) -> list[tuple[float, ...]]:
    """Return where each block stands: before or after the headline, in the part that holds most prose or not."""
    weights = [_weight(block) for block in blocks]
    total = sum(weights) or 1.0
    best, score = _best(blocks, weights)
    first = next((at for at, block in enumerate(blocks) if block.element.tag == "h1"), -1)
    count = len(blocks)
    rows: list[tuple[float, ...]] = []
    gone, since_heading, heading = 0.0, 0, 0
    for at, (block, weight, around) in enumerate(
        zip(blocks, weights, _surroundings(blocks, weights), strict=True)
    ):
        if block.element.tag in HEADINGS or (block.strong and len(block.text) < 80):
            heading, since_heading = lines[at], 0
        else:
            since_heading += 1
        inside = best is not None and block.element.inside(best)
        rows.append(
            (
                *around,
                at / count,
                gone / total,
                float(gone == 0.0),
                float(gone >= total - weight and weight == 0.0),
                float(first >= 0),
                float(first >= 0 and at < first),
                float(first >= 0 and first < at <= first + 5),
                float(inside),
                min(1.0, (block.element.depth - best.depth) / 8) if inside and best is not None else -0.2,
                float(bool(heading)),
                float(bool(heading) and since_heading < 6),
                min(1.0, since_heading / 10),
                score / total,
            )
        )
        gone += weight
    return rows


def _best(blocks: Sequence[Block], weights: Sequence[float]) -> tuple[Element | None, float]:
    """Return the element whose children, and theirs, hold most prose."""
    scores: dict[Element, float] = {}
    for block, weight in zip(blocks, weights, strict=True):
        around, share = block.element.parent, weight
        for _ in range(_LEVELS):
            if around is None or not share:
                break
            scores[around] = scores.get(around, 0.0) + share
            around, share = around.parent, share * 0.6
    best = max(scores, key=scores.__getitem__, default=None)
    return best, scores[best] if best is not None else 0.0


def _weight(block: Block) -> float:
    size = len(block.text)
    if size < PROSE or block.element.tag in HEADINGS:
        return 0.0
    return (size - block.linked) * (1 - block.linked / size)


def _beside(own: Numbers, lines: Numbers) -> Numbers:
    """Return some of the numbers of the two blocks before and the two after each."""
    near = [_shifted(own, step) for step in (-2, -1, 1, 2)]
    return np.concatenate([*near, _shifted(lines, -1), _shifted(lines, 1)], axis=1)


def _shifted(rows: Numbers, step: int) -> Numbers:
    moved = np.full_like(rows, -0.2)
    if abs(step) < len(rows):
        if step > 0:
            moved[:-step] = rows[step:]
        else:
            moved[-step:] = rows[:step]
    return moved
