"""An article as the matcher sees it: the words of its fields with their places, worked out once for many queries."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal

from khabar.models import Article, Mention
from khabar.text import Token, stem, stemmed, tokenize
from search import schema, shapes
from search.tree import KeywordField, Near, Sequence, Where

Run = tuple[int, int]  # places of words side by side: the first, and the one after the last
_GAP = Token("", 0, 0)  # the place left free between two values of a field


class Field:
    """The words of one field in order; several values leave one place free between them."""

    def __init__(self, name: Literal["title", "body"] | None, values: tuple[str, ...], lang: str) -> None:
        self._name: Literal["title", "body"] | None = name  # None: no field that a Mention can lie in
        self._values = values
        self._lang = lang
        self.tokens = tokenize(values[0]) if values else ()
        for value in values[1:]:
            self.tokens += (_GAP, *tokenize(value))

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """The places of each word."""
        found: dict[str, list[int]] = {}
        for place, token in enumerate(self.tokens):
            if token.text:
                found.setdefault(token.text, []).append(place)
        return found

    @cached_property
    def forms(self) -> dict[str, list[str]]:
        """The words of each form (see khabar.text.stem)."""
        found: dict[str, list[str]] = {}
        for word in self.places:
            found.setdefault(stem(word, self._lang), []).append(word)
        return found

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.places)

    def words_beginning(self, prefix: str) -> Iterator[str]:
        """Yield the different words that begin so."""
        words = self._sorted
        for index in range(bisect_left(words, prefix), len(words)):
            if not words[index].startswith(prefix):
                return
            yield words[index]

    def any_form(self, word: str) -> Iterator[Run]:
        """Yield where any form of a word stands."""
        yield from self.of_form(stem(word, self._lang))

    def of_form(self, form: str) -> Iterator[Run]:
        """Yield where words of a form stand (see khabar.text.stem)."""
        for variant in self.forms.get(form, ()):
            yield from ((place, place + 1) for place in self.places[variant])

    def standing(self, words: Iterable[str]) -> Iterator[Run]:
        """Yield where words stand that are in the field."""
        for word in words:
            yield from ((place, place + 1) for place in self.places[word])

    def beginning(self, prefix: str) -> Iterator[Run]:
        """Yield where words stand that begin so."""
        return self.standing(self.words_beginning(prefix))

    def shaped(self, shape: str) -> Iterator[Run]:
        """Yield where words stand that have a shape (see search.shapes)."""
        return self.standing(filter(shapes.accepts(shape), self.words_beginning(shapes.head(shape))))

    def like(self, word: str, edits: int) -> Iterator[Run]:
        """Yield where words stand that are so many edits from a word at most."""
        return self.standing(shapes.within(word, edits, self.places))

    def mention(self, run: Run) -> Mention:
        """Return the span of text from the first to the last word of a run."""
        assert self._name
        start, end = self.tokens[run[0]].start, self.tokens[run[1] - 1].end
        return Mention(self._name, start, end, self._values[0][start:end])


class View:
    """An article analysed; what no query asks for is not worked out."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.lang = stemmed(article.lang)
        self._keywords: dict[KeywordField, tuple[str, ...]] = {}

    @cached_property
    def title(self) -> Field:
        """The title's words."""
        return Field("title", schema.TEXTS["title"](self.article), self.lang)

    @cached_property
    def body(self) -> Field:
        """The body's words."""
        return Field("body", schema.TEXTS["body"](self.article), self.lang)

    @cached_property
    def author(self) -> Field:
        """The words of the authors' names."""
        return Field(None, schema.TEXTS["author"](self.article), self.lang)

    @cached_property
    def entities(self) -> frozenset[str]:
        """The entities mentioned."""
        return frozenset(schema.entities(self.article))

    @cached_property
    def about(self) -> frozenset[str]:
        """The entities the article is about."""
        return frozenset(schema.about(self.article))

    def fields(self, where: Where) -> tuple[Field, ...]:
        """Return the fields that words are looked for in."""
        match where:
            case "text":
                return (self.title, self.body)
            case "title":
                return (self.title,)
            case "body":
                return (self.body,)
            case "author":
                return (self.author,)

    def keywords(self, field: KeywordField) -> tuple[str, ...]:
        """Return the values of a keyword field."""
        if field not in self._keywords:
            self._keywords[field] = schema.keywords(self.article, field)
        return self._keywords[field]


def analyse(article: Article) -> View:
    """Return the view of an article on which any number of trees can be run."""
    return View(article)


# --- sequences ----------------------------------------------------------------------------------------------


def in_order(field: Field, words: tuple[str, ...], slop: int) -> Iterator[Run]:
    """Yield the runs of these words in order with at most `slop` others in all between, run by run of each find.

    Without slop a find is one run; with it each of its words is one.
    """
    for first in field.places.get(words[0], ()):
        if slop == 0:
            if _stands(field, words, first):
                yield first, first + len(words)
            continue
        for path in _paths(field, words, first, slop):
            yield from ((place, place + 1) for place in path)


def _stands(field: Field, words: tuple[str, ...], first: int) -> bool:
    tokens = field.tokens
    return first + len(words) <= len(tokens) and all(
        tokens[first + offset].text == word for offset, word in enumerate(words)
    )


def _paths(field: Field, words: tuple[str, ...], first: int, slop: int) -> list[tuple[int, ...]]:
    tokens = field.tokens
    paths = [(first,)]
    for word in words[1:]:
        paths = [
            (*path, place)
            for path in paths
            # what is left of the slop: places passed so far, less the words that stood on them
            for place in range(path[-1] + 1, min(len(tokens), first + len(path) + slop + 1))
            if tokens[place].text == word
        ]
    return paths


def near(field: Field, node: Near) -> Iterator[Run]:
    """Yield the runs on both sides of each pair that lies near enough."""
    left, right = (sorted(_of_side(field, side)) for side in (node.left, node.right))
    yield from _pairs(left, right, node.distance)
    if not node.ordered:
        yield from _pairs(right, left, node.distance)


def _pairs(first: list[Run], second: list[Run], distance: int) -> Iterator[Run]:
    for run in first:
        index = bisect_left(second, (run[1], 0))
        while index < len(second) and second[index][0] - run[1] <= distance:
            yield run
            yield second[index]
            index += 1


def _of_side(field: Field, side: tuple[Sequence, ...]) -> set[Run]:
    return {run for sequence in side for run in _sequence(field, sequence)}


def _sequence(field: Field, sequence: Sequence) -> Iterator[Run]:
    first, *_ = sequence
    if first.is_open:  # it stands alone in its sequence
        yield from field.beginning(first.text) if first.prefix else field.shaped(first.text)
    else:
        yield from in_order(field, tuple(term.text for term in sequence), 0)
