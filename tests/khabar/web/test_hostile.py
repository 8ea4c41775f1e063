"""What nobody in good faith asks: refused or answered, in words, soon, and with nothing of our inside."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import hostile
import httpx
import pytest
from api_server import House, article

SOON = 10.0  # seconds, on a machine that is busy with other things

# what fits into an address: the rest ends with its connection
QUERIES = {
    name: query for name, query in hostile.QUERIES.items() if len(quote(query, errors="replace")) < 60_000
}


@pytest.fixture
def reader(embedded: House) -> Iterator[httpx.Client]:
    with embedded.client() as made:
        yield made


@pytest.mark.parametrize("name", list(QUERIES))
def test_a_hostile_query_is_refused_or_answered_soon(reader: httpx.Client, name: str) -> None:
    for path in ("/search", "/export", f"/articles/{article(3).id}/why"):
        began = time.monotonic()
        answered = reader.get(f"{path}?query={quote(QUERIES[name], errors='surrogatepass')}")
        assert time.monotonic() - began < SOON
        assert answered.status_code in {200, 400}, (path, answered.text[:300])
        if answered.status_code == 400:
            assert answered.headers["content-type"] == "application/problem+json"
            assert answered.json()["detail"] and len(answered.content) < 2_000


def test_a_query_of_a_megabyte_ends_the_connection_alone(embedded: House) -> None:
    host, port = embedded.api.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as link, suppress(OSError):
        link.sendall(
            b"GET /api/v1/search?query=" + b"gate+" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        assert link.recv(100).startswith(b"HTTP/1.1 400")
    with embedded.client() as client:
        assert client.get("/search", params={"query": "gate"}).is_success


@pytest.mark.parametrize(
    "id_", ["..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "a\0b", "*", "x" * 5_000, "خبر"]
)
@pytest.mark.parametrize("path", ["/articles/{}", "/topics/{}", "/sources/{}", "/digests/{}/2025-02-20", "/articles/{}/why?query=a"])  # fmt: skip
def test_a_name_leads_to_nothing_else(reader: httpx.Client, embedded: House, path: str, id_: str) -> None:
    for written in (quote(id_, safe=""), quote(id_, safe="%/")):
        answered = reader.get(path.format(written))
        assert answered.status_code in {400, 404, 405}, answered.text
        assert answered.headers["content-type"] == "application/problem+json"
        assert "root:" not in answered.text and str(embedded.settings.home) not in answered.text


def test_errors_tell_nothing_of_our_inside(reader: httpx.Client, embedded: House, tmp_path: Path) -> None:
    (embedded.settings.catalogue / "sources/pk/paper.yaml").chmod(0o600)
    for path in ("/search", "/search?query=(", "/articles/x", "/nothing", "/trace?url=x", "/missed?date=x"):
        text = reader.get(path).text
        assert "Traceback" not in text and ".py" not in text and str(embedded.settings.home) not in text


@pytest.mark.parametrize(
    "method", ["PUT", "PATCH", "DELETE", "POST", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW"]
)
def test_other_methods_are_refused(embedded: House, method: str) -> None:
    with embedded.api.client(embedded.writer) as writer:
        answered = writer.request(method, "/search?query=gate")
        assert answered.status_code in {400, 405}, answered.text
        assert "access-control-allow-origin" not in answered.headers


def test_a_cursor_that_was_tampered_with_is_refused_or_harmless(reader: httpx.Client) -> None:
    asked = {"query": "gate", "sort": "newest", "limit": "5"}
    cursor = reader.get("/search", params=asked).json()["next"]
    for place in range(0, len(cursor), 3):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        answered = reader.get("/search", params=asked | {"cursor": changed})
        assert answered.status_code in {200, 400}, answered.text
