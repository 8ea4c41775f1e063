"""The cluster pass: which articles are copies of one another, decided after all of them are visible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from khabar.models import Document, Folded
from khabar.ports import Fold, Index
from workers.duplicates import WINDOW, Words, comparable, read, same

CANDIDATES = 50  # compared for one article at most: unbounded, they grow with the corpus


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """What a pass did: the articles whose cluster changed, and those with more candidates than were compared."""

    relabelled: tuple[str, ...]
    capped: tuple[str, ...]


def cluster(index: Index, ids: Iterable[str]) -> ClusterReport:
    """Bring the clusters up to date after these articles were written, revised or deleted.

    A cluster is a connected component of copies, its id the smallest article id in it. So the clusters are a
    function of the set of articles, whatever the order and the batches, as long as no article had too many
    candidates. A pass that was interrupted is finished by the same call. The deletion of an article may split its
    cluster: then name its other members too, they cannot be found by it.
    """
    changed = sorted(set(ids))
    graph = _Graph(_suspects(index, changed))
    graph.connect_suspects()
    capped = tuple(name for name in changed if name in graph.suspects and _connect_around(index, name, graph))
    relabelled = _divide(index, graph, set(changed)) | _merge(index, graph, set(changed))
    return ClusterReport(tuple(sorted(relabelled)), capped)


@dataclass(slots=True)
class _Graph:
    """The components that are being built.

    A suspect, whose links may have changed, is a node of its own. Any other cluster has no changed article in it,
    hence is still connected: its label is one node for all of it.
    """

    suspects: dict[str, Document]
    parents: dict[str, str] = field(default_factory=dict[str, str])
    words: dict[str, Words] = field(default_factory=dict[str, Words])

    def node(self, document: Document) -> str:
        article = document.article
        return article.id if article.id in self.suspects else article.cluster

    def find(self, node: str) -> str:
        """Return the smallest node of the component."""
        while (parent := self.parents.setdefault(node, node)) != node:
            self.parents[node] = node = self.parents[parent]
        return node

    def connect(self, a: Document, b: Document) -> None:
        """Join the components of two candidates, if they are not yet one and the texts are copies."""
        one, other = self.find(self.node(a)), self.find(self.node(b))
        if one != other and same(self.read(a), self.read(b)):
            self.parents[max(one, other)] = min(one, other)

    def connect_suspects(self) -> None:
        """Compare the suspects with one another, each with the earlier ones that share a key with it."""
        sharing: dict[str, set[str]] = defaultdict(set)
        for name, document in self.suspects.items():
            keys = [key for key in (*document.signature.bands, document.signature.exact) if key]
            for other in sorted(set().union(*(sharing[key] for key in keys))):
                if comparable(document, self.suspects[other]):
                    self.connect(document, self.suspects[other])
            for key in keys:
                sharing[key].add(name)

    def read(self, document: Document) -> Words:
        name = document.article.id
        if name not in self.words:
            self.words[name] = read(document.article.body)
        return self.words[name]


def _suspects(index: Index, changed: Sequence[str]) -> dict[str, Document]:
    """Return the changed articles and all that shared a cluster with them.

    Labels are followed through ids as well as through clusters, so that what an interrupted pass left behind under
    the id of an article that has moved on is found.
    """
    suspects = index.get(changed)
    asked: set[str] = set()
    wanted = {*changed, *(document.article.cluster for document in suspects.values())}
    while wanted:
        asked |= wanted
        suspects |= {document.article.id: document for document in index.members(sorted(wanted))}
        wanted = {name for doc in suspects.values() for name in (doc.article.id, doc.article.cluster)} - asked
    return suspects


def _connect_around(index: Index, name: str, graph: _Graph) -> bool:
    """Compare a changed article with its candidates in the index; returns whether there were too many."""
    document = graph.suspects[name]
    signature, first = document.signature, document.references[0].date
    if not signature.exact:
        return False
    # One more than allowed, to know that there are more; and the article itself is among them.
    found = index.near(signature.bands, signature.exact, first - WINDOW, first + WINDOW, CANDIDATES + 2)
    others = [candidate for candidate in found if candidate.article.id != name]
    for candidate in others[:CANDIDATES]:
        graph.connect(document, candidate)
    return len(others) > CANDIDATES


def _divide(index: Index, graph: _Graph, changed: set[str]) -> set[str]:
    """Part the suspects that have one label and are connected no more; each part is named by its smallest id.

    A changed article moves last, after the one that gives its part the name: until then it leads to the others.
    """
    parts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, document in graph.suspects.items():
        parts[document.article.cluster][graph.find(name)].append(name)
    divided = [part for groups in parts.values() if len(groups) > 1 for part in groups.values()]
    turns: list[dict[str, str]] = [{}, {}, {}]
    for part in divided:
        for name in part:
            turns[2 if name in changed else name == min(part)][name] = min(part)
    written = _write(index, turns)
    graph.suspects |= written
    return set(written)


def _merge(index: Index, graph: _Graph, changed: set[str]) -> set[str]:
    """Give every component one label; the changed articles move first, then those whose own id is a label that goes.

    From then on the changed lead to the new label, and the ids under it to what still has the old ones.
    """
    lost = sorted(node for node in graph.parents if node not in graph.suspects and graph.find(node) != node)
    documents = [*graph.suspects.values(), *(index.members(lost) if lost else ())]
    turns: list[dict[str, str]] = [{}, {}, {}]
    for document in documents:
        name, label = document.article.id, document.article.cluster
        if (right := graph.find(graph.node(document))) != label:
            turns[0 if name in changed else 1 if name == label else 2][name] = right
    return set(_write(index, turns))


def _write(index: Index, turns: Sequence[Mapping[str, str]]) -> dict[str, Document]:
    """Write labels, one turn after the other, and return the documents that have changed."""
    written: dict[str, Document] = {}
    for turn in filter(None, turns):
        written |= index.update({name: _labelled(turn[name]) for name in sorted(turn)})
    return written


def _labelled(label: str) -> Fold:
    """Return the fold that changes the cluster of whatever is stored by then, and nothing else."""

    def fold(stored: Document | None) -> Folded | None:
        if stored is None or stored.article.cluster == label:
            return None
        return Folded(replace(stored, article=replace(stored.article, cluster=label)), ())

    return fold
