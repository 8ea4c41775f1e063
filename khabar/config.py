"""Reading the settings: the one place that looks at the environment and at khabar.toml."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import platformdirs

from khabar.errors import KhabarError
from khabar.settings import BY_NAME, PREFIX, SETTINGS, Settings, Value, settings_table, with_password

__all__ = ["SETTINGS", "ConfigError", "Settings", "load_settings", "settings_table"]


# Two that are read elsewhere in this module, and those that speak to the tests.
_NO_SETTING = re.compile(r"KHABAR_(HOME|CONFIG|REQUIRE_SERVICES|TEST_\w+)$")
_IN_FILE = "_FILE"  # KHABAR_<NAME>_FILE names a file that holds the value, as containers are given secrets


class ConfigError(KhabarError):
    """A setting that cannot be used: where it stands, what is wrong, how to mend it."""

    status = 2

    def __init__(self, file: str, line: int | None, what: str, how: str) -> None:
        self.file, self.line, self.what, self.how = file, line, what, how
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {what} — {how}")


def load_settings(home: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a home folder: its khabar.toml, then the environment over it.

    Reads one file and writes nothing; the home need not exist yet. Raises ConfigError.
    """
    environment = os.environ if env is None else env
    folder = _home(home, environment)
    values = _from_file(folder, environment) | _from_environment(environment)
    _demand_both(values)
    return _settings(folder, {name: value for name, (value, _) in values.items()})


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a child process that is to have exactly these settings, whatever ours came from."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    told = {each.env: str(value) for each in SETTINGS if (value := getattr(settings, each.name)) is not None}
    return kept | told | {"KHABAR_HOME": str(settings.home)}


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
        if not named:
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
    told = dict(_told(env))
    found: _Found = {}
    for variable, raw in told.items():
        key = variable.removeprefix(PREFIX).lower()
        name = key.removesuffix(_IN_FILE.lower())
        if key in BY_NAME or name not in BY_NAME:
            found[key] = (_checked(variable, None, key, raw), variable)
        elif variable.removesuffix(_IN_FILE) in told:
            what = f"{variable.removesuffix(_IN_FILE)} is set too"
            raise ConfigError(variable, None, what, "set one of the two")
        else:
            found[name] = (_held(variable, name, Path(raw)), variable)
    return found


def _told(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for variable, raw in env.items():
        if variable.startswith(PREFIX) and not _NO_SETTING.match(variable) and raw:
            yield variable, raw


def _held(variable: str, name: str, file: Path) -> Value:
    """Return the value that a file holds; the text itself, which may be a secret, stands in no message."""
    try:
        text = file.read_text(encoding="utf-8").strip()  # as of a variable
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        how = f"let it name a file that this user may read and that holds {name} alone"
        raise ConfigError(variable, None, f"{file} cannot be read ({reason})", how) from error
    try:
        if text:
            return BY_NAME[name].read(text)
    except ValueError:
        pass
    what = f"{file} holds no usable {name}" if text else f"{file} is empty"
    raise ConfigError(variable, None, what, f"accepted: {BY_NAME[name].accepts}") from None


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


def _demand_both(values: _Found) -> None:
    """Refuse one server without the other: a ledger and an index of two different homes would not agree."""
    redis, elastic = values.get("redis_url"), values.get("elasticsearch_url")
    alone = (redis or elastic) if not (redis and elastic) else None
    if alone:
        have, lack = ("redis_url", "elasticsearch_url") if redis else ("elasticsearch_url", "redis_url")
        raise ConfigError(
            alone[1], None, f"{have} is set without {lack}", "set both, or neither to run embedded"
        )


def _settings(home: Path, values: dict[str, Value]) -> Settings:
    contact = str(values.setdefault("contact", BY_NAME["contact"].default))
    values.setdefault("archive_url", (home / "archive").as_uri())
    values.setdefault("user_agent", f"Khabar/{version('khabar')} (+{contact})")
    values.setdefault("jobs", cores())
    if "redis_url" in values and "redis_password" in values:
        values["redis_url"] = with_password(str(values["redis_url"]), str(values["redis_password"]))
    known = {name: value for name, value in values.items() if name in Settings.__dataclass_fields__}
    return Settings(home=home, **known)  # pyright: ignore[reportArgumentType]  # each was read by its Setting


def cores() -> int:
    """Return how many cores this process may use."""
    # In a container the machine's cores are not ours: the affinity mask says which are.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
