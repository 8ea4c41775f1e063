"""Learn what extraction weighs blocks by, from the pages of ../shared/data; run by hand: python tests/quality/learn.py.

A block is of the article where the text that people marked has it. On pages of which they marked passages only, those
blocks count on which trafilatura's two modes agree, and the passages. Writes workers/extract/weights.npz, and beside this
file unseen.npz: the weights learned without the sites of one quarter at a time, by which `make quality` scores each page
as one of an unknown site.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measures import read_set, words
from numpy.typing import NDArray

from workers.extract.blocks import read_blocks
from workers.extract.brief import read_brief
from workers.extract.fallback import ask_trafilatura
from workers.extract.features import Numbers, measure
from workers.extract.judge import WEIGHTS
from workers.extract.markup import decode, parse
from workers.extract.wording import letters

UNSEEN = Path(__file__).with_name("unseen.npz")
MARKED = {
    "aeb": 5.0,
    "fundus": 3.0,
    "funduseval": 1.0,
    "wcxb": 1.2,
}  # what a page counts: one of news the most
HALF_MARKED = {"traf": 1.0, "htmldate": 0.5}
QUARTERS = 4
NETS, HIDDEN, EPOCHS, BATCH, RATE, DECAY, DROPPED = 6, 48, 18, 256, 3e-3, 1e-4, 0.4
SHORT_LINE = 8  # words; a shorter block may be in the text by chance
Net = list[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A page's rows, which of them are of the article, and what each counts."""

    quarter: int
    rows: Numbers
    wanted: NDArray[np.float32]
    counts: NDArray[np.float32]


def quarter_of(truth: dict[str, Any]) -> int:
    """Return the quarter a page's site is in."""
    return zlib.crc32(str(truth.get("domain") or truth["id"]).encode()) % QUARTERS


def lesson_of(task: tuple[dict[str, Any], bytes, float, bool]) -> Lesson | None:
    """Return what is to be learned from a page."""
    truth, payload, weight, marked = task
    page = parse(decode(payload, None))
    blocks = read_blocks(page.tree) if page else None
    if page is None or not blocks:
        return None
    texts = blocks.texts
    sizes = np.array([len(words(text)) for text in texts], dtype=np.float32)
    if marked:
        wanted, known = _by_text(texts, truth["body"]), np.ones(len(texts), dtype=bool)
    else:
        wanted, known = _by_agreement(texts, truth, page.text)
    total = max(20.0 if marked else 60.0, float((sizes * (wanted > 0.5) * known).sum()))
    counts = weight * np.minimum(sizes + 1, 200) / total * known
    return Lesson(
        quarter_of(truth),
        measure(blocks, read_brief(page.tree)),
        (wanted > 0.5).astype(np.float32),
        counts.astype(np.float32),
    )


def _by_text(blocks: Sequence[str], text: str) -> NDArray[np.float32]:
    """Return how much of each block is in a text; short blocks count only near long ones."""
    bare, spaced, listed = letters(text), f" {' '.join(words(text))} ", words(text)
    runs = set(zip(listed, listed[1:], listed[2:], listed[3:], strict=False))
    found = np.array([_share(block, bare, spaced, runs) for block in blocks], dtype=np.float32)
    short = np.array([len(words(block)) < SHORT_LINE for block in blocks])
    sure = np.flatnonzero(~short & (found > 0.5))
    if len(sure):
        places = np.arange(len(blocks))
        found[short & ((places < sure[0] - 6) | (places > sure[-1] + 10))] = 0
    return found


def _share(block: str, bare: str, spaced: str, runs: set[tuple[str, ...]]) -> float:
    own, inner = words(block), letters(block)
    if len(own) < SHORT_LINE and len(inner) <= 40:
        return float(f" {' '.join(own)} " in spaced)
    if inner in bare:
        return 1.0
    pieces = list(zip(own, own[1:], own[2:], own[3:], strict=False))
    return sum(piece in runs for piece in pieces) / max(1, len(pieces))


