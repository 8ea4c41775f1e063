"""docker-compose.yml without Docker: its services' own commands, environments and health checks as local processes."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:[-?])([^}]*))?\})")
_DURATION = re.compile(r"(\d+)([hms])")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class Service:
    """What a compose file says of one service, its variables filled in."""

    name: str
    told: Mapping[str, Any]

    @property
    def argv(self) -> list[str]:
        """What is run: the entrypoint with the command behind it."""
        return [*_words(self.told.get("entrypoint")), *_words(self.told.get("command"))]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that have a value."""
        return {
            name: str(value) for name, value in self.told.get("environment", {}).items() if value is not None
        }

    @property
    def check(self) -> list[str]:
        """The command that tells whether it is well."""
        form, *words = self.told["healthcheck"]["test"]
        return ["sh", "-c", *words] if form == "CMD-SHELL" else words

    @property
    def grace(self) -> float:
        """How many seconds it has between SIGTERM and SIGKILL."""
        return seconds(self.told.get("stop_grace_period", "10s"))


def services(file: Path, env: Mapping[str, str]) -> dict[str, Service]:
    """Return the services of a compose file, filled in from variables; one that it demands and that is not there is an error."""
    told = _filled(yaml.safe_load(file.read_text("utf-8"))["services"], env)
    return {name: Service(name, each) for name, each in told.items()}


def variables(file: Path) -> dict[str, str]:
    """Return what a .env file sets."""
    lines = (
        line for line in file.read_text("utf-8").splitlines() if "=" in line and not line.startswith("#")
    )
    return dict(line.split("=", 1) for line in lines)


def seconds(duration: str) -> float:
    """Return how long `1m30s` is."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration))


def _words(given: str | Sequence[str] | None) -> list[str]:
    return shlex.split(given) if isinstance(given, str) else list(given or ())


def _filled(part: Any, env: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        # A variable without a value is passed on as it is.
        return {name: env.get(name) if value is None else _filled(value, env) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled(each, env) for each in part]
    return _VARIABLE.sub(lambda found: _value(found, env), part) if isinstance(part, str) else part


def _value(found: re.Match[str], env: Mapping[str, str]) -> str:
    dollar, name, kind, other = found.groups()
    if dollar:
        return "$"
    value = env.get(name, "")
    if kind == ":?" and not value:
        raise KeyError(f"{name}: {other}")
    return value or (other if kind == ":-" else "")


class Machine:
    """This machine in the place of the containers: their addresses and folders are mapped to ones of its own."""

    def __init__(self, folder: Path, places: Mapping[str, str], env: Mapping[str, str]) -> None:
        self._folder, self._places, self._env = folder, places, env
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, service: Service, text: str) -> str:
        """Return a text with its addresses and folders as they are here; what was put in is not looked at again."""
        scratch = self._folder / "tmp" / service.name
        scratch.mkdir(parents=True, exist_ok=True)
        places = {**self._places, "/tmp": str(scratch)}
        pattern = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
        return re.sub(pattern, lambda found: places[found[0]], text)

    def environment(self, service: Service) -> dict[str, str]:
        """Return the variables of a service, and no others of ours than it needs to find its programs."""
        told = {name: self.here(service, value) for name, value in service.environment.items()}
        return {**self._env, "TMPDIR": self.here(service, "/tmp"), **told}

    def start(self, service: Service) -> None:
        """Start a service and leave it running."""
        with (self._folder / f"{service.name}.log").open("ab") as log:
            self._processes[service.name] = subprocess.Popen(
                [*bound(), *self._words(service, service.argv)],
                env=self.environment(service), cwd=self._folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def run(self, service: Service, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a service to its end, with words in the place of its command where there are some."""
        argv = [*_words(service.told["entrypoint"]), *words] if words else service.argv
        return subprocess.run(
            [*bound(), *self._words(service, argv)],
            env=self.environment(service), cwd=self._folder, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def healthy(self, service: Service) -> bool:
        """Tell what its own health check says now."""
        done = subprocess.run(
            self._words(service, service.check), env=self.environment(service), cwd=self._folder,
            capture_output=True, timeout=seconds(service.told["healthcheck"]["timeout"]), check=False,
        )  # fmt: skip
        return done.returncode == 0

    def await_health(self, service: Service, patience: float) -> None:
        """Wait until a service is well."""
        until = time.monotonic() + patience
        while not self.healthy(service):
            if self._processes[service.name].poll() is not None or time.monotonic() > until:
                raise AssertionError(f"{service.name} is not well:\n{self.said(service)[-3000:]}")
            time.sleep(0.2)

    def stop(self, service: Service) -> int:
        """End a service in good order, within its own grace; returns its exit status."""
        process = self._processes.pop(service.name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(service.grace)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise AssertionError(
                f"{service.name} outlived its grace:\n{self.said(service)[-3000:]}"
            ) from None

    def _words(self, service: Service, argv: Sequence[str]) -> list[str]:
        return [self.here(service, word) for word in argv]

    def end(self) -> None:
        """Kill what still runs."""
        for process in self._processes.values():
            _kill(process)

    def said(self, service: Service) -> str:
        """Return what a service has logged."""
        return (self._folder / f"{service.name}.log").read_text("utf-8", "replace")


def bound() -> list[str]:
    """Return what stands before a command so that the modes of files bind it, even where we are root."""
    if os.getuid():
        return []
    less = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={less}", f"--inh-caps={less}"]


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: nobody else is in it
        process.wait()
