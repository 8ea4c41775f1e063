"""The body of an article: the blocks of its page that are likely of it, and a second opinion where they are not clear.

Each block is measured and judged (`features`, `judge`). What they come to is expected to be right to a degree, and below
one that the caller chooses trafilatura's precision mode has a vote on each block. A page that is too much for all this
gets one plain walk over its paragraphs.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workers.extract.authors import MAX_NOTE, is_note, may_have_note
from workers.extract.blocks import Blocks, read_blocks
from workers.extract.brief import Brief, read_brief
from workers.extract.features import Numbers, measure
from workers.extract.judge import Nets, judge, shipped
from workers.extract.markup import Element, Page
from workers.extract.regions import is_furniture, names_of, text_of
from workers.extract.wording import letters

Favor = Literal["speed", "accuracy"]
JUDGES: dict[Favor, int] = {"speed": 3, "accuracy": 6}  # networks whose mean decides
FAVOR: Favor = "speed"  # of ingest; docs/decisions say why

SURE = 0.75  # below it trafilatura has a vote; above it does more harm than good
LIKELY = 0.55  # a block of more is of the article
VOTE = 2.0  # what it is worth, in log odds
SHORT = 250  # characters; a body below it is looked for elsewhere
LONG = 80  # characters of a paragraph that is prose
FAIR = 0.3  # a paragraph of more is of the article if one beside it, of the same looks, is more than likely
CERTAIN = 0.7
POSSIBLE = 0.15  # a block of more is of the article if those around it are
MAX_GAP = 12  # blocks in a row that are taken for that
REPEATED = 40  # characters; a block of more that says what one before said is left out
_CONTAINER = re.compile(
    r"(^|[\s_-])(article-?body|story-?body|post-?body|entry-?content|post-?content|article-?content)([\s_-]|$)",
    re.IGNORECASE,
)
MAX_VOTED = 6_000  # elements of a page that trafilatura is asked about: its time is the longest of all

_BREAKS = frozenset(
    [
        "p",
        "div",
        "li",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "br",
        "tr",
        "figure",
        "ul",
        "ol",
        "body",
        "section",
    ]
)


@dataclass(frozen=True, slots=True)
class Body:
    """Paragraphs in order, and how far the finding is to be trusted."""

    paragraphs: list[str]
    confidence: float


def find_body(page: Page, whole: bool = False, favor: Favor = FAVOR, nets: Nets | None = None) -> Body:
    """Return the article's paragraphs.

    `whole` says that all of the page is the article; `nets` are other networks to judge by than Khabar's own.
    """
    if page.heavy or page.late():
        return Body(_plain(page.tree), 0.3)
    if whole:
        return Body(_whole(page.tree), 0.9)
    brief = read_brief(page.tree)
    blocks = read_blocks(page.tree)
    body = _judged(page, blocks, brief, favor, nets) if len(blocks) else Body([], 0.0)
    if _size(body.paragraphs) * 2 < len(" ".join(brief.paragraphs)):
        body = Body(list(brief.paragraphs), 0.6)
    if _size(body.paragraphs) < SHORT and len(page.tree.page) <= MAX_VOTED and not page.late():
        body = max(body, _asked(page), key=lambda one: _size(one.paragraphs))
    return Body(_with_note(body.paragraphs, blocks), body.confidence)


def _judged(page: Page, blocks: Blocks, brief: Brief, favor: Favor, nets: Nets | None) -> Body:
    chances = judge(measure(blocks, brief), (nets or shipped()).of(0, JUDGES[favor]))
    sizes = np.array([len(text) for text in blocks.texts], dtype=np.float32)
    sure = _expected(chances, sizes)
    if sure < SURE and len(page.tree.page) <= MAX_VOTED and not page.late():
        chances = _voted(chances, blocks, page)
        sure = _expected(chances, sizes)
    chances = _filled(chances, blocks)
    tags = page.tree.page.tags
    kept = [
        at
        for at in np.flatnonzero(chances > LIKELY).tolist()
        if not (blocks.texts[at] == brief.title and tags[blocks.places[at]] == "h1")
    ]
    return Body(list(_joined(blocks, kept)), sure)


def _expected(chances: Numbers, sizes: Numbers) -> float:
    """Return the F1 that the likely blocks are expected to have, if the chances are what they say."""
    weighed = chances * sizes
    kept = chances > LIKELY
    right = float(weighed[kept].sum())
    return round(2 * right / (float(sizes[kept].sum()) + float(weighed.sum()) or 1.0), 3)


def _filled(chances: Numbers, blocks: Blocks) -> Numbers:
    """Return the chances with those of blocks raised that stand among likely ones, or beside one that they look like."""
    likely = np.flatnonzero(chances > LIKELY)
    filled = chances.copy()
    for before, after in itertools.pairwise(likely.tolist()):
        between = range(before + 1, after)
        if 0 < len(between) <= MAX_GAP and all(
            chances[at] > POSSIBLE and blocks.linked[at] * 2 < len(blocks.texts[at]) for at in between
        ):
            room = _room(blocks, before)
            if all(_room(blocks, at) == room for at in (*between, after)):
                filled[list(between)] = 1.0
    for at in np.flatnonzero((filled > FAIR) & (filled <= LIKELY)).tolist():
        if _is_prose(blocks, at) and any(
            filled[beside] > CERTAIN and _is_alike(blocks, at, beside)
            for beside in (at - 1, at + 1)
            if 0 <= beside < len(filled)
        ):
            filled[at] = 1.0
    return filled


def _is_prose(blocks: Blocks, at: int) -> bool:
    size = len(blocks.texts[at])
    return size >= REPEATED and blocks.linked[at] * 4 < size


def _is_alike(blocks: Blocks, at: int, other: int) -> bool:
    """Tell whether the elements of two blocks stand in the same one and look the same."""
    tree, one, two = blocks.tree, blocks.places[at], blocks.places[other]
    return (
        tree.parents[one] == tree.parents[two]
        and tree.tags[one] == tree.tags[two]
        and tree.raw[one] == tree.raw[two]
    )


def _room(blocks: Blocks, at: int) -> int:
    """Return the part of a page that a paragraph, or the list of an item, stands in."""
    holder = _holder(blocks, at)
    return blocks.tree.parents[blocks.places[at] if holder < 0 else holder]


def _voted(chances: Numbers, blocks: Blocks, page: Page) -> Numbers:
    """Return the chances with trafilatura's word on each block."""
    from workers.extract.fallback import ask_trafilatura  # noqa: PLC0415 - its import takes a second, and most pages do not need it

    told = letters(ask_trafilatura(page.text, precise=True))
    if not told:
        return chances
    votes = np.array([VOTE if letters(text) in told else -VOTE for text in blocks.texts], dtype=np.float32)
    odds = np.clip(chances, 1e-4, 1 - 1e-4)
    return np.asarray(1 / (1 + (1 - odds) / odds * np.exp(-votes)), dtype=np.float32)


