"""Exports open in the readers of others as what they are: CSV, RIS by rispy, BibTeX by bibtexparser."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from khabar.codec import load
from khabar.exports import COLUMNS, FORMS, MEDIA_TYPES, Form, exported
from khabar.models import ArchiveRef, Article, Entity, TopicMatch

FETCHED = datetime(2025, 2, 1, 3, 30, tzinfo=UTC)
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OUTLETS = {"dawn": "Dawn & Sons {Karachi}"}


def article(**fields: Any) -> Article:
    given: dict[str, Any] = {
        "id": "00a1b2c3d4e5f6071829",
        "url": "https://dawn.example/news/1?a={b}&c=50%25",
        "source": "dawn",
        "title": "A gate: 100% of what_is #known",
        "body": "One.\n\nTwo.",
        "fetched": FETCHED,
        "authors": ("Zahid Hussain", "Khan, Amina", "Rock and Sons"),
        "lang": "en",
        "genre": "opinion",
        "published": datetime(2025, 1, 31, 8, tzinfo=timezone(timedelta(hours=5))),
        "published_precision": "second",
        "topics": (TopicMatch("pak-taliban", 9.5, 3),),
        "entities": (
            Entity("pakistan", "Pakistan", "country", 0.2),
            Entity("ttp", "Tehrik, the", "organization", 0.9),
        ),
        "archive": ArchiveRef("segments/2025/02/01/a.warc.gz", "urn:uuid:7", HASH),
    } | fields
    return Article(**given)


BARE = article(
    id="ff",
    source="nobody",
    title="",
    authors=(),
    genre="unknown",
    published=None,
    topics=(),
    entities=(),
    archive=None,
)
URDU = article(title="سرحد پر مذاکرات", authors=("عائشہ صدیقہ",), lang="ur", source="dawn")


def text(form: Form, *articles: Article) -> str:
    return "".join(exported(articles, form, OUTLETS))


def ris(*articles: Article) -> list[dict[str, Any]]:
    return rispy.loads(text("ris", *articles))


def bibtex(*articles: Article) -> list[dict[str, str]]:
    """Return the entries, values without their outer braces; every block must be understood."""
    found = parse_string(text("bibtex", *articles))
    assert found.failed_blocks == []
    return [
        {"key": entry.key, "type": entry.entry_type, **{field.key: field.value for field in entry.fields}}
        for entry in found.entries
    ]


def sheet(*articles: Article) -> list[dict[str, str]]:
    read = text("csv", *articles)
    assert read.encode().startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(read.removeprefix("\ufeff"), newline="")))


def test_lines_of_json_are_whole_articles() -> None:
    lines = text("jsonl", article(), URDU).splitlines()
    assert [load(line, Article) for line in lines] == [article(), URDU]


@pytest.mark.parametrize("form", FORMS)
def test_nothing_exported_is_nothing_but_a_head(form: Form) -> None:
    assert text(form).strip("\ufeff\r\n") == (",".join(COLUMNS) if form == "csv" else "")
    assert MEDIA_TYPES[form]


def test_an_export_is_made_as_articles_come() -> None:
    endless = iter(article, None)
    for form in FORMS:
        pieces = exported(endless, form, OUTLETS)
        assert all(next(pieces) for _ in range(3))


# --- CSV ----------------------------------------------------------------------------------------------------


def test_a_sheet_has_a_column_for_each_fact() -> None:
    [row, bare] = sheet(article(), BARE)
    assert tuple(row) == COLUMNS
    assert row["published"] == "2025-01-31T08:00:00+05:00"
    assert row["authors"] == "Zahid Hussain; Khan, Amina; Rock and Sons"
    assert (row["topics"], row["entities"]) == ("pak-taliban", "pakistan; ttp")
    assert (row["sha256"], row["fetched"]) == (HASH, "2025-02-01T03:30:00+00:00")
    assert (bare["published"], bare["sha256"], bare["country"]) == ("", "", "")
    assert sheet(URDU)[0]["title"] == "سرحد پر مذاکرات"


@pytest.mark.parametrize(
    "title",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "＝1",
        " =1",
        "\t=1",
        "\r\n=1",
        "\ufeff=1",
        "\u200b \u200f=cmd|' /C calc'!A0",
    ],
)
def test_no_cell_is_a_formula(title: str) -> None:
    [row] = sheet(article(title=title, authors=(title,)))
    assert row["title"] == f"'{title}" and row["authors"].startswith("'")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.sampled_from("=+-@"))
def test_whatever_stands_in_a_cell_one_row_comes_back(middle: str, sign: str) -> None:
    for title in (middle, sign + middle):
        rows = sheet(article(title=title), BARE)
        assert len(rows) == 2
        assert rows[0]["title"].removeprefix("'") == title.replace("\0", "").removeprefix("'")
        assert not rows[0]["title"].lstrip().startswith(("=", "+", "-", "@"))


# --- RIS ----------------------------------------------------------------------------------------------------


def test_ris_is_read_by_its_reader() -> None:
    [entry, bare] = ris(article(), BARE)
    assert entry["type_of_reference"] == "NEWS"
    assert entry["title"] == "A gate: 100% of what_is #known"
    assert entry["authors"] == ["Zahid Hussain", "Khan, Amina", "Rock and Sons"]
    assert (entry["year"], entry["date"]) == ("2025", "2025/01/31/")
    assert entry["secondary_title"] == "Dawn & Sons {Karachi}"
    assert entry["access_date"] == "2025/02/01/"
    assert entry["urls"] == ["https://dawn.example/news/1?a={b}&c=50%25"]
    assert entry["keywords"] == ["opinion", "pak-taliban", "Tehrik, the", "Pakistan"]
    assert HASH in entry["notes"][0] and "urn:uuid:7" in entry["notes"][0]
    assert bare["title"] == "[untitled]" and "year" not in bare and "authors" not in bare
    assert "sha256" not in bare["notes"][0]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_text_breaks_a_ris_record(title: str) -> None:
    found = ris(article(title=f"{title}\r\nER  - \n\nTY  - BOOK"), URDU)
    assert len(found) == 2 and found[1]["title"] == URDU.title
    assert found[0]["type_of_reference"] == "NEWS"


# --- BibTeX -------------------------------------------------------------------------------------------------


def test_bibtex_is_read_by_its_reader() -> None:
    [entry, bare] = bibtex(article(), BARE)
    assert (entry["type"], entry["key"]) == ("article", "dawn-2025-00a1b2c3d4")
    assert entry["title"] == r"{A gate: 100\% of what\_is \#known}"
    assert entry["author"] == "Zahid Hussain and {Khan, Amina} and {Rock and Sons}"
    assert entry["journal"] == r"Dawn \& Sons {\textbraceleft}Karachi{\textbraceright}"
    assert (entry["year"], entry["month"], entry["date"]) == ("2025", "jan", "2025-01-31")
    assert entry["url"] == "https://dawn.example/news/1?a=%7Bb%7D&c=50%25"
    assert entry["urldate"] == "2025-02-01"
    assert entry["keywords"] == "opinion, pak-taliban, Tehrik the, Pakistan"
    assert HASH in entry["note"]
    assert bare["key"] == "nobody-undated-ff" and "year" not in bare and "author" not in bare


@pytest.mark.parametrize(
    ("precision", "date", "month"),
    [("year", "2025", None), ("month", "2025-01", "jan"), (None, "2025-01-31", "jan")],
)
def test_a_date_is_as_exact_as_it_is_known(precision: Any, date: str, month: str | None) -> None:
    [entry] = bibtex(article(published_precision=precision))
    assert (entry["date"], entry.get("month")) == (date, month)
    assert ris(article(published_precision=precision))[0]["date"].rstrip("/") == date.replace("-", "/")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_text_breaks_a_bibtex_entry(title: str) -> None:
    found = bibtex(article(title=title, authors=(title or "x",), source=title), URDU)
    assert len(found) == 2 and found[1]["title"] == f"{{{URDU.title}}}"
    assert found[0]["urldate"] == "2025-02-01"
