"""What an article's address in Tantivy holds: the document as it was written, and its name."""

from __future__ import annotations

import tantivy

from khabar import codec
from khabar.models import Document
from khabar.ports import Gist
from search.tantivy.engine import Snapshot, reading
from search.tantivy.order import Name


def load(snapshot: Snapshot, address: tantivy.DocAddress) -> Document:
    """Return the document at an address."""
    with reading(snapshot.folder):
        return codec.load(snapshot.stored(address, "document"), Document)


def name_in(snapshot: Snapshot) -> Name:
    """Return what gives the article id at an address; it reads the whole document."""
    return lambda address: load(snapshot, address).article.id


def gist_at(snapshot: Snapshot, address: tantivy.DocAddress, score: float) -> Gist:
    """Return what a hit is about, as it was worked out when it was written."""
    with reading(snapshot.folder):
        lang, terms = codec.load(snapshot.stored(address, "gist"), tuple[str, dict[str, int]])
    return Gist(score, lang, terms)
