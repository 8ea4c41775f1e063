"""Models to JSON and back: the one place that knows how."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_learning = threading.Lock()


def dump(value: object) -> bytes:
    """Return a model as compact JSON; datetimes as ISO 8601 with their offset."""
    return msgspec.json.encode(value)


def load(data: bytes | str, kind: type[T]) -> T:
    """Return the model that JSON describes. Raises ValueError naming the field and what is wrong with it."""
    return _decoder(kind).decode(data)


def build(value: object, kind: type[T]) -> T:
    """Return the model that dicts, lists and strings describe. Raises ValueError as `load` does."""
    _decoder(kind)
    return msgspec.convert(value, kind)


def plain(value: object) -> object:
    """Return a model as dicts, lists and strings, for output that is put together from several."""
    return msgspec.to_builtins(value)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Return what reads a kind of model.

    msgspec learns a dataclass the first time that it meets it, and while it does so another thread that meets the same
    one crashes the process (0.22): one learns at a time.
    """
    with _learning:
        return msgspec.json.Decoder(kind)
