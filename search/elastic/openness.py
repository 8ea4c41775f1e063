"""How many words of the index stand for a word left open: Elasticsearch counts them, but has no ceiling of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from search import shapes
from search.elastic.client import Server
from search.elastic.query import any_of, open_term
from search.refusal import MAX_EXPANSION, too_open
from search.schema import fields_of
from search.tree import Near, Node, Prefix, Term, Wildcard, leaves

# Its words as Elasticsearch names them when it is asked what a query becomes.
_NAMED = re.compile(r"ConstantScore\((\w+):(.*?)\)(?=[\s)^]|$)")
_CEILING = f"top_terms_boost_{MAX_EXPANSION + 1}"

Opened = tuple[str, Term]


def check_open(server: Server, index: str, node: Node) -> None:
    """Raise QueryError for a word left open that stands for more than MAX_EXPANSION words of one field."""
    opened = list(dict.fromkeys(_opened(node)))
    if opened:
        _check(server, index, opened)


def _check(server: Server, index: str, opened: list[Opened]) -> None:
    found = _words(server, index, opened)
    if found is None and len(opened) > 1:  # more words in all than Elasticsearch takes: some at a time
        middle = len(opened) // 2
        _check(server, index, opened[:middle])
        _check(server, index, opened[middle:])
        return
    for field, term in opened:
        accepts = shapes.accepts(f"{term.text}*" if term.prefix else term.text)
        if (
            found is None
            or sum(name == field and bool(accepts(word)) for name, word in found) > MAX_EXPANSION
        ):
            raise too_open(term)


def _words(server: Server, index: str, opened: Iterable[Opened]) -> set[tuple[str, str]] | None:
    """Return the words, each with its field, that are in any shard; None where Elasticsearch takes not so many."""
    query = any_of(open_term(term, field, rewrite=_CEILING) for field, term in opened)
    answer = server.ask(
        lambda es: es.indices.validate_query(index=index, query=query, rewrite=True, all_shards=True)
    ).body
    if not answer["valid"]:
        return None
    said = (str(shard.get("explanation")) for shard in answer["explanations"])
    return {found for each in said for found in _NAMED.findall(each)}


def _opened(node: Node) -> Iterable[Opened]:
    for leaf in leaves(node):
        match leaf:
            case Prefix(text, where):
                terms = [Term(text, prefix=True)]
            case Wildcard(text, where):
                terms = [Term(text, wild=True)]
            case Near(left, right, where=where):
                terms = [term for sequence in left + right for term in sequence if term.is_open]
            case _:
                continue
        yield from ((field, term) for term in terms for field in fields_of(where))
