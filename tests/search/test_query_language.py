"""docs/query-language.md keeps its word: every example is run on both engines and on the articles in memory."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from khabar.models import Article, Document, Entity, Folded, TopicMatch
from khabar.ports import Index
from khabar.text import fold
from search import elastic
from search.elastic import generations as elastic_generations
from search.grammar import QueryError, parse
from search.matcher import match
from search.meaning import FIELDS
from search.tantivy import TantivyIndex, create_index
from workers.mentions import mention_dates

_CELLS = re.compile(r"(?<!\\)\|")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "query-language.md"
NOW = datetime(2025, 10, 12, 12, 0, tzinfo=UTC)
ALIASES = {"tehrik-i-taliban pakistan": "ttp", "تحریک طالبان": "ttp"}
IDS = ("ttp", "pakistan", "haqqani-network", "afghan-taliban")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the tables under a heading, without their headers."""
    section = DOCS.read_text("utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip().replace(r"\|", "|") for cell in _CELLS.split(line)[1:-1]] for line in lines]
    return [row for row in cells if row[0] not in {"query", "no", "---"}]


EXAMPLES = [
    (query.strip("`"), finds)
    for heading in ("Words", "Near", "Fields", "Dates")
    for query, finds, _ in rows(heading)
]
REFUSED = [
    (query.strip("`"), answer)
    for query, answer in rows("What is refused, and why")
    if query.startswith("`") and answer.startswith("at ")
]


def resolve(alias: str) -> str | None:
    folded = fold(alias)
    by_alias = {fold(name): entity for name, entity in ALIASES.items()} | {fold(name): name for name in IDS}
    return by_alias.get(folded)


def read(cells: list[str]) -> Article:
    number, source, country, lang, genre, published, authors, entities, topic, title, body = cells
    values: dict[str, Any] = {"source": source, "country": country, "lang": lang, "genre": genre}
    if published:
        moment = datetime.fromisoformat(published)
        values["published"] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        values["published_precision"] = "second" if moment.tzinfo else "day"
    named = [entity.rsplit(" ", 1) for entity in entities.split(", ") if entity]
    article = Article(
        id=number.zfill(20),
        url=f"https://daily.example/{number}",
        title=title,
        body=body,
        fetched=NOW,
        authors=tuple(name for name in authors.split("; ") if name),
        entities=tuple(Entity(name, name, "organization", float(weight)) for name, weight in named),
        topics=(TopicMatch(topic, 9.0, 1),) if topic else (),
        **values,
    )
    return mention_dates(article)


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return [read(cells) for cells in rows("The articles of the examples")]


@pytest.fixture(scope="module", params=["tantivy", "elasticsearch"])
def index(
    request: pytest.FixtureRequest, articles: list[Article], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    folds = {each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each in articles}
    if request.param == "tantivy":
        folder = tmp_path_factory.mktemp("examples") / "index"
        create_index(folder)
        index = TantivyIndex(folder)
        index.update(folds)
        yield index
        return
    prefix = f"examples-{uuid.uuid4().hex}"
    with closing(elastic.open_index(request.getfixturevalue("elasticsearch_url"), prefix)) as index:
        index.update(folds)
        yield index
        elastic_generations.drop_all(index.server, prefix)


@pytest.mark.parametrize(("query", "finds"), EXAMPLES)
def test_an_example_finds_what_the_page_says(
    query: str, finds: str, articles: list[Article], index: Index
) -> None:
    node = parse(query, now=NOW, resolve=resolve)
    matched = " ".join(str(int(each.id)) for each in articles if match(node, each))
    indexed = " ".join(str(int(each.article.id)) for each in index.scan(node))
    assert (matched, indexed) == (finds, finds)


@pytest.mark.parametrize(("query", "answer"), REFUSED)
def test_a_refused_example_is_answered_as_the_page_says(query: str, answer: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(query, now=NOW, resolve=resolve)
    said = str(refused.value)
    assert re.fullmatch(".*".join(map(re.escape, answer.split(" … "))), said), said


def test_every_field_and_operator_has_an_example() -> None:
    queries = " ".join(query for query, _ in EXAMPLES)
    operators = ("OR", "NOT", "-", "(", '"', "“", "*", "~", "^", "?", "~1", "NEAR/", "ONEAR/", "[", ">=", "<")
    assert [field for field in FIELDS if f"{field}:" not in queries] == []
    assert [operator for operator in operators if operator not in queries] == []
