"""Bulk requests and their outcome, item by item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from khabar import codec
from search.elastic.client import Patience, Server, TooLargeError, error_type, is_busy, reason_of

_BYTES = 8_000_000  # of one request
_SHARD = "5s"  # in which a shard that is nowhere may come back: longer than an answer takes, it would be sent twice

Fate = Literal["written", "conflict", "busy", "refused"]


@dataclass(frozen=True, slots=True)
class Action:
    """One write: what the client's bulk calls an operation, and the source, None to delete."""

    operation: dict[str, dict[str, Any]]
    source: dict[str, Any] | None

    def lines(self) -> list[bytes]:
        """Return it as a bulk request holds it. Raises UnicodeEncodeError where that is not possible."""
        return [codec.dump(each) for each in (self.operation, self.source) if each is not None]


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one write. `conflict`: somebody wrote in between; `busy`: it may be taken later."""

    fate: Fate
    seq_no: int = -1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it lies there, with the mark by which a write in between is noticed."""

    source: dict[str, Any]
    seq_no: int
    primary_term: int


def fetch(server: Server, index: str, ids: Sequence[str], size: int = 500) -> dict[str, Stored]:
    """Return the documents that exist, by id; sees every write that has returned, searchable or not."""
    found: dict[str, Stored] = {}
    for start in range(0, len(ids), size):
        for hit in _fetch(server, index, list(ids[start : start + size])):
            if hit["found"]:
                found[hit["_id"]] = Stored(hit["_source"], hit["_seq_no"], hit["_primary_term"])
    return found


def _fetch(server: Server, index: str, ids: list[str]) -> list[dict[str, Any]]:
    patience = Patience(server.seconds)
    while True:
        hits = server.ask(lambda es: es.mget(index=index, ids=ids)).body["docs"]
        failed = next((hit for hit in hits if "error" in hit), None)
        if failed is None:
            return hits
        if error_type(failed) == "index_not_found_exception":
            raise server.missing(index)
        if not patience.wait():  # a shard that is new, or has just come back, is not ready at once
            raise server.trouble(reason_of(failed))


def write(index: str, name: str, source: dict[str, Any], over: Stored | None) -> Action:
    """Return the write of a document over what was stored, or where nothing was: a conflict if that has changed."""
    target = {"_index": index, "_id": name}
    if over is None:
        return Action({"create": target}, source)
    return Action(
        {"index": {**target, "if_seq_no": over.seq_no, "if_primary_term": over.primary_term}}, source
    )


def send(server: Server, actions: Iterable[Action], size: int = _BYTES) -> Iterator[Item]:
    """Send writes, as many a request as fit into `size` bytes, and yield what became of each.

    Raises MissingIndexError where the index is gone and SearchServerError where it takes no writes.
    """
    waiting: list[list[bytes]] = []
    filled = 0
    for action in actions:
        try:
            lines = action.lines()
        except UnicodeEncodeError as error:
            yield from _send(server, waiting)
            yield Item("refused", reason=str(error))
            waiting, filled = [], 0
            continue
        length = sum(map(len, lines))
        if filled + length > size:
            yield from _send(server, waiting)
            waiting, filled = [], 0
        waiting.append(lines)
        filled += length
    yield from _send(server, waiting)


def _send(server: Server, writes: Sequence[list[bytes]]) -> Iterator[Item]:
    if not writes:
        return
    lines = [line for each in writes for line in each]
    try:
        # The client takes lines that are JSON already, though its types do not say so.
        answer = server.ask(lambda es: es.bulk(operations=lines, filter_path=_NEEDED, timeout=_SHARD)).body  # pyright: ignore[reportArgumentType]
    except TooLargeError as error:
        if len(writes) == 1:
            yield Item("refused", reason=error.reason)
            return
        # What stands before the server, or its own limit, takes less at once than we send.
        half = len(writes) // 2
        yield from _send(server, writes[:half])
        yield from _send(server, writes[half:])
        return
    for item in answer["items"]:
        ((_, result),) = item.items()
        yield _item(server, result)


_NEEDED = "items.*._index,items.*.status,items.*._seq_no,items.*.error.type,items.*.error.reason,items.*.error.caused_by"


def _item(server: Server, result: dict[str, Any]) -> Item:
    status, error = result["status"], result.get("error")
    if error is None:
        return Item("written", result["_seq_no"])
    if status == 409:
        return Item("conflict")
    reason = reason_of(result)
    if is_busy(status) or status >= _BROKEN:
        return Item("busy", reason=reason)
    if error["type"] == "index_not_found_exception":
        raise server.missing(result["_index"])
    if status != _WRONG or error["type"] in _OF_THE_INDEX:  # no document's fault: all would be refused
        raise server.trouble(reason)
    outer = str(error.get("reason"))  # names the field; the cause within, what is wrong with its value
    return Item("refused", reason=outer if reason in outer else f"{outer}: {reason}")


_WRONG, _BROKEN = 400, 500
_OF_THE_INDEX = {"index_closed_exception"}
