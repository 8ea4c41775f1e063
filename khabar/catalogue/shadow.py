"""Shadow a shipped source or topic by a copy in the home: the shipped file stays as it is."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

Kind = Literal["sources", "topics"]


def enable(folders: Sequence[Path], name: str, enabled: bool, kind: Kind = "sources") -> Path:
    """Write a copy of a source's or topic's file into the last folder, enabled or not; returns the file.

    A copy that is there already is changed in place. Raises FileNotFoundError where no folder has it.
    """
    folder, path = where(folders, name, kind)
    line = f"enabled: {str(enabled).lower()}"
    text = path.read_text("utf-8")
    changed, times = re.subn(r"^enabled:[^#\n]*", line, text, count=1, flags=re.MULTILINE)
    return write(folders[-1] / path.relative_to(folder), changed if times else f"{text.rstrip()}\n{line}\n")


def where(folders: Sequence[Path], name: str, kind: Kind = "sources") -> tuple[Path, Path]:
    """Return the file that counts of this source or topic, after its folder; raises FileNotFoundError."""
    for folder in reversed(folders):
        for path in sorted(folder.glob(f"{kind}/**/*.yaml")):
            if not path.name.startswith(".") and _is_of(path, name):
                return folder, path
    raise FileNotFoundError(name)


def write(path: Path, text: str) -> Path:
    """Write a catalogue's file whole: whoever reads it meanwhile sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")  # hidden files are no part of a catalogue
    draft.write_text(text, "utf-8")
    draft.replace(path)
    return path


def _is_of(path: Path, name: str) -> bool:
    """Tell whether a file is this source's or topic's: what a person wrote need not be named after its id."""
    return bool(
        re.search(rf"^id:\s*['\"]?{re.escape(name)}['\"]?\s*(#.*)?$", path.read_text("utf-8"), re.MULTILINE)
    )
