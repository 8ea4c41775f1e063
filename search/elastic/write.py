"""Documents and rows written as if each writer were alone: get, fold, write only if nobody wrote in between, again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from khabar import codec
from khabar.models import Document, Folded, Outcome
from khabar.ports import Fold
from search.elastic.bulk import Action, Item, Stored, fetch, send, write
from search.elastic.client import Patience, Server
from search.elastic.fields import article_source, row_id, row_source

BARE = -1  # the version of a row that no article's fold gave

Versioned = tuple[Outcome, int]


@dataclass(slots=True)
class Written:
    """What became of some documents: those written with their rows, and why the others were refused."""

    documents: dict[str, Document]
    rows: list[Versioned]
    refused: dict[str, str]


def write_articles(server: Server, index: str, folds: Mapping[str, Fold]) -> Written:
    """Fold and write documents; a fold is called again where somebody else wrote its document meanwhile."""
    done = Written({}, [], {})

    def attempt(names: Sequence[str]) -> list[tuple[str, Item]]:
        stored = fetch(server, index, names)
        folded = {name: result for name in names if (result := _fold(name, folds[name], stored.get(name)))}
        actions = [
            write(index, name, article_source(each.document), stored.get(name))
            for name, each in folded.items()
        ]
        items = list(zip(folded, send(server, actions), strict=True))
        for name, item in items:
            if item.fate == "written":
                done.documents[name] = folded[name].document
                done.rows += [(row, item.seq_no) for row in folded[name].outcomes]
        return items

    done.refused = _persevere(server, list(folds), attempt)
    return done


def _fold(name: str, fold: Fold, stored: Stored | None) -> Folded | None:
    held = codec.build(stored.source["document"], Document) if stored else None
    result = fold(held)
    if result is not None and result.document.article.id != name:
        raise ValueError(f"the fold of {name} gave the article {result.document.article.id}")
    return result


def write_rows(server: Server, index: str, rows: Iterable[Versioned]) -> None:
    """Write rows, one an attempt, each only where it counts before what is stored.

    Raises SearchServerError where one is refused: nothing in a row may be, so it is the index that has changed.
    """
    fresh: dict[str, Versioned] = {}
    for row in rows:
        name = row_id(row[0].attempt)
        if counts_before(row, fresh.get(name)):
            fresh[name] = row

    def attempt(names: Sequence[str]) -> list[tuple[str, Item]]:
        stored = fetch(server, index, names)
        changed = [name for name in names if counts_before(fresh[name], _held(stored.get(name)))]
        actions = [write(index, name, row_source(*fresh[name]), stored.get(name)) for name in changed]
        return list(zip(changed, send(server, actions), strict=True))

    if refused := _persevere(server, list(fresh), attempt):
        reasons = "; ".join(sorted(set(refused.values()))[:3])
        raise server.trouble(f"{index} refuses outcome rows ({reasons}); `khabar reindex` makes it anew")


def counts_before(row: Versioned, held: Versioned | None) -> bool:
    """Tell whether a row takes the place of the one held.

    Of two records of an attempt the earlier counts; of one record's rows the later written, but where both come from
    folds of one article that of the newer fold, whichever comes first.
    """
    if held is None:
        return True
    (new, version), (old, old_version) = row, held
    if (new.date, new.record) != (old.date, old.record):
        return (new.date, new.record) < (old.date, old.record)
    if new.article == old.article and new.article is not None:
        return version > old_version
    return new != old


def _held(stored: Stored | None) -> Versioned | None:
    return (codec.build(stored.source["row"], Outcome), stored.source["version"]) if stored else None


def remove(server: Server, index: str, names: Sequence[str]) -> None:
    """Remove documents by id; the unknown are fine."""

    def attempt(some: Sequence[str]) -> list[tuple[str, Item]]:
        actions = [Action({"delete": {"_index": index, "_id": name}}, None) for name in some]
        return list(zip(some, send(server, actions), strict=True))

    _persevere(server, list(dict.fromkeys(names)), attempt)


def _persevere(
    server: Server, names: list[str], attempt: Callable[[Sequence[str]], list[tuple[str, Item]]]
) -> dict[str, str]:
    """Try again what met a conflict or a busy server, as long as patience lasts; returns what was refused, and why."""
    refused: dict[str, str] = {}
    patience = Patience(server.seconds)
    while names:
        items = attempt(names)
        refused |= {name: item.reason for name, item in items if item.fate == "refused"}
        again = {name: item for name, item in items if item.fate in {"conflict", "busy"}}
        if again and not patience.wait():
            reasons = dict.fromkeys(item.reason or "others write the same at once" for item in again.values())
            raise server.trouble(f"{len(again)} write(s) were not taken: {'; '.join(reasons)}")
        names = list(again)
    return refused
