"""Everything that is found, as a stream: it takes as much memory as a page does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from khabar import finding
from khabar.exports import MEDIA_TYPES, Form, exported
from khabar.runtime import outlet_names
from khabar.web import examples
from khabar.web.asked import Asked, Chosen, Zone, chosen_of, read_query, runtime_of
from khabar.web.description import texts
from search.chosen import narrowed

router = APIRouter(tags=["search"])

_CHUNK = 64 << 10  # bytes sent at a time


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses=texts(
        {media: ({"type": "string"}, examples.EXPORTS[form]) for form, media in MEDIA_TYPES.items()}
    ),
)
def export(
    request: Request,
    query: Asked,
    format: Annotated[Form, Query(description="jsonl: whole articles, one a line.")] = "jsonl",  # noqa: A002 - the command's word
    copies: Annotated[
        finding.Copies, Query(description="Each copy of a text by itself, or one for all.")
    ] = "all",
    choose: Chosen = [],  # noqa: B006 - FastAPI copies it
    timezone: Zone = None,
) -> Response:
    """Stream everything that is found, in the order of ids, with no ceiling.

    Where the server fails midway the connection breaks: what ended in good order is complete.
    """
    runtime = runtime_of(request, timezone)
    node = narrowed(read_query(request, runtime, query, 50), chosen_of(choose))
    documents = finding.everything(runtime, node, copies)
    first = list(islice(documents, 1))  # a query that is refused only now is still answered as a problem
    articles = (document.article for document in chain(first, documents))
    suffix = {"bibtex": "bib"}.get(format, format)
    headers = {"Content-Disposition": f'attachment; filename="khabar.{suffix}"'}
    text = exported(articles, format, outlet_names(runtime))
    return StreamingResponse(_chunks(text), headers=headers, media_type=MEDIA_TYPES[format])


def _chunks(text: Iterator[str]) -> Iterator[bytes]:
    held = bytearray()
    for piece in text:
        held += piece.encode()
        if len(held) >= _CHUNK:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
