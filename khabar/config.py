"""Settings: the only reader of the environment and of khabar.toml."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

PREFIX = "KHABAR_"
LOG_LEVELS = ("debug", "info", "warning", "error")
Value = str | int | float


class ConfigError(Exception):
    """A setting that cannot be used: where it stands, what is wrong, how to mend it."""

    def __init__(self, file: str, line: int | None, what: str, how: str) -> None:
        self.file, self.line, self.what, self.how = file, line, what, how
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {what} — {how}")


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


_SECONDS = "a number of seconds from {} to {}"
_LATER = "the distributed runtime; not in this release"

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
    *(
        Setting(name, "", _LATER, "text", str)
        for name in (
            "redis_url",
            "elasticsearch_url",
            "elasticsearch_username",
            "elasticsearch_password",
            "elasticsearch_api_key",
            "elasticsearch_ca",
        )
    ),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


# --- loading ------------------------------------------------------------------------------------------------


def load_settings(home: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a home folder: its khabar.toml, then the environment over it.

    Reads one file and writes nothing; the home need not exist yet. Raises ConfigError.
    """
    environment = os.environ if env is None else env
    folder = _home(home, environment)
    values = _from_file(folder, environment) | _from_environment(environment)
    _refuse_distributed(values)
    return _settings(folder, {name: value for name, (value, _) in values.items()})


def settings_table() -> str:
    """Return the table of all settings, in Markdown, as docs/operations.md shows it."""
    rows = [
        f"| `{setting.name}` | `{setting.env}` | {setting.default or '—'} | {setting.meaning} | {setting.accepts} |"
        for setting in SETTINGS
    ]
    return "\n".join(
        ["| key | variable | default | meaning | accepted |", "| --- | --- | --- | --- | --- |", *rows]
    )


_Found = dict[str, tuple[Value, str]]  # name → value, and where it was set


def _home(given: Path | None, env: Mapping[str, str]) -> Path:
    named = env.get("KHABAR_HOME")
    chosen = given or (Path(named) if named else Path(platformdirs.user_data_path("khabar", appauthor=False)))
    folder = chosen.expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        how = "name a folder by --home or KHABAR_HOME"
        raise ConfigError(str(folder), None, "the home is not a folder", how)
    return folder


def _from_file(home: Path, env: Mapping[str, str]) -> _Found:
    named = env.get("KHABAR_CONFIG")
    path = Path(named).expanduser() if named else home / "khabar.toml"
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except FileNotFoundError:
        if named is None:
            return {}
        raise ConfigError(str(path), None, "no such file", "KHABAR_CONFIG names it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), None, f"cannot be read: {error}", "it is TOML, in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise ConfigError(
            str(path),
            int(line[1]) if line else None,
            f"not TOML: {error}",
            'settings are lines of: key = "value"',
        ) from error
    return {key: (_checked(str(path), _line(text, key), key, raw), str(path)) for key, raw in table.items()}


def _from_environment(env: Mapping[str, str]) -> _Found:
    found: _Found = {}
    for variable, raw in env.items():
        if variable.startswith(PREFIX) and variable not in {"KHABAR_HOME", "KHABAR_CONFIG"} and raw:
            key = variable.removeprefix(PREFIX).lower()
            found[key] = (_checked(variable, None, key, raw), variable)
    return found


def _checked(place: str, line: int | None, key: str, raw: object) -> Value:
    setting = BY_NAME.get(key)
    if setting is None:
        raise ConfigError(place, line, f"unknown setting {key!r}", _likely(key))
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ConfigError(place, line, f"{key} cannot be {raw!r}", f"accepted: {setting.accepts}")
    try:
        return setting.read(str(raw).strip())
    except ValueError:
        raise ConfigError(place, line, f"{key} cannot be {raw!r}", f"accepted: {setting.accepts}") from None


def _likely(key: str) -> str:
    if key == "home":
        return "the home is named by --home or KHABAR_HOME"
    near = difflib.get_close_matches(key, BY_NAME, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(BY_NAME)}"


def _line(text: str, key: str) -> int | None:
    pattern = re.compile(rf"""^\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), None)


def _refuse_distributed(values: _Found) -> None:
    redis, elastic = values.get("redis_url"), values.get("elasticsearch_url")
    if redis and elastic:
        what = "redis_url and elasticsearch_url ask for the distributed runtime, which is not in this release"
        raise ConfigError(redis[1], None, what, "remove both to run embedded")
    alone = redis or elastic
    if alone:
        have, lack = ("redis_url", "elasticsearch_url") if redis else ("elasticsearch_url", "redis_url")
        raise ConfigError(
            alone[1], None, f"{have} is set without {lack}", "set both, or neither to run embedded"
        )


def _settings(home: Path, values: dict[str, Value]) -> Settings:
    contact = str(values.setdefault("contact", BY_NAME["contact"].default))
    values.setdefault("archive_url", (home / "archive").as_uri())
    values.setdefault("user_agent", f"Khabar/{version('khabar')} (+{contact})")
    values.setdefault("jobs", _cores())
    known = {name: value for name, value in values.items() if name in Settings.__dataclass_fields__}
    return Settings(home=home, **known)  # pyright: ignore[reportArgumentType]  # each was read by its Setting


def _cores() -> int:
    # In a container the machine's cores are not ours: the affinity mask says which are.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
