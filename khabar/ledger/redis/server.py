"""One Redis server: its scripts, patience with a server that restarts, errors that say what to do."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache, partial
from hashlib import sha1
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import redis
from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from khabar.ledger.database import LedgerError

FORMAT = 1  # of all keys; a step to the next is a new prefix, and the archive tells the rest
PREFIX = f"khabar:{FORMAT}:"
OLDEST = (7, 0)  # scripts with flags
ROOM = 0.9  # of maxmemory, above which nothing new is claimed

# What a script may do. The rest is refused by a full Redis before its first write; these run on in it, so that the
# work at hand can be brought to its end, which frees memory.
_READ = ("recall", "discovered", "leases")
_WHEN_FULL = (
    *("finish", "take", "due_domains", "postpone", "count_import"),
    *("acquire", "renew", "release", "rest", "mark_run", "prune", "fade", "clear", "greet"),
)
_SOURCES = {"finish": "commit"}  # scripts that are another's under other flags
_RECORDS = ("recall", "commit", "fade", "swap")  # scripts that need records.lua

REBUILD = "run `khabar ledger rebuild`: it makes a new one from the archive, and no article is lost"
_WHEN_OOM = "raise its maxmemory; crawls may run on meanwhile to empty the frontier"
_HOW = (
    ("OOM", "is full (maxmemory)", _WHEN_OOM),
    ("READONLY", "is a replica, which takes no writes", "name the primary in KHABAR_REDIS_URL"),
    ("NOAUTH", "wants a password", "set KHABAR_REDIS_URL to redis://:PASSWORD@HOST:PORT/0"),
    ("NOPASS", "has no password set", "set requirepass in its configuration, as docker-compose.yml does"),
    ("WRONGPASS", "refuses the password", "set KHABAR_REDIS_URL to redis://:PASSWORD@HOST:PORT/0"),
    ("NOPERM", "does not let this user do that", "grant it all keys khabar:* and scripts (see ACL SETUSER)"),
    ("MISCONF", "cannot save to its disk", "free disk space where Redis runs, and look into its log"),
    ("LOADING", "is still loading its data", "wait until it is done, then run the command again"),
    ("BUSY", "is held up by a script", "wait, then run the command again; SCRIPT KILL ends the script"),
    ("MASTERDOWN", "has lost its primary", "name the primary in KHABAR_REDIS_URL"),
)
_TRANSIENT = (exceptions.ConnectionError, exceptions.TimeoutError)
_FINAL = (
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
)  # connection errors that no waiting mends
T = TypeVar("T")


class Server:
    """A connection that may be used from several threads. A command is repeated while the server is away.

    A repeated command may have been done already: every script bears that.
    """

    def __init__(self, url: str, patience: float) -> None:
        self.patience = patience
        try:
            # Patience is ours alone: the client's own retries differ from release to release.
            self._client = redis.Redis.from_url(
                url,
                protocol=2,
                retry=Retry(NoBackoff(), 0),
                socket_connect_timeout=5,
                socket_timeout=30,
                socket_keepalive=True,
            )
        except ValueError as error:
            # What cannot be read is not shown either: a part of it may be the password.
            how = "write it like redis://:PASSWORD@HOST:6379/0, with %2F for a / in the password"
            raise LedgerError("KHABAR_REDIS_URL", "is no address of a Redis", how) from error
        self.place = shown(url)

    def greet(self, patience: float) -> None:
        """Say hello once: it must be there, let us in, and speak a format that we know. Raises LedgerError."""
        about = self._patiently(partial(self._execute, "INFO", "server"), patience)
        version = str(about["redis_version"])
        if tuple(map(int, version.split(".")[:2])) < OLDEST:
            raise LedgerError(self.place, f"is Redis {version}", "install Redis 7.0 or newer")
        found = int(self.run("greet", format=FORMAT))
        if found > FORMAT:
            how = "use that version; or set redis_url to another database number"
            raise LedgerError(self.place, f"was written by a newer Khabar (format {found})", how)

    def run(
        self, name: str, /, *blobs: bytes, **given: object
    ) -> Any:  # what a script returns is its own affair
        """Run a script on what it is given (no bytes but `blobs`); returns what Redis answers (bytes, int, list, None)."""
        text, digest = script(name)
        packed = msgspec.msgpack.encode(given)

        def ask() -> Any:
            try:
                return self._execute("EVALSHA", digest, 1, PREFIX, packed, *blobs)
            except exceptions.NoScriptError:  # a server that was restarted has forgotten it
                return self._execute("EVAL", text, 1, PREFIX, packed, *blobs)

        return self._patiently(ask, self.patience)

    def call(self, command: str, key: str, *rest: object) -> Any:
        """Run one command on one of our keys."""
        return self._patiently(partial(self._execute, command, PREFIX + key, *rest), self.patience)

    def demand_room(self) -> None:
        """Raise a LedgerError that is `full` where too little memory is left for new claims.

        What is left then is for leases, queues and outcomes: a Redis without any would stop the very work that
        empties the frontier, since a worker that starts has to write a little.
        """
        facts = self._patiently(partial(self._execute, "INFO", "memory"), self.patience)
        if facts["maxmemory"] and facts["used_memory"] > facts["maxmemory"] * ROOM:
            share = facts["used_memory"] / facts["maxmemory"]
            raise LedgerError(self.place, f"Redis is full ({share:.0%} of maxmemory)", _WHEN_OOM, full=True)

    def put(self, values: dict[str, bytes]) -> None:
        """Set many keys at once."""
        flat = [part for key, value in values.items() for part in (PREFIX + key, value)]
        self._patiently(partial(self._execute, "MSET", *flat), self.patience)

    def ask(self, *command: object) -> Any:
        """Run a command on the server itself, without patience."""
        return self._patiently(partial(self._execute, *command), 0)

    def empty(self) -> int:
        """Remove all that Khabar keeps here, of any format; returns the number of keys."""
        cursor, gone = 0, 0
        while True:
            cursor, keys = self.ask("SCAN", cursor, "MATCH", "khabar:*", "COUNT", 1000)
            gone += int(self.ask("UNLINK", *keys)) if keys else 0
            if not int(cursor):
                return gone

    def lets_anyone_in(self) -> bool:
        """Tell whether it answers who names no password."""
        pool = self._client.connection_pool
        nobody = {"username": None, "password": None, "credential_provider": None}
        made = redis.ConnectionPool(pool.connection_class, **{**pool.connection_kwargs, **nobody})
        try:
            return bool(redis.Redis(connection_pool=made).execute_command("PING"))
        except exceptions.RedisError:
            return False
        finally:
            made.disconnect()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @contextmanager
    def readable(self) -> Generator[None]:
        """Turn what is stored and cannot be read into a LedgerError that names the rebuild."""
        try:
            yield
        except (ValueError, IndexError, TypeError) as error:
            what = f"the ledger is damaged (a value cannot be read: {error})"
            raise LedgerError(self.place, what, REBUILD, damaged=True) from error

    def _execute(self, *command: Any) -> Any:
        return self._client.execute_command(*command)

    def _patiently(self, ask: Callable[[], T], patience: float) -> T:
        deadline, pause = time.monotonic() + patience, 0.02
        while True:
            try:
                return ask()
            except exceptions.RedisError as error:
                passing = isinstance(error, _TRANSIENT) and not isinstance(error, _FINAL)
                if not passing or time.monotonic() + pause > deadline:
                    raise self._explain(error) from error
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # spreads clients that wait for one server
            pause = min(pause * 2, 1.0)

    def _explain(self, error: exceptions.RedisError) -> LedgerError:
        said = str(error)
        for sign, what, how in _HOW:
            if _says(error, said, sign):
                return LedgerError(self.place, f"Redis {what}", how, full=sign == "OOM")
        if said.startswith("WRONGTYPE"):
            return LedgerError(self.place, f"the ledger is damaged ({said})", REBUILD, damaged=True)
        if isinstance(error, _TRANSIENT):
            how = "start Redis, or mend KHABAR_REDIS_URL"
            return LedgerError(self.place, f"Redis cannot be reached ({said})", how)
        return LedgerError(self.place, f"Redis says: {said}", "run `khabar doctor`")


# The client cuts the first word off some errors and makes a class of it; others share one class.
_CLASSES: dict[str, type[exceptions.RedisError]] = {
    "OOM": exceptions.OutOfMemoryError,
    "READONLY": exceptions.ReadOnlyError,
    "LOADING": exceptions.BusyLoadingError,
    "NOPERM": exceptions.NoPermissionError,
    "WRONGPASS": exceptions.AuthenticationError,
}
_WORDS = {"NOAUTH": "authentication required", "NOPASS": "without any password configured"}


def _says(error: exceptions.RedisError, said: str, sign: str) -> bool:
    if sign in _WORDS:
        return _WORDS[sign] in said.lower()
    return said.startswith(sign + " ") or isinstance(error, _CLASSES.get(sign, ()))


def shown(url: str) -> str:
    """Return a Redis URL without its user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@cache
def script(name: str) -> tuple[str, str]:
    """Return a script's whole text and its SHA-1."""
    source = _SOURCES.get(name, name)
    flag = "no-writes" if name in _READ else "allow-oom" if name in _WHEN_FULL else ""
    parts = ["given", *(["records"] if source in _RECORDS else []), source]
    folder = files("khabar.ledger.redis") / "scripts"
    body = "\n".join((folder / f"{part}.lua").read_text(encoding="utf-8") for part in parts)
    text = f"#!lua flags={flag}\n{body}" if flag else f"#!lua\n{body}"
    return text, sha1(text.encode(), usedforsecurity=False).hexdigest()
