"""A query means what its reader expects, or is answered with why not."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from search.grammar import hints, parse
from search.refusal import MAX_FUZZY, MAX_LENGTH, MAX_NESTING, MAX_OPEN, MAX_TERMS, QueryError
from search.tree import (
    AboutNode,
    And,
    Boost,
    DateRange,
    EntityNode,
    Everything,
    Fuzzy,
    Keyword,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Term,
    Wildcard,
    Word,
    leaves,
)

NOW = datetime(2025, 10, 12, 9, 30, tzinfo=UTC)
A, B, C = Word("a"), Word("b"), Word("c")


def read(query: str, timezone: str = "UTC") -> Node:
    return parse(query, now=NOW, timezone=timezone)


def refused(query: str) -> QueryError:
    with pytest.raises(QueryError) as error:
        read(query)
    return error.value


@pytest.mark.parametrize(
    ("query", "node"),
    [
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a OR b c", Or((A, And((B, C))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("a AND NOT b", And((A, Not(B)))),
        ("a NOT b", And((A, Not(B)))),
        ("a -b", And((A, Not(B)))),
        ("a -(b c)", And((A, Not(And((B, C)))))),
        ("NOT NOT a", A),
        ("NOT a OR b", Or((Not(A), B))),
        ("-title:a", Not(Word("a", "title"))),
        ("*", Everything()),
        ("a-b", Phrase(("a", "b"))),
        ("a - b — c", And((A, B, C))),
        ('"a b"', Phrase(("a", "b"))),
        ("“a b”", Phrase(("a", "b"))),
        ("«a b» „c‟", And((Phrase(("a", "b")), Phrase(("c",))))),
        ('"a b"~3', Phrase(("a", "b"), slop=3)),
        ('"a b" ~3', Phrase(("a", "b"), slop=3)),
        ('"a, b!"', Phrase(("a", "b"))),
        ("Ab*", Prefix("ab")),
        ("talks?", Word("talks")),
        ("¿who? b", And((Word("who"), B))),
        ("t?liban", Wildcard("t?liban")),
        ("Ṭ?lib*", Wildcard("t?lib*")),
        ("ta*ban.", Wildcard("ta*ban")),
        ("ط?لبان", Wildcard("ط?لبان")),
        ("سی?ا", Wildcard("سی?ا")),
        ("title:t?liban", Wildcard("t?liban", "title")),
        ("Brāder~1", Fuzzy("brader", 1)),
        ("brader ~1", Fuzzy("brader", 1)),
        ("author:hussain~2", Fuzzy("hussain", 2, "author")),
        ("a^2", Boost(A, 2.0)),
        ('"a b"^0.5 title:c^3', And((Boost(Phrase(("a", "b")), 0.5), Boost(Word("c", "title"), 3.0)))),
        ("(a OR b)^2", Boost(Or((A, B)), 2.0)),
        ("-a^2", Not(Boost(A, 2.0))),
        ("(…)^2 a", A),
        ("a && b & c", And((A, B, C))),
        ("w5 G7 +a", And((Word("w5"), Word("g7"), A))),
        ("100% a", And((Word("100"), A))),
        ("طالبان،", Word("طالبان")),
        ("مذاكرات", Word("مذاکرات")),
        ("title:(a OR b)", Or((Word("a", "title"), Word("b", "title")))),
        ("title: a", Word("a", "title")),
        ("Title:a", Word("a", "title")),
        ('author:"a b"', Phrase(("a", "b"), "author")),
        ("source:Dawn", Keyword("source", "dawn")),
        ("country:pk", Keyword("country", "PK")),
        ("source:(a -b)", And((Keyword("source", "a"), Not(Keyword("source", "b"))))),
        ("entity:haqqani-network", EntityNode("haqqani-network")),
        ('about:"Haqqani network"', AboutNode("Haqqani network")),
        ("ANDREW ORB NOTE", And((Word("andrew"), Word("orb"), Word("note")))),
        ('"AND"', Phrase(("and",))),
        ("a and b or c", And((A, Word("and"), B, Word("or"), C))),
        ("10:30", Phrase(("10", "30"))),
        ("جنگ: امن", And((Word("جنگ"), Word("امن")))),
    ],
)  # fmt: skip
def test_a_query_means(query: str, node: Node) -> None:
    assert read(query) == node


@pytest.mark.parametrize(
    ("query", "left", "right", "ordered", "where"),
    [
        ("a NEAR/8 b", [["a"]], [["b"]], False, "text"),
        ("a ONEAR/8 b", [["a"]], [["b"]], True, "text"),
        ("(a OR b) NEAR/8 c", [["a"], ["b"]], [["c"]], False, "text"),
        ('"a b" NEAR/8 (c OR "b c" OR tal*)', [["a", "b"]], [["c"], ["b", "c"], ["tal*"]], False, "text"),
        ("t?liban NEAR/8 (tal*n OR b)", [["t?liban"]], [["tal*n"], ["b"]], False, "text"),
        ("body:(a NEAR/8 ((b) OR c-a))", [["a"]], [["b"], ["c", "a"]], False, "body"),
    ],
)
def test_near_has_two_sides(
    query: str, left: list[list[str]], right: list[list[str]], ordered: bool, where: str
) -> None:
    def side(sequences: list[list[str]]) -> tuple[tuple[Term, ...], ...]:
        return tuple(tuple(map(term, words)) for words in sequences)

    def term(word: str) -> Term:
        is_wild = "?" in word or "*" in word[:-1]
        return Term(word, wild=True) if is_wild else Term(word.rstrip("*"), prefix=word.endswith("*"))

    near = read(query)
    assert isinstance(near, Near)
    assert (near.left, near.right) == (side(left), side(right))
    assert (near.distance, near.ordered, near.where) == (8, ordered, where)


def test_near_binds_closer_than_not_and_and() -> None:
    near = read("b NEAR/2 c")
    assert read("a NOT b NEAR/2 c") == And((A, Not(near)))


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("published:2025-01-31", "2025-01-31", "2025-02-01"),
        ("published:2025-12", "2025-12-01", "2026-01-01"),
        ("published:2025", "2025-01-01", "2026-01-01"),
        ("published:[2025-01-01 TO 2025-02-01]", "2025-01-01", "2025-02-02"),
        ("published:[2025-01 TO *]", "2025-01-01", None),
        ("published:[* TO 2025]", None, "2026-01-01"),
        ("published:>=2025-01", "2025-01-01", None),
        ("published:>2025-01", "2025-02-01", None),
        ("published:<2025-01", None, "2025-01-01"),
        ("published:<=2025-01", None, "2025-02-01"),
        ('published:"2025-1-5"', "2025-01-05", "2025-01-06"),
        ("published:۲۰۲۵-۰۱-۳۱", "2025-01-31", "2025-02-01"),
    ],
)
def test_dates_are_days_of_the_time_zone(query: str, start: str | None, end: str | None) -> None:
    zone = ZoneInfo("Asia/Karachi")
    bounds = (datetime.fromisoformat(day).replace(tzinfo=zone) if day else None for day in (start, end))
    assert read(query, "Asia/Karachi") == DateRange(*bounds, timezone="Asia/Karachi")


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("1m", timedelta(days=30)),
        ("1y", timedelta(days=365)),
    ],
)
def test_a_relative_date_counts_back_from_now(text: str, ago: timedelta) -> None:
    assert read(f"published:{text}") == DateRange(NOW - ago, None)


def test_several_dates_may_stand_in_brackets() -> None:
    both = read("published:(2025-01 OR 2025-03)")
    assert both == Or((read("published:2025-01"), read("published:2025-03")))


def test_an_alias_becomes_the_id_it_is_resolved_to() -> None:
    asked: list[str] = []

    def resolve(alias: str) -> str | None:
        asked.append(alias)
        return {"TTP": "ttp", "تحریک طالبان": "ttp"}.get(alias)

    query = 'entity:(TTP OR "تحریک طالبان")'
    assert parse(query, now=NOW, resolve=resolve) == Or((EntityNode("ttp"), EntityNode("ttp")))
    assert asked == ["TTP", "تحریک طالبان"]
    with pytest.raises(QueryError, match="no entity is known as nobody"):
        parse("about:nobody", now=NOW, resolve=resolve)


@pytest.mark.parametrize(
    ("query", "position", "reason", "suggestion"),
    [
        ("", 0, "empty", "* (every article)"),
        (" \n", 0, "empty", "* (every article)"),
        ("— …", 0, "no word", "* (every article)"),
        ("(a", 0, "never closed", "(a)"),
        ("a (b (c)", 2, "never closed", "a (b (c))"),
        ("a)", 1, "closes nothing", "a"),
        ('a "b', 2, "never closed", 'a "b"'),
        ("()", 1, "nothing to search", None),
        ("a AND", 5, "missing after AND", None),
        ("a OR", 4, "missing after OR", None),
        ("title:", 6, "missing after title:", None),
        ("AND a", 0, "both sides", '"AND" (as a word)'),
        ("a OR AND b", 5, "both sides", '"AND" (as a word)'),
        ("(OR a)", 1, "both sides", '"OR" (as a word)'),
        ("(a OR) b", 5, "nothing to search before", None),
        ("a tile:b", 2, "no field tile:", "title:"),
        ("site:dawn", 0, "no field site:", "source:"),
        ("http://daily.example/a", 0, "no field http:", None),
        ("title:author:a", 6, "close them first", None),
        ("title:(a author:b)", 9, "close them first", None),
        ("a *ban", 2, "begins with a wildcard", "ban*"),
        ("?b", 0, "begins with a wildcard", None),
        ("*a*", 0, "begins with a wildcard", None),
        ("a t*liban", 2, "at least two letters before its *", None),
        ("tal?b?n?s?x", 0, "more than 3 wildcards", None),
        ("pak-af?an", 0, "several words", None),
        ("af?an's", 0, "several words", None),
        ('"t?liban talks"', 2, "inside quotes", None),
        ("source:da~1", 9, "takes whole values, no ~", None),
        ("a*", 0, "at least two letters", None),
        ("हि*", 0, "at least two letters", None),
        ("pak-af*", 0, "several words", "af*"),
        ('"a b*"', 4, "inside quotes", None),
        ("source:da*", 7, "whole values", None),
        ("genre:opinon", 6, "no genre", "opinion"),
        ("~1 a", 0, "~n follows a word", None),
        ("(a b)~1", 5, "~n follows a word", None),
        ("ab~1", 2, "at least 3 letters", None),
        ("peace~2", 5, "at least 6 letters", "peace~1"),
        ("a~9", 1, "differ by 1 or 2 letters, not 9", "a~2"),
        ("taliban~0", 7, "differ by 1 or 2 letters, not 0", "taliban~2"),
        ("taliban~99999999999999999999", 7, "differ by 1 or 2 letters", "taliban~2"),
        ("talib*~1", 6, "follows one whole word", None),
        ("cross-border~1", 12, "follows one whole word", '"cross-border"~1'),
        ("taliban~", 7, "~ needs a number of changes", "taliban~1"),
        ('"a b"~', 5, "~ needs a number between its words", '"a b"~1'),
        ("^2 a", 0, "^n follows what counts n times", None),
        ("talks^", 5, "more than 0", "talks^2"),
        ("talks^0", 5, "more than 0", "talks^2"),
        ("talks^101", 5, "at most 100", "talks^2"),
        ("talks^1.2.3", 5, "more than 0", "talks^2"),
        ("a NEAR/3 b^2", 2, "the whole of NEAR", "(peace NEAR/5 talks)^2"),
        ("a NEAR/3 taliban~1", 2, "not by ~", "talib*"),
        ("peace w/5 talks", 6, "w/5 is not understood", "NEAR/5"),
        ("peace W/5 talks", 6, "W/5 is not understood", "NEAR/5"),
        ("peace pre/3 talks", 6, "pre/3 is not understood", "ONEAR/3"),
        ("peace NEAR5 talks", 6, "NEAR5 is not understood", "NEAR/5"),
        ("peace AROUND(5) talks", 6, "AROUND is not understood", "NEAR/5"),
        ("peace w/s talks", 6, "one sentence", "NEAR/15"),
        ("peace || talks", 6, "|| is not understood", "OR"),
        ("peace|talks", 0, "not understood", "peace OR talks"),
        ("peace !cricket", 6, "!cricket is not understood", "-cricket"),
        ("peace –cricket", 6, "a dash that is no minus", "-cricket"),
        ("talib%", 0, "not understood", "talib*"),
        ("/tal.*/", 0, "regular expression", None),
        ("published:2025-01-01..2025-02-01", 10, "is no date", "published:[2025-01-01 TO 2025-02-01]"),
        ("published:[2025-01 to 2025-02]", 10, "is no date", "published:[2025-01 TO 2025-02]"),
        ("published:31.01.2025", 10, "is no date", "published:2025-01-31"),
        ("published:1/31/2025", 10, "is no date", "published:2025-01-31"),
        ("published:01/02/2025", 10, "is no date", None),
        ("published:2025/1/5", 10, "is no date", "published:2025-01-05"),
        ("published:yesterday", 10, "is no date", "published:2d"),
        ('published:"last 7 days"', 10, "is no date", "published:7d"),
        ("published:now-7d", 10, "is no date", "published:7d"),
        ("published:>=now-7d", 10, "is no date", "published:7d"),
        ("published:>=7d", 10, "is no date", "published:7d"),
        ("published:<7d", 10, "is no date", None),
        ("published:> 2025", 10, "is no date", "published:>2025-01"),
        ("a [b]", 2, "follows a date field", "published:[b]"),
        ("title:[a TO b]", 6, "takes no range", "published:[a TO b]"),
        ("title:-a", 6, "one minus", None),
        ("--a", 0, "one minus", None),
        ("a NEAR b", 2, "number of words", "NEAR/10"),
        ("a NEAR/51 b", 2, "not near", "NEAR/50"),
        ("a NEAR/99999999999 b", 2, "not near", "NEAR/50"),
        ("a NEAR/3 b NEAR/3 c", 11, "two sides", None),
        ("a NEAR/3 (b c)", 2, "beside NEAR", None),
        ("a NEAR/3 title:b", 2, "one field", "title:(peace NEAR/5 talks)"),
        ('a NEAR/3 "b c"~2', 2, "is exact", '"b c"'),
        ("source:(a NEAR/3 b)", 10, "holds values", None),
        ('"a b c d e f"~20', 0, "too wide", None),
        ("published:2025-02-30", 10, "no day", None),
        ("published:0000", 10, "no year", None),
        ("published:soon", 10, "is no date", None),
        ("published:99999y", 10, "before all calendars", None),
        ("published:[2025-02 TO 2025-01]", 10, "before it begins", "published:[2025-01 TO 2025-02]"),
        ('source:""', 7, "needs a value", None),
        ("a\x00b [", 4, "not understood", None),
    ],
)  # fmt: skip
def test_a_bad_query_says_where_and_why(
    query: str, position: int, reason: str, suggestion: str | None
) -> None:
    error = refused(query)
    assert reason in error.reason
    assert (error.position, error.suggestion) == (position, suggestion)


def test_an_error_reads_as_one_line() -> None:
    assert str(refused("(a")) == "at 1: this ( is never closed — did you mean: (a)"
    assert str(refused("title:")) == "at 7: something to search is missing after title:"


def test_small_operators_are_words_with_a_hint() -> None:
    assert hints("a AND b") == ()
    assert [hint.split("'")[1] for hint in hints("a and b or c and near/5 d")] == ["and", "or", "near/5"]
    assert hints('"war and peace" android') == ()
    assert hints("“war and peace” not") == hints("not")


def test_single_quotes_are_no_phrase_and_a_hint_says_so() -> None:
    (hint,) = hints("'peace process' talks")
    assert "'peace process'" in hint and '"…"' in hint
    assert hints("‘peace process’") == (hint,)
    assert hints("don't say isn't") == hints("the ulema's edict") == hints("'talks'") == ()


@pytest.mark.parametrize(
    "query",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "(" * 9_000 + "a" + ")" * 9_000,
        "(" * (MAX_NESTING + 1) + "a" + ")" * (MAX_NESTING + 1),
        "a " * 500_000,
        "ab " * (MAX_TERMS + 1),
        "-" * 10_000 + "a",
        '"' * 9_999,
        "title:" * 3_000 + "a",
        "a" * (MAX_LENGTH + 1),
        "a-" * (MAX_TERMS + 1),
        f'"{"a " * (MAX_TERMS + 1)}"',
        f"({'a OR ' * MAX_TERMS}b) NEAR/5 c",
        f'"{"a " * 600}"~1',
        '("a b" OR "b c" OR "c d" OR "d e") NEAR/50 ("a b" OR "b c")',
        "tal* " * (MAX_OPEN + 1),
        "taliban~2 " * (MAX_FUZZY + 1),
        f"({'tal* OR ' * MAX_OPEN}t?liban) NEAR/1 c",
        "*a*",
        "a~9",
        "?" * 5_000 + "a",
        "a" + "?b" * 5_000,
        "ab" + "*b" * 5_000,
        "a^" + "9" * 5_000,
        "a^2" * 5_000,
        '""' * 9_000,
        '"a"' * 6_000,
        "(a)" * 6_000,
        "a NEAR/3 " * 999 + "a",
        "(a NEAR/3 " * 39 + "a" + ")" * 39,
        "\u202e" * 19_999 + "(",
    ],
)
def test_what_asks_for_too_much_is_refused_at_once(query: str) -> None:
    began = time.perf_counter()
    refused(query)
    assert time.perf_counter() - began < 0.2


def test_what_is_within_the_limits_is_read() -> None:
    assert read("(" * MAX_NESTING + "a" + ")" * MAX_NESTING) == A
    assert len(list(leaves(read("ab " * MAX_TERMS)))) == MAX_TERMS
    assert read("NOT " * 3_000 + "a") == A
    assert read("a" * 1_000) == Word("a" * 100)  # as text.py cuts it


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from('ab "()[]*~^:-?/|!“”–1AND OR NEAR title:published:\u202e\x00ہ۱\n'), max_size=40)
)
@example("published:[]")
@example("~1~2")
@example('""')
@example('""~3')
@example("NEAR/3")
@example("a NEAR/3 ()")
@example("* NEAR/1 a")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        node = read(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.reason
    else:
        assert list(leaves(node))


def test_threads_share_the_parser() -> None:
    wanted = {
        query: read(query) for query in ("a OR b", '"a b"~2 -c', "title:(a NEAR/3 b)", "published:2025")
    }
    wrong: list[str] = []

    def work() -> None:
        for _ in range(50):
            wrong.extend(query for query, node in wanted.items() if read(query) != node)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
