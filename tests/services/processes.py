"""The processes of this machine, as /proc tells of them: whose children they are, and of which home."""

from __future__ import annotations

from pathlib import Path


def children(parent: int) -> list[tuple[int, str]]:
    """Return the children of a process, each with its command line."""
    return [(pid, line) for pid, above, line in _table() if above == parent]


def of_home(home: Path) -> list[tuple[int, str]]:
    """Return every running process of this home: by its environment, which spawned children inherit."""
    marker = f"KHABAR_HOME={home}".encode()
    found = []
    for pid, _, line in _table():
        try:
            if marker in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append((pid, line))
        except OSError:
            continue
    return found


def _table() -> list[tuple[int, int, str]]:
    rows = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if stat[0] != "Z":
            rows.append((int(folder.name), int(stat[1]), line))
    return rows
