"""What a key may look like: the same at file:// and s3://, so that an archive can be moved from one to the other."""

from __future__ import annotations

import re

UNFINISHED = ".unfinished"  # the first name of what a folder's writers have not finished

_NO_NAMES = {"", ".", "..", UNFINISHED}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def checked(key: str) -> str:
    """Return the key; ValueError where it is none: it could lead out of the folder, or be another's at S3."""
    if not is_key(key):
        raise ValueError(f"no key: {key!r}")
    return key


def is_key(text: str) -> bool:
    """Tell whether every store takes this for a key."""
    return not _CONTROL.search(text) and not _NO_NAMES.intersection(text.split("/"))
