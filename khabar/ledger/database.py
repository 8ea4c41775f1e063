"""A SQLite file that many processes share: short transactions, migrations, errors that say what to do."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from khabar import codec
from khabar.errors import KhabarError

BUSY_SECONDS = 30.0
T = TypeVar("T")
Row = tuple[Any, ...]  # SQLite's columns have no static type

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOW = {
    sqlite3.SQLITE_BUSY: "another process holds it: try again, or end that process",
    sqlite3.SQLITE_LOCKED: "another process holds it: try again, or end that process",
    sqlite3.SQLITE_READONLY: "make the home folder writable, or name another with --home",
    sqlite3.SQLITE_PERM: "make the home folder writable, or name another with --home",
    sqlite3.SQLITE_CANTOPEN: "make the home folder exist and writable, or name another with --home",
    sqlite3.SQLITE_FULL: "free disk space, then run the command again",
    sqlite3.SQLITE_IOERR: "check the disk; if the file is damaged run `khabar ledger rebuild`",
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


class LedgerError(KhabarError):
    """The ledger cannot be used: which file or server, why, and what to do.

    `damaged` where only a rebuild helps; `full` where it takes no new claims, but lets those that wait be worked off.
    """

    def __init__(
        self, place: Path | str, what: str, how: str, *, damaged: bool = False, full: bool = False
    ) -> None:
        self.place, self.what, self.how, self.damaged, self.full = place, what, how, damaged, full
        super().__init__(f"{place}: {what} — {how}")


class Database:
    """One connection, safe to use from several threads; each transaction is short and all or nothing."""

    def __init__(self, path: Path, busy: float = BUSY_SECONDS) -> None:
        self.path = path
        self._turn = threading.RLock()
        with self.explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._link = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
        try:
            with self.explained():
                _prepare(self._link, busy)
                self._migrate()
        except BaseException:
            self._link.close()
            raise

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """Hold the file's write lock for the block; an exception in it undoes all."""
        with self._turn, self.explained():
            self._link.execute("BEGIN IMMEDIATE")
            try:
                yield self._link
                self._link.execute("COMMIT")
            except BaseException:
                if self._link.in_transaction:
                    self._link.execute("ROLLBACK")
                raise

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Return the rows of one query."""
        with self._turn, self.explained():
            return self._link.execute(sql, values).fetchall()

    @contextmanager
    def explained(self) -> Generator[None]:
        """Turn what SQLite, the file system or a stored row that cannot be read says into a LedgerError."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            raise _explain(self.path, error) from error
        except OSError as error:
            raise LedgerError(self.path, f"cannot be opened: {error}", "check the home folder") from error

    def close(self) -> None:
        """Give the file back; the last one out folds the write-ahead log into it."""
        with self._turn:
            self._link.close()

    def _migrate(self) -> None:
        steps = migrations()
        if self.rows("PRAGMA user_version")[0][0] == len(steps):
            return
        with self.writing() as link:
            # Asked again under the lock: another process may have been first.
            version = int(link.execute("PRAGMA user_version").fetchone()[0])
            if version > len(steps):
                how = "use that version, or set the file aside with `khabar ledger rebuild`"
                raise LedgerError(self.path, f"was written by a newer Khabar (format {version})", how)
            for number, script in enumerate(steps[version:], version + 1):
                for statement in _statements(script):
                    link.execute(statement)
                link.execute(f"PRAGMA user_version = {number}")


def decode(text: str, kind: type[T]) -> T:
    """Return the model that a row keeps as JSON; for use inside a transaction or `explained`."""
    try:
        return codec.load(text, kind)
    except ValueError as error:
        raise sqlite3.DatabaseError(f"a row cannot be read: {error}") from error


def migrations() -> list[str]:
    """Return the scripts that lead from an empty file to today's format, in order."""
    folder = files("khabar.ledger") / "migrations"
    scripts = sorted((item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda i: i.name)
    return [script.read_text(encoding="utf-8") for script in scripts]


def micros(moment: datetime) -> int:
    """Return a moment as the ledger stores it: microseconds since 1970."""
    return span(moment - _EPOCH)


def span(duration: timedelta) -> int:
    """Return a duration in microseconds."""
    return duration // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """Return the moment that a stored number means, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def maybe_micros(value: datetime | None) -> int | None:
    """Return an optional moment as the ledger stores it."""
    return None if value is None else micros(value)


def maybe_moment(value: int | None) -> datetime | None:
    """Return the moment that an optional stored number means."""
    return None if value is None else moment(value)


def _prepare(link: sqlite3.Connection, busy: float) -> None:
    # Two processes that open a new file at once may both ask for WAL; SQLite refuses one without waiting.
    deadline = time.monotonic() + busy
    while True:
        try:
            link.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    # FULL: a claim that a power cut undoes after its page was archived would break the accounting.
    link.execute("PRAGMA synchronous = FULL")


def _statements(script: str) -> Iterator[str]:
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def _explain(path: Path, error: sqlite3.DatabaseError) -> LedgerError:
    # What comes without a code (a text that is no UTF-8, a row that cannot be read) is damage too.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _DAMAGED:
        how = "run `khabar ledger rebuild`: it makes a new one from the archive, and no article is lost"
        return LedgerError(path, f"the ledger is damaged ({error})", how, damaged=True)
    return LedgerError(path, str(error), _HOW.get(code, "run `khabar doctor`"))
