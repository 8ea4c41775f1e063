"""YAML with places: what is read as it stands, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from khabar.catalogue.marks import Entries, Items, Scalar, Value, position, read_yaml
from khabar.catalogue.problems import Problems


def read(tmp_path: Path, data: str | bytes) -> tuple[Value | None, list[str]]:
    path = tmp_path / "x.yaml"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    problems = Problems()
    value = read_yaml(path, problems)
    return value, [f"{found.line}:{found.column}: {found.what} — {found.how}" for found in problems.found]


def scalar(value: Value | None, key: str) -> Scalar:
    assert isinstance(value, Entries)
    held = value.values[key][1]
    assert isinstance(held, Scalar)
    return held


def test_a_value_is_what_the_file_spells(tmp_path: Path) -> None:
    value, problems = read(tmp_path, "country: NO\ntime: 06:30\nversion: 1.10\nnumber: 0123\n")
    assert not problems
    assert [scalar(value, key).text for key in ("country", "time", "version", "number")] == [
        "NO", "06:30", "1.10", "0123",
    ]  # fmt: skip


def test_places_count_code_points_of_lines(tmp_path: Path) -> None:
    value, _ = read(tmp_path, "# اردو\nنام: [خبر, {ب: ج}]\n")
    assert isinstance(value, Entries)
    place, held = value.values["نام"]
    assert (place.line, place.column) == (2, 1)
    assert isinstance(held, Items)
    assert [(item.place.line, item.place.column) for item in held.values] == [(2, 7), (2, 12)]


def test_a_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    value, problems = read(tmp_path, b"\xef\xbb\xbfid: x\n")
    assert not problems
    assert scalar(value, "id").text == "x"


@pytest.mark.parametrize(
    ("text", "empty"), [("a:", True), ("a: ~", True), ("a: null", True), ('a: ""', False), ("a: '~'", False)]
)
def test_nothing_is_told_from_a_quoted_nothing(tmp_path: Path, text: str, empty: bool) -> None:
    value, _ = read(tmp_path, text)
    assert scalar(value, "a").empty is empty


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "1:1: is empty — write it, or delete the file"),
        ("# only a remark\n", "1:1: is empty — write it, or delete the file"),
        ("id: b\n\tname: x\n", "2:1: a tab stands where only spaces may — indent with spaces"),
        ("id: b\nx:\n\t- y\n", "3:1: a tab stands where only spaces may — indent with spaces"),
        (b"id: b\nname: caf\xe9\n", "2:10: is not UTF-8 from here on — save the file as UTF-8"),
        ("id: b\nname: \x01\n", "2:7: U+0001 is no character of a text — remove it"),
        ("a: &x [1]\nb: 2\n", "1:4: anchors (&) and aliases (*) are not allowed — quote it, or write it out"),
        ("a: 1\nb: *x\n", "2:4: anchors (&) and aliases (*) are not allowed — quote it, or write it out"),
        ("a: !!python/object:os.system x\n", "1:4: tags (tag:yaml.org,2002:python/object:os.system) are not"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document begins — one file holds one: remove the `---`"),
        ("id: f\nid: g\n", "2:1: `id` stands twice — the first is on line 1; keep one"),
        ("? [a, b]\n: c\n", "1:3: a key must be a word — quote it"),
        ("a: " + "[" * 40 + "]" * 40, "1:24: is nested too deeply — check the brackets"),
        ("id: f\nname: a: b\n", "2:8: is no YAML: mapping values are not allowed in this context — check quotes"),
        ("id: f\nname: [a\n", "3:1: is no YAML: while parsing a flow sequence did not find expected"),
        ('id: f\nname: "a\n', "3:1: is no YAML: while scanning a quoted scalar found unexpected end"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_where_and_how_to_mend_it(
    tmp_path: Path, data: str | bytes, said: str
) -> None:
    _, problems = read(tmp_path, data)
    assert len(problems) == 1
    assert problems[0].startswith(said)


def test_a_file_that_is_not_there_is_a_problem_of_that_file(tmp_path: Path) -> None:
    link = tmp_path / "x.yaml"
    link.symlink_to("nowhere")
    problems = Problems()
    assert read_yaml(link, problems) is None
    assert str(problems.found[0]).startswith(f"{link}:1:1: cannot be read: No such file")


def test_a_file_of_endless_size_is_not_read(tmp_path: Path) -> None:
    _, problems = read(tmp_path, b"#" * ((8 << 20) + 1))
    assert problems == ["1:1: is larger than 8 MiB — split it into several files"]


def test_a_small_file_cannot_become_a_huge_one(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    _, problems = read(tmp_path, bomb)
    assert problems[0].startswith("1:4: anchors")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@settings(max_examples=150, deadline=None)
@example(b"\xff")
@example(b"a: *b")
@example(b"%YAML 9\n---\n")
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    value, problems = read(tmp_path_factory.mktemp("any"), data)
    assert (value is None) <= bool(problems)


# --- positions inside a value -------------------------------------------------------------------------------

WORDS = st.lists(
    st.sampled_from(["entity:ttp", "AND", "(طالبان", "OR", "it's)", '"a b"', "پاک"]), min_size=1, max_size=8
)


@pytest.mark.parametrize("style", ["plain", "'", '"', "|", ">"])
@given(words=WORDS, data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_place_in_a_query_is_found_in_the_file(
    style: str, words: list[str], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever quotes the file uses, a character of the value leads to that character of the file."""
    query = " ".join(words)
    offset = data.draw(st.sampled_from([at for at, char in enumerate(query) if not char.isspace()]))
    text = _written(query, style)
    if text is None:
        return
    value, problems = read(tmp_path_factory.mktemp("query"), text)
    assert not problems
    held = scalar(value, "query")
    place = position(held, offset)
    assert text.split("\n")[place.line - 1][place.column - 1] == query[offset]


def _written(query: str, style: str) -> str | None:
    """Return a file that holds the query in this style; None where plain style cannot hold it."""
    if style == "plain":
        text = f"# x\nquery: {query}\n"
        try:
            return text if yaml.safe_load(text)["query"] == query else None
        except yaml.YAMLError:
            return None
    if style == "'":
        return "id: x\nquery:   '" + query.replace("'", "''") + "'\n"
    if style == '"':
        return None if '"' in query else f'query: "{query}"\n'
    return f"query: {style}-\n  " + query.replace(" ", "\n  ") + "\nid: x\n"
