"""Models to JSON and back: the one place that knows how."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def dump(value: object) -> bytes:
    """Return a model as compact JSON; datetimes as ISO 8601 with their offset."""
    return msgspec.json.encode(value)


def load(data: bytes | str, kind: type[T]) -> T:
    """Return the model that JSON describes. Raises ValueError naming the field and what is wrong with it."""
    return msgspec.json.decode(data, type=kind)


def build(value: object, kind: type[T]) -> T:
    """Return the model that dicts, lists and strings describe. Raises ValueError as `load` does."""
    return msgspec.convert(value, kind)


def plain(value: object) -> object:
    """Return a model as dicts, lists and strings, for output that is put together from several."""
    return msgspec.to_builtins(value)
