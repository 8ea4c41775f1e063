"""Settings: where they come from, and what is said of those that cannot be used."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from khabar.config import SETTINGS, ConfigError, Settings, environment, load_settings, settings_table

ROOT = Path(__file__).resolve().parents[2]


def _toml(home: Path, text: str) -> Path:
    (home / "khabar.toml").write_text(text, encoding="utf-8")
    return home


def _error(home: Path | None, env: dict[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(home, env or {})
    return caught.value


# --- the home -----------------------------------------------------------------------------------------------


def test_the_option_wins_over_the_environment(tmp_path: Path) -> None:
    env = {"KHABAR_HOME": str(tmp_path / "env")}
    assert load_settings(None, env).home == tmp_path / "env"
    assert load_settings(tmp_path / "option", env).home == tmp_path / "option"


def test_without_either_it_is_the_platforms_data_folder() -> None:
    home = load_settings(None, {}).home
    assert home.is_absolute()
    assert home.name == "khabar"


def test_loading_makes_nothing(tmp_path: Path) -> None:
    load_settings(tmp_path / "home", {})
    assert list(tmp_path.iterdir()) == []


def test_a_home_is_absolute_whatever_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path("here"), {}).home == tmp_path / "here"


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "not a folder" in str(_error(tmp_path / "file"))


def test_everything_of_the_home_lies_in_it(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    names = ("spool", "ledger", "index", "index_lock", "catalogue", "digests", "logs")
    paths = [getattr(settings, name) for name in names]
    assert len(set(paths)) == len(names)
    assert all(path.parent == tmp_path for path in paths)
    assert settings.archive_url == (tmp_path / "archive").as_uri()


# --- values -------------------------------------------------------------------------------------------------


def test_the_defaults_are_polite_and_honest(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert (settings.delay, settings.timeout, settings.max_bytes) == (1.0, 30.0, 16 << 20)
    assert re.fullmatch(r"Khabar/\d\S* \(\+https://khabar\.example/bot\)", settings.user_agent)
    assert settings.jobs >= 1


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    _toml(tmp_path, 'delay = 5\ntimeout = 9.5\nlog_level = "DEBUG"\n')
    settings = load_settings(tmp_path, {"KHABAR_DELAY": "2.5", "HOME": "/elsewhere"})
    assert (settings.delay, settings.timeout, settings.log_level) == (2.5, 9.5, "debug")


def test_another_file_may_be_named(tmp_path: Path) -> None:
    _toml(tmp_path, "delay = 5\n")
    (tmp_path / "other.toml").write_text("delay = 7\n")
    assert load_settings(tmp_path, {"KHABAR_CONFIG": str(tmp_path / "other.toml")}).delay == 7.0


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"KHABAR_DELAY": "", "KHABAR_HOME": "", "KHABAR_CONFIG": ""}).delay == 1.0


def test_the_contact_stands_in_the_user_agent(tmp_path: Path) -> None:
    _toml(tmp_path, 'contact = "desk@monitor.example"\n')
    assert load_settings(tmp_path, {}).user_agent.endswith("(+desk@monitor.example)")
    named = load_settings(tmp_path, {"KHABAR_USER_AGENT": "Monitor/2 (https://monitor.example)"})
    assert named.user_agent == "Monitor/2 (https://monitor.example)"


@pytest.mark.parametrize(
    ("text", "size"), [("1048576", 1 << 20), ("16 MiB", 16 << 20), ("512KiB", 512 << 10), ("1 GiB", 1 << 30)]
)
def test_sizes_may_have_a_unit(tmp_path: Path, text: str, size: int) -> None:
    assert load_settings(tmp_path, {"KHABAR_MAX_BYTES": text}).max_bytes == size


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/news/", "file:///srv/archive"])
def test_the_archive_may_lie_elsewhere(tmp_path: Path, url: str) -> None:
    assert load_settings(tmp_path, {"KHABAR_ARCHIVE_URL": url}).archive_url == url.rstrip("/")


BAD = {
    "archive_url": ["/srv/archive", "http://x/y", "s3:///prefix", "file://host/folder", "file:relative"],
    "contact": ["nobody", "http://", "a b@c.example", "@"],
    "user_agent": ["Khabar", "Mozilla/5.0 (X11; Linux x86_64)", "خبر https://khabar.example", ""],
    "delay": ["fast", "-1", "nan", "inf", "3601"],
    "timeout": ["0", "never"],
    "max_bytes": ["0", "16 MB", "-5", "2 GiB", "1e6"],
    "concurrency": ["0", "1.5", "many"],
    "jobs": ["0", "-2", "all"],
    "lock_wait": ["-1", "long"],
    "log_level": ["loud"],
    "timezone": ["Karachi", "../etc/passwd", "+05:00", "Asia"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_a_bad_value_says_what_is_accepted(tmp_path: Path, name: str, text: str) -> None:
    accepted = next(setting.accepts for setting in SETTINGS if setting.name == name)
    _toml(tmp_path, f"# a comment\n\n{name} = {text!r}\n")
    error = _error(tmp_path)
    assert (error.file, error.line) == (str(tmp_path / "khabar.toml"), 3)
    assert str(error) == f"{tmp_path / 'khabar.toml'}:3: {name} cannot be {text!r} — accepted: {accepted}"
    if text:
        variable = f"KHABAR_{name.upper()}"
        assert str(_error(tmp_path / "x", {variable: text})).startswith(f"{variable}: {name} cannot be")


@pytest.mark.parametrize("value", ["true", "[1]", "{a = 1}", "2026-01-01", "nan"])
def test_a_value_of_another_type_is_refused(tmp_path: Path, value: str) -> None:
    _toml(tmp_path, f"delay = {value}\n")
    assert "delay cannot be" in str(_error(tmp_path))


# --- keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "how"),
    [
        ("delay = 1\ntimout = 3\n", 2, "did you mean 'timeout'?"),
        ('"log-level" = "info"\n', 1, "did you mean 'log_level'?"),
        ("[crawler]\ndelay = 1\n", 1, "known: archive_url, "),
        ("\ncrawler.delay = 1\n", 2, "known: archive_url, "),
        ('home = "/srv"\n', 1, "--home or KHABAR_HOME"),
        ("xyzzy = 1\n", 1, "known: archive_url, "),
    ],
)
def test_an_unknown_key_names_its_line_and_the_likely_one(
    tmp_path: Path, text: str, line: int, how: str
) -> None:
    error = _error(_toml(tmp_path, text))
    assert error.line == line
    assert "unknown setting" in error.what
    assert how in error.how


def test_an_unknown_variable_names_the_likely_one() -> None:
    error = _error(None, {"KHABAR_TIMEZON": "UTC"})
    assert str(error) == "KHABAR_TIMEZON: unknown setting 'timezon' — did you mean 'timezone'?"


def test_robots_cannot_be_switched_off(tmp_path: Path) -> None:
    assert "unknown setting" in _error(_toml(tmp_path, "robots = false\n")).what


@pytest.mark.parametrize(
    ("text", "line"), [("delay = \n", 1), ("a = 1\n\nb = [1,\n", None), ("delay 1\n", 1)]
)
def test_what_is_no_toml_is_refused(tmp_path: Path, text: str, line: int | None) -> None:
    error = _error(_toml(tmp_path, text))
    assert "not TOML" in error.what
    assert line is None or error.line == line


def test_a_named_file_must_exist_and_be_text(tmp_path: Path) -> None:
    assert "no such file" in str(_error(tmp_path, {"KHABAR_CONFIG": str(tmp_path / "none.toml")}))
    assert "cannot be read" in str(_error(tmp_path, {"KHABAR_CONFIG": str(tmp_path)}))
    (tmp_path / "khabar.toml").write_bytes(b'contact = "\xff"\n')
    assert "cannot be read" in str(_error(tmp_path))


# --- the distributed runtime --------------------------------------------------------------------------------


@pytest.mark.parametrize(("have", "lack"), [("redis", "elasticsearch"), ("elasticsearch", "redis")])
def test_one_server_without_the_other_is_an_error(tmp_path: Path, have: str, lack: str) -> None:
    scheme = "http" if have == "elasticsearch" else have
    error = _error(tmp_path, {f"KHABAR_{have.upper()}_URL": f"{scheme}://localhost"})
    assert str(error).startswith(f"KHABAR_{have.upper()}_URL: {have}_url is set without {lack}_url")


def test_both_servers_select_the_distributed_runtime(tmp_path: Path) -> None:
    both = {"KHABAR_REDIS_URL": "redis://localhost", "KHABAR_ELASTICSEARCH_URL": "http://localhost:9200"}
    assert load_settings(tmp_path, both).distributed
    assert not load_settings(tmp_path, {}).distributed


@pytest.mark.parametrize("url", ["localhost", "http://localhost", "redis://"])
def test_an_address_that_is_no_redis_is_refused(tmp_path: Path, url: str) -> None:
    told = {"KHABAR_REDIS_URL": url, "KHABAR_ELASTICSEARCH_URL": "http://localhost:9200"}
    assert "accepted: redis://" in str(_error(tmp_path, told))


def test_a_child_is_told_exactly_the_settings_of_its_parent(tmp_path: Path) -> None:
    told = {"KHABAR_DELAY": "0.5", "KHABAR_JOBS": "3", "KHABAR_TIMEZONE": "Asia/Karachi"}
    settings = load_settings(tmp_path, told)
    child = environment(settings)
    assert load_settings(None, child) == settings
    assert child["KHABAR_HOME"] == str(tmp_path) and "PATH" in child


# --- values that lie in files -------------------------------------------------------------------------------


def _servers(**more: str) -> dict[str, str]:
    both = {"KHABAR_REDIS_URL": "redis://cache:6379/0", "KHABAR_ELASTICSEARCH_URL": "https://search:9200"}
    return both | more


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_a_variable_may_name_a_file_that_holds_the_value(tmp_path: Path, end: str) -> None:
    (tmp_path / "secret").write_bytes(f"s3cr€t ß{end}".encode())
    told = {"KHABAR_ELASTICSEARCH_PASSWORD_FILE": str(tmp_path / "secret")}
    assert load_settings(tmp_path, told).elasticsearch_password == "s3cr€t ß"


def test_every_setting_may_lie_in_a_file(tmp_path: Path) -> None:
    values = {"delay": "2.5", "archive_url": "s3://bucket", "jobs": "3", "timezone": "Asia/Kabul"}
    told: dict[str, str] = {}
    for name, value in values.items():
        (tmp_path / name).write_text(value + "\n")
        told[f"KHABAR_{name.upper()}_FILE"] = str(tmp_path / name)
    settings = load_settings(tmp_path, told)
    assert {name: str(getattr(settings, name)) for name in values} == values


def test_a_value_and_a_file_for_it_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "delay").write_text("1")
    error = _error(tmp_path, {"KHABAR_DELAY": "2", "KHABAR_DELAY_FILE": str(tmp_path / "delay")})
    assert str(error) == "KHABAR_DELAY_FILE: KHABAR_DELAY is set too — set one of the two"
    empty = {"KHABAR_DELAY": "", "KHABAR_DELAY_FILE": str(tmp_path / "delay")}
    assert load_settings(tmp_path, empty).delay == 1.0


def test_a_file_in_the_environment_wins_over_khabar_toml(tmp_path: Path) -> None:
    (tmp_path / "delay").write_text("7")
    told = {"KHABAR_DELAY_FILE": str(tmp_path / "delay")}
    assert load_settings(_toml(tmp_path, "delay = 5\n"), told).delay == 7.0


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff", "cannot be read (it is not UTF-8)"),
        (b"a secret", "holds no usable redis_url"),
    ],
)
def test_a_file_that_is_of_no_use_is_named_and_its_text_is_not(
    tmp_path: Path, content: bytes | None, what: str
) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    told = {"KHABAR_REDIS_URL_FILE": str(file), "KHABAR_ELASTICSEARCH_URL": "http://localhost:9200"}
    said = str(_error(tmp_path, told))
    assert said.startswith(f"KHABAR_REDIS_URL_FILE: {file} {what}") and "a secret" not in said


def test_a_file_for_no_setting_is_an_unknown_variable() -> None:
    assert "unknown setting 'timezon_file'" in str(_error(None, {"KHABAR_TIMEZON_FILE": "/x"}))


@pytest.mark.parametrize("password", ["plain", "a/b@c:d#e?f%20 g[h]", "خبر€", "%", "::"])
@pytest.mark.parametrize(
    "url", ["redis://cache:6379/0", "rediss://cache/1", "redis://me@[::1]:6379/0", "redis://me:@cache/0"]
)
def test_a_password_of_redis_of_any_characters_reaches_it(tmp_path: Path, url: str, password: str) -> None:
    from redis.connection import parse_url  # noqa: PLC0415 - only the distributed runtime knows it

    (tmp_path / "password").write_text(password + "\n", encoding="utf-8")
    told = _servers(KHABAR_REDIS_URL=url, KHABAR_REDIS_PASSWORD_FILE=str(tmp_path / "password"))
    settings = load_settings(tmp_path, told)
    understood = parse_url(str(settings.redis_url))
    assert understood == {**parse_url(url), "password": password}
    assert load_settings(None, environment(settings)) == settings


def test_a_password_in_the_address_of_redis_wins(tmp_path: Path) -> None:
    told = _servers(KHABAR_REDIS_URL="redis://:mine@cache", KHABAR_REDIS_PASSWORD="other")
    assert load_settings(tmp_path, told).redis_url == "redis://:mine@cache"
    assert load_settings(tmp_path, {"KHABAR_REDIS_PASSWORD": "alone"}).redis_url is None


# --- the documentation --------------------------------------------------------------------------------------


def test_every_setting_is_documented_as_it_is() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert settings_table() in text
    assert all(f"| `{setting.env}` |" in text for setting in SETTINGS)


def test_every_field_is_a_setting_and_its_default_is_the_documented_one(tmp_path: Path) -> None:
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    named = {setting.name: setting for setting in SETTINGS}
    assert set(fields) - {"home"} <= set(named)
    settings = load_settings(tmp_path, {})
    for name in set(fields) - {"home", "archive_url", "user_agent", "jobs"}:
        default = named[name].default
        assert (named[name].read(default) if default else None) == getattr(settings, name)


def test_what_speaks_to_the_tests_is_no_setting(tmp_path: Path) -> None:
    told = {"KHABAR_REQUIRE_SERVICES": "1", "KHABAR_TEST_ELASTICSEARCH_URL": "http://127.0.0.1:9200"}
    assert load_settings(tmp_path, told) == load_settings(tmp_path, {})
