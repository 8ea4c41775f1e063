"""What is measured of each block of a page, a row of numbers for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from workers.extract.blocks import HEADINGS, TAG_BITS, Blocks, hints_of
from workers.extract.brief import Brief
from workers.extract.marks import hints_of_lines, line_hints, name_hints

Numbers = NDArray[np.float32]
Places = NDArray[np.intp]

PROSE = 80  # characters; a block of more, not mostly links, is likely prose
_ENDS = frozenset('.!?…:;。！？।۔؟"”’»)')
_OPENS = frozenset('"“„«‘')
_NO_LETTER = re.compile(r"[\W_]+")
_ASCII_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
_DIGIT = re.compile(r"\d")
_COMMAS = ",，、،"
_POINTERS = frozenset(">»")
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
MAX_COMPARED = 5_000
_START = 12  # characters that a summary and a paragraph begin with, if they are one
_LEVELS = 4


def measure(blocks: Blocks, brief: Brief) -> Numbers:
    """Return the rows for the blocks of one page, of which there is at least one."""
    texts, count = blocks.texts, len(blocks)
    tags = [blocks.tree.tags[place] for place in blocks.places]
    lines = hints_of_lines(texts)
    sizes = np.array([len(text) for text in texts], dtype=np.float32)
    linked = np.array(blocks.linked, dtype=np.float32)
    levels = np.array([HEADINGS.get(tag, 0) for tag in tags])
    prose = np.where(
        (sizes < PROSE) | (levels > 0), 0, (sizes - linked) * (1 - linked / sizes.astype(np.float64))
    )
    chain = _chain(blocks, blocks.places)
    own = _own(blocks, brief, tags, sizes, linked)
    parts = (
        own,
        _flags(blocks, lines),
        _surroundings(blocks, chain, sizes, linked, prose),
        _stands(blocks, chain, np.array(lines), sizes, levels, prose),
    )
    near = np.concatenate([own[:, _NEAR], parts[1][:, -len(line_hints().kinds) :]], axis=1)
    rows = np.full(
        (count, sum(part.shape[1] for part in parts) + 4 * len(_NEAR) + 2 * (near.shape[1] - len(_NEAR))),
        -0.2,
        dtype=np.float32,
    )
    at = 0
    for part in parts:
        rows[:, at : at + part.shape[1]] = part
        at += part.shape[1]
    _tell_beside(rows[:, at:], near)
    return rows


def letters(text: str) -> str:
    """Return the letters and digits of a text only, to compare texts that differ in spaces and marks."""
    # most marks are ASCII, and of bytes these go at once; halves of a pair may be in what JSON says
    bare = text.encode("utf-8", "surrogatepass").translate(None, _ASCII_MARKS).decode("utf-8", "surrogatepass")
    return (bare if bare.isalnum() else _NO_LETTER.sub("", bare)).lower()


def _own(blocks: Blocks, brief: Brief, tags: list[str], sizes: Numbers, linked: Numbers) -> Numbers:
    """Return what each block's own text and tag say of it."""
    texts = blocks.texts
    rows = np.empty((len(texts), 29), dtype=np.float32)
    np.minimum(1, sizes[:, None] / np.array([40, 120, 400], dtype=np.float32), out=rows[:, :3])
    rows[:, 3] = linked / sizes
    rows[:, 4] = linked >= sizes - 1
    rows[:, 5] = np.where(sizes < 1000, np.minimum(1, np.array(_commas(texts)) / 4), 1)
    rows[:, 6] = blocks.strong
    looks = np.array([_SHAPES.get(tag, 0) | _look(text) for tag, text in zip(tags, texts, strict=True)])
    rows[:, 7:21] = (looks[:, None] >> np.arange(14)) & 1
    rows[:, 21:24] = _repeated(texts)
    rows[:, 24:] = _compared(texts, brief)
    return rows


def _look(text: str) -> int:
    """Return in bits how a text looks: how it begins and ends, and what it has in it."""
    first, last, size = text[0], text[-1], len(text)
    look = (last in _ENDS) << 7 | (first in _OPENS) << 8 | ("\n" in text) << 9
    if last in _POINTERS or "|" in text or "›" in text or "»" in text[-3:]:
        look |= 1 << 10
    if size < 60:
        look |= (_DIGIT.search(text) is not None) << 11 | (size < 40 and text.isupper()) << 12
    return look | first.islower() << 13


