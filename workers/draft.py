"""A topic drafted from example articles: "more like these", as a file that a person reads, tries and corrects.

The gate asks for those whom the examples are about; what else is peculiar to them (words, phrases, who stands near
whom) becomes signals. Every line has its reason beside it, since a draft is a proposal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from khabar.models import Article
from khabar.text import stem, stemmed, tokenize, words
from search.schema import ABOUT
from workers.background import Rarity

PLACES = frozenset({"country", "place"})
ACTORS, COUNTRIES = 3, 2  # names in the gate, at most, of each kind
CLOSE = 0.6  # of the highest salience: who is as much a subject as the first
WORDS, PHRASES = 8, 4
PART = 0.5  # of what the weakest example reaches
RARE = 3.0  # natural logarithm: a word of one article in twenty
NEAR, TIMES, PER = 12, 2, 200

Rarities = Callable[[str], Rarity]  # by language


@dataclass(frozen=True, slots=True)
class Subject:
    """An entity that the examples are about, on the average of them."""

    id: str
    name: str
    is_place: bool
    salience: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A signal as it is written, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A topic but for its threshold, which is known once the examples were scored by the rest of it."""

    id: str
    title: str
    gate: str
    gate_why: str
    actors: tuple[str, ...]
    signals: tuple[Proposal, ...]


def draft(examples: Sequence[Article], rarities: Rarities, name: str | None = None) -> Draft:
    """Return a topic that asks for what these articles have in common; their entities are tagged already."""
    subjects = _subjects(examples)
    actors = _foremost([subject for subject in subjects if not subject.is_place], ACTORS)
    places = _foremost([subject for subject in subjects if subject.is_place], COUNTRIES)
    rare, phrases = _words(examples, rarities), _phrases(examples, rarities)
    gate, why = _gate(actors, places, rare)
    title = _plain(examples[0].title or examples[0].body[:60])
    signals = (*_of_entities(examples, actors, places), *map(_of_word, rare), *map(_of_phrase, phrases))
    ids = tuple(actor.id for actor in actors)
    return Draft(name or _id(title), title or "Drafted topic", gate, why, ids, signals)


def threshold(scores: Sequence[float]) -> float:
    """Return the threshold for examples that reach these scores: half of the weakest, in steps of a half."""
    return max(0.5, round(2 * PART * min(scores)) / 2)


