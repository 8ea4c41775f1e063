"""Two sides of one Khabar: a home alone, and the same on servers. Which is left, which is moved to, where each keeps what."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from khabar.archive.store import open_store
from khabar.config import Settings
from khabar.errors import KhabarError
from khabar.settings import BY_NAME


class MigrationError(KhabarError):
    """Why nothing is moved, and what to do about it."""

    status = 2


class UnrestError(MigrationError):
    """Somebody is at work on one of the sides."""

    status = 3


@dataclass(frozen=True, slots=True)
class Move:
    """From where to where. `remembers`: the old ledger is read; `replaces`: the new side may hold something else."""

    old: Settings
    new: Settings
    remembers: bool = True
    replaces: bool = False

    @property
    def copies(self) -> bool:
        """True where the two sides keep their archives in different places."""
        return open_store(self.old.archive_url).url != open_store(self.new.archive_url).url


def plan(
    settings: Settings,
    to: Literal["distributed", "embedded"],
    archive: str | None = None,
    *,
    remembers: bool = True,
    replaces: bool = False,
) -> Move:
    """Return the two sides: the servers' is what the settings say, the embedded one the same home without servers.

    `archive` is where the embedded side's archive lies: else where the settings say, if that is a folder, else in the
    home. Raises MigrationError.
    """
    if not settings.distributed and (to == "distributed" or remembers):
        which = "move to" if to == "distributed" else "come from"
        raise MigrationError(
            f"the settings name no servers to {which}: set KHABAR_REDIS_URL and KHABAR_ELASTICSEARCH_URL, or"
            f" redis_url and elasticsearch_url in {settings.home / 'khabar.toml'}"
        )
    url = _checked(archive) if archive else _embedded_archive(settings)
    embedded = replace(settings, redis_url=None, elasticsearch_url=None, archive_url=url)
    sides = (embedded, settings) if to == "distributed" else (settings, embedded)
    move = Move(*sides, remembers, replaces)
    if not settings.distributed and not move.copies:
        raise MigrationError(
            f"{settings.home} is embedded and its archive is in place:"
            " `khabar ledger rebuild` and `khabar reindex` make all else from it"
        )
    return move


def index_place(settings: Settings) -> str:
    """Return where a side keeps its index, fit to be shown: without user and password."""
    url, prefix = settings.elasticsearch_url, settings.elasticsearch_prefix
    return f"{_shown(url)} ({prefix}-*)" if url else str(settings.index)


def ledger_place(settings: Settings) -> str:
    """Return where a side keeps its ledger, fit to be shown."""
    return f"{_shown(settings.redis_url)} (khabar:*)" if settings.redis_url else str(settings.ledger)


def _shown(url: str) -> str:
    return re.sub(r"//[^/,]*@", "//", url)


def _embedded_archive(settings: Settings) -> str:
    local = settings.archive_url.startswith("file:")
    return settings.archive_url if local else (settings.home / "archive").as_uri()


def _checked(archive: str) -> str:
    try:
        return str(BY_NAME["archive_url"].read(archive))
    except ValueError:
        accepts = BY_NAME["archive_url"].accepts
        raise MigrationError(f"--archive cannot be {archive!r}: accepted are {accepts}") from None
