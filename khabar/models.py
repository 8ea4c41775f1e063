"""What flows through Khabar: frozen, typed, standard library only.

All datetimes are aware. Those that Khabar makes itself (fetched, claimed, WARC-Date) are UTC to the
microsecond; those that a publisher printed keep the publisher's offset. All text offsets are Unicode code points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

Why = Literal["new", "changed", "revisit", "back-fill", "import"]
OutcomeKind = Literal["indexed", "revised", "unchanged", "duplicate_of", "rejected", "failed"]
Precision = Literal["second", "day", "month", "year"]
Genre = Literal["opinion", "editorial", "column", "letter", "news", "interview", "unknown"]
Field = Literal["title", "body"]


# --- sources: what we know of a publisher -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place where a source announces its articles."""

    kind: Literal["feed", "sitemap", "listing"]
    url: str
    scope: str = "opinion"
    match: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Where one publisher's pages carry what, as CSS selectors, for pages fetched until a day; what is None is found without."""

    body: str | None = None
    title: str | None = None
    author: str | None = None
    date: str | None = None
    drop: tuple[str, ...] = ()
    valid_until: date | None = None  # the last day of this version; None: it still holds


@dataclass(frozen=True, slots=True)
class Source:
    """A publisher as its source file describes it (sources/<country>/<id>.yaml)."""

    id: str
    name: str
    country: str | None = None
    languages: tuple[str, ...] = ()
    timezone: str = "UTC"
    endpoints: tuple[Endpoint, ...] = ()
    domains: tuple[str, ...] = ()  # registrable domains its articles live on; default: its endpoints'
    articles_per_week: tuple[int, int] | None = None
    verified: date | None = None
    evidence: str | None = None
    enabled: bool = True
    every: int = 3600  # seconds between two looks at its endpoints
    delay: float | None = None  # seconds between two requests to its host; None: the configured one
    addresses: tuple[
        tuple[str, str], ...
    ] = ()  # (host, IP address): where it really is; lifts the private-address ban
    rules: tuple[Rules, ...] = ()  # versions, the oldest first


