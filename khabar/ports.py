"""The seams: what an index, a ledger and a job runner can do. Everything else takes these as arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, Protocol

from khabar.errors import KhabarError

if TYPE_CHECKING:
    from khabar.jobs import Job
    from khabar.models import Discovery, Document, Entry, Folded, Outcome, Results
    from search.tree import Node

# --- ledger -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What the last look at an endpoint left behind; sent back as If-None-Match and If-Modified-Since."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    checked: datetime | None = None  # last look that was answered, 304 included
    newest: datetime | None = None  # newest item's time: HTTP 200 is not health
    failures: int = 0  # consecutive
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A URL found at an endpoint, before the ledger has decided whether it is news."""

    url: str
    source: str
    endpoint: str
    scope: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Lease:
    """A right held for a while. `token` rises with every new holder of the name: a stale holder's is lower."""

    name: str
    holder: str
    token: int
    until: datetime
    last_request: datetime | None = None  # of a host: politeness goes with the lease
    tries: int = 0  # of a job: how often it was started


class Ledger(Protocol):
    """The memory of the crawl. Losing it costs re-fetches, never articles, never the accounting."""

    # endpoints and discovery
    def endpoint(self, url: str) -> EndpointState:
        """Return what is known of an endpoint; a fresh state for an unknown one."""
        ...

    def endpoints(self) -> Iterator[EndpointState]:
        """Yield what is known of every endpoint."""
        ...

    def discover(self, state: EndpointState, found: Sequence[Found], now: datetime) -> list[Discovery]:
        """In one transaction keep the endpoint's state and claim what is new or changed among the URLs found.

        New: never claimed. Changed: the entry's `updated` (else its title and text) differs from the last claim's.
        Each claim enters the frontier and is counted under (source, UTC day of `now`). Returns the claims made.
        Claim times are unique per ledger (bumped by microseconds).
        """
        ...

    def claim(
        self, found: Found, why: Literal["revisit", "back-fill", "new"], now: datetime
    ) -> Discovery | None:
        """Claim one URL outright (a redirect to another domain, a revisit); None where it is in the frontier.

        None also for what is no web address, and for a back-fill of what was claimed before and did not fail.
        """
        ...

    # frontier
    def take(
        self, domains: Sequence[str], limit: int, now: datetime, sources: Sequence[str] = ()
    ) -> list[Discovery]:
        """Return claims of these registrable domains (and sources, or all) that may be fetched now, oldest first.

        They stay in the frontier.
        """
        ...

    def due_domains(self, now: datetime, sources: Sequence[str] = ()) -> list[str]:
        """Return the registrable domains that have a claim to fetch now (of these sources, or of all)."""
        ...

    def postpone(self, attempt: str, until: datetime, reason: str) -> int:
        """Keep a claim in the frontier until later; returns how often that has been done, 0 where it is not there."""
        ...

    def finish(self, attempts: Iterable[str], failed: Iterable[str] = ()) -> None:
        """Take attempts out of the frontier once their segment is sealed.

        A failed one may be claimed again when its endpoint still lists it, after a day and at most three times.
        """
        ...

    def frontier(self) -> Iterator[Discovery]:
        """Yield every claim that is still to fetch."""
        ...

    def restore(
        self, frontier: Iterable[Discovery], endpoints: Iterable[EndpointState], now: datetime
    ) -> None:
        """Replace the frontier and the endpoints' states by another ledger's; each claim keeps its time and name.

        Counts and memory are told by `recount`, which must come next; a restore that died is simply done again. What
        was postponed may be fetched at once. No crawl may run meanwhile.
        """
        ...

    # accounting
    def count_import(self, segment: str, counts: Mapping[tuple[str, date], int]) -> None:
        """Count the attempts of an import segment, once however often it is called for that segment."""
        ...

    def discovered(self) -> dict[tuple[str, date], int]:
        """Return the claims counted by (source, UTC day)."""
        ...

    def recount(
        self, counts: Mapping[tuple[str, date], int], seen: Iterable[Discovery], now: datetime
    ) -> None:
        """Replace the counts and the memory of seen URLs by what the archive tells: after a lost ledger.

        `seen` are all discoveries of the archive. Attempts that are among them leave the frontier; those left in it
        are counted on top. No crawl may seal and no import run meanwhile.
        """
        ...

    def recounted(self) -> datetime | None:
        """Return when the counts were last recounted from the archive, None if never."""
        ...

    # leases
    def acquire(self, name: str, holder: str, ttl: float, now: datetime) -> Lease | None:
        """Take a lease for `ttl` seconds; None while someone else's is running."""
        ...

    def renew(
        self, lease: Lease, ttl: float, now: datetime, last_request: datetime | None = None
    ) -> Lease | None:
        """Extend one's own lease; None where its token is no longer the newest (stop work at once)."""
        ...

    def release(self, lease: Lease, done: bool = False) -> None:
        """Give a lease back; a job that is done forgets its tries."""
        ...

    def rest(self, lease: Lease, until: datetime, blame: bool = True) -> None:
        """Leave a failed job alone until then: its lease runs on, held by nobody.

        Without `blame` this try is not counted. A stale holder's call changes nothing.
        """
        ...

    def leases(self, now: datetime) -> list[Lease]:
        """Return the running leases."""
        ...

    def tries(self, name: str) -> int:
        """Return how often a job was started without being done."""
        ...

    # schedule
    def last_run(self, name: str) -> datetime | None:
        """Return when this was last run or sent (`crawl:dawn`, `sent:ingest:<segment>`)."""
        ...

    def mark_run(self, name: str, now: datetime) -> None:
        """Remember that this was run or sent."""
        ...

    def runs(self, prefix: str) -> dict[str, datetime]:
        """Return all that was run or sent under names with this prefix."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


# --- index --------------------------------------------------------------------------------------------------

Fold = Callable[["Document | None"], "Folded | None"]
Sort = Literal["relevance", "newest", "oldest"]
Interval = Literal["day", "week", "month"]
Counted = Literal["body_form", "entity", "lang"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page of hits ended: what its last hit was sorted by.

    `when` is the microseconds since 1970 at which it stands among the newest; `score` matters to relevance alone.
    `place` is about how many hits stand up to it: how far to look, never what is found.
    """

    score: float
    when: int
    id: str
    place: int = 0


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How many articles there are, and how many of them hold each of some values; 0 where none does."""

    articles: int
    holding: dict[str, int]


@dataclass(frozen=True, slots=True)
class Gist:
    """What one hit is about: how often its title and beginning hold each term (see search.gist)."""

    score: float
    lang: str
    terms: Mapping[str, int]


class RefusedDocumentsError(KhabarError):
    """An index takes some documents never, for what they hold; all others are written. `refused`: reasons by article id."""

    def __init__(self, refused: Mapping[str, str]) -> None:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in list(refused.items())[:5])
        super().__init__(f"the index refused {len(refused)} document(s), all others are written ({reasons})")
        self.refused = dict(refused)


class Index(Protocol):
    """Articles and outcome rows, searchable; a projection of the archive."""

    def get(self, ids: Iterable[str]) -> dict[str, Document]:
        """Return the documents that exist, by article id; sees every write that has returned."""
        ...

    def update(self, folds: Mapping[str, Fold], outcomes: Iterable[Outcome] = ()) -> dict[str, Document]:
        """Get, fold and write each document, again where somebody wrote in between, then its rows and `outcomes`.

        A fold gets what is stored (or None) and returns what is to be stored, None to leave it alone. Of two rows
        of one attempt the earlier by (date, record) stays; the same record's row is replaced. On return all is
        durable and searchable. Returns the documents written. Raises RefusedDocumentsError once all others, with
        their rows, are written: a refused document stays as it was stored before, and no row of its fold is written.
        """
        ...

    def delete(self, ids: Iterable[str], attempts: Iterable[str] = ()) -> None:
        """Remove documents and rows."""
        ...

    def search(
        self,
        query: Node,
        *,
        sort: Sort = "relevance",
        limit: int = 10,
        offset: int = 0,
        facets: Sequence[str] = (),
        timeline: Interval | None = None,
        timezone: str = "UTC",
        after: Mark | None = None,
        chosen: Mapping[str, Sequence[str]] | None = None,
        counted: bool = True,
    ) -> Results:
        """Return one page of hits, without snippets, with the exact total.

        `chosen` narrows everything to articles with any of the values of each facet in it; only the counts of that
        facet itself stay as if nothing were chosen of it. Not `counted`, `total` is no more than how many hits were
        looked at: much the faster where a query of many words needs only its best.

        `after` is where the page before ended, in place of an offset: what was added or taken out meanwhile moves
        nothing, as long as it does not change the scores by which hits are sorted.
        """
        ...

    def frequencies(self, field: Counted, values: Sequence[str]) -> Frequencies:
        """Return how many articles hold each value: a form of a word in the body, an entity's id, a language.

        Articles that were deleted or replaced may count until their engine forgets them, as they do in its scores.
        """
        ...

    def gists(self, query: Node, limit: int) -> list[Gist]:
        """Return what the best hits are about, as `search` finds them uncounted; cheaper than the articles."""
        ...

    def scan(self, query: Node, after: str = "") -> Iterator[Document]:
        """Yield every matching document in the order of article id, from the first id after `after`."""
        ...

    def near(
        self, bands: Sequence[str], exact: str, since: datetime, until: datetime, limit: int
    ) -> list[Document]:
        """Return documents that share a signature band or the exact body hash.

        Their first record lies between the two times (inclusive); the earliest by (date, id) first, at most `limit`.
        """
        ...

    def members(self, clusters: Iterable[str]) -> list[Document]:
        """Return the documents of these clusters."""
        ...

    def rows(
        self,
        *,
        source: str | None = None,
        since: date | None = None,
        until: date | None = None,
        url: str | None = None,
        attempts: Sequence[str] | None = None,
        outcomes: Sequence[str] | None = None,
    ) -> Iterator[Outcome]:
        """Yield outcome rows in the order of their attempt names; days are inclusive UTC days of the claim."""
        ...

    def tally(self) -> dict[tuple[str, date, str, str | None], int]:
        """Return the number of rows by (source, day, outcome, reason)."""
        ...

    def close(self) -> None:
        """Give files and connections back."""
        ...


# --- jobs ---------------------------------------------------------------------------------------------------


class Submit(Protocol):
    """Hands a job to whoever runs it: processes beside the command, or a Celery queue. A wake-up, no promise."""

    def __call__(self, job: Job, later: bool = False) -> object:
        """Send the job, behind everything live where it may wait; never raises, losing it costs time only."""
        ...
