"""A real S3-compatible server for tests: moto's, as a process of its own on loopback, and a gate before it that fails at will."""

from __future__ import annotations

import ctypes
import http.client
import signal
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4
from xml.etree import ElementTree

Fault = Literal["409", "500", "501", "503", "drop", "500 after", "cut after", "half"]
_CODES = {409: "ConditionalRequestConflict", 500: "InternalError", 501: "NotImplemented", 503: "SlowDown"}
_SKIPPED = {"connection", "transfer-encoding", "content-length", "server", "date"}


# --- server -------------------------------------------------------------------------------------------------


class S3Server:
    """One server with buckets in memory; whoever asks is let in, until it is told to check."""

    def __init__(self, folder: Path) -> None:
        with (folder / "s3.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent,  # noqa: PLW1509 - one call of the C library
            )  # fmt: skip
        assert self._process.stdout is not None
        port = self._process.stdout.readline().decode().strip()
        if not port:
            said = (folder / "s3.log").read_text("utf-8", "replace")
            raise RuntimeError(f"moto's server did not start:\n{said[-2000:]}")
        self.url = f"http://127.0.0.1:{port}"

    def access(self, key: str = "any", secret: str = "any") -> dict[str, str]:
        """Return the environment in which a client finds this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
        }

    def new_bucket(self) -> str:
        """Make a bucket that nobody else has, and return its name."""
        name = f"archive-{uuid4().hex[:12]}"
        self._ask("PUT", f"/{name}")
        return name

    def demand_credentials(self) -> tuple[str, str]:
        """From now on let in only one user, whose access key and secret are returned."""
        self._ask_iam(Action="CreateUser", UserName="archivist")
        self._ask_iam(
            Action="PutUserPolicy", UserName="archivist", PolicyName="all",
            PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
        )  # fmt: skip
        answer = ElementTree.fromstring(self._ask_iam(Action="CreateAccessKey", UserName="archivist"))
        found = {element.tag.rpartition("}")[2]: element.text or "" for element in answer.iter()}
        self._ask("POST", "/moto-api/reset-auth", b"0", **{"Content-Type": "text/plain"})
        return found["AccessKeyId"], found["SecretAccessKey"]

    def pause(self) -> None:
        """Let it stand still; `resume` lets it go on."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End it, with all it holds."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _ask_iam(self, **values: str) -> bytes:
        body = urllib.parse.urlencode({**values, "Version": "2010-05-08"}).encode()
        scope = "Credential=any/20250101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none"
        return self._ask("POST", "/", body, Authorization=f"AWS4-HMAC-SHA256 {scope}")

    def _ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()


@contextmanager
def running(folder: Path) -> Iterator[S3Server]:
    """Have a server for the block."""
    server = S3Server(folder)
    try:
        yield server
    finally:
        server.end()


def _end_with_parent() -> None:
    if sys.platform == "linux":  # a test run that is killed leaves no server behind
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _serve() -> None:
    """Serve until killed; says on its output at which port."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - in the server's process alone
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    app = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()

    def one_at_a_time(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as S3 does, where of two conditional writes one comes first; moto looks, and later writes."""
        with turn:
            return app(environ, start)

    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=MotoRequestHandler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


# --- gate ---------------------------------------------------------------------------------------------------


class Gate(ThreadingHTTPServer):
    """Passes requests on to a server and answers back, but the next ones as `faults` says; counts them all.

    Numbers are answered in the server's stead, "drop" hangs up; "500 after" and "cut after" do so once the
    server has done what it was asked; "half" breaks off in the middle of the body.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passage, bind_and_activate=False)
        self.server_bind()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.behind = urlsplit(behind)
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def open(self) -> None:
        """Begin to let requests through; who came before found nobody."""
        self.server_activate()
        self._thread.start()

    def close(self) -> None:
        """Let nobody through any more."""
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()


class _Passage(BaseHTTPRequestHandler):
    server: Gate

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(f"{self.command} {self.path}")
        fault = self.server.faults.pop(0) if self.server.faults else None
        if fault == "drop":
            return
        if fault is not None and fault.isdigit():
            self._refuse(int(fault))
            return
        self._hand_on(body, fault)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass  # noqa: N815 - names of the standard library

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _hand_on(self, body: bytes, fault: Fault | None) -> None:
        there = self.server.behind
        line = http.client.HTTPConnection(there.hostname or "", there.port, timeout=30)
        line.request(self.command, self.path, body, dict(self.headers))
        answer = line.getresponse()
        data = answer.read()
        line.close()
        if fault == "500 after":
            self._refuse(500)
        elif fault != "cut after":
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _SKIPPED:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") or "0" if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if fault == "half" else data)

    def _refuse(self, status: int) -> None:
        code = _CODES[status]
        data = f"<Error><Code>{code}</Code><Message>Please try again.</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    _serve()
