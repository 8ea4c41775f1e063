"""A real Elasticsearch of one node for tests: made in a folder of its own, killed, paused and started again at will."""

from __future__ import annotations

import base64
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from certificate import write_certificate
from fetch import MissingServiceError, find_elasticsearch, find_java

_NOBODY = 65534
_START = 120.0  # seconds; a quiet machine takes 15
_CLEAN = {"JAVA_HOME", "JAVA_TOOL_OPTIONS"}


class Node:
    """One node in `folder`, which the caller removes; needs `fetch.find_elasticsearch` and `fetch.find_java` to succeed."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        password: str | None = None,
        heap: str = "512m",
        brief: bool = True,
    ) -> None:
        env = os.environ
        source, self._java = find_elasticsearch(env), find_java(env)
        self.folder = folder
        self._home = folder / "elasticsearch"
        # A test's node lives too briefly for the second compiler to be worth its work; what is measured needs it.
        self._options = (
            f"-Xms{heap} -Xmx{heap} -XX:-HeapDumpOnOutOfMemoryError" + " -XX:TieredStopAtLevel=1" * brief
        )
        self.port, transport = _free_ports(2)
        scheme = "https" if password else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.certificate: Path | None = None  # with a password it speaks TLS
        self._authorization: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        _copy(source, self._home)
        given = {
            "cluster.name": "khabar-tests",
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": str(self.port),
            "transport.port": str(transport),
            "path.data": str(folder / "data"),
            "path.logs": str(folder / "logs"),
            "xpack.security.enabled": "false",
            # A disk that is nearly full is the machine's matter, not the tests'.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        if password:
            given |= self._secured()
        given |= dict(settings or {})
        lines = "".join(f"{name}: {value}\n" for name, value in given.items())
        (self._home / "config" / "elasticsearch.yml").write_text(lines)
        for name in ("data", "logs", "tmp"):
            (folder / name).mkdir()
        self._own()
        if password:
            self._set_password(password)

    def start(self) -> None:
        """Start it and wait until it answers."""
        env = {name: value for name, value in os.environ.items() if name not in _CLEAN} | {
            "ES_HOME": str(self._home),
            "ES_PATH_CONF": str(self._home / "config"),
            "ES_JAVA_HOME": str(self._java),
            "JAVA": str(self._java / "bin" / "java"),
            "ES_JAVA_OPTS": self._options,
            "ES_TMPDIR": str(self.folder / "tmp"),
            "ES_DISTRIBUTION_TYPE": "tar",
            "HOME": str(self.folder),
        }
        with (self.folder / "logs" / "console.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(
                    "server", "lib/tools/server-launcher,lib/tools/server-cli", "lib/tools/server-launcher/*",
                    "server.launcher.ServerLauncher",
                ),
                cwd=self._home, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **_somebody(),
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one call of the C library
            )  # fmt: skip
        self._wait()

    def stop(self) -> None:
        """End it in good order."""
        self._signal(signal.SIGCONT)
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
            self._outlive()
        self._process = None

    def kill(self) -> None:
        """Kill it as a crash would."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()
            self._outlive()
        self._process = None

    def pause(self) -> None:
        """Let it stand still: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def request(
        self, method: str, path: str, body: object = None, accept: str = "application/json"
    ) -> object:
        """Send one request, as an operator's curl would."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        request.add_header("Accept", accept)
        if self._authorization:
            request.add_header("Authorization", self._authorization)
        trusting = ssl.create_default_context(cafile=self.certificate) if self.certificate else None
        with urllib.request.urlopen(request, timeout=30, context=trusting) as response:
            return json.loads(response.read() or b"null")

    def _secured(self) -> dict[str, str]:
        self.certificate, _ = write_certificate(self._home / "config")
        return {
            "xpack.security.enabled": "true",
            "xpack.security.http.ssl.enabled": "true",
            "xpack.security.http.ssl.certificate": "http.crt",
            "xpack.security.http.ssl.key": "http.key",
            "xpack.security.transport.ssl.enabled": "false",
        }

    def _set_password(self, password: str) -> None:
        """Set the password of the user `elastic`."""
        command = self._command(
            "keystore", "lib/tools/keystore-cli", "lib/*:lib/cli-launcher/*", "launcher.CliToolLauncher"
        )
        for words in (["create"], ["add", "--stdin", "bootstrap.password"]):
            subprocess.run(
                [*command, *words], input=password.encode(), cwd=self._home, env={}, check=True,
                stdout=subprocess.DEVNULL, **_somebody(),
            )  # fmt: skip
        self._authorization = "Basic " + base64.b64encode(f"elastic:{password}".encode()).decode()

    def processes(self) -> list[int]:
        """Return the launcher and the server it started, as /proc knows them."""
        assert self._process
        group = self._process.pid
        stats = (path.read_text().rsplit(")", 1) for path in Path("/proc").glob("[0-9]*/stat"))
        return [int(name.split(" ", 1)[0]) for name, rest in stats if int(rest.split()[2]) == group]

    def configure(self, files: Path, name: str) -> None:
        """Put a copy of a folder into its configuration, under a name."""
        shutil.copytree(files, self._home / "config" / name)
        self._own()

    def _command(self, name: str, libs: str, path: str, main: str) -> list[str]:
        return _java_command(self._java, self._home, name, libs, path, main)

    def _wait(self) -> None:
        until = time.monotonic() + _START
        while time.monotonic() < until:
            assert self._process
            if self._process.poll() is not None:
                break
            try:
                self.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=30s")
                return
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        log = (self.folder / "logs" / "console.log").read_text("utf-8", "replace")
        self.kill()
        raise RuntimeError(f"Elasticsearch does not answer on {self.url}:\n{log[-3000:]}")

    def _outlive(self) -> None:
        """Wait for the server itself: the launcher may be gone before it."""
        assert self._process
        try:
            while True:
                os.killpg(self._process.pid, 0)
                time.sleep(0.02)
        except ProcessLookupError:
            return

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, number)  # the launcher and the server it started, nobody else

    def _own(self) -> None:
        if os.getuid() == 0:  # Elasticsearch refuses to run as root
            self.folder.chmod(0o755)
            os.chown(self._home, _NOBODY, _NOBODY)
            for part in (
                self.folder / "data",
                self.folder / "logs",
                self.folder / "tmp",
                self._home / "config",
            ):
                for path in (part, *part.rglob("*")):
                    os.chown(path, _NOBODY, _NOBODY)


