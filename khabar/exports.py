"""Articles for other programs: JSON Lines, CSV for spreadsheets, RIS and BibTeX for reference managers; a text each.

A citation names what was read: the day it was fetched, and the hash of what the archive keeps of it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal

from khabar.codec import dump
from khabar.models import Article
from khabar.text import slug

Form = Literal["jsonl", "csv", "ris", "bibtex"]
FORMS: Final[tuple[Form, ...]] = ("jsonl", "csv", "ris", "bibtex")
MEDIA_TYPES: Final[Mapping[Form, str]] = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "bibtex": "application/x-bibtex; charset=utf-8",
}

COLUMNS: Final = (
    "id",
    "published",
    "source",
    "country",
    "lang",
    "genre",
    "title",
    "authors",
    "url",
    "words",
    "topics",
    "entities",
    "copies",
    "fetched",
    "sha256",
)

# A spreadsheet takes what begins so for a formula, also after blanks and signs that nobody sees; full-width signs it
# takes for the plain ones.
_FORMULA = re.compile(r"[\s\x00-\x1f\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*[=+\-@＝＋－＠]")
_MARK = "\ufeff"  # without it a spreadsheet reads UTF-8 as something else
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def exported(articles: Iterable[Article], form: Form, outlets: Mapping[str, str]) -> Iterator[str]:
    """Yield the text of an export, piece by piece as articles come; `outlets`: what people call the sources."""
    writers: Mapping[Form, Callable[[Article, str], str]] = {
        "jsonl": lambda article, _: dump(article).decode() + "\n",
        "csv": lambda article, _: _row(map(_cell, _fields(article))),
        "ris": _ris,
        "bibtex": _bibtex,
    }
    if form == "csv":
        yield _MARK + _row(COLUMNS)
    for article in articles:
        yield writers[form](article, outlets.get(article.source, article.source))


# --- CSV ----------------------------------------------------------------------------------------------------


def _fields(article: Article) -> Iterator[Any]:
    for column in COLUMNS:
        yield _hash(article) if column == "sha256" else getattr(article, column)


def _row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        text = "; ".join(getattr(each, "id", each) for each in value)
    elif isinstance(value, datetime):
        text = value.isoformat()
    else:
        text = "" if value is None else str(value)
    text = text.replace("\0", "")  # no reader takes it
    return f"'{text}" if _FORMULA.match(text) else text


# --- RIS ----------------------------------------------------------------------------------------------------


def _ris(article: Article, outlet: str) -> str:
    """Return a record: lines of `XX  - value`, of which the type is the first and ER the last."""
    when = _published(article)
    fields = [
        ("TY", "NEWS"),
        ("ID", article.id),
        ("TI", article.title or "[untitled]"),
        *(("AU", author) for author in article.authors),
        ("T2", outlet),
        ("PY", when[0] if when else ""),
        ("DA", "/".join([*when, "", "", ""][:3]) + "/" if when else ""),
        ("SE", article.section or ""),
        ("LA", article.lang),
        ("UR", article.url),
        ("Y2", f"{article.fetched:%Y/%m/%d}/"),
        *(("KW", name) for name in _keywords(article)),
        ("N1", _archived(article)),
        ("DB", "Khabar"),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in fields if value or tag == "ER") + "\r\n"


# --- BibTeX -------------------------------------------------------------------------------------------------

_TEX = str.maketrans(
    {
        "\\": r"{\textbackslash}",
        "{": r"{\textbraceleft}",
        "}": r"{\textbraceright}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        **{sign: f"\\{sign}" for sign in "&%$#_"},
    }
)


def _bibtex(article: Article, outlet: str) -> str:
    """Return an entry; values stand in braces, which are always in pairs, and a title keeps its capitals."""
    when = _published(article)
    fields = {
        "title": "{" + _tex(article.title or "[untitled]") + "}",
        "author": " and ".join(map(_name, article.authors)),
        "journal": _tex(outlet),
        "year": when[0] if when else "",
        "month": _MONTHS[int(when[1]) - 1] if len(when) > 1 else "",
        "date": "-".join(when),
        "url": article.url.replace("{", "%7B").replace("}", "%7D"),
        "urldate": f"{article.fetched:%Y-%m-%d}",
        "langid": article.lang,
        "keywords": ", ".join(_tex(name).replace(",", " ") for name in _keywords(article)),
        "note": _tex(_archived(article)),
    }
    lines = [f"  {name} = {{{_line(value)}}}," for name, value in fields.items() if value]
    return "\n".join([f"@article{{{_key(article, when)},", *lines, "}", "", ""])


def _tex(text: str) -> str:
    return text.translate(_TEX)


def _name(author: str) -> str:
    """Return a name so that no comma, and no `and` in it, is taken for more names."""
    name = _tex(_line(author))
    return f"{{{name}}}" if "," in name or " and " in name.casefold() else name


def _key(article: Article, when: tuple[str, ...]) -> str:
    source = re.sub(r"[^a-z0-9-]", "", slug(article.source)) or "article"
    return f"{source}-{when[0] if when else 'undated'}-{article.id[:10]}"


# --- both ---------------------------------------------------------------------------------------------------


def _published(article: Article) -> tuple[str, ...]:
    """Return year, month and day of publication, as far as they are known."""
    if article.published is None:
        return ()
    known = {"year": 1, "month": 2}.get(article.published_precision or "day", 3)
    return tuple(article.published.strftime("%Y %m %d").split()[:known])


def _keywords(article: Article) -> list[str]:
    """Return the genre, the topics, and the entities that the article is most of all about."""
    genre = [] if article.genre == "unknown" else [article.genre]
    entities = sorted(article.entities, key=lambda entity: -entity.salience)
    names = [*genre, *(topic.id for topic in article.topics), *(entity.name for entity in entities[:10])]
    return list(dict.fromkeys(map(_line, names)))


def _archived(article: Article) -> str:
    kept = f", archived as sha256:{_hash(article)}" if _hash(article) else ""
    record = f", record {article.archive.record}" if article.archive else ""
    return f"Accessed {article.fetched:%Y-%m-%d}{kept}{record}"


def _hash(article: Article) -> str:
    return article.archive.sha256.removeprefix("sha256:") if article.archive else ""


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()