def _by_agreement(
    blocks: Sequence[str], truth: dict[str, Any], html: str
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the blocks that both modes of trafilatura take, and those on which they or people are of one mind."""
    texts = [ask_trafilatura(html, precise) for precise in (False, True)]
    one, other = (_by_text(blocks, text) for text in texts)
    known = ((one > 0.5) == (other > 0.5)) & all(len(text) > 300 for text in texts)
    for passages, verdict in ((truth.get("withs"), 1.0), (truth.get("without"), 0.0)):
        for passage in passages or []:
            for place, block in enumerate(blocks):
                if passage in block and (verdict or len(passage) * 2 > len(block)):
                    one[place], known[place] = verdict, True
    return one, known


def tasks() -> Iterator[tuple[dict[str, Any], bytes, float, bool]]:
    """Yield all pages with what each counts."""
    for sets, marked in ((MARKED, True), (HALF_MARKED, False)):
        for name, weight in sets.items():
            for truth, payload in read_set(name):
                yield truth, payload, weight, marked


def learn(lessons: Sequence[Lesson], seed: int) -> Net:
    """Return one hidden layer, learned by Adam with dropout."""
    rows = np.concatenate([lesson.rows for lesson in lessons])
    wanted = np.concatenate([lesson.wanted for lesson in lessons])
    counts = np.concatenate([lesson.counts for lesson in lessons])
    counts = np.minimum(counts / counts.mean(), 12)
    draw = np.random.default_rng(seed)
    width = rows.shape[1]
    net: Net = [
        (draw.normal(size=(width, HIDDEN)) / np.sqrt(width)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        (draw.normal(size=HIDDEN) / np.sqrt(HIDDEN)).astype(np.float32),
        np.zeros(1, np.float32),
    ]
    first, second = [np.zeros_like(part) for part in net], [np.zeros_like(part) for part in net]
    steps, step = EPOCHS * (len(rows) // BATCH + 1), 0
    for _ in range(EPOCHS):
        order = draw.permutation(len(rows))
        for at in range(0, len(rows), BATCH):
            step += 1
            batch = order[at : at + BATCH]
            slope = _slope(net, rows[batch], wanted[batch], counts[batch], draw)
            rate = RATE * (1 - step / (steps + 1))
            for part, towards, one, two in zip(net, slope, first, second, strict=True):
                np.add(one, 0.1 * (towards - one), out=one)
                np.add(two, 0.001 * (towards * towards - two), out=two)
                np.subtract(
                    part,
                    rate * (one / (1 - 0.9**step)) / (np.sqrt(two / (1 - 0.999**step)) + 1e-8),
                    out=part,
                    casting="same_kind",
                )
    return net


def _slope(
    net: Net, rows: Numbers, wanted: Numbers, counts: Numbers, draw: np.random.Generator
) -> tuple[NDArray[np.float32], ...]:
    weights, bias, out, base = net
    hidden = np.maximum(rows @ weights + bias, 0)
    hidden *= (draw.random(hidden.shape, dtype=np.float32) > DROPPED) / np.float32(1 - DROPPED)
    chances = 1 / (1 + np.exp(-np.clip(hidden @ out + base, -20, 20)))
    error = ((chances - wanted) * counts / len(rows)).astype(np.float32)
    back = np.outer(error, out) * (hidden > 0) / np.float32(1 - DROPPED)
    slope = [
        rows.T @ back + DECAY * weights,
        back.sum(0),
        hidden.T @ error + DECAY * out,
        np.array([error.sum()]),
    ]
    return tuple(np.asarray(part, dtype=np.float32) for part in slope)


def keep(path: Path, nets: Sequence[Net]) -> None:
    """Write nets as half floats."""
    weights, bias, out, base = (np.stack(part).astype(np.float16) for part in zip(*nets, strict=True))
    np.savez_compressed(path, weights=weights, bias=bias, out=out, base=base)


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        lessons = [lesson for lesson in pool.map(lesson_of, tasks(), chunksize=8) if lesson]
    print(f"{len(lessons)} pages, {sum(len(lesson.rows) for lesson in lessons)} blocks", file=sys.stderr)  # noqa: T201
    quarters = [[one for one in lessons if one.quarter != quarter] for quarter in range(QUARTERS)]
    keep(UNSEEN, [learn(part, seed) for part in quarters for seed in range(NETS)])
    keep(WEIGHTS, [learn(lessons, seed) for seed in range(NETS)])