def render(drafted: Draft, scores: Sequence[float]) -> str:
    """Return a draft as a topic file, each part with its reason; `scores` are what the examples reach."""
    reached = ", ".join(f"{score:g}" for score in scores)
    lines = [
        f"# Drafted from {len(scores)} example(s). Read it, try it (khabar topics test FILE), mend it, add it.",
        f"id: {drafted.id}",
        f"title: {quoted(drafted.title)}",
        f"# {drafted.gate_why}",
        f"query: {quoted(drafted.gate)}",
        *([f"groups: {{actors: [{', '.join(drafted.actors)}]}}"] if drafted.actors else []),
        *(["signals:"] if drafted.signals else []),
    ]
    for signal in drafted.signals:
        lines += [f"  # {signal.why}", f"  - {signal.text}"]
    lines += [
        f"# The examples reach {reached}: half of the weakest lets in what is like them and says less.",
        f"threshold: {threshold(scores):g}",
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a text as YAML writes it on one line, whatever it holds."""
    return "'" + _plain(text).replace("'", "''") + "'"


def _plain(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _id(title: str) -> str:
    latin = [word for word in words(title) if word.isascii()]
    return "-".join(latin)[:40].strip("-") or "drafted"


# --- whom the examples are about ----------------------------------------------------------------------------


def _subjects(examples: Sequence[Article]) -> list[Subject]:
    """Return the entities that half of the examples or more are about; of none, the two that matter most."""
    total: dict[str, float] = defaultdict(float)
    about: Counter[str] = Counter()
    known = {entity.id: entity for article in examples for entity in article.entities}
    for entity in (entity for article in examples for entity in article.entities):
        total[entity.id] += entity.salience
        about[entity.id] += entity.salience >= ABOUT
    ranked = sorted(total, key=lambda name: (-total[name], name))
    chosen = [name for name in ranked if 2 * about[name] >= len(examples)] or ranked[:2]
    return [
        Subject(name, known[name].name, known[name].type in PLACES, round(total[name] / len(examples), 2))
        for name in chosen
    ]


def _foremost(subjects: Sequence[Subject], most: int) -> list[Subject]:
    return [each for each in subjects[:most] if each.salience >= CLOSE * subjects[0].salience]


def _gate(actors: Sequence[Subject], places: Sequence[Subject], rare: Sequence[_Peculiar]) -> tuple[str, str]:
    sides = [side for side in (actors, places) if side]
    if len(sides) == 2:
        # Places are many a text's background, and all of them together are what sets these apart.
        gate = " AND ".join([_any(actors), *(_any([place]) for place in places)])
        return gate, f"What the examples are about: {_told([*actors, *places])}."
    if sides:
        first, *rest = sides[0]
        gate = f"{_any([first])} AND {_any(rest)}" if rest else _any([first])
        return gate, f"What the examples are about: {_told(sides[0])}."
    if not rare:
        return "*", "The examples have neither known names nor peculiar words: this lets everything in."
    return " OR ".join(word.text for word in rare), "The examples are about nobody known: their rarest words."


def _any(subjects: Sequence[Subject]) -> str:
    names = " OR ".join(subject.id for subject in subjects)
    return f"entity:({names})" if len(subjects) > 1 else f"entity:{names}"


def _told(subjects: Sequence[Subject]) -> str:
    return ", ".join(f"{subject.name} (salience {subject.salience:g})" for subject in subjects)


def _of_entities(
    examples: Sequence[Article], actors: Sequence[Subject], places: Sequence[Subject]
) -> list[Proposal]:
    sides = [("actors", actors)] if actors else []
    sides += [(place.id, [place]) for place in places]
    found = [
        Proposal(f"{{about: {side}, weight: 2}}", f"about {_told(subjects)}, not only mentioning it")
        for side, subjects in sides
    ]
    for (one, subjects), (other, others) in combinations(sides, 2):
        if actors and one != "actors":
            continue  # two places stand side by side in anything
        text = f"{{near: [{one}, {other}], within: {NEAR}, times: {TIMES}, per: {PER}, weight: 4}}"
        found.append(
            Proposal(text, f"{_either(subjects)} and {_either(others)} side by side, throughout the text")
        )
    titled = [side for side, subjects in sides if 2 * _titled(examples, subjects) >= len(examples)]
    found += [
        Proposal(f"{{entity: {side}, in: title, weight: 1}}", "named in the title, as in the examples")
        for side in titled
    ]
    return found


def _either(subjects: Sequence[Subject]) -> str:
    return " or ".join(subject.name for subject in subjects)


def _titled(examples: Sequence[Article], subjects: Sequence[Subject]) -> int:
    ids = {subject.id for subject in subjects}
    return sum(
        any(
            entity.id in ids and any(m.field == "title" for m in entity.mentions)
            for entity in article.entities
        )
        for article in examples
    )


# --- which words are theirs ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Peculiar:
    """A word or phrase that the examples have and others have not: how often, in how many, and how rare it is."""

    text: str
    times: int
    examples: int
    rarity: float

    @property
    def weight(self) -> float:
        """A quarter to one, by how rare it is: together the words weigh less than whom the examples are about."""
        return min(1.0, max(0.25, round(self.rarity / 2) / 4))


def _words(examples: Sequence[Article], rarities: Rarities) -> list[_Peculiar]:
    """Return the words most peculiar to the examples, in the form they use most, the strongest first."""
    written: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    holders: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, article in enumerate(examples):
        for word in (word for run in _runs(article) for word in run if _is_wordy(word)):
            form = article.lang, stem(word, stemmed(article.lang))
            written[form][word] += 1
            holders[form].add(number)
    found = [
        _Peculiar(
            spelled.most_common(1)[0][0], spelled.total(), len(holders[form]),
            rarities(form[0])(spelled.most_common(1)[0][0]),
        )
        for form, spelled in written.items()
    ]  # fmt: skip
    return _strongest([each for each in found if each.rarity >= RARE], len(examples), WORDS)


def _phrases(examples: Sequence[Article], rarities: Rarities) -> list[_Peculiar]:
    """Return the pairs of words that the examples repeat and that are rare: at most what their rarer word is."""
    times: Counter[tuple[str, str, str]] = Counter()
    holders: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for number, article in enumerate(examples):
        for run in _runs(article):
            for first, second in pairwise(run):
                if _is_wordy(first) and _is_wordy(second):
                    times[article.lang, first, second] += 1
                    holders[article.lang, first, second].add(number)
    found = [
        _Peculiar(f'"{first} {second}"', count, len(holders[lang, first, second]), sum(rare))
        for (lang, first, second), count in times.items()
        if min(rare := [rarities(lang)(word) for word in (first, second)]) >= RARE / 2
    ]
    return _strongest(found, len(examples), PHRASES)


def _strongest(found: Sequence[_Peculiar], examples: int, most: int) -> list[_Peculiar]:
    """Of one example what it says more than once, of several what half of them say."""
    kept = [each for each in found if (each.times >= 2 if examples == 1 else 2 * each.examples >= examples)]
    return sorted(kept, key=lambda each: (-min(each.times, 6) * each.rarity, each.text))[:most]


def _runs(article: Article) -> list[list[str]]:
    """Return the words of title and body side by side, parted where a name of the gazetteer or of an author stands."""
    authors = {token.text for author in article.authors for token in tokenize(author)}
    runs: list[list[str]] = [[]]
    for field, text in (("title", article.title), ("body", article.body)):
        spans = [(m.start, m.end) for entity in article.entities for m in entity.mentions if m.field == field]
        named = {place for start, end in spans for place in range(start, end)}
        for token in tokenize(text):
            if token.start in named or token.text in authors:
                runs.append([])
            else:
                runs[-1].append(token.text)
        runs.append([])
    return runs


def _is_wordy(word: str) -> bool:
    return (len(word) >= 3 and word.isalpha()) or any("\u0900" <= letter <= "\u0dff" for letter in word)


def _of_word(word: _Peculiar) -> Proposal:
    return Proposal(f"{{query: {quoted(word.text)}, weight: {word.weight:g}}}", _why(word))


def _of_phrase(phrase: _Peculiar) -> Proposal:
    why = f"said {phrase.times} times, side by side"
    return Proposal(f"{{query: {quoted(phrase.text)}, weight: {phrase.weight:g}}}", why)


def _why(word: _Peculiar) -> str:
    one_in = round(2.718281828**word.rarity)
    return f"said {word.times} times in {word.examples} example(s); elsewhere in one article of {one_in}"
