"""What is wrong with a catalogue, where, and how to mend it: all of it at once, not the first thing only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from khabar.errors import KhabarError


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file; lines and columns count from 1, columns in code points."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: `file:line:column: what — how`."""

    file: str
    line: int
    column: int
    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what} — {self.how}"


class Problems:
    """Collects what is wrong while files are read on."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, place: Place, what: str, how: str) -> None:
        """Note one problem; reading goes on."""
        self.found.append(Problem(place.file, place.line, place.column, what, how))

    def __len__(self) -> int:
        return len(self.found)


class CatalogueError(KhabarError):
    """A catalogue that cannot be used, with every problem of all of its files."""

    status = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def likely(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant, if any."""
    words = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return words[close[0]] if close else None


def instead(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return the mending of an unknown word: the likely one, or else how to find one that is known."""
    meant = likely(word, known)
    return f"did you mean `{meant}`?" if meant else otherwise