def _asked(page: Page) -> Body:
    """Return trafilatura's own finding, and where it has none that of a plain walk."""
    from workers.extract.fallback import ask_trafilatura  # noqa: PLC0415 - the same

    for precise, confidence in ((True, 0.5), (False, 0.4)):
        lines = [line for line in map(str.strip, ask_trafilatura(page.text, precise).split("\n")) if line]
        if _size(lines) >= SHORT:
            return Body(lines, confidence)
    return Body(_plain(page.tree) or _contained(page.tree), 0.3)


def _joined(blocks: Blocks, kept: Sequence[int]) -> Iterator[str]:
    """Yield blocks as paragraphs, each once; the items of one list, and the rows of one table, stay together."""
    seen: set[str] = set()
    together: list[str] = []
    last = -1
    for at in kept:
        text = blocks.texts[at]
        if len(text) >= REPEATED and text in seen:
            continue
        seen.add(text)
        holder = _holder(blocks, at)
        if together and holder != last:
            yield "\n".join(together)
            together = []
        last = holder
        if holder < 0:
            yield text
        else:
            together.append(f"- {text}" if blocks.tree.tags[blocks.places[at]] == "li" else text)
    if together:
        yield "\n".join(together)


def _holder(blocks: Blocks, at: int) -> int:
    """Return the list or table whose item or row a block is; -1 if it is none."""
    place = blocks.places[at]
    return blocks.tree.parents[place] if blocks.tree.tags[place] in {"li", "tr"} else -1


def _size(paragraphs: Sequence[str]) -> int:
    return sum(map(len, paragraphs))


def _with_note(paragraphs: list[str], blocks: Blocks) -> list[str]:
    """Return the body with the note about its author at the end, where the page has one that was left out."""
    if not may_have_note("\n".join(text for text in blocks.texts if len(text) <= MAX_NOTE)):
        return paragraphs
    notes = (
        text
        for text, place in zip(blocks.texts, blocks.places, strict=True)
        if len(text) <= MAX_NOTE
        and may_have_note(text)
        and is_note(text)
        and not _in_furniture(blocks.tree.view(place))
    )
    note = next(notes, None) if paragraphs else None
    if note is None or note in paragraphs or any(map(is_note, paragraphs)):
        return paragraphs
    return [*paragraphs, note]


def _in_furniture(element: Element) -> bool:
    return is_furniture(element) or any(map(is_furniture, element.iterancestors()))


def _whole(tree: Element) -> list[str]:
    """Return every block of a fragment as a paragraph, also text that stands between blocks."""
    pieces: list[str] = []
    for element in tree.iter():
        if element.tag in _BREAKS:
            pieces.append("\n")
        if element.tag not in {"script", "style", "figcaption"}:
            pieces.append(element.text or "")
        if element.tail:
            pieces.append(f"\n{element.tail}" if element.tag in _BREAKS - {"br"} else element.tail)
    lines = (" ".join(line.split()) for line in "".join(pieces).replace("\r", " ").split("\n"))
    return [line for line in lines if line]


def _plain(tree: Element) -> list[str]:
    """Return the paragraphs of a page that are prose and not the site's own, in one linear walk."""
    return [text for element in _paragraphs(tree) if len(text := text_of(element)) > LONG]


def _contained(tree: Element) -> list[str]:
    """Return the lines of the first part of a page that is called the text of an article: a few words in no paragraph."""
    page = tree.page
    likely = (place for place, raw in enumerate(page.raw) if "ody" in raw or "ontent" in raw)
    for place in likely:
        named = _CONTAINER.search(names_of(page.raw[place])) is not None
        if named and page.line(place) and not _in_furniture(page.view(place)):
            return _whole(page.view(place))
    return []


def _paragraphs(tree: Element) -> Iterator[Element]:
    for paragraph in tree.iter("p"):
        near = [parent for _, parent in zip(range(6), paragraph.iterancestors(), strict=False)]
        if not any(map(is_furniture, near)):
            yield paragraph
