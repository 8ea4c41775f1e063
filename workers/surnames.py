"""Surnames: "Hameed" after "Faiz Hameed" is the same man, unless another of the name was spoken of.

Where the script has capitals a last name is known by them; elsewhere the gazetteer says which names may stand alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

from workers.sighting import Span, View

Bearers = dict[str, set[str]]  # by folded word: who bears it in this article
_STRANGER = ""


def _list(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words in capitals before a surname that are no first name.
TITLES = _list(
    """
    mr mrs ms miss dr prof professor sir lord general gen lt maj major col colonel brig brigadier captain capt admiral
    marshal air chief president pm premier prime minister secretary ambassador envoy senator governor justice judge
    chairman chairperson speaker spokesman spokesperson spokeswoman director commander leader mullah mulla maulana
    mawlawi maulvi molvi mufti qari hafiz haji sheikh shaikh ayatollah king prince emir amir qazi syed sayed khawaja
    vice deputy acting former ex cm fm coas cjcsc
    """
)
# Words that begin a sentence before a surname.
OPENERS = _list(
    """
    a according addressing after although an and as asked at because before besides both but by did do does during
    earlier even few for from had has have he her his how if in instead is it its later like meanwhile not now of on
    once one only or over perhaps quoting said says she since so still that the then there these they this those
    though thus to today under unlike until was we were what when where whether which while who why will with without
    would yesterday yet
    """
)
_PARTICLES = frozenset({"al", "bin", "bint", "ibn", "ul", "ur", "el", "abu", "van", "de"})


def full_names(view: View, people: Iterable[Span], short: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return the words by which the people named in a field may be called further down: the last, or those listed."""
    found: set[str] = set()
    for span in people:
        found.update(short.get(span.entity, ()))
        last = view.tokens[span.end - 1].text
        if (
            span.end - span.start > 1
            and len(last) > 2
            and last not in TITLES
            and _capital(view, span.end - 1)
        ):
            found.add(last)
    return found


def learn(view: View, people: Iterable[Span], words: set[str], bearers: Bearers) -> None:
    """Note who bears these words in a field that comes before the rest: the title."""
    for span in people:
        for token in view.tokens[span.start : span.end]:
            if token.text in words:
                bearers[token.text].add(span.entity)


def find_surnames(
    view: View, spans: list[Span], people: Container[str], words: set[str], bearers: Bearers
) -> list[Span]:
    """Return where one of `words` stands alone for the only person who was seen to bear it, in the order of the text.

    `bearers` holds who bore them so far, and is added to as the text goes on.
    """
    owners = {at: span.entity for span in spans for at in range(span.start, span.end)}
    found: list[Span] = []
    for at, token in enumerate(view.tokens):
        if token.text not in words:
            continue
        bearer = bearers[token.text]
        if at in owners:
            if owners[at] in people:
                bearer.add(owners[at])
        elif _capital(view, at) is not False:
            if _of_a_longer_name(view, at, owners):
                bearer.add(_STRANGER)
            elif len(bearer) == 1 and _STRANGER not in bearer:
                found.append(Span(at, at + 1, next(iter(bearer))))
    return found


def _of_a_longer_name(view: View, at: int, owners: Mapping[int, str]) -> bool:
    return _first_name_before(view, at, owners) or _name_after(view, at)


def _first_name_before(view: View, at: int, owners: Mapping[int, str]) -> bool:
    if at == 0:
        return False
    before = view.tokens[at - 1]
    gap = view.text[before.end : view.tokens[at].start]
    if before.text in _PARTICLES or (gap == ". " and before.end - before.start == 1):
        return True
    if gap not in {" ", "-"} or not _capital(view, at - 1) or before.text in TITLES or at - 1 in owners:
        return False
    return before.text not in OPENERS


def _name_after(view: View, at: int) -> bool:
    if at + 1 >= len(view.tokens):
        return False
    after = view.tokens[at + 1]
    gap = view.text[view.tokens[at].end : after.start]
    if view.original(at, at + 2).isupper():
        return False  # amid capitals they say nothing
    return gap in {" ", "-"} and bool(_capital(view, at + 1)) and after.text not in OPENERS


def _capital(view: View, at: int) -> bool | None:
    """Tell whether a word begins with a capital, None where its script has none."""
    letter = view.text[view.tokens[at].start]
    return None if letter.lower() == letter.upper() else letter.isupper()


def title_cased(view: View) -> bool:
    """Tell whether a title writes every word that matters with a capital, so that capitals part no names."""
    capitals = [_capital(view, at) for at, token in enumerate(view.tokens) if len(token.text) > 3]
    return bool(capitals) and all(capital is not False for capital in capitals)


def in_title(view: View, spans: list[Span], words: set[str], bearers: Mapping[str, set[str]]) -> list[Span]:
    """Return where the title calls a person of the body by the last name, that nobody else in it bears."""
    owners = {at for span in spans for at in range(span.start, span.end)}
    loose = title_cased(view)
    found: list[Span] = []
    for at, token in enumerate(view.tokens):
        if token.text not in words or at in owners or _capital(view, at) is False:
            continue
        bearer = bearers.get(token.text, set())
        if len(bearer) == 1 and _STRANGER not in bearer and (loose or not _of_a_longer_name(view, at, {})):
            found.append(Span(at, at + 1, next(iter(bearer))))
    return found


def nobody() -> Bearers:
    """Return the start of an article: no name has a bearer yet."""
    return defaultdict(set)
