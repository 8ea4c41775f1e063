"""What docker-compose.yml says, done: its services run as processes of this machine, and articles come out at the end."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import compose
import elasticsearch_node
import pytest
import redis_node
from compose import Machine, Service
from demands import demand

ROOT = Path(__file__).resolve().parents[2]
ONE, MACHINES = ROOT / "docker-compose.yml", ROOT / "docker-compose.machines.yml"
JOINING = {"KHABAR_SERVERS": "10.0.0.1", "KHABAR_ARCHIVE_URL": "s3://bucket/prefix"}
OURS = ("crawler", "worker", "beat")
PASSWORD = 'of "any" \\ characters$'


def example() -> dict[str, str]:
    return compose.variables(ROOT / ".env.example")


# --- the files ----------------------------------------------------------------------------------------------


def config(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Ask Debian's docker-compose, which needs no engine, what it makes of a file."""
    if shutil.which("docker-compose") is None:
        demand("no docker-compose on PATH (Debian: apt-get install docker-compose)")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KHABAR_", "AWS_"))}
    command = ["docker-compose", "--env-file", str(ROOT / ".env.example"), "-f", str(file), "config", *words]
    return subprocess.run(command, env=kept | JOINING, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("file", [ONE, MACHINES], ids=lambda file: file.name)
def test_docker_compose_takes_the_file(file: Path) -> None:
    done = config(file, "-q")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("file", [ONE, MACHINES], ids=lambda file: file.name)
def test_what_is_run_here_is_what_docker_compose_understands(file: Path) -> None:
    import yaml  # noqa: PLC0415 - one test needs it

    listed = config(file, "--services").stdout.split()
    understood = yaml.safe_load(config(file).stdout)["services"]
    read = compose.services(file, example() | JOINING)
    assert set(listed) | {"khabar"} == set(read)
    for name, service in understood.items():
        theirs = Service(name, json.loads(json.dumps(service).replace("$$", "$")))
        assert read[name].argv == theirs.argv
        assert read[name].environment == theirs.environment
        assert read[name].grace == theirs.grace


@pytest.mark.parametrize("file", [ONE, MACHINES], ids=lambda file: file.name)
def test_every_service_is_bound(file: Path) -> None:
    for name, service in compose.services(file, example() | JOINING).items():
        told = service.told
        assert told["read_only"] and told["init"] and told["cap_drop"] == ["ALL"], name
        assert told["security_opt"] == ["no-new-privileges:true"], name
        assert told["mem_limit"] and told["pids_limit"], name
        assert re.search(r":\d+\.\d+\.\d+(-\w+)?$", told["image"]), name
        if name != "certificates":
            assert re.fullmatch(r"[1-9]\d*:\d+", told["user"]), name
            assert "healthcheck" in told, name
        assert told["restart"] == ("no" if name in {"certificates", "khabar"} else "unless-stopped"), name


@pytest.mark.parametrize("file", [ONE, MACHINES], ids=lambda file: file.name)
def test_no_secret_stands_in_a_file_and_every_variable_is_explained(file: Path) -> None:
    text = file.read_text("utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text)) | set(re.findall(r"^ +(\w+):$", text, re.MULTILINE))
    explained = set(re.findall(r"^#? ?(\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert {name for name in asked if name.isupper()} <= explained
    assert not [name for name in explained if re.search("PASSWORD|SECRET|KEY", name)]
    for service in compose.services(file, example() | JOINING).values():
        for name, value in service.environment.items():
            assert "PASSWORD" not in name or value.startswith("/run/secrets/")


def test_a_variable_that_is_demanded_and_missing_is_named() -> None:
    with pytest.raises(KeyError, match="KHABAR_CONTACT: name in"):
        compose.services(ONE, {})


def test_the_image_is_of_one_base_and_holds_what_is_tested() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(set(bases)) == 1 and re.search(r":3\.1[123]\.\d+-slim-", bases[0])
    final = text.rpartition("FROM ")[2]
    assert "USER 10001:10001" in final and "HEALTHCHECK" in final and not re.search(r"\bpip|apt-get", final)
    built, tested = (
        (ROOT / "requirements" / name).read_text().splitlines() for name in ("build.txt", "dev.txt")
    )
    assert set(built) <= set(tested)


def test_secrets_are_made_once_and_only_their_owner_finds_them(tmp_path: Path) -> None:
    first = secrets(tmp_path)
    assert first.stat().st_mode & 0o777 == 0o700
    held = {file.name: file.read_text() for file in first.iterdir()}
    assert len(held["redis_password"]) == len(held["elasticsearch_password"]) == 48
    assert held["redis_password"] != held["elasticsearch_password"]
    (first / "s3_key_id").write_text("mine")
    again = {file.name: file.read_text() for file in secrets(tmp_path).iterdir()}
    assert again == held | {"s3_key_id": "mine"}
    named = set(re.findall(r"file: \./secrets/(\w+)\}", ONE.read_text()))
    assert named == set(held)


def secrets(folder: Path) -> Path:
    subprocess.run(
        ["make", "-s", "-f", ROOT / "Makefile", "secrets"], cwd=folder, check=True, capture_output=True
    )
    return folder / "secrets"


@pytest.mark.parametrize("file", [ONE, MACHINES], ids=lambda file: file.name)
@pytest.mark.parametrize("key", ["", "a key of $any\n"])
def test_the_keys_of_the_bucket_are_handed_over_where_there_are_some(
    tmp_path: Path, file: Path, key: str
) -> None:
    for name in ("s3_key_id", "s3_secret_key"):
        (tmp_path / name).write_text(key)
    told = compose.services(file, example() | JOINING)
    machine = Machine(tmp_path, {"/run/secrets": str(tmp_path)}, {"PATH": os.environ["PATH"]})
    script = 'printf "%s|" "${AWS_ACCESS_KEY_ID-none}" "${AWS_SECRET_ACCESS_KEY-none}" "$@"'
    ran = machine.run(told["worker"], "sh", "-c", script, "sh", "a word", "$b").stdout
    assert ran == (f"{key.strip()}|" * 2 if key else "none|none|") + "a word|$b|"


def test_ours_are_well_as_long_as_their_file_is_fresh(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {}, {"PATH": os.environ["PATH"]})
    for name, service in compose.services(ONE, example()).items():
        if name in OURS:
            assert not machine.healthy(service)
            alive = Path(machine.here(service, service.environment["KHABAR_ALIVE"]))
            alive.touch()
            assert machine.healthy(service)
            late = time.time() - 130
            os.utime(alive, (late, late))
            assert not machine.healthy(service)


# --- the whole, run -----------------------------------------------------------------------------------------


@pytest.fixture
def told() -> dict[str, Service]:
    """Return the services, as .env.example has them but for a smaller heap and a quicker tick."""
    return compose.services(ONE, example() | {"KHABAR_TICK": "1", "ELASTICSEARCH_HEAP": "512m"})


@pytest.fixture
def node(told: dict[str, Service]) -> Iterator[elasticsearch_node.Node]:
    """Return an Elasticsearch with the compose file's settings, not started: its certificates come later."""
    demand(elasticsearch_node.missing())
    given = told["elasticsearch"].environment
    heap = re.findall(r"-Xmx(\w+)", given["ES_JAVA_OPTS"])[0]
    settings = {name: value.replace("0.0.0.0", "127.0.0.1") for name, value in given.items() if "." in name}
    del settings["http.port"]
    with tempfile.TemporaryDirectory(prefix="khabar-elasticsearch-") as folder:
        made = elasticsearch_node.Node(Path(folder), settings, PASSWORD, heap)
        yield made
        made.stop()


@pytest.fixture
def machine(told: dict[str, Service], node: elasticsearch_node.Node, tmp_path: Path) -> Iterator[Machine]:
    """Return this machine in the place of the containers, with our code as the image has it: built, and read-only."""
    demand(redis_node.missing())
    for program in ("redis-cli", "curl", "unzip", "make"):
        if shutil.which(program) is None:
            demand(
                f"no {program} on PATH, by which docker-compose.yml makes certificates and asks after its services"
            )
    for volume in ("home", "data", "certificates", "authority", "elasticsearch/config", "run"):
        (tmp_path / volume).mkdir(parents=True)
    (tmp_path / "elasticsearch" / "config" / "jvm.options").touch()
    held = secrets(tmp_path)
    (held / "redis_password").write_text('of \\ any "$characters/@:\n')
    (held / "elasticsearch_password").write_text(PASSWORD)
    port, answering = free_port(), free_port()
    places = {
        "/run/secrets": str(held),
        "/run/certificates": str(tmp_path / "certificates"),
        "/run/authority": str(tmp_path / "authority"),
        "/var/lib/khabar": str(tmp_path / "home"),
        "/run/elasticsearch": str(tmp_path / "run"),
        "/usr/share/elasticsearch": str(tmp_path / "elasticsearch"),
        "/usr/local/bin": str(tmp_path / "programs"),
        "/data": str(tmp_path / "data"),
        "0.0.0.0": "127.0.0.1",
        "redis:6379": f"127.0.0.1:{port}",
        "--port 6379": f"--port {port}",
        "-p 6379": f"-p {port}",
        "8080": str(answering),
        "elasticsearch:9200": f"127.0.0.1:{node.port}",
        "localhost:9200": f"localhost:{node.port}",
    }
    programs = tmp_path / "programs"
    programs.mkdir()
    scripts = {
        "elasticsearch-certutil": f'exec {shlex.join(elasticsearch_node.certutil())} "$@"',
        # Of the image's own we need to know what it is given: Elasticsearch itself is started as all tests do it.
        "docker-entrypoint.sh": 'printf "%s\n" "$1" "$ELASTIC_PASSWORD"; cd "$ES_PATH_CONF"; find * -type f | sort',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    code = {"PYTHONPATH": str(built(tmp_path)), "PYTHONDONTWRITEBYTECODE": "1"}
    made = Machine(tmp_path, places, {"PATH": path, "LANG": "C.UTF-8", **code})
    yield made
    made.end()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def built(folder: Path) -> Path:
    """Build the wheel that the image installs; returns it unpacked, with nothing in it that could be written."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    code = folder / "code"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(code)
    for path in (code, *code.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    return code


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def found(machine: Machine, khabar: Service, *query: str) -> int:
    done = machine.run(khabar, "search", *query, "--format", "json")
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout)["total"])


def test_articles_are_crawled_and_found(
    press: Callable[..., Any],
    told: dict[str, Service],
    node: elasticsearch_node.Node,
    machine: Machine,
    tmp_path: Path,
) -> None:
    site = press(hosts=2, articles=8)
    site.install(tmp_path / "home")
    before = files(tmp_path / "code")

    certified(told, machine, tmp_path)
    own = ["ca.crt", "elasticsearch.crt", "elasticsearch.key"]
    given = ["eswrapper", PASSWORD, *(f"certificates/{name}" for name in own), "jvm.options"]
    for _ in range(2):  # also after a restart
        assert machine.run(told["elasticsearch"]).stdout.splitlines() == given
    node.configure(tmp_path / "certificates", "certificates")
    node.certificate = tmp_path / "authority" / "ca.crt"
    machine.start(told["redis"])
    node.start()
    for name in ("redis", "elasticsearch"):
        machine.await_health(told[name], 60)
    for name in OURS:
        assert set(told[name].told["depends_on"]) == {"redis", "elasticsearch"}
        assert not machine.healthy(told[name])
        machine.start(told[name])
    for name in OURS:
        machine.await_health(told[name], 60)

    until = time.monotonic() + 120
    while (
        len([path for path in site.requests if "/opinion/" in path]) < 16
        or found(machine, told["khabar"], "*") < 16
    ):
        logs = "".join(machine.said(told[name])[-2000:] for name in OURS)
        assert time.monotonic() < until, logs
        time.sleep(1)
    assert found(machine, told["khabar"], "*") == 16
    assert machine.run(told["khabar"], "doctor").stdout == "all is well\n"
    machine.start(told["api"])
    machine.await_health(told["api"], 60)
    assert answered(machine, told) == 16

    assert all(
        machine.healthy(service) for name, service in told.items() if name not in {"certificates", "khabar"}
    )
    for name in ("api", "beat", "crawler", "worker", "redis"):
        assert machine.stop(told[name]) == 0, machine.said(told[name])[-2000:]
    assert found(machine, told["khabar"], "*") == 16  # a search asks Elasticsearch and the archive alone
    node.stop()
    assert not any(machine.healthy(told[name]) for name in ("redis", "elasticsearch", "api"))
    assert files(tmp_path / "code") == before


def answered(machine: Machine, told: dict[str, Service]) -> int:
    """Return how many articles the API finds; nobody is answered without a key."""
    address = machine.here(told["api"], "http://127.0.0.1:8080/api/v1/search?query=*")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(address, timeout=30)
    key = machine.run(told["khabar"], "keys", "add", "newsroom").stdout.strip()
    until = time.monotonic() + 10  # a server looks for new keys every few seconds
    while True:
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {key}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return int(json.load(response)["total"])
        except urllib.error.HTTPError:
            assert time.monotonic() < until
            time.sleep(0.5)


def certified(told: dict[str, Service], machine: Machine, folder: Path) -> None:
    """Have certificates made: once, the key for Elasticsearch alone."""
    done = machine.run(told["certificates"])
    assert done.returncode == 0, done.stdout + done.stderr
    made = files(folder / "certificates") | files(folder / "authority")
    modes = {path.name: path.stat().st_mode & 0o777 for path in made}
    assert modes == {"ca.crt": 0o644, "elasticsearch.crt": 0o640, "elasticsearch.key": 0o640}
    assert machine.run(told["certificates"]).returncode == 0
    assert files(folder / "certificates") | files(folder / "authority") == made
