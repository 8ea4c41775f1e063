"""One query means one thing: what the matcher selects is what the index selects, for any articles and any query."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from khabar.models import Article, Document, Entity, Folded, TopicMatch
from khabar.ports import Index
from search import elastic
from search.elastic import generations as elastic_generations
from search.grammar import parse
from search.matcher import View, analyse, holds
from search.refusal import QueryError
from search.tantivy import TantivyIndex, create_index

NOW = datetime(2025, 10, 12, 9, 30, tzinfo=UTC)
ZONES = ("UTC", "Asia/Karachi", "America/New_York", "Pacific/Apia")
LANGS = ("en", "ur", "ps", "fa", "prs", "hi", "ar", "und", "fr", "en-GB")
WORDS = (
    *("talk", "talks", "talked", "Talking", "the", "of", "border", "borders", "cross-border", "peace", "TTP"),
    *("Taliban", "talib", "talibs", "ṭālibān", "don’t", "U.S.", "2021", "۲۰۲۱", "İstanbul", "naïve", "a", "b"),
    *("طالبان", "مذاکرات", "مذاكرات", "سرحد", "سرحدوں", "پاکستان", "افغانستان", "وزيرِ", "می‌خواهد", "ښار", "لګېدل"),
    *("सीमा", "सीमाओं", "वार्ता", "बातचीत", "ज़मीन", "जमीन", "সীমান্ত", "кабул", "喀布尔", "𞤀𞤣", "e\u0301tat"),
)  # fmt: skip
ENTITIES = ("ttp", "pakistan", "haqqani-network")


# --- articles -----------------------------------------------------------------------------------------------


def article(number: int, seed: random.Random) -> Article:
    def text(longest: int) -> str:
        marks = (" ", " ", " ", ", ", " — ", "\n\n", "۔ ")
        return "".join(seed.choice(WORDS) + seed.choice(marks) for _ in range(seed.randrange(longest)))

    moment = NOW - timedelta(minutes=seed.randrange(60 * 24 * 500))
    offset = timezone(timedelta(minutes=seed.choice((-480, 0, 270, 300, 330))))
    precision = seed.choice(("second", "second", "day", "month", None))
    published = None if precision is None else moment.astimezone(offset)
    if published and precision in {"day", "month"}:
        published = published.replace(day=1 if precision == "month" else published.day, hour=0, minute=0)
    return Article(
        id=f"{number:020x}",
        url=f"https://news.example/{number}",
        source=seed.choice(("dawn", "bbc-urdu", "tolo")),
        title=text(6),
        body=text(40),
        fetched=NOW - timedelta(hours=seed.randrange(24 * 400)),
        authors=tuple(text(4) for _ in range(seed.randrange(3))),
        lang=seed.choice(LANGS),
        genre=seed.choice(("opinion", "news", "unknown")),
        published=published,
        published_precision=precision if published else None,
        country=seed.choice(("PK", "AF", None)),
        entities=tuple(
            Entity(name, name, "organization", seed.choice((0.1, 0.5, 0.9)))
            for name in ENTITIES
            if seed.random() < 0.3
        ),
        topics=(TopicMatch("pak-taliban", 9.0, 1),) if seed.random() < 0.3 else (),
    )


@contextmanager
def engine(request: pytest.FixtureRequest, folder: Path) -> Generator[Index]:
    if request.param == "tantivy":
        create_index(folder)
        yield TantivyIndex(folder)
        return
    url = request.getfixturevalue("elasticsearch_url")
    prefix = f"differential-{uuid.uuid4().hex}"
    with closing(elastic.open_index(url, prefix, shards=2)) as index:
        yield index
        elastic_generations.drop_all(index.server, prefix)


def filled(index: Index, articles: list[Article]) -> Index:
    # Several commits: what a query selects must not depend on how articles lie in segments.
    for start in range(0, len(articles), 120):
        part = articles[start : start + 120]
        index.update({each.id: lambda _, each=each: Folded(Document(each, ()), ()) for each in part})
    return index


class Both:
    """An index and views of the same articles."""

    def __init__(self, index: Index, articles: list[Article], words: list[str]) -> None:
        self.index = filled(index, articles)
        self.views: dict[str, View] = {each.id: analyse(each) for each in articles}
        self.words = words

    def check(self, query: str, zone: str) -> int:
        """Assert that both select the same articles; returns how many."""
        try:
            node = parse(query, now=NOW, timezone=zone)
        except QueryError as error:
            assert 0 <= error.position <= len(query), query
            return 0
        matched = [name for name, view in sorted(self.views.items()) if holds(node, view)]
        assert [document.article.id for document in self.index.scan(node)] == matched, query
        assert self.index.search(node, limit=0).total == len(matched), query
        return len(matched)


ENGINES = ["tantivy", "elasticsearch"]
FEW = ("aa", "aab", "bb", "cc")


@pytest.fixture(scope="module", params=ENGINES)
def ours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    seed = random.Random(20251012)
    articles = [article(number, seed) for number in range(300)]
    with engine(request, tmp_path_factory.mktemp("ours") / "index") as index:
        yield Both(index, articles, list(WORDS))


@pytest.fixture(scope="module", params=ENGINES)
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Short texts of so few words that whatever may overlap does."""
    seed = random.Random(3)
    texts = [" ".join(seed.choices(FEW, k=seed.randrange(2, 14))) for _ in range(400)]
    articles = [
        Article(f"{number:020x}", f"urn:x:{number}", "s", text[:8], text, NOW)
        for number, text in enumerate(texts)
    ]
    with engine(request, tmp_path_factory.mktemp("crowded") / "index") as index:
        yield Both(index, articles, list(FEW))


