"""Shadow a shipped source by a copy in the home, with one line changed: the shipped file stays as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path


def enable(folders: Sequence[Path], source: str, enabled: bool) -> Path:
    """Write a copy of a source's file into the last folder, enabled or not; returns the file.

    A copy that is there already is changed in place. Raises FileNotFoundError where no folder has the source.
    """
    found = [(folder, path) for folder in folders for path in folder.glob(f"sources/**/{source}.yaml")]
    if not found:
        raise FileNotFoundError(source)
    folder, path = found[-1]
    line = f"enabled: {str(enabled).lower()}"
    text = path.read_text("utf-8")
    changed, times = re.subn(r"^enabled:[^#\n]*", line, text, count=1, flags=re.MULTILINE)
    target = folders[-1] / path.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(changed if times else f"{text.rstrip()}\n{line}\n", "utf-8")
    return target
