"""One query means one thing: what the matcher selects is what the index selects, for any articles and any query."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from joined import NOW, joined, some_entities, some_words

from khabar.models import Article, Document, Folded, TopicMatch
from khabar.ports import Index
from khabar.text import stem
from khabar.text import words as text_words
from search import elastic
from search.elastic import generations as elastic_generations
from search.grammar import parse
from search.matcher import View, analyse, holds
from search.refusal import QueryError
from search.tantivy import TantivyIndex, create_index
from search.tree import Boost, Form, Node, both, either, negation

DOCS = Path(__file__).resolve().parents[2] / "docs" / "query-language.md"
ZONES = ("UTC", "Asia/Karachi", "America/New_York", "Pacific/Apia")
LANGS = ("en", "ur", "ps", "fa", "prs", "hi", "ar", "und", "fr", "en-GB")
WORDS = (
    *("talk", "talks", "talked", "Talking", "the", "of", "border", "borders", "cross-border", "peace", "TTP"),
    *("Taliban", "talib", "talibs", "ṭālibān", "don’t", "U.S.", "2021", "۲۰۲۱", "İstanbul", "naïve", "a", "b"),
    *("طالبان", "مذاکرات", "مذاكرات", "سرحد", "سرحدوں", "پاکستان", "افغانستان", "وزيرِ", "می‌خواهد", "ښار", "لګېدل"),
    *("सीमा", "सीमाओं", "वार्ता", "बातचीत", "ज़मीन", "जमीन", "সীমান্ত", "кабул", "喀布尔", "𞤀𞤣", "e\u0301tat"),
)  # fmt: skip

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
        entities=some_entities(seed),
        topics=(TopicMatch("pak-taliban", 9.0, 1),) if seed.random() < 0.3 else (),
        mentions_dates=tuple(seed.sample(("2021", "2021-08", "2021-08-15", "2024-01"), seed.randrange(3))),
        changed=seed.choice(((), (), ("title",), ("title", "body"))),
    )


@contextmanager
def engine(request: pytest.FixtureRequest, folder: Path) -> Generator[Index]:
    if request.param == "tantivy":
        with tantivy(folder) as index:
            yield index
    else:
        with server(request.getfixturevalue("elasticsearch_url")) as index:
            yield index


@contextmanager
def tantivy(folder: Path) -> Generator[Index]:
    create_index(folder)
    yield TantivyIndex(folder)


@contextmanager
def server(url: str) -> Generator[Index]:
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


class Executions:
    """Some articles, in one index or several and analysed in memory."""

    def __init__(self, articles: list[Article], vocabulary: list[str], *indexes: Index) -> None:
        self.indexes = [filled(index, articles) for index in indexes]
        self.views: dict[str, View] = {each.id: analyse(each) for each in articles}
        self.words = vocabulary

    def check(self, query: str, zone: str = "UTC", also: Also = None) -> int | None:
        """Assert that all select the same articles; returns how many, None where the query is refused."""
        try:
            node = parse(query, now=NOW, timezone=zone)
        except QueryError as error:
            assert 0 <= error.position <= len(query), query
            return None
        return self.check_node(node if also is None else also(node), query)

    def check_node(self, node: Node, query: str) -> int:
        """Assert the same of a tree. Where an index says that it is too much to run, nothing else is said of it."""
        matched = [name for name, view in sorted(self.views.items()) if holds(node, view)]
        for index in self.indexes:
            try:
                found = index.search(node, sort="newest", limit=len(self.views))
                ranked = index.search(node, limit=0)
            except QueryError as error:
                assert "stands for more than" in error.reason or "too long" in error.reason, query
                continue
            names = sorted(hit.document.article.id for hit in found.hits)
            assert names == matched, (query, node, index)
            assert found.total == ranked.total == len(matched), (query, node, index)
        return len(matched)


ENGINES = ["tantivy", "elasticsearch"]
FEW = ("aa", "aab", "bb", "cc")


@pytest.fixture(scope="module", params=ENGINES)
def ours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executions]:
    seed = random.Random(20251012)
    articles = [article(number, seed) for number in range(300)]
    with engine(request, tmp_path_factory.mktemp("ours") / "index") as index:
        yield Executions(articles, list(WORDS), index)


@pytest.fixture(scope="module", params=ENGINES)
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executions]:
    """Short texts of so few words that whatever may overlap does."""
    seed = random.Random(3)
    texts = [" ".join(seed.choices(FEW, k=seed.randrange(2, 14))) for _ in range(400)]
    articles = [
        Article(f"{number:020x}", f"urn:x:{number}", "s", text[:8], text, NOW)
        for number, text in enumerate(texts)
    ]
    with engine(request, tmp_path_factory.mktemp("crowded") / "index") as index:
        yield Executions(articles, list(FEW), index)


@pytest.fixture(scope="module", params=ENGINES)
def some(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Executions]:
    """Real texts, every ninth."""
    articles = joined(shared_data, every=9)
    assert len(articles) >= 500
    with engine(request, tmp_path_factory.mktemp("some") / "index") as index:
        yield Executions(articles, some_words(articles), index)


@pytest.fixture(scope="module")
def whole(
    elasticsearch_url: str, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Executions]:
    """All real texts on both engines."""
    articles = joined(shared_data)
    assert len(articles) >= 5_000
    with tantivy(tmp_path_factory.mktemp("whole") / "index") as one, server(elasticsearch_url) as other:
        yield Executions(articles, some_words(articles), one, other)


# --- queries ------------------------------------------------------------------------------------------------


def queries(words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Any query of the language: each operator, at any place it may stand, over these words."""
    several = st.lists(words, min_size=1, max_size=3).map(" ".join)
    phrase = st.builds('"{}"'.format, several) | st.builds("“{}”".format, several)
    slop = st.builds('"{}"~{}'.format, several, st.integers(0, 5))
    open_ = opened(words)
    side = words | phrase | open_ | st.builds("({} OR {})".format, words, words | open_ | phrase)
    near = st.builds("{} {}/{} {}".format, side, st.sampled_from(["NEAR", "ONEAR"]), st.integers(0, 9), side)
    fuzzy = st.builds(with_edits, words, st.integers(1, 2))
    plain = words | phrase | slop | open_ | fuzzy
    grouped = st.builds("({})".format, near) | plain | st.builds("({} {})".format, plain, plain)
    fields = st.builds("{}:{}".format, st.sampled_from(["title", "body", "author"]), grouped)
    weighed = st.builds("({})^{}".format, plain | near | filters(), st.sampled_from(["2", "0.5", "7.25"]))
    leaf = plain | near | fields | filters() | weighed
    return st.recursive(leaf, combined, max_leaves=5)