# --- discovery and the archive ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed said of one article."""

    url: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    guid: str | None = None
    text: str | None = None  # full text, where the feed carries it (HTML); a claim keeps none
    mark: str | None = None  # fingerprint of the title and a text that is kept no more


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was known when a URL was claimed; the archive keeps it beside the page.

    `attempt` names the attempt: `<claim time> <URL>`. It is made once, and repeated by whoever fetches again.
    """

    attempt: str
    url: str
    claimed: datetime
    source: str
    why: Why
    endpoint: str | None = None
    scope: str | None = None
    entry: Entry | None = None
    robots: str | None = None  # allowed | disallowed | unreachable
    delay: float | None = None  # seconds the crawler kept between two requests to this host
    failure: str | None = (
        None  # reason of an attempt without a page, as `rejected(…)` or `failed(…)` will give it
    )
    refused: bool = False  # True: the failure is a rejection (robots, scope), not an error


RecordKind = Literal["page", "text", "article", "revisit", "attempt"]


@dataclass(frozen=True, slots=True)
class Record:
    """One attempt as the archive holds it: the page, if any, and its discovery.

    Kinds: `page` (a response, or an imported HTML file), `text` (a feed's full text in place of the page),
    `article` (an imported article, JSON), `revisit` (304, or a payload seen before), `attempt` (nothing was fetched).
    """

    segment: str
    id: str  # urn:uuid:…
    date: datetime  # WARC-Date
    url: str
    kind: RecordKind
    discovery: Discovery
    status: int | None = None
    content_type: str | None = None
    charset: str | None = None  # as the HTTP header has it
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Capture:
    """What was fetched or read, before it is a record: what the archive is given.

    A `page` with a status is written as an HTTP response; without one (an HTML file) as a resource. `text`,
    `article` (JSON) are resources; `revisit` and `attempt` have no payload.
    """

    url: str
    date: datetime
    kind: RecordKind
    payload: bytes = b""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()  # HTTP, as received
    content_type: str | None = None
    origin: str | None = None  # its WARC-Record-ID, where it was read from somebody's WARC


@dataclass(frozen=True, slots=True)
class Damage:
    """A place in a segment that could not be read."""

    segment: str
    offset: int
    reason: str


# --- articles -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of the article's own title or body."""

    field: Field
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of the gazetteer as one article mentions it."""

    id: str
    name: str
    type: str
    salience: float
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """A topic that an article belongs to, with the spans that say why."""

    id: str
    score: float
    version: int
    evidence: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchiveRef:
    """Where the text of an article lies in the archive."""

    segment: str
    record: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Article:
    """An article as people see it; the JSON of docs/interfaces is this, field by field."""

    id: str
    url: str
    source: str
    title: str
    body: str
    fetched: datetime  # of its first record
    authors: tuple[str, ...] = ()
    lang: str = "und"
    lang_confidence: float = 0.0
    genre: Genre = "unknown"
    genre_evidence: tuple[str, ...] = ()
    published: datetime | None = None
    published_precision: Precision | None = None
    published_from: str | None = None
    published_confidence: float | None = None
    modified: datetime | None = None
    agency: str | None = None
    author_note: str | None = None
    reservations: tuple[str, ...] = ()
    country: str | None = None
    section: str | None = None
    breadcrumb: tuple[str, ...] = ()
    form: Literal["article", "live"] = "article"
    body_confidence: float | None = None
    image: str | None = None
    words: int = 0
    entities: tuple[Entity, ...] = ()
    topics: tuple[TopicMatch, ...] = ()
    mentions_dates: tuple[str, ...] = ()
    cluster: str = ""
    first: str = ""
    copies: int = 1
    revisions: int = 1
    changed: tuple[Field, ...] = ()  # what a later record has changed of it: title, body
    archive: ArchiveRef | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The near-duplicate signature of a body: MinHash band keys, searchable as terms."""

    version: int
    bands: tuple[str, ...] = ()
    exact: str = ""  # hash of the folded words: equal bodies, whatever their length


@dataclass(frozen=True, slots=True)
class Reading:
    """What the pure stages made of one record: an article, or the reason why there is none."""

    segment: str
    record: str
    date: datetime
    discovery: Discovery
    article: Article | None = None
    signature: Signature = Signature(0)
    outcome: Literal["article", "unchanged", "rejected", "failed"] = "article"
    reason: str | None = None
    trace: str | None = None  # where a stage broke on it, for the quarantine


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one segment gave: what a pool process sends back."""

    segment: str
    readings: tuple[Reading, ...]
    damage: tuple[Damage, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeFile:
    """The file beside a segment that marks it done: which articles it touched and how its attempts ended then."""

    segment: str
    articles: tuple[str, ...]
    counts: dict[OutcomeKind, int]
    damage: tuple[Damage, ...] = ()
    # Why there is no article, for those that were rejected or failed.
    reasons: dict[OutcomeKind, dict[str, int]] = field(default_factory=dict[OutcomeKind, dict[str, int]])


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """One record of an article; references sort by (date, record), the order of the fold."""

    date: datetime
    record: str
    segment: str
    url: str
    attempt: str
    source: str
    claimed: datetime
    text: str  # hash of title and body
    title: str | None = None  # as this record has it
    words: str | None = None  # hash of the folded words of its body (Signature.exact)


@dataclass(frozen=True, slots=True)
class Document:
    """What the index stores: the article, its records in order, and its signature."""

    article: Article
    references: tuple[Reference, ...]
    signature: Signature = Signature(0)


# --- outcomes -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: the row that stats, missed, trace and health count.

    `day` is the UTC day of the claim. Of two records of one attempt the earlier by (date, record) counts.
    """

    attempt: str
    source: str
    day: date
    url: str
    outcome: OutcomeKind
    reason: str | None
    segment: str
    record: str
    date: datetime
    article: str | None = None  # id, where there is one
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """A document and the rows of all its records: written together."""

    document: Document
    outcomes: tuple[Outcome, ...]


# --- search results -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found, with its score (0.0 when sorted by date)."""

    document: Document
    score: float
    snippets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """One page of hits and the exact total; facets by field, timeline by day/week/month label."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
    timeline: dict[str, int]


# --- topics and digests -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One cluster of a day: its earliest published copy, and how many outlets carried it."""

    article: Article  # without body, archive, time of fetch; first and copies as of this day
    outlets: tuple[str, ...]  # sources of all copies of this day, the first to publish first
    copies: int  # of this day
    why: tuple[str, ...]  # passages after the lead, with <mark>
    lead: str  # with <mark>
    score: float = 0.0  # the highest topic score among the copies
    since: date | None = None  # when a copy came out first, if that was before this day


@dataclass(frozen=True, slots=True)
class Digest:
    """A topic on one day in its time zone; a pure function of the index."""

    topic: str
    title: str
    day: date
    timezone: str
    lines: tuple[DigestLine, ...]
    articles: int
    outlets: int
    usual: float  # articles a day over the 28 days before
    before: tuple[int, ...]  # the counts of those 28 days, oldest first


def utc(moment: datetime) -> datetime:
    """Return the same moment in UTC; a naive datetime is a programming error."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime: {moment!r}")
    return moment.astimezone(UTC)


def attempt_name(claimed: datetime, url: str) -> str:
    """Name an attempt after its claim time (UTC, microseconds) and URL; names sort by time."""
    return f"{utc(claimed).strftime('%Y-%m-%dT%H:%M:%S.%fZ')} {url}"
