"""Typed reading of marked values: each reader returns the value, or None after it has said what is wrong."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, TypeVar
from urllib.parse import urlsplit

from khabar.catalogue.codes import LANGUAGES, countries, zones
from khabar.catalogue.marks import Entries, Items, Scalar, Value
from khabar.catalogue.problems import Problems, instead

T = TypeVar("T")
Reader = Callable[[Value, Problems], T | None]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_KINDS = {Scalar: "a single value", Items: "a list", Entries: "a mapping"}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a file: how its value is read, whether it must be there, and an example for who left it out."""

    read: Reader[Any]
    example: str
    required: bool = False


def wrong(value: Value, problems: Problems, what: str, how: str) -> None:
    """Note what is wrong with a value."""
    problems.add(value.place, what, how)


# --- what holds others --------------------------------------------------------------------------------------


def record(
    value: Value, keys: Mapping[str, Key], problems: Problems, *, whole: bool = True
) -> dict[str, Any] | None:
    """Return the values of a mapping by key, or None where any of it is wrong or missing.

    Not `whole`: what could be read of it is returned all the same, for who has more to check.
    """
    if not isinstance(value, Entries):
        return wrong(value, problems, f"{_KINDS[type(value)]} stands here", f"write keys: {', '.join(keys)}")
    before = len(problems)
    fields: dict[str, Any] = {}
    for name, (place, held) in value.values.items():
        if name not in keys:
            problems.add(place, f"unknown key `{name}`", instead(name, keys, f"known are {', '.join(keys)}"))
        elif isinstance(held, Scalar) and held.empty:
            problems.add(
                place, f"`{name}` is empty", f"give a value, such as {keys[name].example}, or remove it"
            )
        elif (found := keys[name].read(held, problems)) is not None:
            fields[name] = found
    for name, key in keys.items():
        if key.required and name not in value.values:
            problems.add(value.place, f"`{name}` is missing", f"add `{name}: {key.example}`")
    return fields if not whole or len(problems) == before else None


