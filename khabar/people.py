"""People who sign in: their names and what verifies their passwords, in the archive's store as numbered versions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from khabar.access import Role
from khabar.archive.store import Store
from khabar.codec import dump, load
from khabar.text import slug

SHORTEST = 10  # characters of a password

_FOLDER = "access/users/"
_COST, _BLOCK = 2**15, 8  # of scrypt: 32 MiB and some 80 ms for each try


@dataclass(frozen=True, slots=True)
class User:
    """What is kept of somebody: never the password."""

    id: str
    name: str
    role: Role
    salt: str
    hash: str
    created: datetime
    removed: datetime | None = None


def add(store: Store, name: str, role: Role, password: str, now: datetime) -> bool:
    """Let somebody in; False where there is a user of this name. One who was removed may come again."""
    id_ = slug(name)
    versions = _versions(store, id_)
    if versions and _read(store, versions[-1]).removed is None:
        return False
    salt = secrets.token_bytes(16)
    user = User(id_, name, role, _text(salt), _hash(password, salt), now)
    return store.put(_version(id_, len(versions) + 1), dump(user))


def users(store: Store) -> dict[str, User]:
    """Return those who may sign in, by id."""
    latest: dict[str, str] = {}
    for name in store.keys(_FOLDER):
        latest[name.removeprefix(_FOLDER).split("/")[0]] = name
    found = (_read(store, name) for name in latest.values())
    return {user.id: user for user in found if user.removed is None}


def remove(store: Store, name: str, now: datetime) -> bool:
    """Let somebody in no more; False where there is no such user."""
    id_ = slug(name)
    user = users(store).get(id_)
    if user is None:
        return False
    store.put(_version(id_, len(_versions(store, id_)) + 1), dump(replace(user, removed=now)))
    return True


def verified(store: Store, name: str, password: str) -> User | None:
    """Return the user whose password this is; the time taken does not tell whether there is such a user."""
    user = users(store).get(slug(name))
    salt = base64.b64decode(user.salt) if user else b""
    same = hmac.compare_digest(user.hash if user else "", _hash(password, salt))
    return user if user and same else None


def _read(store: Store, name: str) -> User:
    data = store.get(name)
    assert data is not None  # a version is never taken away
    return load(data, User)


def _versions(store: Store, id_: str) -> list[str]:
    return list(store.keys(f"{_FOLDER}{id_}/"))


def _version(id_: str, number: int) -> str:
    return f"{_FOLDER}{id_}/{number:06d}.json"


def _hash(password: str, salt: bytes) -> str:
    return _text(hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=1, maxmem=64 << 20))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
