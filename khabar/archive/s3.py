"""Objects by key in an S3 bucket, through obstore."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from khabar.archive.files import ArchiveError

__all__ = ["BucketStore", "from_url"]


@dataclass(frozen=True, slots=True)
class BucketStore:
    """Objects in an S3 bucket, through obstore; S3 itself creates once (`If-None-Match: *`)."""

    url: str
    bucket: ObjectStore

    def put(self, key: str, data: bytes) -> bool:
        """Create an object once; False where it existed already."""
        with _answered(self.url, key):
            try:
                self.bucket.put(key, data, mode="create")
            except AlreadyExistsError:
                return False
            return True

    def replace(self, key: str, data: bytes) -> None:
        """Write an object whole, whether it existed or not."""
        with _answered(self.url, key):
            self.bucket.put(key, data)

    def get(self, key: str) -> bytes | None:
        """Return an object, None where there is none."""
        with _answered(self.url, key):
            try:
                return bytes(self.bucket.get(key).bytes())
            except FileNotFoundError:
                return None

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        with _answered(self.url, key):
            try:
                self.bucket.head(key)
            except FileNotFoundError:
                return False
            return True

    def delete(self, key: str) -> None:
        """Remove an object; an absent one is fine."""
        with _answered(self.url, key):
            try:
                self.bucket.delete(key)
            except FileNotFoundError:
                return

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix, sorted; S3 lists whole folders, hence the filter."""
        folder = prefix.rpartition("/")[0]
        with _answered(self.url, prefix):
            found = [item["path"] for page in self.bucket.list(folder or None) for item in page]
        return iter(sorted(key for key in found if key.startswith(prefix)))


@contextmanager
def _answered(url: str, key: str) -> Generator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        how = (
            "see that the object store answers and that the credentials are right, and run the command again"
        )
        raise ArchiveError(f"{url}/{key}", str(error).partition("\n")[0], how) from error
