"""Articles and results as text for a terminal; bold only where there is one."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from khabar import revisions as revised
from khabar.models import Article, Document, Mention
from khabar.revisions import Text

WIDTH = 96
HEADING = 70  # characters of the body that stand for a title


def results(found: dict[str, Any], terminal: bool) -> str:
    """Return a page of search results as `khabar search` prints it."""
    hits = found["hits"]
    folded = ", copies as one" if found.get("copies") == "folded" else ""
    head = f"{found['total']} article(s){folded}, {found['took_ms']} ms"
    blocks = [_hit(number, hit, terminal) for number, hit in enumerate(hits, 1)]
    facets = [_facet(name, counts) for name, counts in found["facets"].items() if counts]
    timeline = _timeline(found["timeline"])
    explained = [f"{id_}: {_spans(spans)}" for id_, spans in found["explain"].items()]
    odd = "\n".join(_odd(found["unusual"])) if "unusual" in found else ""
    return "\n\n".join(filter(None, [head, *blocks, "\n".join(facets), timeline, odd, "\n".join(explained)]))


def related(title: str, found: dict[str, Any], terminal: bool) -> str:
    """Return the articles nearest to one as `khabar related` prints them."""
    head = f"{found['total']} article(s) nearest to: {title}, {found['took_ms']} ms"
    blocks: list[str] = []
    for number, hit in enumerate(found["hits"], 1):
        shared = found["explain"].get(hit["article"]["id"], {})
        told = [f"     {kind} {', '.join(names)}" for kind, names in shared.items() if names]
        blocks.append("\n".join([_hit(number, hit, terminal), *told]))
    return "\n\n".join([head, *blocks])


def article(document: Document, spans: Sequence[Mention], terminal: bool) -> str:
    """Return an article for reading, with the spans given marked."""
    found = document.article
    by = ", ".join(found.authors) or "no byline"
    facts = [
        f"{by} · {found.source} · {day(found)} · {found.lang} · {found.genre} · {found.words} words",
        found.url,
        f"id {found.id} · {found.revisions} revision(s) · {found.copies} cop{'y' if found.copies == 1 else 'ies'}",
        "topics " + (", ".join(f"{t.id} {t.score:g}" for t in found.topics) or "none"),
        "entities " + (", ".join(f"{e.id} {e.salience:.2f}" for e in found.entities[:12]) or "none"),
    ]
    title = _marked(found.title, [s for s in spans if s.field == "title"]) or "untitled"
    body = _marked(found.body, [s for s in spans if s.field == "body"])
    return styled("\n".join([f"<mark>{title}</mark>" if not spans else title, *facts, "", body]), terminal)


def heading(title: str, body: str) -> str:
    """Return an article's title; of one without, its first words, which say that they are not one."""
    if title:
        return title
    first = textwrap.shorten(body[: 4 * HEADING], HEADING, placeholder=" …")
    return f"[untitled] {first}" if first else "[untitled]"


def revisions(document: Document) -> str:
    """Return the records of an article in their order; a new revision where the text changed."""
    number, lines = 0, list[str]()
    changes = revised.revisions(document)
    before = None
    for ref in document.references:
        new = number < len(changes) and ref == changes[number]
        number += new
        change = f"revision {number}" if new else "unchanged"
        lines.append(f"{ref.date:%Y-%m-%d %H:%M:%S}Z  {change:<12} {ref.record}  {ref.segment}  {ref.url}")
        if new and ref.title is not None and ref.title != before:
            lines.append(f"{'':<22}title: {ref.title}")
        before = ref.title
    return "\n".join(lines)


def copies(found: Sequence[tuple[Document, float]]) -> str:
    """Return where a text was printed, the first first, and how much of the first's text each shares."""
    lines = list[str]()
    for number, (document, share) in enumerate(found, 1):
        told = document.article
        # rounded down: what is not wholly the same is never 100 %
        kind = f"{int(share * 100)} % of the text" if number > 1 else "first"
        lines.append(
            f"{number:>3}. {day(told):<16}  {kind:<17}  {told.source} · {heading(told.title, told.body)}"
        )
        lines.append(f"     {told.id}  {told.url}")
    return "\n".join(lines)


def difference(before: Text, after: Text, terminal: bool) -> str:
    """Return two texts of an article as one, with what was [-taken out-] and {+put in+}."""
    parts = [_compared(before.title, after.title, terminal), _compared(before.body, after.body, terminal)]
    return "\n\n".join(parts)


def _compared(before: str, after: str, terminal: bool) -> str:
    out, put = ("\033[31m[-{}-]\033[0m", "\033[32m{{+{}+}}\033[0m") if terminal else ("[-{}-]", "{{+{}+}}")
    forms = {"kept": "{}", "out": out, "in": put}
    told: list[str] = []
    for piece in revised.compared(before, after):
        words = piece.text.rstrip()  # the space after a change is no part of it
        told += [forms[piece.what].format(words), piece.text[len(words) :]]
    return "".join(told)


def day(found: Article) -> str:
    """Return when an article was published, to the precision that is known."""
    if found.published is None:
        return f"undated (fetched {found.fetched:%Y-%m-%d})"
    form = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}.get(
        found.published_precision or "", "%Y-%m-%d %H:%M"
    )
    return found.published.strftime(form)


def styled(text: str, terminal: bool) -> str:
    """Return text with its <mark>s as bold on a terminal, as [brackets] elsewhere."""
    opening, closing = ("\033[1m", "\033[0m") if terminal else ("[", "]")
    return text.replace("<mark>", opening).replace("</mark>", closing)


def _hit(number: int, hit: dict[str, Any], terminal: bool) -> str:
    found = hit["article"]
    when = (found["published"] or "")[:10] or "undated"
    copies = f" · {found['copies']} copies" if found["copies"] > 1 else ""
    by = ", ".join(found["authors"]) or "no byline"
    title = heading(found["title"], found["body"])
    lines = [
        f"{number:>3}. <mark>{title}</mark>" if terminal else f"{number:>3}. {title}",
        f"     {when} · {found['source']} · {by} · {found['lang']} · {found['genre']}{copies}",
    ]
    for snippet in hit["snippets"]:
        lines += textwrap.wrap(
            re.sub(r"\s+", " ", snippet), WIDTH, initial_indent="     ", subsequent_indent="     "
        )
    lines.append(f"     {found['id']}  {found['url']}")
    return styled("\n".join(lines), terminal)


def _facet(name: str, counts: dict[str, int]) -> str:
    top = ", ".join(f"{value} {count}" for value, count in list(counts.items())[:10])
    return f"{name:<9}{top}" + (f", … {len(counts) - 10} more" if len(counts) > 10 else "")


def _odd(found: dict[str, Any]) -> Iterator[str]:
    for kind in ("entities", "terms"):
        told = [f"{each['name']} {each['share']:.0%} (else {each['background']:.1%})" for each in found[kind]]
        if told:
            yield f"unusual {kind} of the first {found['articles']}: {', '.join(told)}"


def _timeline(rows: Sequence[dict[str, Any]]) -> str:
    most = max((row["count"] for row in rows), default=0) or 1
    return "\n".join(
        f"{row['start']}  {'▇' * round(40 * row['count'] / most)} {row['count']}" for row in rows
    )


def _spans(spans: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{span['field']} {span['start']}–{span['end']} “{span['text']}”" for span in spans[:12])


def _marked(text: str, spans: Sequence[Mention]) -> str:
    pieces, last = [], 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start >= last:
            pieces += [text[last : span.start], "<mark>", text[span.start : span.end], "</mark>"]
            last = span.end
    return "".join([*pieces, text[last:]])
