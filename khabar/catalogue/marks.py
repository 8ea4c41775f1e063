"""YAML read into values that know their place in the file.

It is built from the parser's events, not from a loaded document, so that `NO` stays Norway and 06:30 a time, a
key given twice is seen, and anchors, which can make a small file a huge one, are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.reader import Reader

from khabar.catalogue.problems import Place, Problems

MAX_BYTES = 8 << 20
MAX_DEPTH = 20
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value, as the file spells it; `raw` is its piece of the file, quotes and all."""

    place: Place
    text: str
    plain: bool
    raw: str

    @property
    def empty(self) -> bool:
        """Tell whether nothing was given (an empty value, `~`, `null`)."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    place: Place
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping; each key knows its own place."""

    place: Place
    values: dict[str, tuple[Place, Value]]


Value = Scalar | Items | Entries


class _RefusedError(Exception):
    """The file cannot be read on from here."""

    def __init__(self, place: Place, what: str, how: str) -> None:
        super().__init__(what)
        self.problem = (place, what, how)


def read_yaml(path: Path, problems: Problems) -> Value | None:
    """Return the one document of a YAML file, or None where a problem kept it from being read."""
    try:
        text = _text(path)
        return _Builder(str(path), text, problems).document()
    except _RefusedError as refused:
        problems.add(*refused.problem)
    return None


def position(scalar: Scalar, offset: int) -> Place:
    """Return the place in the file of a character of a scalar's text, whatever its quoting.

    Quoting and folding change spaces alone, so the characters that are no spaces are counted.
    """
    quote = scalar.raw[:1] if not scalar.plain else ""
    block = quote in {"|", ">"}
    start = scalar.raw.find("\n") + 1 if block else len(quote)
    lead = len(scalar.text) - len(scalar.text.lstrip())
    wanted = sum(not char.isspace() for char in scalar.text[: lead + offset])
    index = start
    while index < len(scalar.raw) - 1 and (wanted > 0 or scalar.raw[index].isspace()):
        if not scalar.raw[index].isspace():
            wanted -= 1
            index += quote == "'" and scalar.raw.startswith("''", index)
        index += 1
    before = scalar.raw[:index]
    line = before.count("\n")
    column = len(before) - before.rfind("\n") if line else scalar.place.column + index
    return Place(scalar.place.file, scalar.place.line + line, column)


def _text(path: Path) -> str:
    start = Place(str(path), 1, 1)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise _RefusedError(
            start, f"cannot be read: {reason}", "check that the file is there and readable"
        ) from error
    if len(data) > MAX_BYTES:
        raise _RefusedError(start, f"is larger than {MAX_BYTES >> 20} MiB", "split it into several files")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        place = _place_of(str(path), before, len(before))
        raise _RefusedError(place, "is not UTF-8 from here on", "save the file as UTF-8") from error
    _refuse_odd(str(path), text)
    return text


def _refuse_odd(file: str, text: str) -> None:
    odd = Reader.NON_PRINTABLE.search(text)
    if odd:
        what = f"U+{ord(odd[0]):04X} is no character of a text"
        raise _RefusedError(_place_of(file, text, odd.start()), what, "remove it")


def _place_of(file: str, text: str, index: int) -> Place:
    return Place(file, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _broken(file: str, text: str, error: yaml.YAMLError) -> _RefusedError:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    reason = " ".join(filter(None, (getattr(error, "context", None), getattr(error, "problem", None))))
    line = text.split("\n")[place.line - 1 : place.line]
    if "\t" in "".join(line)[: place.column] or "tab character" in reason:
        return _RefusedError(place, "a tab stands where only spaces may", "indent with spaces")
    how = "check quotes, colons and indentation on this line and the one before"
    return _RefusedError(place, f"is no YAML: {reason or error}", how)


def _events(file: str, text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=_PARSER)
    except yaml.YAMLError as error:
        raise _broken(file, text, error) from error


class _Builder:
    """Builds values from the events of one file."""

    def __init__(self, file: str, text: str, problems: Problems) -> None:
        self.file = file
        self.text = text
        self.problems = problems
        self.events: Iterator[yaml.Event] = _events(file, text)

    def document(self) -> Value | None:
        """Return the file's only document."""
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise _RefusedError(Place(self.file, 1, 1), "is empty", "write it, or delete the file")
        value = self._value(next(self.events), 0)
        next(self.events)
        more = next(self.events)
        if not isinstance(more, yaml.StreamEndEvent):
            raise _RefusedError(
                self._place(more), "a second document begins", "one file holds one: remove the `---`"
            )
        return value

    def _place(self, event: yaml.Event) -> Place:
        assert event.start_mark  # every event of a parser has its marks
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _raw(self, event: yaml.Event) -> str:
        assert event.start_mark
        assert event.end_mark
        return self.text[event.start_mark.index : event.end_mark.index]

    def _value(self, event: yaml.Event, depth: int) -> Value:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _RefusedError(
                place, "anchors (&) and aliases (*) are not allowed", "quote it, or write it out"
            )
        if getattr(event, "tag", None) not in {None, "!"}:
            raise _RefusedError(
                place, f"tags ({getattr(event, 'tag', '')}) are not allowed", "quote the value"
            )
        if depth > MAX_DEPTH:
            raise _RefusedError(place, "is nested too deeply", "check the brackets")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(place, event.value, event.style in {None, ""}, self._raw(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(place, tuple(self._items(depth)))
        return Entries(place, self._entries(depth))

    def _items(self, depth: int) -> Iterator[Value]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self._value(event, depth + 1)

    def _entries(self, depth: int) -> dict[str, tuple[Place, Value]]:
        entries: dict[str, tuple[Place, Value]] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._value(event, depth + 1)
            value = self._value(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.problems.add(key.place, "a key must be a word", "quote it")
            elif key.text in entries:
                first = entries[key.text][0]
                self.problems.add(
                    key.place, f"`{key.text}` stands twice", f"the first is on line {first.line}; keep one"
                )
            else:
                entries[key.text] = (key.place, value)
        return entries
