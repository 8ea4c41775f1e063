"""Cursors: where a page ended, as opaque text that fits only the question it came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from khabar.codec import dump, load
from khabar.ports import Mark
from khabar.web.problems import ProblemError, bad_parameter

_LONGEST = 2_000  # characters: an attempt's name holds a URL
_SPAN = 1 << 62  # microseconds
_HIGHEST = 1e9  # score


@dataclass(frozen=True, slots=True)
class _Cursor:
    question: str
    mark: Mark


def cursor(mark: Mark, *question: object) -> str:
    """Return a mark as text for the next request of the same question."""
    data = dump(_Cursor(_print(question), mark))
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mark_of(text: str | None, *question: object) -> Mark | None:
    """Return the mark of a cursor, None without one; raises ProblemError for one of another question, or none of ours."""
    if text is None:
        return None
    try:
        if len(text) > _LONGEST or not text.isascii():
            raise ValueError(text)
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = load(data, _Cursor)
    except (ValueError, binascii.Error):
        raise _refusal("it is none of ours") from None
    mark = found.mark
    if not abs(mark.score) <= _HIGHEST or abs(mark.when) > _SPAN:
        raise _refusal("it is none of ours")
    if found.question != _print(question):
        raise _refusal("it belongs to another query, order or filter")
    return mark


def _refusal(why: str) -> ProblemError:
    return bad_parameter(
        "cursor", f"{why}: give back `next` of the page before as it is, with the same parameters"
    )


def _print(question: object) -> str:
    return hashlib.sha256(repr(question).encode("utf-8", "surrogatepass")).hexdigest()[:16]
