"""What several commands take and say alike: the home, progress on stderr, outcomes as a table."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import click

from khabar.config import Settings, load_settings
from khabar.models import OutcomeKind
from khabar.urls import canonical

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Console:
    """Where a command speaks: messages to stderr unless --quiet, results to stdout."""

    settings: Settings
    quiet: bool

    def say(self, message: str) -> None:
        """Say something to the person, not to the program that reads our output."""
        if not self.quiet:
            click.echo(message, err=True)

    def progress(self, message: str) -> None:
        """Show where things stand, on one line that is written over; on a terminal only."""
        if not self.quiet and sys.stderr.isatty():
            click.echo(f"\r\033[K{message}", err=True, nl=False)

    def progress_done(self) -> None:
        """Leave the line of progress."""
        if not self.quiet and sys.stderr.isatty():
            click.echo("\r\033[K", err=True, nl=False)


def console(function: F) -> F:
    """Give a command --home and --quiet, and a Console as its first argument."""

    @click.option(
        "--home", type=click.Path(path_type=Path), help="Folder that keeps everything (else KHABAR_HOME)."
    )
    @click.option("--quiet", is_flag=True, help="No messages, results only.")
    @wraps(function)
    def wrapped(home: Path | None, quiet: bool, **rest: object) -> object:
        return function(Console(load_settings(home), quiet), **rest)

    return wrapped  # type: ignore[return-value]


def outcome_table(outcomes: Mapping[tuple[OutcomeKind, str | None], int]) -> str:
    """Return attempts counted by outcome, with the reasons of those that brought no article."""
    counts: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {}
    for (outcome, reason), count in outcomes.items():
        counts[outcome] += count
        if outcome in {"rejected", "failed"}:
            reasons.setdefault(outcome, Counter())[reason or "unknown"] += count
    lines = [
        f"{kind:<14}{counts[kind]:>7}" + _reasons(reasons.get(kind))
        for kind in ("indexed", "revised", "unchanged", "duplicate_of", "rejected", "failed")
        if counts[kind]
    ]
    return "\n".join([*lines, f"{'attempts':<14}{counts.total():>7}"])


def _reasons(counted: Counter[str] | None) -> str:
    return "   " + ", ".join(f"{reason} {n}" for reason, n in counted.most_common()) if counted else ""


def day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date | None:
    """Read a date option, YYYY-MM-DD."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date: write YYYY-MM-DD, such as 2025-01-31") from None


def zone(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Read a time zone option, a name of the IANA list."""
    try:
        return ZoneInfo(value).key if value else value
    except (ZoneInfoNotFoundError, ValueError, OSError):
        folded = {name.casefold(): name for name in available_timezones()}
        near = difflib.get_close_matches(str(value).casefold(), folded, 1)
        how = f"did you mean {folded[near[0]]}?" if near else "write a name such as Asia/Karachi"
        raise click.BadParameter(f"{value!r} is no time zone: {how}") from None


def web_address(text: str) -> str:
    """Return the canonical form of a URL that a person typed."""
    try:
        return canonical(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is no web address: write it out, with https://") from None


def unknown(kind: str, name: str, known: Iterable[str]) -> click.UsageError:
    """Return the error for a name that the catalogue does not have, with the likely one."""
    near = difflib.get_close_matches(name, list(known), 1)
    how = f"did you mean {near[0]!r}?" if near else f"`khabar {kind}s list` shows them"
    return click.UsageError(f"unknown {kind} {name!r}: {how}")