def with_edits(word: str, edits: int) -> str:
    """Return a word with as many edits as its length allows."""
    return word if len(word) < 3 else f"{word}~{edits if len(word) > 6 else 1}"


def opened(words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Words left open: at the end, for one character, in the middle, and several of these."""

    def left_open(word: str, at: int, mark: str, end: str) -> str:
        kept = word[: max(at, 2) if "*" in mark + end else at]
        return kept + mark + (word[at + 1 :] if mark == "?" else word[at + 2 :]) + end

    beginnings = st.builds(lambda word, keep: f"{word[:keep]}*", words, st.integers(2, 6))
    marks = st.sampled_from(["?", "?", "*", "??"])
    return beginnings | st.builds(left_open, words, st.integers(1, 5), marks, st.sampled_from(["", "", "*"]))


Also = Callable[[Node], Node] | None


def alsos(words: st.SearchStrategy[str]) -> st.SearchStrategy[Also]:
    """Join a query with what it has no words for: the forms of a word in one language, weights upon weights."""
    langs, weights = st.sampled_from(["en", "ur", "hi", "fa", "und"]), st.sampled_from([0.25, 3.0])

    def add(word: str, lang: str, weight: float, how: str) -> Also:
        form = Boost(Form(stem(word, lang), "title" if weight < 1 else "text"), weight)
        return {
            "and": lambda node: both(node, form),
            "or": lambda node: Boost(either(form, Boost(node, weight)), 2.0),
            "not": lambda node: both(node, negation(Boost(form, 2.0))),
        }[how]

    folded = words.map(lambda word: " ".join(text_words(word)) or "x")
    joined = st.builds(add, folded, langs, weights, st.sampled_from(["and", "or", "not"]))
    return st.none() | st.none() | joined


def sequences() -> st.SearchStrategy[str]:
    """Phrases with room in them, and NEAR of several words, prefixes and phrases on each side."""
    word = st.sampled_from(FEW)
    several = st.lists(word, min_size=2, max_size=4).map(" ".join)
    phrase = several.map('"{}"'.format)
    one = word | phrase | st.sampled_from(["aa*", "a?*", "a?b", "?".join(("c", "c"))])
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
            *("about:(pakistan haqqani-network)", f"id:{7:020x}", "source:nobody", "about:(ttp OR pakistan)"),
            *(
                "changed:title",
                "changed:(body OR title)",
                "mentions:2021-08",
                "mentions:2021",
                "mentions:2024-01",
            ),
        ]
    )
    return values | dates


MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONG = settings(MANY, max_examples=2_300)  # of which some are refused


def any_of(vocabulary: list[str]) -> st.SearchStrategy[str]:
    """Draw a word of a long list by its place: hypothesis would look at each, and print them all."""
    return st.integers(0, len(vocabulary) - 1).map(lambda place: vocabulary[place])


@MANY
@given(queries(st.sampled_from(WORDS)), st.sampled_from(ZONES), alsos(st.sampled_from(WORDS)))
@example("a NEAR/0 a", "UTC", None)
@example('"a a a"~2 OR "a b a"', "UTC", None)
@example("NOT (title:a OR -body:b)", "UTC", None)
@example("published:[* TO *]", "Pacific/Apia", None)
@example('author:("b a" OR talk NEAR/3 طالبان)', "UTC", None)
@example('"talk of" NEAR/4 ("the border" OR peace OR tal*)', "UTC", None)
@example("(-taliban)^2 t?lib*", "UTC", None)
@example("taliban~2 OR author:talib~1", "UTC", None)
@example("सी?ा OR स*मा* OR ज़?ीन", "UTC", None)
@example("𞤀?𞤣 OR 𞤀𞤣x~1", "UTC", None)
def test_matcher_and_index_agree_on_our_texts(ours: Executions, query: str, zone: str, also: Also) -> None:
    ours.check(query, zone, also)


@MANY
@given(sequences())
@example('("aa bb cc" OR bb) ONEAR/0 cc')
@example("(a?* OR c?c) NEAR/1 a*b")
def test_matcher_and_index_agree_where_everything_overlaps(crowded: Executions, query: str) -> None:
    crowded.check(query)


def test_matcher_and_index_agree_on_real_texts(some: Executions) -> None:
    found = agree(some, settings(MANY, max_examples=340))
    assert len(found) >= 300
    # most that agree by both finding nothing say little
    assert sum(1 for count in found if count) > len(found) / 4


@pytest.mark.soak
def test_three_executions_agree_on_thousands_of_real_words(whole: Executions) -> None:
    found = agree(whole, LONG)
    assert len(found) >= 2_000
    assert sum(1 for count in found if count) > len(found) / 4


@pytest.mark.soak
def test_three_executions_agree_on_every_example_of_the_page(whole: Executions) -> None:
    queries = re.findall(r"^\| `(.+?)` \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert len(queries) > 80
    counts = [whole.check(query.replace("\\|", "|")) for query in queries]
    assert sum(1 for count in counts if count) > 50


@pytest.mark.soak
def test_matcher_and_index_agree_on_thousands_of_queries(ours: Executions) -> None:
    agree(ours, LONG)


@pytest.mark.soak
def test_matcher_and_index_agree_on_thousands_of_sequences(crowded: Executions) -> None:
    @LONG
    @given(sequences())
    def check(query: str) -> None:
        crowded.check(query)

    check()


def agree(executions: Executions, how: settings) -> list[int]:
    """Check queries over the words of some articles; returns how many articles each found that was not refused."""
    found: list[int] = []
    refused = 0
    vocabulary = any_of(executions.words)

    @how
    @given(queries(vocabulary), st.sampled_from(ZONES), alsos(vocabulary))
    def check(query: str, zone: str, also: Also) -> None:
        nonlocal refused
        count = executions.check(query, zone, also)
        if count is None:
            refused += 1
        else:
            found.append(count)

    check()
    assert refused < len(found) / 4
    return found


def test_every_word_of_a_text_finds_it(ours: Executions) -> None:
    for word in WORDS:
        assert ours.check(word), word
        assert ours.check(f'"{word}"'), word
