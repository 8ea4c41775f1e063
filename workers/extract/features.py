"""What is measured of each block of a page, a row of numbers for each."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from workers.extract.blocks import HEADINGS, TAG_BITS, Blocks, hints_of
from workers.extract.brief import Brief
from workers.extract.marks import hints_of_lines, line_hints, name_hints
from workers.extract.wording import commas, compared, look, repeated

Numbers = NDArray[np.float32]
Places = NDArray[np.intp]

PROSE = 80  # characters; a block of more, not mostly links, is likely prose
_KINDS_OF_TAGS = (
    "p",
    "li",
    "h1",
    "h2 h3 h4 h5 h6",
    "blockquote pre",
    "dd dt",
    "div span td th tr body section article",
)
_SHAPES = {tag: 1 << bit for bit, tags in enumerate(_KINDS_OF_TAGS) for tag in tags.split()}
_NEAR = [0, 1, 2, 3, 4, 7, 10, 14]  # of a block's own numbers those that the blocks around it are told
_LEVELS = 4
_OF_SIZE, _SHARES, _STANDS = 6, 3 * (_LEVELS + 1) + 4, 17  # how many numbers there are of each
_SIZES = np.array([40, 120, 400], dtype=np.float32)
_LITTLE = 2.0**-100


def measure(blocks: Blocks, brief: Brief) -> Numbers:
    """Return the rows for the blocks of one page, of which there is at least one.

    A page has some 70 blocks: there numpy's calls cost more than what they do, so that numbers go into it together.
    """
    tags = [blocks.tree.tags[place] for place in blocks.places]
    sizes = np.array([len(text) for text in blocks.texts], dtype=np.float32)
    linked = np.array(blocks.linked, dtype=np.float32)
    lines = hints_of_lines(blocks.texts)
    prose = np.array(_prose(blocks, tags))
    chain = _chain(blocks)
    said, told = _bits(), len(line_hints().kinds)
    shares = _OF_SIZE + len(said[0])
    stands = shares + _SHARES
    beside = stands + _STANDS
    rows = np.full((len(blocks), beside + 4 * len(_NEAR) + 2 * told), -0.2, dtype=np.float32)
    _measure_sizes(rows[:, :_OF_SIZE], blocks, sizes, linked)
    rows[:, _OF_SIZE:shares] = _said_of(blocks, brief, tags, lines, said)
    _measure_shares(rows[:, shares:stands], blocks, chain, np.stack((sizes, linked, prose)))
    _measure_stands(rows[:, stands:beside], blocks, chain[: len(blocks)], tags, np.array(lines), prose)
    _tell_beside(rows[:, beside:], rows[:, _NEAR], rows[:, shares - told : shares])
    return rows


def _prose(blocks: Blocks, tags: list[str]) -> list[float]:
    """Return how much prose each block is: its characters, those in links counting against the others."""
    return [
        0.0 if len(text) < PROSE or tag in HEADINGS else (len(text) - link) * (1 - link / len(text))
        for text, link, tag in zip(blocks.texts, blocks.linked, tags, strict=True)
    ]


def _measure_sizes(rows: Numbers, blocks: Blocks, sizes: Numbers, linked: Numbers) -> None:
    """Write down how long each block is, how much of it are links, and how many commas it has."""
    np.minimum(1, sizes[:, None] / _SIZES, out=rows[:, :3])
    rows[:, 3] = linked / sizes
    rows[:, 4] = linked >= sizes - 1
    rows[:, 5] = [min(1, count / 4) for count in commas(blocks.texts)]


def _said_of(
    blocks: Blocks, brief: Brief, tags: list[str], lines: list[int], columns: tuple[Places, Places]
) -> NDArray[np.int64]:
    """Return what is true of each block, a column for each bit: of its own text, of what surrounds it, and of its line."""
    texts, hints, (which, shift) = blocks.texts, hints_of(blocks), columns
    again, same = repeated(texts), compared(texts, brief)
    own = [
        strong | (_SHAPES.get(tag, 0) | look(text)) << 1 | before << 15 | known << 18
        for text, tag, strong, before, known in zip(texts, tags, blocks.strong, again, same, strict=True)
    ]
    bits = np.array([own, hints.tags, hints.near, hints.around, lines], dtype=np.int64)
    return ((bits[which] >> shift) & 1).T


@cache
def _bits() -> tuple[Places, Places]:
    """Return for each column of what is true which of the five numbers it is of, and which bit."""
    widths = [23, len(TAG_BITS), *[len(name_hints().kinds)] * 2, len(line_hints().kinds)]
    return np.repeat(np.arange(5), widths), np.concatenate([np.arange(width) for width in widths])[:, None]


def _chain(blocks: Blocks) -> Places:
    """Return the elements each block stands in, a row a block: itself, the one around that, and so on; -1 above the root.

    Behind them are those of what stood in long lists of links.
    """
    parents = np.array([*blocks.tree.parents, -1], dtype=np.intp)
    places = [*blocks.places, *(place for place, _ in blocks.links)]
    chain = np.empty((len(places), _LEVELS + 1), dtype=np.intp)
    chain[:, 0] = places
    for level in range(_LEVELS):
        chain[:, level + 1] = parents[chain[:, level]]
    return chain


def _measure_shares(rows: Numbers, blocks: Blocks, chain: Places, columns: Numbers) -> None:
    """Write down what the parts around each block hold, and what all blocks that look like it do.

    `columns` are what blocks are long, linked, and of prose. Parts hold the long lists of links, too.
    """
    groups = chain[: len(blocks)] + 1
    looks = np.array(_looks(blocks), dtype=np.intp) + len(blocks.tree) + 1
    groups = np.concatenate([groups, looks[:, None]], axis=1)
    total = float(columns[2].sum()) or 1.0
    sums = _sums(groups, columns, chain[len(blocks) :] + 1, [size for _, size in blocks.links])
    sums[:, 0] = (
        1,
        _LITTLE,
        _LITTLE / 2,
        total,
    )  # above the root: all prose, half links, and nothing else known
    count, size, link, much = sums[:, groups]
    shares = np.stack((much / total, link / size, np.minimum(1, size / count / 200)), axis=-1)
    own = 3 * (_LEVELS + 1)
    rows[:, :own] = shares[:, :-1].reshape(len(rows), own)
    rows[:, own] = np.minimum(1, count[:, -1] / 10)
    rows[:, own + 1 :] = shares[:, -1, (1, 2, 0)]


def _sums(groups: Places, columns: Numbers, more: Places, sizes: list[int]) -> Numbers:
    """Return how many blocks each group has, and what they come to in each column; a block is in all groups of its row.

    More blocks, which are nothing but links, are of other groups.
    """
    flat, weights = groups.ravel(), np.repeat(columns, groups.shape[1], axis=1)
    if sizes:
        links = np.repeat(np.array(sizes, dtype=np.float32), more.shape[1])
        flat = np.concatenate([flat, more.ravel()])
        weights = np.concatenate([weights, [links, links, np.zeros_like(links)]], axis=1)
    count = np.bincount(flat)
    sums = np.empty((4, len(count)), dtype=np.float32)
    sums[0] = count
    for row, column in enumerate(weights, 1):
        sums[row] = np.bincount(flat, column)
    return sums


def _looks(blocks: Blocks) -> list[int]:
    """Return the same number for blocks whose elements, and those around them, have the same tag and class."""
    tags, raws, parents = blocks.tree.tags, blocks.tree.raw, blocks.tree.parents
    known, outer = dict[tuple[str, str, int], int](), {-1: -1}
    numbers: list[int] = []
    for place in blocks.places:
        around = parents[place]
        if around not in outer:
            outer[around] = known.setdefault((tags[around], _class(raws[around]), -1), len(known))
        look = (tags[place], _class(raws[place]), outer[around])
        numbers.append(known.setdefault(look, len(known)))
    return numbers


def _class(raw: str) -> str:
    """Return the names that an element is styled by."""
    if raw.startswith('class="'):
        return raw[7 : raw.find('"', 7)]
    start = raw.find(' class="') + 8
    return raw[start : raw.find('"', start)] if start > 7 else ""


def _measure_stands(
    rows: Numbers, blocks: Blocks, chain: Places, tags: list[str], lines: Places, prose: Numbers
) -> None:
    """Write down where each block stands: before or after the headline, in the part that holds most prose or not."""
    tree, count, total = blocks.tree, len(blocks), float(prose.sum()) or 1.0
    at, places, is_prose = np.arange(count), chain[:, 0], prose > 0
    gone = np.cumsum(prose) - prose
    best, score = _best(chain, prose)
    inside = (places >= best) & (places < tree.ends[best]) if best >= 0 else np.zeros(count, dtype=bool)
    depths = np.array([tree.depths[place] for place in blocks.places])
    first = tags.index("h1") if "h1" in tags else -1
    last = np.maximum.accumulate(np.where(_heads(blocks, tags), at, -1))
    heading = (last >= 0) & (lines[last] != 0)
    before = np.maximum.accumulate(np.where(is_prose, at, -10))
    after = np.minimum.accumulate(np.where(is_prose, at, count + 10)[::-1])[::-1]
    steps = np.stack((at - last, at - before, after - at))
    since, behind, ahead = np.minimum(1, steps / 10)
    siblings = chain[1:, 1] == chain[:-1, 1]
    columns = (
        at / count,
        gone / total,
        gone == 0,
        (gone >= total - 1e-6) & ~is_prose,
        first >= 0,
        at < first,
        (first < at) & (at <= first + 5) if first >= 0 else 0,
        inside,
        np.where(inside, np.minimum(1, (depths - tree.depths[best]) / 8), -0.2),
        heading,
        heading & (steps[0] < 6),
        since,
        score / total,
        behind,
        ahead,
        np.append(False, siblings),
        np.append(siblings, False),
    )
    for column, values in enumerate(columns):
        rows[:, column] = values


def _heads(blocks: Blocks, tags: list[str]) -> list[bool]:
    """Tell of each block whether it heads those that follow: as a heading, or short and set off."""
    return [
        tag in HEADINGS or (strong and len(text) < PROSE)
        for tag, strong, text in zip(tags, blocks.strong, blocks.texts, strict=True)
    ]


def _best(chain: Places, prose: Numbers) -> tuple[int, float]:
    """Return the element whose children, and theirs, hold most prose, and how much; -1 where there is no prose."""
    above = chain[:, 1:]
    shares = prose[:, None] * np.array([0.6**level for level in range(_LEVELS)], dtype=np.float32)
    scores = np.bincount(above.ravel() + 1, shares.ravel())
    scores[0] = 0
    best = int(np.argmax(scores))
    return (best - 1, float(scores[best])) if scores[best] else (-1, 0.0)


def _tell_beside(rows: Numbers, near: Numbers, said: Numbers) -> None:
    """Write down some of the numbers of the two blocks before and the two after each, and what the nearest lines say."""
    own, end, more = near.shape[1], 4 * near.shape[1], said.shape[1]
    for place, step in enumerate((-2, -1, 1, 2)):
        _shift(rows[:, place * own : (place + 1) * own], near, step)
    _shift(rows[:, end : end + more], said, -1)
    _shift(rows[:, end + more :], said, 1)


def _shift(rows: Numbers, values: Numbers, step: int) -> None:
    if abs(step) < len(rows):
        if step > 0:
            rows[:-step] = values[step:]
        else:
            rows[-step:] = values[:step]