def many(read: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return the reader of a list; every element is read, also after a wrong one."""

    def reader(value: Value, problems: Problems) -> tuple[T, ...] | None:
        if not isinstance(value, Items):
            return wrong(value, problems, f"{_KINDS[type(value)]} stands here", "write a list: [one, two]")
        return tuple(found for item in value.values if (found := read(item, problems)) is not None)

    return reader


def table(read_key: Reader[str], read: Reader[T]) -> Reader[dict[str, T]]:
    """Return the reader of a mapping whose keys are free, within what `read_key` allows."""

    def reader(value: Value, problems: Problems) -> dict[str, T] | None:
        if not isinstance(value, Entries):
            return wrong(
                value, problems, f"{_KINDS[type(value)]} stands here", "write a mapping: {key: value}"
            )
        found: dict[str, T] = {}
        for name, (place, held) in value.values.items():
            key = read_key(Scalar(place, name, plain=False, raw=name), problems)
            result = read(held, problems)
            if key is not None and result is not None:
                found[key] = result
        return found

    return reader


# --- single values ------------------------------------------------------------------------------------------


def text(value: Value, problems: Problems) -> str | None:
    """Read a text that is not empty."""
    if not isinstance(value, Scalar):
        return wrong(value, problems, f"{_KINDS[type(value)]} stands here", "write a text")
    if value.empty or not value.text.strip():
        return wrong(value, problems, "is empty", "write a text, or remove it")
    return value.text.strip()


def pattern(shape: str, what: str, how: str) -> Reader[str]:
    """Return the reader of a text of this shape."""

    def reader(value: Value, problems: Problems) -> str | None:
        found = text(value, problems)
        if found is not None and not re.fullmatch(shape, found):
            return wrong(value, problems, f"`{found}` is no {what}", how)
        return found

    return reader


identifier = pattern(r"[a-z0-9]+(-[a-z0-9]+)*", "id", "use small letters, digits and single hyphens")


def choice(*known: str) -> Reader[str]:
    """Return the reader of one of these words."""

    def reader(value: Value, problems: Problems) -> str | None:
        found = text(value, problems)
        if found is not None and found not in known:
            return wrong(
                value, problems, f"unknown `{found}`", instead(found, known, f"use {', '.join(known)}")
            )
        return found

    return reader


def number(low: float, high: float) -> Reader[float]:
    """Return the reader of a number between these two, inclusive."""

    def reader(value: Value, problems: Problems) -> float | None:
        found = text(value, problems)
        if found is None:
            return None
        try:
            read = float(found)
        except ValueError:
            return wrong(
                value, problems, f"`{found}` is no number", f"write a number from {low:g} to {high:g}"
            )
        if not math.isfinite(read) or not low <= read <= high:
            return wrong(
                value, problems, f"{found} is out of range", f"write a number from {low:g} to {high:g}"
            )
        return read

    return reader


def whole(low: int, high: int) -> Reader[int]:
    """Return the reader of a whole number between these two, inclusive."""

    def reader(value: Value, problems: Problems) -> int | None:
        found = number(low, high)(value, problems)
        if found is not None and found != int(found):
            return wrong(value, problems, f"{found:g} is no whole number", f"write {int(found)}")
        return None if found is None else int(found)

    return reader


def boolean(value: Value, problems: Problems) -> bool | None:
    """Read `true` or `false`."""
    found = text(value, problems)
    if found is None or found.lower() in _TRUE | _FALSE:
        return None if found is None else found.lower() in _TRUE
    return wrong(value, problems, f"`{found}` is neither true nor false", "write true or false")


def seconds(value: Value, problems: Problems) -> int | None:
    """Read a span of time such as `90s`, `30m`, `1h`, `2d`: from a minute to 30 days."""
    found = text(value, problems)
    if found is None:
        return None
    shape = re.fullmatch(r"(\d{1,7}) ?([smhd])", found)
    if not shape:
        return wrong(
            value, problems, f"`{found}` is no span of time", "write a number and s, m, h or d, such as 1h"
        )
    span = int(shape[1]) * _UNITS[shape[2]]
    if not 60 <= span <= 30 * 86400:
        return wrong(value, problems, f"`{found}` is out of range", "write a span from 1m to 30d")
    return span


def day(value: Value, problems: Problems) -> date | None:
    """Read a date such as 2026-01-31."""
    found = text(value, problems)
    try:
        return None if found is None else date.fromisoformat(found)
    except ValueError:
        return wrong(value, problems, f"`{found}` is no date", "write it as 2026-01-31")


def clock_time(value: Value, problems: Problems) -> time | None:
    """Read a time of day such as 06:30."""
    found = text(value, problems)
    if found is None or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", found):
        return None if found is None else time.fromisoformat(found)
    return wrong(value, problems, f"`{found}` is no time of day", 'write it as "06:30"')


# --- values that others have fixed --------------------------------------------------------------------------


def country(value: Value, problems: Problems) -> str | None:
    """Read an ISO 3166 country code."""
    found = text(value, problems)
    if found is None or found in countries():
        return found
    how = (
        f"write `{found.upper()}`"
        if found.upper() in countries()
        else "use the two letters of ISO 3166, such as PK"
    )
    return wrong(value, problems, f"unknown country `{found}`", how)


def language(value: Value, problems: Problems) -> str | None:
    """Read a BCP 47 language, with its shortest code."""
    found = text(value, problems)
    if found is None:
        return None
    if found.split("-")[0] in LANGUAGES and re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", found):
        return found
    how = (
        f"write `{found.lower()}`"
        if found.lower() in LANGUAGES
        else "use the shortest BCP 47 code: en, ur, ps, prs"
    )
    return wrong(value, problems, f"unknown language `{found}`", how)


def zone(value: Value, problems: Problems) -> str | None:
    """Read the name of a time zone."""
    found = text(value, problems)
    if found is None or found in zones():
        return found
    how = instead(found, zones(), "use a name of the tz database, such as Asia/Karachi")
    return wrong(value, problems, f"unknown time zone `{found}`", how)


def web_address(value: Value, problems: Problems) -> str | None:
    """Read an http or https URL with a host and without credentials."""
    found = text(value, problems)
    if found is None:
        return None
    how = "write the whole address: https://host/path"
    try:
        parts = urlsplit(found)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
        parts = urlsplit("")
    if not good or re.search(r"\s", found):
        return wrong(value, problems, f"`{found}` is no web address", how)
    if parts.username is not None:
        return wrong(value, problems, "a web address may hold no user or password", how)
    return found


def address(value: Value, problems: Problems) -> str | None:
    """Read an IP address."""
    found = text(value, problems)
    try:
        return None if found is None else str(ipaddress.ip_address(found))
    except ValueError:
        return wrong(value, problems, f"`{found}` is no IP address", "write one, such as 127.0.0.1")


def expression(value: Value, problems: Problems) -> str | None:
    """Read a regular expression."""
    found = text(value, problems)
    try:
        if found is not None:
            re.compile(found)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos + 1}"
        return wrong(
            value, problems, f"`{found}` is no regular expression: {error.msg}{where}", "mend the pattern"
        )
    return found
