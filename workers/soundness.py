"""Soundness: what is wrong with a gazetteer that can be read: clashes, names that are never found, common words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from khabar.catalogue import SHIPPED, GazetteerEntity
from khabar.catalogue.entity import gather
from khabar.catalogue.problems import Place, Problem
from khabar.data import read_data
from khabar.models import Article
from khabar.text import fold
from workers.entities import Matcher, compile_gazetteer, tag_entities

Entities = Mapping[str, tuple[Place, GazetteerEntity]]
Finding = tuple[str, str, str, str]  # entity, alias, what is wrong, how to mend it

_ARABIC = ("ur", "fa", "ps", "prs", "ar")  # one script: a name of one language is found in the texts of all
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def common_words(path: Path = SHIPPED / "common_words.yaml") -> dict[str, frozenset[str]]:
    """Return the folded words of everyday texts by language, from the shipped lists."""
    lists: dict[str, str] = read_data(path)
    return {lang: frozenset(fold(text).split(" ")) for lang, text in lists.items()}


def unsound(entities: Entities, words: Mapping[str, frozenset[str]]) -> list[Problem]:
    """Return what is wrong with these entities, each with the line of the alias where it can be told."""
    plain = {name: entity for name, (_, entity) in entities.items()}
    matcher = compile_gazetteer(gather(plain))
    lines = _Lines()
    problems: list[Problem] = []
    for name, alias, what, how in (
        *_strays(plain),
        *_clashes(plain.values()),
        *_doubles(plain.values()),
        *_common(plain.values(), words),
        *_unreachable(plain.values(), matcher),
    ):
        place = lines.find(entities[name][0], alias)
        problems.append(Problem(place.file, place.line, place.column, f"{name}: {what}", how))
    return sorted(set(problems))


class _Lines:
    """The lines of the gazetteer's files, read once: an entity's place is that of its id, its aliases follow."""

    def __init__(self) -> None:
        self._read: dict[str, list[str]] = {}

    def find(self, start: Place, alias: str) -> Place:
        """Return the place of an alias of the entity that begins at `start`, or `start`."""
        if start.file not in self._read:
            path = Path(start.file)
            self._read[start.file] = path.read_text("utf-8").splitlines() if path.is_file() else []
        for number, line in enumerate(self._read[start.file][start.line - 1 :], start.line):
            if number > start.line and line.startswith("- "):
                break
            if (at := line.find(alias)) >= 0:
                return Place(start.file, number, at + 1)
        return start


# --- what may be wrong --------------------------------------------------------------------------------------


def _strays(entities: Mapping[str, GazetteerEntity]) -> Iterator[Finding]:
    """Yield parents and successors that are no entity, or the entity itself."""
    for one in entities.values():
        for key, other in (("parent", one.parent), ("successor", one.successor)):
            if other is not None and (other not in entities or other == one.id):
                yield (
                    one.id,
                    f"{key}: {other}",
                    f"the {key} `{other}` is no other entity",
                    "name another id, or remove it",
                )


def _clashes(entities: Iterable[GazetteerEntity]) -> Iterator[Finding]:
    """Yield names of two entities that would both count in one and the same article."""
    owners: dict[str, list[tuple[GazetteerEntity, str]]] = defaultdict(list)
    for one in entities:
        for folded, alias in {fold(alias): alias for alias in one.spellings()}.items():
            owners[folded].append((one, alias))
    for held in owners.values():
        for at, (one, alias) in enumerate(held):
            for other, same in held[:at]:
                if _together(one, alias, other, same):
                    how = (
                        "leave it to one, or give both a `requires` of words that only its own articles hold"
                    )
                    yield one.id, alias, f"`{alias}` is a name of {other.id} too, in the same company", how


def _together(one: GazetteerEntity, alias: str, other: GazetteerEntity, same: str) -> bool:
    """Tell whether two claims on a name hold together: one is unconditional, or both ask for the same word."""
    asked, wanted = (set(map(fold, e.requires.get(a, ()))) for e, a in ((one, alias), (other, same)))
    if one.not_in.get(alias) or other.not_in.get(same):
        return False
    return not asked or not wanted or bool(asked & wanted)


def _doubles(entities: Iterable[GazetteerEntity]) -> Iterator[Finding]:
    """Yield names that are the same to the search as another of the same language."""
    for one in entities:
        for names in one.aliases.values():
            seen: dict[str, str] = {}
            for alias in names:
                first = seen.setdefault(fold(alias), alias)
                if first != alias and alias not in one.case_sensitive and alias not in one.requires:
                    yield one.id, alias, f"`{alias}` is found as `{first}` already", "remove one of the two"


def _common(entities: Iterable[GazetteerEntity], words: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Yield names that are words of a language in which nothing keeps the word apart from the name."""
    for one in entities:
        for lang, alias in _named(one):
            if alias in one.requires or alias in one.case_sensitive or _shielded(one, alias):
                continue
            for tongue in _ARABIC if lang in _ARABIC else (lang,):
                if fold(alias) in words.get(tongue, frozenset()) and tongue not in one.not_in.get(alias, ()):
                    what = f"`{alias}` is a common word in `{tongue}`"
                    yield (
                        one.id,
                        alias,
                        what,
                        "give it a `requires`, `case_sensitive` or `not_in`, or remove it",
                    )


def _shielded(one: GazetteerEntity, alias: str) -> bool:
    """Tell whether a decoy holds this name: then somebody has thought of the word."""
    return any(f" {fold(alias)} " in f" {fold(decoy)} " for decoy in one.decoys)


def _named(one: GazetteerEntity) -> Iterator[tuple[str, str]]:
    yield "en", one.name
    for groups in (one.aliases, one.adjectives):
        yield from ((lang, alias) for lang, names in groups.items() for alias in names)


def _unreachable(entities: Iterable[GazetteerEntity], matcher: Matcher) -> Iterator[Finding]:
    """Yield names that are not found in a text of their language that holds them and their company."""
    for one in entities:
        for lang, alias in _named(one):
            if not _found(one, lang, alias, matcher):
                what = f"`{alias}` is never found"
                yield (
                    one.id,
                    alias,
                    what,
                    "leave out commas and dashes that part names, decoys and `not_in` that hide it",
                )


def _found(one: GazetteerEntity, lang: str, alias: str, matcher: Matcher) -> bool:
    body = f"and then so it is {alias} that we saw there"
    company = one.requires.get(alias, ("",))[0]
    case = Article(id="", url="", source="", title=company, body=body, fetched=_EVER, lang=lang)
    spans = [
        mention
        for entity in tag_entities(case, matcher).entities
        if entity.id == one.id
        for mention in entity.mentions
        if mention.field == "body"
    ]
    return any(fold(alias) == fold(mention.text) for mention in spans)
