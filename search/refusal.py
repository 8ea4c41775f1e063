"""Why a query is not run, in plain words, and how much a query may ask for."""

from __future__ import annotations

from khabar.errors import KhabarError
from search.tree import Term

MAX_LENGTH = 20_000  # characters
MAX_NESTING = 40  # brackets within brackets
MAX_TERMS = 1_000  # words, prefixes, phrases' words and values in all
MAX_DISTANCE = 50  # of NEAR/n
MAX_GAPS = 600  # exact phrases that one NEAR or "…"~n stands for
MAX_COST = 4_000_000  # articles looked at by all those phrases together: some three seconds
MAX_SECONDS = 20.0  # that a server may take over one query
MAX_EXPANSION = 2_000  # words of the index that one prefix, or word with wildcards, stands for
MAX_WILDCARDS = 3  # in one word
MAX_OPEN = 200  # words with * or ? in one query
MAX_FUZZY = 20  # words with ~ in one query: each looks through the whole dictionary
MAX_EDITS = 2  # of word~n
SHORTEST = {
    1: 3,
    2: 6,
}  # letters of a word that so many edits are asked of: more words are like a shorter one
MAX_WEIGHT = 100.0  # of word^n
MAX_WEIGHTS = 10_000.0  # of weights within weights, multiplied
_TOLD = 400  # characters of a reason


class QueryError(KhabarError, ValueError):
    """A query that is wrong or asks for too much.

    `position` counts code points of the query from 0; `suggestion` is the likely meaning, where there is one.
    """

    status = 2

    def __init__(self, position: int, reason: str, suggestion: str | None = None) -> None:
        # what is repeated of a query must not be as long as the query
        said = reason if len(reason) <= _TOLD else f"{reason[: _TOLD // 2]} … {reason[-_TOLD // 2 :]}"
        meant = suggestion if suggestion is None or len(suggestion) <= _TOLD else None
        super().__init__(position, said, meant)
        self.position = position
        self.reason = said
        self.suggestion = meant

    def __str__(self) -> str:
        hint = f" — did you mean: {self.suggestion}" if self.suggestion else ""
        return f"at {self.position + 1}: {self.reason}{hint}"


def too_open(term: Term) -> QueryError:
    """Return why a word that is left open so far is not searched."""
    word = f"{term.text}*" if term.prefix else term.text
    return QueryError(0, f"{word} stands for more than {MAX_EXPANSION} different words; write more of it")