def _commas(texts: Sequence[str]) -> list[int]:
    return [text.count(",") if text.isascii() else sum(map(text.count, _COMMAS)) for text in texts]


def _repeated(texts: Sequence[str]) -> list[tuple[bool, bool, bool]]:
    """Tell of each text whether it stands there more than once, more than twice, and before."""
    counts = Counter(texts)
    if len(counts) == len(texts):
        return [(False, False, False)] * len(texts)
    before: set[str] = set()
    rows: list[tuple[bool, bool, bool]] = []
    for text in texts:
        count = counts[text]
        rows.append((count > 1, count > 2, text in before))
        before.add(text)
    return rows


def _compared(texts: Sequence[str], brief: Brief) -> Numbers:
    """Tell of each text whether it is the headline, the summary, or what machines are told is the text."""
    rows = np.zeros((len(texts), 5), dtype=np.float32)
    title, summary, told = letters(brief.title), letters(brief.summary), letters(" ".join(brief.paragraphs))
    start, rest = brief.summary[:_START], brief.summary.lower()
    for at, text in enumerate(texts):
        size = len(text)
        if size < 400:
            if title and size <= 2 * len(brief.title) and len(title) <= size:
                rows[at, 0] = letters(text) == title
            if summary and size > 30 and (start in text or text[:_START].lower() in rest):
                bare = letters(text)
                rows[at, 1] = bare in summary or summary in bare
    if told:
        rows[:, 2] = 1
        bares = [letters(text[:MAX_COMPARED]) for text in texts]
        rows[:, 3] = [len(bare) > 5 and bare in told for bare in bares]
        rows[:, 4] = [len(bare) > 60 and bare[10:50] in told for bare in bares]
    return rows


def _flags(blocks: Blocks, lines: list[int]) -> Numbers:
    """Return the bits of what surrounds each block, and of what its line says, a column each."""
    hints, (which, shift) = hints_of(blocks), _bits()
    bits = np.array([hints.tags, hints.near, hints.around, lines], dtype=np.int64)
    return ((bits[which] >> shift) & 1).T.astype(np.float32)


@cache
def _bits() -> tuple[Places, Places]:
    """Return for each column of the flags which of the four numbers it is of, and which bit."""
    widths = [len(TAG_BITS), *[len(name_hints().kinds)] * 2, len(line_hints().kinds)]
    return np.repeat(np.arange(4), widths), np.concatenate([np.arange(width) for width in widths])[:, None]


def _chain(blocks: Blocks, places: Sequence[int]) -> Places:
    """Return the elements each place stands in, a row a place: itself, the one around that, and so on; -1 above the root."""
    parents = np.array([*blocks.tree.parents, -1], dtype=np.intp)
    chain = np.empty((len(places), _LEVELS + 1), dtype=np.intp)
    chain[:, 0] = places
    for level in range(_LEVELS):
        chain[:, level + 1] = parents[chain[:, level]]
    return chain


def _surroundings(blocks: Blocks, chain: Places, sizes: Numbers, linked: Numbers, prose: Numbers) -> Numbers:
    """Return what the parts around each block hold, and what all blocks that look like it do."""
    total = float(prose.sum()) or 1.0
    within = _within(blocks, chain, sizes, linked, prose)
    looks, known = np.array(_looks(blocks), dtype=np.intp), chain >= 0
    alike = _sums(looks[:, None], sizes, linked, prose)
    rows = np.empty((len(blocks), 3 * (_LEVELS + 1) + 4), dtype=np.float32)
    count, size, link, much = (part[chain] for part in within)
    rows[:, 0:-4:3] = np.where(known, much / total, 1)
    rows[:, 1:-4:3] = np.where(known, link / size, 0.5)
    rows[:, 2:-4:3] = np.where(known, np.minimum(1, size / count / 200), 0)
    count, size, link, much = (part[looks] for part in alike)
    rows[:, -4] = np.minimum(1, count / 10)
    rows[:, -3] = link / size
    rows[:, -2] = np.minimum(1, size / count / 200)
    rows[:, -1] = much / total
    return rows


