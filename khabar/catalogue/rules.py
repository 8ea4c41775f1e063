"""A source's rules for its pages: selectors, in versions that each hold until a day."""

from __future__ import annotations

from typing import Any

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from khabar.catalogue import fields
from khabar.catalogue.fields import Key
from khabar.catalogue.marks import Items, Value
from khabar.catalogue.problems import Problems
from khabar.models import Rules


def selector(value: Value, problems: Problems) -> str | None:
    """Read a CSS selector that the parser of pages understands."""
    found = fields.text(value, problems)
    if found is None:
        return None
    try:
        LexborHTMLParser("<p>").css(found)
    except (SelectolaxError, ValueError):
        return fields.wrong(
            value, problems, f"`{found}` is no CSS selector", "write one such as `div.story > p`"
        )
    return found


RULES_KEYS = {
    "body": Key(selector, "div.story"),
    "title": Key(selector, "h1.headline"),
    "author": Key(selector, '".byline a"'),
    "date": Key(selector, "time.published"),
    "drop": Key(fields.many(selector), "[.also-read, .share]"),
    "valid_until": Key(fields.day, "2025-06-30"),
}


def read_rules(value: Value, problems: Problems) -> tuple[Rules, ...] | None:
    """Read the versions of a source's rules: the oldest first, and only the last without an end."""
    if not isinstance(value, Items):
        return fields.wrong(
            value, problems, "rules are no list", "write a list of versions: [{body: div.story}]"
        )
    versions: list[Rules] = []
    for item in value.values:
        version = _version(item, problems)
        if version is None:
            return None
        if versions and not _follows(version, versions[-1]):
            return fields.wrong(
                item,
                problems,
                "a version before this one holds as long or longer",
                "give each a `valid_until`, the oldest first; only the last may go without",
            )
        versions.append(version)
    return tuple(versions)


def _version(value: Value, problems: Problems) -> Rules | None:
    found: dict[str, Any] | None = fields.record(value, RULES_KEYS, problems)
    if found is not None and not found.keys() - {"valid_until"}:
        return fields.wrong(
            value,
            problems,
            "a version without a rule",
            "name at least one of body, title, author, date, drop",
        )
    return None if found is None else Rules(**found)


def _follows(version: Rules, before: Rules) -> bool:
    ended = before.valid_until
    return ended is not None and (version.valid_until is None or version.valid_until > ended)