@pytest.fixture(scope="module", params=ENGINES)
def regional(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    texts = region(shared_data, 100)
    assert len(texts) >= 500
    with engine(request, tmp_path_factory.mktemp("regional") / "index") as index:
        yield Both(index, *told(texts))


@pytest.fixture(scope="module", params=ENGINES)
def whole(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    texts = region(shared_data, 1_000)
    assert len(texts) >= 1_000
    with engine(request, tmp_path_factory.mktemp("whole") / "index") as index:
        yield Both(index, *told(texts))


def region(folder: Path, background: int) -> list[dict[str, Any]]:
    """Return the judged texts and so many of the others, from all over them."""
    judged, others = (
        (folder / "regional" / f"{name}.public.jsonl").read_text("utf-8").rstrip().split("\n")
        for name in ("judged", "background")
    )
    return [json.loads(line) for line in (*judged, *others[:: len(others) // background][:background])]


def told(lines: list[dict[str, Any]]) -> tuple[list[Article], list[str]]:
    """Return the texts as articles, and some of their words."""
    articles = [real(number, line) for number, line in enumerate(lines)]
    seed = random.Random(7)
    return articles, [seed.choice(each.body.split() or ["x"]) for each in articles for _ in range(3)]


def real(number: int, line: dict[str, Any]) -> Article:
    published = datetime.fromisoformat(line["published"]) if line.get("published") else None
    if published and not published.tzinfo:
        published = published.replace(tzinfo=UTC)
    return Article(
        id=f"{number:020x}",
        url=line.get("url") or f"urn:x:{number}",
        source=str(line.get("source")).lower(),
        title=line.get("title") or "",
        body=line.get("body") or "",
        fetched=NOW,
        authors=tuple(line.get("authors") or ()),
        lang=line.get("lang") or "und",
        published=published,
    )


# --- queries ------------------------------------------------------------------------------------------------


def queries(words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Any query of the language: each operator, at any place it may stand, over these words."""
    several = st.lists(words, min_size=1, max_size=3).map(" ".join)
    phrase = st.builds('"{}"'.format, several) | st.builds("“{}”".format, several)
    slop = st.builds('"{}"~{}'.format, several, st.integers(0, 5))
    prefix = st.builds(lambda word, keep: f"{word[:keep]}*", words, st.integers(2, 6))
    side = words | phrase | prefix | st.builds("({} OR {})".format, words, words | prefix | phrase)
    near = st.builds("{} {}/{} {}".format, side, st.sampled_from(["NEAR", "ONEAR"]), st.integers(0, 9), side)
    plain = words | phrase | slop | prefix
    grouped = st.builds("({})".format, near) | plain | st.builds("({} {})".format, plain, plain)
    fields = st.builds("{}:{}".format, st.sampled_from(["title", "body", "author"]), grouped)
    leaf = plain | near | fields | filters()
    return st.recursive(leaf, combined, max_leaves=5)


def sequences() -> st.SearchStrategy[str]:
    """Phrases with room in them, and NEAR of several words, prefixes and phrases on each side."""
    word = st.sampled_from(FEW)
    several = st.lists(word, min_size=2, max_size=4).map(" ".join)
    phrase = several.map('"{}"'.format)
    one = word | phrase | st.just("aa*")
    side = one | st.lists(one, min_size=2, max_size=4).map(lambda each: f"({' OR '.join(each)})")
    near = st.builds("{} {}/{} {}".format, side, st.sampled_from(["NEAR", "ONEAR"]), st.integers(0, 4), side)
    return near | st.builds('"{}"~{}'.format, several, st.integers(0, 4))


def combined(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.builds("{} {}".format, part, part)
        | st.builds("{} OR {}".format, part, part)
        | st.builds("{} AND NOT ({})".format, part, part)
        | st.builds("({} OR {}) {}".format, part, part, part)
        | st.builds("-({})".format, part)
    )


def filters() -> st.SearchStrategy[str]:
    day = st.dates(datetime(2024, 4, 1, tzinfo=UTC).date(), datetime(2025, 11, 1, tzinfo=UTC).date())
    date = day.map(str) | st.sampled_from(["2025", "2024-12", "2025-02", "2025-09"])
    dates = (
        st.builds("published:{}{}".format, st.sampled_from(["", ">=", "<=", ">", "<"]), date)
        | st.builds("published:[{} TO {}]".format, date | st.just("*"), date | st.just("*"))
        | st.builds("published:{}{}".format, st.integers(1, 60), st.sampled_from("hdwm"))
    )
    values = st.sampled_from(
        [
            *(
                "*",
                "source:dawn",
                "source:(BBC-Urdu OR tolo)",
                "lang:en",
                "lang:ur",
                "country:pk",
                "genre:opinion",
            ),
            *(
                "topic:pak-taliban",
                "entity:ttp",
                "entity:(ttp OR pakistan)",
                "entity:(ttp -pakistan)",
                "about:ttp",
            ),
            *("about:(pakistan haqqani-network)", f"id:{7:020x}", "source:nobody"),
        ]
    )
    return values | dates


MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(queries(st.sampled_from(WORDS)), st.sampled_from(ZONES))
@example("a NEAR/0 a", "UTC")
@example('"a a a"~2 OR "a b a"', "UTC")
@example("NOT (title:a OR -body:b)", "UTC")
@example("published:[* TO *]", "Pacific/Apia")
@example('author:("b a" OR talk NEAR/3 طالبان)', "UTC")
@example('"talk of" NEAR/4 ("the border" OR peace OR tal*)', "UTC")
def test_matcher_and_index_agree_on_our_texts(ours: Both, query: str, zone: str) -> None:
    ours.check(query, zone)


@MANY
@given(sequences())
@example('("aa bb cc" OR bb) ONEAR/0 cc')
def test_matcher_and_index_agree_where_everything_overlaps(crowded: Both, query: str) -> None:
    crowded.check(query, "UTC")


def test_matcher_and_index_agree_on_real_texts(regional: Both) -> None:
    found: list[int] = []

    @MANY
    @given(
        queries(st.integers(0, len(regional.words) - 1).map(lambda place: regional.words[place])),
        st.sampled_from(ZONES),
    )
    def agree(query: str, zone: str) -> None:
        found.append(regional.check(query, zone))

    agree()
    assert (
        sum(1 for count in found if count) > len(found) / 4
    )  # most that agree by both finding nothing say little


@pytest.mark.soak
def test_matcher_and_index_agree_on_thousands_of_real_words(whole: Both) -> None:
    @settings(MANY, max_examples=2_000)
    @given(
        queries(st.integers(0, len(whole.words) - 1).map(lambda place: whole.words[place])),
        st.sampled_from(ZONES),
    )
    def agree(query: str, zone: str) -> None:
        whole.check(query, zone)

    agree()


@pytest.mark.soak
def test_matcher_and_index_agree_on_thousands_of_queries(ours: Both) -> None:
    @settings(MANY, max_examples=2_000)
    @given(queries(st.sampled_from(WORDS)), st.sampled_from(ZONES))
    def agree(query: str, zone: str) -> None:
        ours.check(query, zone)

    agree()


def test_every_word_of_a_text_finds_it(ours: Both) -> None:
    for word in WORDS:
        assert ours.check(word, "UTC") > 0, word
        assert ours.check(f'"{word}"', "UTC") > 0, word