def missing() -> str | None:
    """Return what is missing for a node to run here, None where nothing is."""
    try:
        find_elasticsearch(os.environ)
        find_java(os.environ)
    except MissingServiceError as error:
        return f"{error}, and KHABAR_TEST_ELASTICSEARCH_URL is not set"
    return None


def certutil() -> list[str]:
    """Return what `elasticsearch-certutil` runs: the archive that was fetched holds none of the shell scripts."""
    home, java = find_elasticsearch(os.environ), find_java(os.environ)
    libs = "modules/x-pack-core,modules/x-pack-security,lib/tools/security-cli"
    path = f"{home}/lib/*:{home}/lib/cli-launcher/*"
    return _java_command(java, home, "certutil", libs, path, "launcher.CliToolLauncher")


@contextmanager
def running(
    settings: Mapping[str, str] | None = None,
    password: str | None = None,
    heap: str = "512m",
    brief: bool = True,
) -> Generator[Node]:
    """Have a node for the block, in a folder that an unprivileged user can reach."""
    with tempfile.TemporaryDirectory(prefix="khabar-elasticsearch-") as folder:
        node = Node(Path(folder), settings, password, heap, brief)
        node.start()
        try:
            yield node
        finally:
            node.stop()


def _copy(source: Path, home: Path) -> None:
    """Put a copy where an unprivileged user can read it, of links where the disk is the same."""
    try:
        shutil.copytree(source, home, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(source, home)
        return
    shutil.rmtree(home / "config")  # what is written into is no link
    shutil.copytree(source / "config", home / "config")


def _java_command(java: Path, home: Path, name: str, libs: str, path: str, main: str) -> list[str]:
    return [
        str(java / "bin" / "java"), "-Xms4m", "-Xmx64m", "-XX:+UseSerialGC", f"-Dcli.name={name}",
        f"-Dcli.libs={libs}", f"-Des.path.home={home}", f"-Des.path.conf={home / 'config'}",
        "-Des.distribution.type=tar", "-Des.java.type=ES_JAVA_HOME", "-cp", path, f"org.elasticsearch.{main}",
    ]  # fmt: skip


def _somebody() -> dict[str, int]:
    return {"user": _NOBODY, "group": _NOBODY} if os.getuid() == 0 else {}


def _end_with_parent() -> None:
    if sys.platform == "linux":  # a test run that is killed leaves no server behind
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _free_ports(count: int) -> list[int]:
    """Return ports below those that the kernel gives to connections: some time passes before they are bound."""
    ports: list[int] = []
    while len(ports) < count:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(15_000, 32_000)))
            ports.append(int(probe.getsockname()[1]))
    return ports
