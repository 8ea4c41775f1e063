"""API keys: who may read, who may write. Shown once when made; the archive's store keeps only what verifies them."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from khabar.archive.store import Store
from khabar.codec import dump, load

Role = Literal["read", "write"]
ROLES: tuple[Role, ...] = get_args(Role)
FRESH = 2.0  # seconds after which a ring looks again: so long may a revoked key still open

_FOLDER = "access/keys/"
_TEXT = re.compile(r"khabar_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key: never its secret."""

    id: str
    name: str
    role: Role
    hash: str
    created: datetime
    revoked: datetime | None = None


def add(store: Store, name: str, role: Role, now: datetime) -> str:
    """Make a key and return its text, which nothing can show again."""
    while True:
        id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        key = Key(id_, name, role, _hash(id_, secret), now)
        if store.put(_version(id_, 1), dump(key)):
            return f"khabar_{id_}_{secret}"


def keys(store: Store) -> dict[str, Key]:
    """Return all keys by id, the revoked ones too: of each the highest version, as it was made."""
    latest: dict[str, str] = {}
    for name in store.keys(_FOLDER):
        latest[name.removeprefix(_FOLDER).split("/")[0]] = name
    found = {id_: store.get(name) for id_, name in latest.items()}
    return {id_: load(data, Key) for id_, data in found.items() if data is not None}


def revoke(store: Store, id_: str, now: datetime) -> bool:
    """Revoke a key for good; False where there is none of this id. One revoked before stays as it was."""
    key = keys(store).get(id_)
    if key is None:
        return False
    if key.revoked is None:
        store.put(_version(id_, 2), dump(replace(key, revoked=now)))
    return True


class Ring:
    """The keys of a store, looked at again every few seconds; safe to ask from several threads."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store, self._monotonic = store, monotonic
        self._turn = threading.Lock()
        self._keys: Mapping[str, Key] = {}
        self._looked = float("-inf")

    def opens(self, text: str) -> Key | None:
        """Return the key that this text is, None where it is none or revoked; the time taken tells nothing of it."""
        told = _TEXT.fullmatch(text)
        id_, secret = told.groups() if told else ("", "")
        key = self._known().get(id_)
        same = hmac.compare_digest(key.hash if key else _hash("", ""), _hash(id_, secret))
        return key if key and same and key.revoked is None else None

    def _known(self) -> Mapping[str, Key]:
        with self._turn:
            if self._monotonic() - self._looked >= FRESH:
                self._keys = keys(self._store)
                self._looked = self._monotonic()
            return self._keys


def _hash(id_: str, secret: str) -> str:
    # The secret has 256 random bits: nothing can be guessed that a slow hash would have to slow down.
    return hashlib.sha256(f"{id_}:{secret}".encode()).hexdigest()


def _version(id_: str, number: int) -> str:
    return f"{_FOLDER}{id_}/{number:06d}.json"