def _within(blocks: Blocks, chain: Places, sizes: Numbers, linked: Numbers, prose: Numbers) -> list[Numbers]:
    """Return what each element holds in the blocks that it or the elements in it are of, lists of links among them."""
    if not blocks.links:
        return _sums(chain, sizes, linked, prose)
    more = np.array([size for _, size in blocks.links], dtype=np.float32)
    every = np.concatenate([chain, _chain(blocks, [place for place, _ in blocks.links])])
    shut = np.concatenate([linked, more])
    return _sums(every, np.concatenate([sizes, more]), shut, np.concatenate([prose, np.zeros_like(more)]))


def _sums(groups: Places, *columns: Numbers) -> list[Numbers]:
    """Return how many blocks each group has, and what they come to in each column; a block is in all groups of its row."""
    flat, most = groups.ravel() + 1, int(groups.max()) + 2
    sums = [np.bincount(flat, minlength=most)]
    sums += [np.bincount(flat, np.repeat(column, groups.shape[1]), most) for column in columns]
    return [np.append(one[1:], 1).astype(np.float32) for one in sums]  # the last is what the place -1 reads


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


def _stands(
    blocks: Blocks, chain: Places, lines: Places, sizes: Numbers, levels: Places, prose: Numbers
) -> Numbers:
    """Return where each block stands: before or after the headline, in the part that holds most prose or not."""
    tree, count, total = blocks.tree, len(blocks), float(prose.sum()) or 1.0
    at = np.arange(count)
    gone = np.cumsum(prose) - prose
    best, score = _best(chain, prose)
    places = chain[:, 0]
    inside = (places >= best) & (places < tree.ends[best]) if best >= 0 else np.zeros(count, dtype=bool)
    depths = np.array([tree.depths[place] for place in blocks.places])
    first = int(np.argmax(levels == 1)) if (levels == 1).any() else -1
    heads = (levels > 0) | (np.array(blocks.strong) & (sizes < 80))
    last = np.maximum.accumulate(np.where(heads, at, -1))
    heading = (last >= 0) & (lines[last] != 0)
    since = at - last
    before = np.maximum.accumulate(np.where(prose > 0, at, -10))
    after = np.minimum.accumulate(np.where(prose > 0, at, count + 10)[::-1])[::-1]
    siblings = chain[1:, 1] == chain[:-1, 1]
    columns = (
        at / count,
        gone / total,
        gone == 0,
        (gone >= total - 1e-6) & (prose == 0),
        first >= 0,
        at < first,
        (first < at) & (at <= first + 5) if first >= 0 else 0,
        inside,
        np.where(inside, np.minimum(1, (depths - tree.depths[best]) / 8), -0.2),
        heading,
        heading & (since < 6),
        np.minimum(1, since / 10),
        score / total,
        np.minimum(1, (at - before) / 10),
        np.minimum(1, (after - at) / 10),
        np.append(False, siblings),
        np.append(siblings, False),
    )
    rows = np.empty((count, len(columns)), dtype=np.float32)
    for column, values in enumerate(columns):
        rows[:, column] = values
    return rows


def _best(chain: Places, prose: Numbers) -> tuple[int, float]:
    """Return the element whose children, and theirs, hold most prose, and how much; -1 where there is no prose."""
    above = chain[:, 1:]
    shares = prose[:, None] * np.array([0.6**level for level in range(_LEVELS)], dtype=np.float32)
    scores = np.bincount(above.ravel() + 1, shares.ravel())
    scores[0] = 0
    best = int(np.argmax(scores))
    return (best - 1, float(scores[best])) if scores[best] else (-1, 0.0)


def _tell_beside(rows: Numbers, near: Numbers) -> None:
    """Write down some of the numbers of the two blocks before and the two after each, and what the nearest lines say."""
    own, end = len(_NEAR), 4 * len(_NEAR)
    said = near.shape[1] - own
    for place, step in enumerate((-2, -1, 1, 2)):
        _shift(rows[:, place * own : (place + 1) * own], near[:, :own], step)
    _shift(rows[:, end : end + said], near[:, own:], -1)
    _shift(rows[:, end + said :], near[:, own:], 1)


def _shift(rows: Numbers, values: Numbers, step: int) -> None:
    if abs(step) < len(rows):
        if step > 0:
            rows[:-step] = values[step:]
        else:
            rows[-step:] = values[:step]
