"""What can be set: every setting's name, default, meaning, and what it accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PREFIX = "KHABAR_"
LOG_LEVELS = ("debug", "info", "warning", "error")
Value = str | int | float


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as docs/operations.md lists it; `read` turns its text into the value or raises ValueError."""

    name: str
    default: str
    meaning: str
    accepts: str
    read: Callable[[str], Value]

    @property
    def env(self) -> str:
        """The environment variable that overrides the file."""
        return PREFIX + self.name.upper()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the whole program was told: one home folder, and how to behave."""

    home: Path
    archive_url: str
    contact: str
    user_agent: str
    delay: float = 1.0
    timeout: float = 30.0
    max_bytes: int = 16 << 20
    concurrency: int = 16
    jobs: int = 1
    lock_wait: float = 60.0
    log_level: str = "info"
    timezone: str = "UTC"
    tick: float = 60.0
    redis_url: str | None = None  # with its password, wherever that was set
    redis_password: str | None = None
    elasticsearch_url: str | None = None
    elasticsearch_username: str | None = None
    elasticsearch_password: str | None = None
    elasticsearch_api_key: str | None = None
    elasticsearch_ca: str | None = None
    elasticsearch_prefix: str = "khabar"
    elasticsearch_shards: int = 1
    alive: str | None = None
    api_requests: int = 600
    api_points: int = 3000

    @property
    def distributed(self) -> bool:
        """True where ledger and index lie on servers that several machines share."""
        return self.redis_url is not None and self.elasticsearch_url is not None

    @property
    def spool(self) -> Path:
        """Where open segments lie."""
        return self.home / "spool"

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.home / "ledger.sqlite"

    @property
    def index(self) -> Path:
        """The folder of index generations."""
        return self.home / "index"

    @property
    def index_lock(self) -> Path:
        """The file that the one writer of the index locks."""
        return self.home / "index.lock"

    @property
    def catalogue(self) -> Path:
        """The folder of sources, topics and gazetteer files that shadow the shipped ones."""
        return self.home / "catalogue"

    @property
    def compiled(self) -> Path:
        """The gazetteer as it was last read, for the next process."""
        return self.home / "cache" / "gazetteer.json"

    @property
    def digests(self) -> Path:
        """Where digests are written for people to open."""
        return self.home / "digests"

    @property
    def logs(self) -> Path:
        """Where `khabar run` and the crawler log."""
        return self.home / "logs"


# --- reading one value --------------------------------------------------------------------------------------


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = float(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return read


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*(?:(K|M|G)iB)?", text)
    if match is None:
        raise ValueError(text)
    size = int(match[1]) << {None: 0, "K": 10, "M": 20, "G": 30}[match[2]]
    return _whole(1 << 10, 1 << 30)(str(size))


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return read


def _timezone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(text) from error


def _archive_url(text: str) -> str:
    parts = urlsplit(text)
    local = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
    if not local and not (parts.scheme == "s3" and parts.netloc):
        raise ValueError(text)
    return text.rstrip("/")


def _contact(text: str) -> str:
    if not re.fullmatch(r"https?://[!-~]+|[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+", text):
        raise ValueError(text)
    return text


def _user_agent(text: str) -> str:
    # A publisher must be able to find out who asks: a name alone, or a browser's, does not tell.
    if not re.fullmatch(r"[ -~]+", text) or not re.search(r"https?://\S+|\S+@\S+\.\S", text):
        raise ValueError(text)
    return text


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(text)
        return text.rstrip("/")

    return read


def with_password(url: str, password: str) -> str:
    """Return an address with a password in it, unless it has one; a password may be made of any characters."""
    parts = urlsplit(url)
    if parts.password:
        return url
    user, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.rstrip(':')}:{quote(password, safe='')}@{place}").geturl()


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", text):
        raise ValueError(text)
    return text


_SECONDS = "a number of seconds from {} to {}"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "archive_url",
        "the folder `archive` in the home",
        "where the archive lies",
        "file:///absolute/folder or s3://bucket/prefix",
        _archive_url,
    ),
    Setting(
        "contact",
        "https://khabar.example/bot",
        "who answers a publisher's questions about this crawler; set it before you crawl",
        "a web page or an e-mail address",
        _contact,
    ),
    Setting(
        "user_agent",
        "Khabar/VERSION (+CONTACT)",
        "what the crawler calls itself; robots.txt is always obeyed",
        "printable ASCII with a web or e-mail address in it",
        _user_agent,
    ),
    Setting(
        "delay",
        "1",
        "seconds between two requests to one host, unless its source file or its robots.txt asks for more",
        _SECONDS.format(0, 3600),
        _number(0, 3600),
    ),
    Setting(
        "timeout",
        "30",
        "seconds until a request is given up",
        _SECONDS.format(1, 600),
        _number(1, 600),
    ),
    Setting(
        "max_bytes",
        "16 MiB",
        "the largest page that is fetched or read",
        "bytes, or KiB, MiB, GiB; from 1 KiB to 1 GiB",
        _size,
    ),
    Setting(
        "concurrency",
        "16",
        "requests under way at once, over all hosts",
        "a whole number from 1 to 256",
        _whole(1, 256),
    ),
    Setting(
        "jobs",
        "one for each core",
        "processes that read pages",
        "a whole number from 1 to 256",
        _whole(1, 256),
    ),
    Setting(
        "lock_wait",
        "60",
        "seconds to wait while another command writes the index",
        _SECONDS.format(0, 86400),
        _number(0, 86400),
    ),
    Setting("log_level", "info", "how much is logged", ", ".join(LOG_LEVELS), _one_of(*LOG_LEVELS)),
    Setting(
        "timezone",
        "UTC",
        "the time zone in which times are shown and days are counted for people",
        "an IANA name such as Asia/Karachi",
        _timezone,
    ),
    Setting(
        "tick",
        "60",
        "seconds between two looks of `celery beat` for what is due",
        _SECONDS.format(1, 3600),
        _number(1, 3600),
    ),
    Setting(
        "redis_url",
        "",
        "the Redis that holds the ledger; set together with `elasticsearch_url`",
        "redis://:PASSWORD@HOST:PORT/DB, or rediss://…",
        _url("redis", "rediss"),
    ),
    Setting(
        "redis_password", "", "the password of that Redis, where `redis_url` has none in it", "text", str
    ),
    Setting(
        "elasticsearch_url",
        "",
        "the Elasticsearch that holds the index; set together with `redis_url`",
        "http://HOST:PORT or https://HOST:PORT",
        _url("http", "https"),
    ),
    Setting("elasticsearch_username", "", "who asks Elasticsearch", "text", str),
    Setting("elasticsearch_password", "", "the password of that user", "text", str),
    Setting("elasticsearch_api_key", "", "an API key instead of user and password", "text", str),
    Setting("elasticsearch_ca", "", "the certificate that signs Elasticsearch's own", "a file (PEM)", str),
    Setting(
        "elasticsearch_prefix",
        "khabar",
        "what the names of the indexes begin with",
        "small letters, digits and hyphens",
        _prefix,
    ),
    Setting(
        "elasticsearch_shards",
        "1",
        "primary shards of an index when it is made",
        "a whole number from 1 to 64",
        _whole(1, 64),
    ),
    Setting(
        "alive",
        "",
        "what a Celery worker touches every 2 s while it consumes, and beat at each look: for health checks",
        "a file",
        str,
    ),
    Setting(
        "api_requests",
        "600",
        "requests a minute that the API takes of one key; 0 for any number",
        "a whole number from 0 to 1000000",
        _whole(0, 1_000_000),
    ),
    Setting(
        "api_points",
        "3000",
        "points a minute that the requests of one key may cost (docs/api.md says what costs how many); 0 for any number",
        "a whole number from 0 to 1000000",
        _whole(0, 1_000_000),
    ),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


def settings_table() -> str:
    """Return the table of all settings, in Markdown, as docs/operations.md shows it."""
    rows = [
        f"| `{setting.name}` | `{setting.env}` | {setting.default or '—'} | {setting.meaning} | {setting.accepts} |"
        for setting in SETTINGS
    ]
    return "\n".join(
        ["| key | variable | default | meaning | accepted |", "| --- | --- | --- | --- | --- |", *rows]
    )
