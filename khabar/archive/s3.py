"""Objects by key in an S3 bucket, through obstore."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from obstore.exceptions import AlreadyExistsError
from obstore.store import MemoryStore, ObjectStore, S3Store

from khabar.archive import refusals
from khabar.archive.files import ArchiveError
from khabar.archive.keys import checked, is_key

PATIENCE = 20.0  # seconds: as long as a server needs to restart, and a person to read a message

_PAUSE = 0.2
_Answer = TypeVar("_Answer")


def open_bucket(url: str, patience: float = PATIENCE) -> BucketStore:
    """Return the store of an s3:// URL, or one in memory; what passes is waited out for `patience` seconds.

    The credentials and the endpoint are those of the AWS_… variables. Nothing is asked yet.
    """
    if url.startswith("memory:"):
        return BucketStore(url, MemoryStore(), patience)
    try:
        bucket = S3Store.from_url(
            url,
            retry_config={
                "max_retries": 1000,  # the time is the limit
                "retry_timeout": timedelta(seconds=patience),
                "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=2)},
            },
        )
    except BaseException as error:
        if not refusals.is_refusal(error):
            raise
        raise ArchiveError(url, *refusals.explain(error)) from error
    return BucketStore(url, bucket, patience)


@dataclass(frozen=True, slots=True)
class BucketStore:
    """Objects in an S3 bucket, through obstore; S3 itself creates once (`If-None-Match: *`)."""

    url: str
    bucket: ObjectStore
    patience: float = PATIENCE

    def put(self, key: str, data: bytes) -> bool:
        """Create an object once; False where it existed already, as it does where an answer of ours was lost."""
        return self._ask(key, lambda: self._create(checked(key), data))

    def replace(self, key: str, data: bytes) -> None:
        """Write an object whole, whether it existed or not."""
        # In one request: parts of an upload that was given up would lie in the bucket, unseen and paid for.
        self._ask(key, lambda: self.bucket.put(checked(key), data, use_multipart=False))

    def get(self, key: str) -> bytes | None:
        """Return an object, None where there is none."""
        return self._ask(key, lambda: self._found(lambda: bytes(self.bucket.get(checked(key)).bytes())))

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        if self._ask(key, lambda: self._found(lambda: self.bucket.head(checked(key)))) is not None:
            return True
        return (
            self.get(key) is not None
        )  # the answer to HEAD cannot tell an absent object from an absent bucket

    def delete(self, key: str) -> None:
        """Remove an object; an absent one is fine."""
        self._ask(key, lambda: self._found(lambda: self.bucket.delete(checked(key))))

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix, sorted; S3 lists whole folders, hence the filter."""
        folder = prefix.rpartition("/")[0]
        if folder and not is_key(folder):
            return iter(())
        found = self._ask(
            prefix, lambda: [item["path"] for page in self.bucket.list(folder or None) for item in page]
        )
        return iter(sorted(key for key in found if key.startswith(prefix)))

    def _create(self, key: str, data: bytes) -> bool:
        try:
            self.bucket.put(key, data, mode="create")
        except AlreadyExistsError:
            # So the client also calls a conflict (409), after which there may be nothing: then it is asked again.
            if not self.exists(key):
                raise
            return False
        return True

    @staticmethod
    def _found(ask: Callable[[], _Answer]) -> _Answer | None:
        try:
            return ask()
        except FileNotFoundError as error:
            if not refusals.is_absence(error):
                raise
            return None

    def _ask(self, key: str, ask: Callable[[], _Answer]) -> _Answer:
        """Ask until there is an answer; what does not pass, or not in time, is an ArchiveError."""
        until = time.monotonic() + self.patience
        while True:
            try:
                return ask()
            except BaseException as error:
                if not refusals.is_refusal(error):
                    raise
                if not refusals.passes(error) or time.monotonic() > until:
                    raise ArchiveError(f"{self.url}/{key}", *refusals.explain(error)) from error
            time.sleep(_PAUSE)
